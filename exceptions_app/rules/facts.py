"""Frozen facts the rules decide on, and the verdicts they return. No model, no clock, no I/O.

Amounts are `Decimal` in the return's own currency unless said otherwise; moments are aware UTC.
`selectors.facts` builds these from rows; tests build them by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.types import (
    DiscountPart,
    DocumentDraft,
    Inspection,
    RefundPart,
    TaxPart,
    Tender,
)
from exceptions_app.rules.decisions import Decisions
from exceptions_app.rules.erp_facts import ErpFact, ErpReceiptFact
from exceptions_app.rules.sale_days import Days
from exceptions_app.rules.thresholds import GRAVER_ABOVE


@dataclass(frozen=True, slots=True)
class Policy:
    """A bridge's policy (DESIGN section 5), read once per plan. Absent values are the preset's."""

    credit_trigger: str = "refund_confirmed"  # | goods_received | goods_inspected
    stock_trigger: str = "final_disposition"  # | receipt_and_grade | erp_receipt
    disposition_authority: str = "platform"  # | erp
    authorise_first: bool = True
    note_to_platform: bool = False
    # "immediate" | "run" (held until a person starts the run) | windows as in rules.windows
    schedule: Mapping[str, str] = field(default_factory=dict)
    # currency -> absolute amount a refund and its credit may differ by before it is a case
    tolerance: Mapping[str, Decimal] = field(default_factory=dict)
    # currency -> the most a difference may be in percent of the credit
    tolerance_percent: Mapping[str, Decimal] = field(default_factory=dict)
    # "GBP_tax" -> the amount where that is the cause, in place of the currency's own
    tolerance_causes: Mapping[str, Decimal] = field(default_factory=dict)
    # currency -> what may be let pass in a month, all differences added up without their signs
    tolerance_budget: Mapping[str, Decimal] = field(default_factory=dict)
    undo_seconds: int = 60
    unknown_case_after_minutes: int = 30
    credit_grace_hours: int = 24
    receipt_grace_hours: int = 24
    inspection_hours: int = 72
    quarantine_days: int = 14
    refund_days: int = 5
    exchange_hours: int = 48
    drift_hours: int = 72
    second_approver_above: Decimal = Decimal(500)
    accept_days: int = 366  # the longest a difference may be accepted for
    # kind of change or exception type -> "peer" | "finance" | "two": more than its own rule asks
    approvals: Mapping[str, str] = field(default_factory=dict)
    # "mode" (half_up | half_even), "scope" (line | document), "cash_step" ("0.05", "" for none)
    rounding: Mapping[str, str] = field(default_factory=dict)
    bundle_credit: str = "components"  # | parent
    quote_minutes: int = 30
    record_refund: bool = False
    first_bucket: str = "by_disposition"  # | quarantine
    bundle_stock: str = "parent"  # | components
    refund_timing: str = "standard"  # | instant
    arrival_days: int = 30
    promise_days: int = 0  # 0: nothing is promised
    refund_authority: str = "platform"  # | erp_quote
    depot_by: str = "location"  # | reason
    # ERP warehouses that never ship; empty where every warehouse has a quarantine of its own
    returns_warehouses: tuple[str, ...] = ()
    # currency -> above that at risk an exception is graver; none for a currency left out
    graver_above: Mapping[str, Decimal] = field(default_factory=lambda: GRAVER_ABOVE)


@dataclass(frozen=True, slots=True)
class ItemFact:
    """One candidate of the ERP's item master for a SKU."""

    sku: str
    erp_id: str
    barcode: str
    description: str
    division: str
    is_active: bool
    is_returnable: bool
    unit_cost: Decimal | None
    key_parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LocationTarget:
    """Where a platform location books to in the ERP: both parts are needed (R032)."""

    division: str
    warehouse: str


@dataclass(frozen=True, slots=True)
class FeeTarget:
    """What a charge code stands for. `erp_code` empty: declared a charge, not mapped to the ERP."""

    component: str  # "shipping", "duty", "fee", "goodwill", "discount", "adjustment", "variance", …
    erp_code: str


