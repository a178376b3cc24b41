"""Tables, constraints and queryset filters."""

from exceptions_app.models.acceptances import Acceptance
from exceptions_app.models.access import SignInTry
from exceptions_app.models.approvals import BreakGlass, Delegation, FixBatch, FixEdit
from exceptions_app.models.assigning import AssignmentRule, AssignmentTurn
from exceptions_app.models.audit import AuditEntry
from exceptions_app.models.bridges import Bridge, Mapping
from exceptions_app.models.bulk import Bulk, BulkRow
from exceptions_app.models.calendars import CasePause, Escalation, TeamCalendar
from exceptions_app.models.cases import Approval, Case, CauseGroup, Fix
from exceptions_app.models.cause_rules import CauseRule
from exceptions_app.models.connections import (
    CallCount,
    Connection,
    ConnectionBudget,
    ConnectionHealth,
    Heartbeat,
    Watermark,
)
from exceptions_app.models.counts import BehindCount, CaseCount, PostingCount
from exceptions_app.models.events import InboundEvent
from exceptions_app.models.evidence import EvidenceFile
from exceptions_app.models.exchange import (
    ExchangeBatch,
    ExchangeCounter,
    ExchangeFile,
    ExchangeLine,
)
from exceptions_app.models.imports import MappingImport, ReturnFile
from exceptions_app.models.orders import (
    ErpLocation,
    Item,
    ItemCheck,
    ItemMiss,
    SalesOrder,
    SalesOrderLine,
)
from exceptions_app.models.postings import (
    CreditRun,
    CreditTaking,
    KeyingClaim,
    Posting,
    PostingAttempt,
)
from exceptions_app.models.preferences import LastLook, SavedView, UserPreferences
from exceptions_app.models.profiles import ProfileVersion
from exceptions_app.models.quotes import CreditQuote
from exceptions_app.models.receipts import ErpClosedPeriod, ErpReceipt
from exceptions_app.models.rmas import (
    ExchangeOrder,
    Refund,
    Rma,
    RmaEvent,
    RmaLine,
    Shipment,
)
from exceptions_app.models.talking import Mention, Question
from exceptions_app.models.telling import Message, MessagePlace, ToldCause

__all__ = [
    "Acceptance",
    "Approval",
    "AssignmentRule",
    "AssignmentTurn",
    "AuditEntry",
    "BehindCount",
    "BreakGlass",
    "Bridge",
    "Bulk",
    "BulkRow",
    "CallCount",
    "Case",
    "CaseCount",
    "CasePause",
    "CauseGroup",
    "CauseRule",
    "Connection",
    "ConnectionBudget",
    "ConnectionHealth",
    "CreditQuote",
    "CreditRun",
    "CreditTaking",
    "Delegation",
    "ErpClosedPeriod",
    "ErpLocation",
    "ErpReceipt",
    "Escalation",
    "EvidenceFile",
    "ExchangeBatch",
    "ExchangeCounter",
    "ExchangeFile",
    "ExchangeLine",
    "ExchangeOrder",
    "Fix",
    "FixBatch",
    "FixEdit",
    "Heartbeat",
    "InboundEvent",
    "Item",
    "ItemCheck",
    "ItemMiss",
    "KeyingClaim",
    "LastLook",
    "Mapping",
    "MappingImport",
    "Mention",
    "Message",
    "MessagePlace",
    "Posting",
    "PostingAttempt",
    "PostingCount",
    "ProfileVersion",
    "Question",
    "Refund",
    "ReturnFile",
    "Rma",
    "RmaEvent",
    "RmaLine",
    "SalesOrder",
    "SalesOrderLine",
    "SavedView",
    "Shipment",
    "SignInTry",
    "TeamCalendar",
    "ToldCause",
    "UserPreferences",
    "Watermark",
]
