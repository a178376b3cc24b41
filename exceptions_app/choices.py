"""Stored codes and their labels. Labels may change, codes may not."""

from django.db import models


class Team(models.TextChoices):
    CX = "cx", "CX"
    WAREHOUSE = "warehouse", "Warehouse"
    FINANCE = "finance", "Finance"
    MERCHANDISING = "merchandising", "Merchandising"
    OPERATIONS = "operations", "Operations"


class Severity(models.TextChoices):
    INFO = "info", "Info"
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"
    CRITICAL = "critical", "Critical"


SEVERITY_RANK = {code: rank for rank, code in enumerate(Severity.values)}
SEVERITY_OF_RANK = {rank: code for code, rank in SEVERITY_RANK.items()}


class ApprovalAxis(models.TextChoices):
    UNKNOWN = "unknown", "Not known"
    REQUESTED = "requested", "Requested"
    AUTHORISED = "authorised", "Authorised"
    REFUSED = "refused", "Refused"
    CANCELLED = "cancelled", "Cancelled"
    CLOSED = "closed", "Closed"


class LogisticsAxis(models.TextChoices):
    EXPECTED = "expected", "Expected"
    IN_TRANSIT = "in_transit", "On its way"
    RECEIVED = "received", "Received"
    NOT_REQUIRED = "not_required", "Nothing to send"


class InspectionAxis(models.TextChoices):
    NOT_INSPECTED = "not_inspected", "Not inspected"
    PARTLY = "partly", "Partly inspected"
    INSPECTED = "inspected", "Inspected"


class MoneyAxis(models.TextChoices):
    NONE = "none", "No refund yet"
    PENDING = "pending", "Refund asked for"
    CONFIRMED = "confirmed", "Refund confirmed"
    FAILED = "failed", "Refund failed"


class ExchangeAxis(models.TextChoices):
    NONE = "none", "No exchange"
    PENDING = "pending", "Exchange not released"
    RELEASED = "released", "Exchange released"


class RefundStatus(models.TextChoices):
    """Our reading of the platform's transaction status; the raw word is kept beside it."""

    PENDING = "pending", "Asked for"
    CONFIRMED = "confirmed", "Confirmed"
    FAILED = "failed", "Failed"
    UNKNOWN = "unknown", "Not known"


class RefundOrigin(models.TextChoices):
    """Who made a refund; one made outside is told to us by none of the systems that could."""

    PLATFORM = "platform", "Returns platform"
    STOREFRONT = "storefront", "Storefront"
    GATEWAY = "gateway", "Payment gateway"
    OUTSIDE = "outside", "Outside the platform"


class Bucket(models.TextChoices):
    SALEABLE = "saleable", "Saleable"
    QUARANTINE = "quarantine", "Quarantine"
    DAMAGED = "damaged", "Damaged"
    REPAIR = "repair", "Repair"
    DISPOSAL = "disposal", "Disposal"


class MappingKind(models.TextChoices):
    SKU_ALIAS = "sku_alias", "SKU"
    DISPOSITION = "disposition", "Disposition"
    REASON = "reason", "Return reason"
    LOCATION = "location", "Location"
    STATUS = "status", "Status"
    VAT = "vat", "VAT setting"
    FEE = "fee", "Fee or charge code"


class MappingStatus(models.TextChoices):
    PROPOSED = "proposed", "Waiting for approval"
    ACTIVE = "active", "Active"
    SUPERSEDED = "superseded", "Replaced"
    WITHDRAWN = "withdrawn", "Withdrawn"


class EventState(models.TextChoices):
    NEW = "new", "New"
    PROCESSED = "processed", "Processed"
    QUIET = "quiet", "Nothing to do"
    PARKED = "parked", "Parked"
    REFUSED = "refused", "Refused"
    # Its exception was closed by hand: who did so and why is in the trail.
    GIVEN_UP = "given_up", "Given up"


class PostingKind(models.TextChoices):
    RETURN_AUTHORISATION = "return_authorisation", "Return authorisation"
    STOCK_RECEIPT = "stock_receipt", "Stock receipt"
    STOCK_MOVE = "stock_move", "Stock move"
    WRITE_OFF = "write_off", "Write-off"
    CREDIT_MEMO = "credit_memo", "Credit memo"
    REFUND_RECORD = "refund_record", "Refund record"
    PLATFORM_UPDATE = "platform_update", "Note to the platform"


