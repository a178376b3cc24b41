"""What crosses the border: frozen, vendor-neutral shapes.

Ids are text, money is `Decimal` with its currency beside it, times are aware UTC. Enum-like values
a
vendor may extend (`status`, `resolution`, `reason`, `disposition`…) are kept raw as text; mapping
them is a rule's business, and a value nobody mapped becomes a finding, never a crash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class Mode(StrEnum):
    """Sandbox connections may use unconfirmed operations; live ones may not."""

    SANDBOX = "sandbox"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class ConnectionConfig:
    """All a connector may know of its connection. `secrets` never leaves the session's headers."""

    kind: str
    base_url: str
    mode: Mode = Mode.SANDBOX
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    # Operation names whose evidence a named user has recorded ("customer_confirmed").
    confirmed_operations: frozenset[str] = frozenset()
    # Where folders of file exchange may lie on this system, by whoever runs it; "" is nowhere.
    files_root: str = ""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in the currency's own unit (12.34 is twelve pounds thirty-four)."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """One HTTP exchange, secrets and personal data already masked; bodies cut to a fixed size."""

    operation: str
    method: str
    url: str
    request_body: str
    status: int | None
    response_body: str
    started_at: datetime
    duration_ms: int
    response_headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConnectionCheck:
    """Result of a harmless call that proves address and credentials."""

    is_ok: bool
    text: str
    details: Mapping[str, str] = field(default_factory=dict)


# --- Money in parts --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TaxPart:
    """One tax code's share of an amount."""

    code: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class DiscountPart:
    """A discount taken off a line: `scope` is "line", or "order" for the line's share of one
    given on the whole order. The amount is positive, without tax."""

    code: str
    amount: Decimal
    scope: str = "line"


@dataclass(frozen=True, slots=True)
class Tender:
    """What was paid, or paid back, by one means.

    `kind` is "card", "gift_card", "store_credit", "account", "cash" or "other".
    """

    kind: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class RefundPart:
    """What a refund says of itself: `amount` is gross in the refund's currency, `tax` is in it.

    `component` is a `DraftLine.component`, or "tax", "tender" or "unknown"; `line_id` is the
    order line it names, empty where it names none.
    """

    component: str
    line_id: str
    amount: Decimal
    tax: Decimal = Decimal(0)


# --- Returns platforms -----------------------------------------------------------------------


class Inspection(StrEnum):
    """What the warehouse found for a unit group. `NOT_INSPECTED` is not a no-show."""

    NOT_INSPECTED = "not_inspected"
    PASSED = "passed"
    FAILED = "failed"
    NOT_RETURNED = "not_returned"


class FeeKind(StrEnum):
    RESTOCKING = "restocking"
    RETURN = "return"
    SHIPPING = "shipping"
    CANCELLATION = "cancellation"


@dataclass(frozen=True, slots=True)
class Fee:
    """An amount the platform keeps back from the customer (positive)."""

    kind: FeeKind
    money: Money