@dataclass(frozen=True, slots=True)
class Mappings:
    """The active mapping values of one bridge that this return touches, by normalised source value.

    Keys are casefolded and stripped; `rules.mapping.normalise` is the one way to make them.
    """

    sku_alias: Mapping[str, str] = field(default_factory=dict)  # -> ERP SKU
    # Aliases that do not answer on every day; `rules.mapping.sku_alias` asks by `sold_on`.
    sku_days: Mapping[str, Days] = field(default_factory=dict)
    # The day the order was placed, today where it is not known; None: every alias answers.
    sold_on: date | None = None
    disposition: Mapping[str, str] = field(default_factory=dict)  # -> Bucket code, or "none"
    reason: Mapping[str, str] = field(default_factory=dict)  # -> ERP reason code
    location: Mapping[str, LocationTarget] = field(default_factory=dict)
    status: Mapping[str, str] = field(default_factory=dict)  # -> ApprovalAxis code
    # -> "included" | "excluded" | "exempt" | "reverse_charge"
    vat: Mapping[str, str] = field(default_factory=dict)
    fee: Mapping[str, FeeTarget] = field(default_factory=dict)
    versions: Mapping[str, int] = field(default_factory=dict)  # "kind:key" -> version in force


@dataclass(frozen=True, slots=True)
class OrderLineFact:
    """A sold line and what earlier credits took of it; `net`/`tax` are totals of the line.

    `taxes`, `discounts` and `parent_line_id` are as in `connectors.types.ErpOrderLine`;
    `credited_taxes` sum to `credited_tax`, and are empty where the line has one tax only.
    """

    line_id: str
    sku: str
    description: str
    quantity: int
    unit_price: Decimal
    discount: Decimal
    net: Decimal
    tax: Decimal
    tax_code: str
    # Units and amounts already taken by credits of *other* returns (planned, sent or confirmed).
    credited_units: int = 0
    credited_net: Decimal = Decimal(0)
    credited_tax: Decimal = Decimal(0)
    taxes: tuple[TaxPart, ...] = ()
    discounts: tuple[DiscountPart, ...] = ()
    credited_taxes: tuple[TaxPart, ...] = ()
    parent_line_id: str = ""
    duty: Decimal = Decimal(0)
    credited_duty: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class OrderFact:
    erp_id: str
    number: str
    customer_code: str
    vat_setting: str
    currency: str
    division: str
    warehouse: str
    invoice_number: str
    lines: tuple[OrderLineFact, ...]
    shipping_net: Decimal = Decimal(0)
    shipping_tax: Decimal = Decimal(0)
    shipping_tax_code: str = ""
    shipping_credited_net: Decimal = Decimal(0)
    shipping_credited_tax: Decimal = Decimal(0)
    tenders: tuple[Tender, ...] = ()
    prices_include_tax: bool | None = None
    # What other returns of this order took in money: of each the greater of its credits (goodwill
    # included) and what storefront, gateway or somebody outside paid back for it.
    taken_elsewhere: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class FeeFact:
    kind: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class LineFact:
    """A unit group of the return.

    `items` are the master's candidates for its SKU *before* any alias; `alias_items` those for the
    alias's target when an active alias exists.
    """

    line_no: int
    order_line_id: str
    sku: str
    barcode: str
    name: str
    quantity: int
    unit_price: Decimal | None
    unit_tax: Decimal | None
    is_tax_included: bool
    reason: str
    resolution: str
    inspection: Inspection
    disposition: str
    disposition_at: datetime | None
    location: str
    items: tuple[ItemFact, ...]
    alias_items: tuple[ItemFact, ...] = ()
    fees: tuple[FeeFact, ...] = ()


@dataclass(frozen=True, slots=True)
class RefundFact:
    external_id: str
    status: str  # RefundStatus code
    status_raw: str
    amount: Decimal
    currency: str
    confirmed_at: datetime | None
    kind: str = ""  # the platform's own word for the transaction
    processor: str = ""
    origin: str = "platform"  # | storefront | gateway | outside
    parts: tuple[RefundPart, ...] = ()
    tenders: tuple[Tender, ...] = ()
    reference: str = ""  # the payment's own at its processor