# Keyed by finance where the ERP takes no calls; all other documents are the warehouse's.
MONEY_KINDS = (PostingKind.CREDIT_MEMO, PostingKind.REFUND_RECORD)


class Keyed(models.TextChoices):
    """Whether a document's number is a person's word, and whether the ERP showed it since."""

    NO = "", "Not keyed by hand"
    WORD = "word", "Keyed by hand, not verified"
    VERIFIED = "verified", "Keyed by hand, read back since"
    LINKED = "linked", "Linked by hand"


KEYED_UNPROVED = (Keyed.WORD, Keyed.LINKED)


class PostingStatus(models.TextChoices):
    PLANNED = "planned", "Planned"
    BLOCKED = "blocked", "Blocked"
    HELD = "held", "Held"
    READY = "ready", "Ready"
    SENDING = "sending", "Sending"
    UNCONFIRMED = "unconfirmed", "Outcome not known"
    POSTED = "posted", "Sent"
    CONFIRMED = "confirmed", "Confirmed"
    FAILED = "failed", "Refused"
    CANCELLED = "cancelled", "Cancelled"


POSTING_UNSENT = (
    PostingStatus.PLANNED,
    PostingStatus.BLOCKED,
    PostingStatus.HELD,
    PostingStatus.READY,
    PostingStatus.FAILED,
)
POSTING_SENT = (
    PostingStatus.SENDING,
    PostingStatus.UNCONFIRMED,
    PostingStatus.POSTED,
    PostingStatus.CONFIRMED,
)
POSTING_FINISHED = (PostingStatus.CONFIRMED, PostingStatus.CANCELLED)
# All the others, spelled out: PostgreSQL reads an index of these rows for "in", never for "not in".
POSTING_OPEN = (
    PostingStatus.PLANNED,
    PostingStatus.BLOCKED,
    PostingStatus.HELD,
    PostingStatus.READY,
    PostingStatus.SENDING,
    PostingStatus.UNCONFIRMED,
    PostingStatus.POSTED,
    PostingStatus.FAILED,
)


class HoldReason(models.TextChoices):
    NONE = "", "Not held"
    UNDO = "undo", "Can still be taken back"
    APPROVAL = "approval", "Needs approval"
    RUN = "run", "Waits for a credit run"
    WINDOW = "window", "Waits for the ERP's window"
    MANUAL = "manual", "To be keyed by hand"


class AttemptOutcome(models.TextChoices):
    STARTED = "started", "Started"
    ACCEPTED = "accepted", "Accepted"
    RETRY_LATER = "retry_later", "Not taken, later again"
    UNKNOWN = "unknown", "Outcome not known"
    REJECTED = "rejected", "Refused"
    MISCONFIGURED = "misconfigured", "Connection not usable"
    FOUND = "found", "Found on read-back"
    ABSENT = "absent", "Not there on read-back"
    DIFFERS = "differs", "Differs on read-back"
    SUPERSEDED = "superseded", "Overtaken by another worker"
    KEYED = "keyed", "Keyed by hand"


class AssignWay(models.TextChoices):
    """Which of its people a rule gives an exception to."""

    PERSON = "person", "To one person"
    TURN = "turn", "In turn"
    LEAST = "least", "To whoever has least"


class WakeOn(models.TextChoices):
    """What brings a case back that was put off, before its time is over; read after "when"."""

    MESSAGE = "message", "a new message about the return has come"
    MAPPING = "mapping", "a mapping of its value is in force"
    DOCUMENT = "document", "its document has been found in the ERP"
    WINDOW = "window", "the ERP's next posting window has opened"
    PERIOD = "period", "its month is open in the ERP's books"
    ITEMS = "items", "the ERP's item master has been read again"
    VALUE = "value", "its value at risk has grown by an amount"
    COUNT = "count", "its cause has grown by a number of exceptions"


# Those that need to be told by how much.
WAKES_ON_GROWTH = (WakeOn.VALUE, WakeOn.COUNT)