@dataclass(frozen=True, slots=True)
class SourceLine:
    """Units of one order line that share every fact; `quantity == len(unit_ids)`.

    `unit_price` is what the customer paid for one unit; `unit_tax` the tax in it when
    `is_tax_included`, else on top of it. `disposition` is the platform's final decision as one raw
    code ("restockable", "not_restockable/<reason>", "not_returned"), empty until it is final.
    `fees` are totals of the line, not of one unit.
    """

    unit_ids: tuple[str, ...]
    order_line_id: str
    sku: str
    barcode: str
    name: str
    quantity: int
    unit_price: Money | None
    unit_tax: Money | None
    is_tax_included: bool
    reason: str
    reason_detail: str
    resolution: str
    return_method: str
    inspection: Inspection
    is_restockable: bool | None
    disposition: str
    disposition_at: datetime | None
    location: str
    shipment_id: str
    fees: tuple[Fee, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceShipment:
    external_id: str
    status: str
    carrier: str
    tracking_number: str
    tracking_url: str
    is_outbound: bool


@dataclass(frozen=True, slots=True)
class SourceRefund:
    """Money the platform says moved. `rma_external_id` may be empty: then `unit_ids` tell the
    return.

    `origin` is who made it: "platform", "storefront", "gateway" or "outside" (none of them).
    `parts` and `tenders` are empty where the other side does not break the sum down.
    """

    external_id: str
    rma_external_id: str
    kind: str
    status: str
    money: Money
    processor: str
    reference: str
    unit_ids: tuple[str, ...]
    created_at: datetime
    updated_at: datetime
    origin: str = "platform"
    parts: tuple[RefundPart, ...] = ()
    tenders: tuple[Tender, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceEvent:
    name: str
    at: datetime
    via: str
    location: str
    user: str


@dataclass(frozen=True, slots=True)
class SourceExchange:
    """A replacement (or fee) order the platform made for this return; `order_id` empty until
    released."""

    draft_order_id: str
    order_id: str
    order_name: str
    kind: str


@dataclass(frozen=True, slots=True)
class SourceRma:
    """One whole return as the platform tells it. Identity is `external_id` within the connection
    (lesson 24).

    `version` orders two readings of the same return: the later one has the greater `updated_at`.
    """

    external_id: str
    status: str
    order_id: str
    order_name: str
    currency: str
    created_at: datetime
    updated_at: datetime
    customer_email: str
    customer_name: str
    lines: tuple[SourceLine, ...]
    shipments: tuple[SourceShipment, ...]
    refunds: tuple[SourceRefund, ...]
    events: tuple[SourceEvent, ...]
    exchanges: tuple[SourceExchange, ...]
    cancellation_fee: Money | None
    is_out_of_policy: bool
    # Where a value had an unexpected type or was missing; the reading still succeeded.
    drift: tuple[str, ...] = ()
    # When the platform changes it by itself and may not say so: it is read again then.
    reread_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RmaRow:
    """A line of the platform's list: enough to know that a detail read is due."""

    external_id: str
    status: str
    order_name: str


@dataclass(frozen=True, slots=True)
class RmaPage:
    rows: tuple[RmaRow, ...]
    next_cursor: str


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row of a page that could not be understood; the others of the page could."""

    external_id: str
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class RefundPage:
    rows: tuple[SourceRefund, ...]
    next_cursor: str
    unreadable: tuple[UnreadableRow, ...] = ()


class PrivacyKind(StrEnum):
    """What a platform passes on from a person, or from a shop that left."""

    DISCLOSE = "disclose"
    FORGET_CUSTOMER = "forget_customer"
    FORGET_SHOP = "forget_shop"


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """A wish that must be honoured. `order_ids` are orders of the customer the wish names; an
    e-mail address may be all that is known of them."""

    kind: PrivacyKind
    request_id: str = ""
    email: str = field(default="", repr=False)
    order_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WebhookNudge:
    """What an untrusted message may tell us: a kind and, when readable, which return to fetch.

    `delivery_id` is the message's own id, `cause_id` the one all messages of one act share; both
    are empty where the sender gives none.
    """

    topic: str
    rma_external_id: str
    delivery_id: str = ""
    cause_id: str = ""
    privacy: PrivacyRequest | None = None


# --- ERPs ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ErpLocation:
    code: str
    name: str
    division: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class ErpItem:
    """One item of the ERP's master. `sku` is the text other systems use, `erp_id` the ERP's own
    key."""

    erp_id: str
    sku: str
    barcode: str
    description: str
    division: str
    is_active: bool
    is_returnable: bool
    unit_cost: Decimal | None
    # The ERP's own key parts (style, color_code, lbl_code, dimension, size_desc for BlueCherry).
    key_parts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ItemPage:
    rows: tuple[ErpItem, ...]
    next_cursor: str
    watermark: str


@dataclass(frozen=True, slots=True)
class ErpOrderLine:
    """A line as sold. `net`, `discount` and `tax` are totals of the line; `net` is after discount,
    without tax.

    `taxes` sum to `tax`; empty means the one `tax_code` and `tax`. `discounts` sum to `discount`.
    `parent_line_id` is the line of the bundle this one is a component of. `duty` is the import duty
    charged with the line and is not in its net.
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
    taxes: tuple[TaxPart, ...] = ()
    discounts: tuple[DiscountPart, ...] = ()
    parent_line_id: str = ""
    duty: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class ErpOrder:
    """The original order as the ERP holds it; every credit reverses lines of this.

    `vat_setting` is the customer's raw VAT flag ("", "prices_include_vat", "exempt", …).
    `prices_include_tax` is None where the ERP does not say. `shipping_net` is after
    `shipping_discount`.
    """

    erp_id: str
    number: str
    customer_code: str
    customer_name: str
    vat_setting: str
    currency: str
    division: str
    warehouse: str
    invoice_number: str
    ordered_at: datetime
    lines: tuple[ErpOrderLine, ...]
    shipping_net: Decimal
    shipping_tax: Decimal
    shipping_tax_code: str
    tenders: tuple[Tender, ...] = ()
    prices_include_tax: bool | None = None
    shipping_discount: Decimal = Decimal(0)


class DocumentKind(StrEnum):
    """Kinds of posting an ERP gateway may be asked for (DESIGN section 4)."""

    RETURN_AUTHORISATION = "return_authorisation"
    STOCK_RECEIPT = "stock_receipt"
    STOCK_MOVE = "stock_move"
    WRITE_OFF = "write_off"
    CREDIT_MEMO = "credit_memo"
    REFUND_RECORD = "refund_record"


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One line of a document to be created. Amounts are line totals in the draft's currency.

    `component` is "item", "shipping", "duty", "fee", "goodwill", "adjustment", "variance" (what
    was let pass, either way), "found" (what the ERP booked beside what was
    sent, never sent) or "refund" (the one line of a refund record, its sum in `net`);
    `charge_code` is
    the ERP's code for all but items. Amounts are positive except for a fee kept back, which takes
    from the credit (negative). Stock documents carry items only and no money. `taxes` sum to `tax`,
    one per tax code; empty means the one `tax_code` and `tax`.
    """

    line_no: int
    component: str
    sku: str
    item_erp_id: str
    quantity: int
    order_line_id: str = ""
    description: str = ""
    reason_code: str = ""
    bucket: str = ""
    unit_price: Decimal = Decimal(0)
    net: Decimal = Decimal(0)
    tax: Decimal = Decimal(0)
    tax_code: str = ""
    charge_code: str = ""
    key_parts: Mapping[str, str] = field(default_factory=dict)
    taxes: tuple[TaxPart, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentDraft:
    """A document we mean to create. `key` is fixed before the first byte leaves and carries a type
    prefix (lesson 25)."""

    kind: DocumentKind
    key: str
    date: date
    division: str
    warehouse: str
    customer_code: str
    currency: str
    rma_number: str
    order_number: str
    order_erp_id: str
    invoice_number: str
    authorisation_number: str
    note: str
    lines: tuple[DraftLine, ...]
    # A number from our own sequence for systems that want one (BlueCherry's isa_num), else 0.
    control_number: int = 0
    # The ERP's ids of this return's confirmed documents by kind ("return_authorisation": "1042"),
    # told when the document leaves. Of several of one kind the first.
    based_on: Mapping[str, str] = field(default_factory=dict)
    # Of a refund record: a `Tender.kind`, and the payment's own reference at its processor.
    tender: str = ""
    reference: str = ""

    @property
    def net(self) -> Decimal:
        return sum((line.net for line in self.lines), Decimal(0))

    @property
    def tax(self) -> Decimal:
        return sum((line.tax for line in self.lines), Decimal(0))

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax

    @property
    def tax_by_code(self) -> dict[str, Decimal]:
        """The document's tax of each code; codes without any are left out."""
        found: dict[str, Decimal] = {}
        for line in self.lines:
            for part in line.taxes or (TaxPart(line.tax_code, line.tax),):
                found[part.code] = found.get(part.code, Decimal(0)) + part.amount
        return {code: amount for code, amount in found.items() if amount}

    @property
    def units(self) -> int:
        return sum(line.quantity for line in self.lines if line.component == "item")


class DocumentStatus(StrEnum):
    STAGED = "staged"
    POSTED = "posted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Receipt:
    """The other side's yes to a create. `STAGED` means accepted for processing, not booked."""

    external_id: str
    number: str
    status: DocumentStatus
    url: str
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class DocumentRef:
    """What is known of a sent document besides its key, for ERPs that find it faster so.

    `based_on` is as in `DocumentDraft`; a document that has no place for our key is found by it.
    `number` is the ERP's own as a person gave it, for a document keyed by hand: a gateway that can
    looks for it where the key finds nothing, and tells what it finds under the key.
    """

    external_id: str = ""
    based_on: Mapping[str, str] = field(default_factory=dict)
    number: str = ""


@dataclass(frozen=True, slots=True)
class ErpReceiptLine:
    """Units the ERP's own staff checked in. `place` is the raw code that tells the bucket (a
    location, an inventory status); `line_id` names the authorisation's line where it is told."""

    sku: str
    quantity: int
    place: str
    line_id: str = ""


@dataclass(frozen=True, slots=True)
class ErpReceipt:
    """A receipt of goods as the ERP holds it, whoever made it; `key` is ours where we did."""

    external_id: str
    number: str
    authorisation_id: str
    warehouse: str
    received_at: datetime
    lines: tuple[ErpReceiptLine, ...]
    key: str = ""


@dataclass(frozen=True, slots=True)
class DocumentState:
    """A document as read back by key: what is really there, to compare with what we meant.

    `gross` and `currency` are None/"" for stock documents. `refusal_*` are set when `REJECTED`.
    """

    kind: DocumentKind
    key: str
    external_id: str
    number: str
    status: DocumentStatus
    units: int
    gross: Decimal | None
    currency: str
    warehouse: str
    division: str
    posted_at: datetime | None
    url: str
    refusal_code: str = ""
    refusal_field: str = ""
    refusal_text: str = ""
    evidence: Evidence | None = None
    # None and () where the ERP does not tell the tax of what it holds.
    tax: Decimal | None = None
    taxes: tuple[TaxPart, ...] = ()
    # What of a credit is applied to no invoice and not paid out; None where the ERP does not tell.
    open_amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ManualTask:
    """What a person must key by hand where the ERP's API is private: labels and values, in
    order."""

    title: str
    fields: tuple[tuple[str, str], ...]
    lines: tuple[tuple[tuple[str, str], ...], ...]


class OperationSupport(StrEnum):
    SUPPORTED = "supported"
    MANUAL = "manual"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class GatewayCapabilities:
    """What the planner may assume of an ERP; it asks, never guesses."""

    creates: Mapping[DocumentKind, OperationSupport]
    can_find_by_key: bool
    is_staged: bool
    settle_seconds: int
    max_orders_per_read: int
    max_items_per_read: int
    max_documents_per_read: int
    profile: str = ""
    timezone: str = "UTC"
    # More than 1: the gateway is a `ports.BatchGateway`.
    max_documents_per_write: int = 1
    # The authorisation is the credit's own document: it carries the money from the beginning, and
    # the credit memo finishes it.
    authorisation_is_credit: bool = False
    # The gateway is a `ports.ReceiptReader`, a `ports.PeriodReader`.
    can_read_receipts: bool = False
    can_read_periods: bool = False
    # Kinds that `can_find_by_key` does not hold for: what a person keyed there cannot be seen.
    unseen_kinds: frozenset[DocumentKind] = frozenset()
    # What became of a staged document comes by itself: it is looked at seldom until then.
    tells_outcomes: bool = False
    # A credit may name single parts of a bundle, and not only the bundle as it was sold.
    credits_bundle_parts: bool = True


@dataclass(frozen=True, slots=True)
class SourceCapabilities:
    has_webhooks: bool
    has_refund_feed: bool
    daily_call_limit: int | None
    max_page_size: int
    can_comment: bool
    can_set_shipment_status: bool
    # More than 1: the source is a `ports.BatchSource`.
    max_rmas_per_read: int = 1
    # Its messages prove who sent them: the source is a `ports.SigningSource`.
    signs_webhooks: bool = False
    # False: nobody confirmed how it is asked, so that its returns come as files meanwhile.
    can_list: bool = True