@dataclass(frozen=True, slots=True)
class PostingFact:
    """A live (not cancelled) posting of this return.

    `slot` is stable over replans ("credit_memo", "stock_receipt:10/WH1"). `currency` is that of
    `gross`, "" for the return's own; `confirmed_at` when the ERP's document was read back, or
    taken on a person's word: `on_word` says so ("keyed by hand, not verified"), "" where it was
    proved.
    """

    id: int
    slot: str
    kind: str
    status: str
    key: str
    plan_hash: str
    number: str
    gross: Decimal
    units: int
    created_at: datetime
    unknown_since: datetime | None
    open_type: str  # case type of a failure not yet cleared, else ""
    open_facts: Mapping[str, str] = field(default_factory=dict)
    draft: DocumentDraft | None = None
    currency: str = ""
    confirmed_at: datetime | None = None
    on_word: str = ""
    residue: Decimal = Decimal(0)
    # The policy's `first_bucket` when it was planned; "" where nobody kept it.
    first_bucket: str = ""
    # Since or from when on nothing holds it back; None for one that waits, or was tried.
    freed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QuoteFact:
    """A credit quote this return is bound to: the document promised, and the facts it rests on.

    `basis` is as `rules.quoting.basis` gives it.
    """

    number: str  # "Q-12"
    draft: DocumentDraft
    basis: Mapping[str, Any]
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RmaFacts:
    rma_id: int
    bridge_code: str
    external_id: str
    order_name: str
    currency: str
    status_raw: str
    logistics: str  # LogisticsAxis code
    received_at: datetime | None
    requested_at: datetime
    company_date: date
    now: datetime
    lines: tuple[LineFact, ...]
    refunds: tuple[RefundFact, ...]
    order: OrderFact | None
    # Orders that could be the one, when none is linked: (order number, why), best first.
    # Division and warehouse pairs the ERP knows as active.
    locations: frozenset[LocationTarget]
    mappings: Mappings
    decisions: Decisions
    policy: Policy
    postings: tuple[PostingFact, ...]
    closed_periods: frozenset[str] = frozenset()  # "2026-04" months known closed or locked
    # SKUs whose master was asked live and surely does not have them (or master is fully read).
    is_master_complete: bool = True
    cancellation_fee: Decimal = Decimal(0)
    # Why the order could not be taken in, where the ERP has it and it cannot be read.
    order_problem: str = ""
    quote: QuoteFact | None = None
    # A quote told the customer that the order's shipping comes back as well.
    is_shipping_promised: bool = False
    # What other returns' differences took of this month's budget, in this return's currency.
    residues_elsewhere: Decimal = Decimal(0)
    erp: ErpFact = field(default_factory=ErpFact)
    # What the ERP tells of goods received, oldest first; empty where nobody asks it.
    erp_receipts: tuple[ErpReceiptFact, ...] = ()
    zone: str = "UTC"  # of the bridge's books
    exchange: str = "none"  # ExchangeAxis code
    # Numbers of the replacement orders that have left; "" while none has.
    replacement: str = ""
    # The ERP names invoices on other orders; asked only where this one has none.
    are_orders_invoiced: bool = False
    # The master's items of the parts of the order's bundles, by normalised SKU.
    part_items: Mapping[str, tuple[ItemFact, ...]] = field(default_factory=dict)
    # What the ERP calls each of `locations`; "" where it tells no name.
    place_names: Mapping[LocationTarget, str] = field(default_factory=dict)

    @property
    def spoken(self) -> str:
        """The return and its order as a document's note names them: the platform's number of the
        order, and beside it the one that a person linked."""
        linked = self.decisions.order_number
        apart = f", linked to {linked}" if linked and linked != self.order_name else ""
        return f"Return {self.external_id} of order {self.order_name}{apart}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's verdict that something stops us, or that someone must know.

    `cause` is the offending value all cases of one root cause share; `blocks` the posting kinds
    that must wait; `facts` what the screen's sentence and the playbook are filled with (text only).
    `is_leaving`: what is missed was freed a moment ago (`rules.leaving`), so nobody is told anew.
    """

    type: str
    subject: str  # what inside the return: "line:2", "order", "refund", "posting:<slot>", "rma"
    cause: str
    facts: Mapping[str, str]
    value: Decimal
    value_formula: str
    blocks: frozenset[str] = frozenset()
    is_leaving: bool = False


@dataclass(frozen=True, slots=True)
class PlannedPosting:
    """A document this return calls for.

    `draft.key` and `draft.control_number` are left empty: the service numbers it. `hold` is a
    HoldReason code that applies besides findings.
    """

    slot: str
    kind: str
    sequence: int
    draft: DocumentDraft
    hold: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    postings: tuple[PlannedPosting, ...]
    findings: tuple[Finding, ...]
    # Checks that passed, stored with each posting (R110): ("item_master", "3 of 3 SKUs active"), …
    checks: tuple[tuple[str, str], ...]
    # Refund less credit that is let pass within rounding or the tolerance; 0 for none.
    residue: Decimal = Decimal(0)
    # The first moment at which time alone changes it; None where nothing is waited for.
    next_look: datetime | None = None

    @property
    def told(self) -> tuple[Finding, ...]:
        """The findings without those of which nobody is told anew."""
        return tuple(finding for finding in self.findings if not finding.is_leaving)