class PauseReason(models.TextChoices):
    """Why the clock of a case stands still."""

    CUSTOMER = "customer", "The customer has to answer"
    CARRIER = "carrier", "The carrier has to answer"
    VENDOR = "vendor", "A system's vendor has to answer"
    PARTNER = "partner", "A partner or supplier has to answer"
    OTHER = "other", "Another reason, named in the note"


class EscalationStep(models.IntegerChoices):
    """Who was told last that a case is late."""

    NONE = 0, "Nobody"
    LEAD = 1, "The team's lead"
    NEXT = 2, "The team's lead and the admins"


class CaseStatus(models.TextChoices):
    OPEN = "open", "Open"
    ASSIGNED = "assigned", "Assigned"
    WAITING = "waiting", "Waiting"
    AWAITING_APPROVAL = "awaiting_approval", "Awaiting approval"
    RESOLVED = "resolved", "Resolved"


CASE_OPEN = (
    CaseStatus.OPEN,
    CaseStatus.ASSIGNED,
    CaseStatus.WAITING,
    CaseStatus.AWAITING_APPROVAL,
)


class Closure(models.TextChoices):
    NONE = "", "Not closed"
    PROOF = "proof", "By proof"
    BY_HAND = "by_hand", "By hand"
    ACCEPTED = "accepted", "Difference accepted"


class FixStatus(models.TextChoices):
    REQUESTED = "requested", "Awaiting approval"
    HELD = "held", "Approved, can still be taken back"
    APPLIED = "applied", "Applied"
    REJECTED = "rejected", "Not approved"
    WITHDRAWN = "withdrawn", "Withdrawn"
    UNDONE = "undone", "Taken back"
    REVERTED = "reverted", "Reverted"


class FixKind(models.TextChoices):
    """What a person may change to clear a cause; each edits a fact, never a plan."""

    SKU_ALIAS = "sku_alias", "Map the SKU"
    DISPOSITION = "disposition", "Map the disposition"
    REASON = "reason", "Map the return reason"
    LOCATION = "location", "Map the location"
    STATUS = "status", "Map the status"
    VAT = "vat", "Decide the VAT setting"
    FEE = "fee", "Map the charge"
    SET_LOCATION = "set_location", "Set the location"
    LINK_ORDER = "link_order", "Link the sales order"
    ACCEPT_DIFFERENCE = "accept_difference", "Accept the difference"
    CORRECT_CREDIT = "correct_credit", "Correct the credit"
    POSTING_DATE = "posting_date", "Choose the posting date"
    RETRY = "retry", "Send again"
    EDIT_DOCUMENT = "edit_document", "Edit and send again"
    LINK_DOCUMENT = "link_document", "Link an existing document"
    CLOSE = "close", "Close with a reason"


# Decisions about the amount of one return's credit: each changes what the other is about.
MONEY_FIXES = (FixKind.ACCEPT_DIFFERENCE, FixKind.CORRECT_CREDIT)
# Changes of one document: each moves what the other was asked about.
DOCUMENT_FIXES = (
    FixKind.POSTING_DATE,
    FixKind.RETRY,
    FixKind.EDIT_DOCUMENT,
    FixKind.LINK_DOCUMENT,
)


class BreakerState(models.TextChoices):
    CLOSED = "closed", "Working"
    OPEN = "open", "Paused"
    HALF_OPEN = "half_open", "Probing"


class Role(models.TextChoices):
    CX = "cx", "CX"
    WAREHOUSE = "warehouse", "Warehouse"
    FINANCE = "finance", "Finance"
    MERCHANDISING = "merchandising", "Merchandising"
    INTEGRATOR = "integrator", "Integrator"
    ADMIN = "admin", "Admin"
    AUDITOR = "auditor", "Auditor"
    # Held beside a team's role: who has both leads that team.
    LEAD = "lead", "Team lead"


class Theme(models.TextChoices):
    SYSTEM = "", "As the system has it"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class SavedPage(models.TextChoices):
    """Lists whose filters can be kept under a name; the codes are their URL names."""

    CASES = "case-list", "Exceptions"
    RETURNS = "return-list", "Returns"
    POSTINGS = "posting-list", "Postings"
    INBOX = "inbox", "Inbox"


class ReturnFileStatus(models.TextChoices):
    OPEN = "open", "Nothing taken in yet"
    TAKING = "taking", "Being taken in"
    TAKEN = "taken", "Taken in"
    DISCARDED = "discarded", "Discarded"


class SentFileState(models.TextChoices):
    """How far a file of documents came. Delivered is not accepted; overdue is still waited for."""

    BUILT = "built", "Built, not delivered yet"
    DELIVERED = "delivered", "Delivered, not acknowledged yet"
    ACKNOWLEDGED = "acknowledged", "Acknowledged, not booked yet"
    OVERDUE = "overdue", "The answer is late"
    POSTED = "posted", "Booked"
    PART_REJECTED = "part_rejected", "Partly refused"
    REJECTED = "rejected", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn, it never left"


# Batches whose answer is still to come.
BATCH_AWAITED = (SentFileState.DELIVERED, SentFileState.ACKNOWLEDGED, SentFileState.OVERDUE)
BATCH_OPEN = (SentFileState.BUILT, *BATCH_AWAITED)


class LineState(models.TextChoices):
    """What a partner said of one document of a file."""

    WAITING = "", "No answer yet"
    HELD = "held", "Taken, not decided yet"
    ACCEPTED = "accepted", "Booked"
    REJECTED = "rejected", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn, it never left"


class FileState(models.TextChoices):
    """What became of a file that came."""

    WAITING = "waiting", "Waits until it is complete"
    READ = "read", "Read"
    DUPLICATE = "duplicate", "Came before, not read again"
    QUARANTINED = "quarantined", "Set aside"


class ImportStatus(models.TextChoices):
    CHECKED = "checked", "Checked, nothing changed yet"
    APPLIED = "applied", "Applied"
    DISCARDED = "discarded", "Discarded"
    REVERTED = "reverted", "Taken back"


class BulkKind(models.TextChoices):
    """What is done to every row of a frozen selection, in the background."""

    MINE = "mine", "Assign to me"
    ASSIGN = "assign", "Assign"
    SNOOZE = "snooze", "Snooze"
    WAKE = "wake", "Bring back"
    CLOSE = "close", "Close by hand"
    NOTE = "note", "Add a note"
    ACCEPT = "accept", "Ask to accept the difference"
    RETRY = "retry", "Ask to send again"
    REPLAY = "replay", "Replay a window"
    MESSAGES = "messages", "Handle messages again"
    UNDO = "undo", "Take back"
    PREVIEW = "preview", "Try on history"
    APPROVE = "approve", "Approve"


class BulkState(models.TextChoices):
    DRAFT = "draft", "Not started"
    RUNNING = "running", "Under way"
    STOPPED = "stopped", "Stopped"
    DONE = "done", "Finished"


class BulkRowState(models.TextChoices):
    WAITING = "waiting", "Waits its turn"
    DONE = "done", "Done"
    SKIPPED = "skipped", "Nothing to do"
    CHANGED = "changed", "Changed meanwhile"
    REFUSED = "refused", "Refused"


class AcceptanceState(models.TextChoices):
    """Whether a difference that finance accepted is still accepted, and if not, why."""

    HOLDS = "holds", "Holds"
    EXPIRED = "expired", "Its day is over"
    GROWN = "grown", "Grew beyond its cap"
    CHANGED = "changed", "What it was accepted on changed"
    REPLACED = "replaced", "Decided anew"
    TAKEN_BACK = "taken_back", "Taken back"


class MessagePurpose(models.TextChoices):
    """Why a message to people was written."""

    ALERT = "alert", "Alert"
    ESCALATION = "escalation", "Past its time"
    DIGEST = "digest", "Digest"
    MENTION = "mention", "Named in a note"
    QUESTION = "question", "Question"
    APPROVAL = "approval", "Approval wanted"
    TEST = "test", "Test"


class MessageState(models.TextChoices):
    """How far a message to people came. Perhaps sent is never sent again by itself."""

    WAITING = "waiting", "Waits to be sent"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    PERHAPS = "perhaps", "Perhaps sent"
    FAILED = "failed", "Not sent"
    DROPPED = "dropped", "Not needed any more"
