"""Valid rows to start from; a test states only what matters to it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import factory
from django.contrib.postgres.search import SearchVector
from django.db.models import Value
from factory.django import DjangoModelFactory

from connectors.types import DocumentDraft, DocumentKind, DraftLine
from exceptions_app.choices import SEVERITY_RANK
from exceptions_app.models import (
    Acceptance,
    Bridge,
    Case,
    CauseGroup,
    Connection,
    ConnectionBudget,
    ConnectionHealth,
    CreditQuote,
    CreditRun,
    ErpLocation,
    ExchangeBatch,
    ExchangeFile,
    Fix,
    InboundEvent,
    Item,
    Mapping,
    Posting,
    PostingAttempt,
    Refund,
    ReturnFile,
    Rma,
    RmaEvent,
    RmaLine,
    SalesOrder,
    SalesOrderLine,
    SavedView,
    Shipment,
    Watermark,
)
from exceptions_app.rules import drafts
from exceptions_app.rules.mapping import normalise
from exceptions_app.services import connections

NOW = datetime(2026, 5, 27, 9, 12, tzinfo=UTC)


class ConnectionFactory(DjangoModelFactory):
    class Meta:
        model = Connection

    code = factory.Sequence(lambda n: f"connection-{n}")
    name = "ReturnGO"
    kind = "returngo"
    mode = "live"
    base_url = "https://api.example.com"
    settings = factory.LazyFunction(lambda: {"shop_name": "alder"})
    sealed_secrets = factory.LazyFunction(lambda: connections.seal({"api_key": "rk"}))


class ErpFactory(ConnectionFactory):
    name = "BlueCherry"
    kind = "bluecherry"
    settings = factory.LazyFunction(lambda: {"vnd_id": "RB"})
    sealed_secrets = factory.LazyFunction(lambda: connections.seal({"subscription_key": "sk"}))


class HealthFactory(DjangoModelFactory):
    class Meta:
        model = ConnectionHealth

    connection = factory.SubFactory(ConnectionFactory)
    last_ok_at = NOW


class BudgetFactory(DjangoModelFactory):
    class Meta:
        model = ConnectionBudget

    connection = factory.SubFactory(ConnectionFactory)
    refilled_at = NOW
    day = NOW.date()


class WatermarkFactory(DjangoModelFactory):
    class Meta:
        model = Watermark

    connection = factory.SubFactory(ConnectionFactory)
    feed = "rmas"
    read_at = NOW


class BridgeFactory(DjangoModelFactory):
    class Meta:
        model = Bridge

    code = factory.Sequence(lambda n: f"bridge-{n}")
    name = "Alder UK"
    source = factory.SubFactory(ConnectionFactory)
    erp = factory.SubFactory(ErpFactory)
    preset = "bluecherry+returngo"
    currency = "GBP"
    timezone = "Europe/London"


class SalesOrderFactory(DjangoModelFactory):
    class Meta:
        model = SalesOrder

    connection = factory.SubFactory(ErpFactory)
    erp_id = factory.Sequence(lambda n: f"E{n}")
    number = factory.Sequence(lambda n: f"SO-{n}")
    currency = "GBP"
    ordered_at = NOW - timedelta(days=20)
    read_at = NOW


class SalesOrderLineFactory(DjangoModelFactory):
    class Meta:
        model = SalesOrderLine

    order = factory.SubFactory(SalesOrderFactory)
    line_id = factory.Sequence(str)
    sku = "TEE-BLK-M"
    quantity = 1
    unit_price = Decimal("20.00")
    net = Decimal("16.67")
    tax = Decimal("3.33")


class ItemFactory(DjangoModelFactory):
    class Meta:
        model = Item

    connection = factory.SubFactory(ErpFactory)
    erp_id = factory.Sequence(lambda n: f"I{n}")
    sku = factory.Sequence(lambda n: f"SKU-{n}")
    sku_key = factory.LazyAttribute(lambda row: normalise(row.sku))
    read_at = NOW


class ErpLocationFactory(DjangoModelFactory):
    class Meta:
        model = ErpLocation

    connection = factory.SubFactory(ErpFactory)
    code = "WH1"
    name = "Leeds"
    division = "10"
    read_at = NOW


class MappingFactory(DjangoModelFactory):
    class Meta:
        model = Mapping

    bridge = factory.SubFactory(BridgeFactory)
    kind = "disposition"
    source_value = "restockable"
    source_key = factory.LazyAttribute(lambda row: normalise(row.source_value))
    target = factory.LazyFunction(lambda: {"bucket": "saleable"})
    version = 1
    status = "active"
    created_by = "Ada"
    created_at = NOW


class RmaFactory(DjangoModelFactory):
    """A return on its way to a credit, found by its numbers (the search text is filled)."""

    class Meta:
        model = Rma
        skip_postgeneration_save = True

    bridge = factory.SubFactory(BridgeFactory)
    external_id = factory.Sequence(lambda n: str(50_000 + n))
    order_name = factory.Sequence(lambda n: f"AW-{100_000 + n}")
    status_raw = "Validated"
    approval = "authorised"
    logistics = "received"
    inspection = "inspected"
    money = "confirmed"
    exchange = "none"
    currency = "GBP"
    customer_name = "Cara Customer"
    customer_email = "cara@example.com"
    units_in = 1
    amount_in = Decimal("20.00")
    requested_at = NOW - timedelta(days=3)
    source_updated_at = NOW - timedelta(hours=2)
    received_at = NOW - timedelta(days=1)
    source_digest = "0" * 64

    @factory.post_generation
    def indexed(self, create, extracted, **kwargs):
        if not create:
            return
        words = [self.external_id, f"RMA{self.external_id}", self.order_name]
        words += [self.customer_email, self.customer_name, extracted or ""]
        vector = SearchVector(Value(" ".join(words)), config="simple")
        Rma.objects.filter(pk=self.pk).update(search=vector)


class RmaLineFactory(DjangoModelFactory):
    class Meta:
        model = RmaLine

    rma = factory.SubFactory(RmaFactory)
    line_no = factory.Sequence(lambda n: n + 1)
    unit_ids = factory.LazyAttribute(lambda row: [f"{row.line_no}-1"])
    sku = "TEE-BLK-M"
    sku_key = factory.LazyAttribute(lambda row: normalise(row.sku))
    name = "T-shirt black M"
    quantity = 1
    unit_price = Decimal("20.00")
    unit_tax = Decimal("3.33")
    reason = "Does not fit"
    resolution = "RefundToPaymentMethod"
    inspection = "passed"
    is_restockable = True
    disposition = "restockable"
    disposition_at = NOW - timedelta(hours=20)
    location = "Leeds DC"


class RefundFactory(DjangoModelFactory):
    class Meta:
        model = Refund

    rma = factory.SubFactory(RmaFactory)
    bridge = factory.SelfAttribute("rma.bridge")
    external_id = factory.Sequence(lambda n: f"9{n:05}")
    kind = "RefundToPaymentMethod"
    status_raw = "Success"
    status = "confirmed"
    amount = Decimal("20.00")
    currency = "GBP"
    created_at = NOW - timedelta(hours=3)
    source_updated_at = NOW - timedelta(hours=2)
    confirmed_at = NOW - timedelta(hours=2)


class ShipmentFactory(DjangoModelFactory):
    class Meta:
        model = Shipment

    rma = factory.SubFactory(RmaFactory)
    external_id = factory.Sequence(lambda n: f"S{n}")
    status_raw = "Delivered"
    tracking_number = factory.Sequence(lambda n: f"H00E77129{n:05}")


class RmaEventFactory(DjangoModelFactory):
    class Meta:
        model = RmaEvent

    rma = factory.SubFactory(RmaFactory)
    name = "RMA created"
    at = NOW - timedelta(days=3)


def make_draft(row: Any) -> DocumentDraft:
    """A document without lines for the posting being made."""
    return DocumentDraft(
        kind=DocumentKind(row.kind),
        key=row.key,
        date=NOW.date(),
        division="10",
        warehouse="WH1",
        customer_code="WEB",
        currency=row.currency,
        rma_number=row.rma.external_id,
        order_number=row.rma.order_name,
        order_erp_id="",
        invoice_number="",
        authorisation_number="",
        note="",
        lines=(),
    )


class PostingFactory(DjangoModelFactory):
    """A credit memo that is confirmed as CM-1."""

    class Meta:
        model = Posting

    rma = factory.SubFactory(RmaFactory)
    bridge = factory.SelfAttribute("rma.bridge")
    connection = factory.SelfAttribute("rma.bridge.erp")
    slot = factory.LazyAttributeSequence(lambda row, n: f"{row.kind}:{n}")
    generation = 1
    kind = "credit_memo"
    sequence = 40
    key = factory.Sequence(lambda n: f"RB-{n:06}")
    plan_hash = "0" * 64
    draft = factory.LazyAttribute(lambda row: drafts.to_json(make_draft(row)))
    units = 1
    gross = Decimal("20.00")
    currency = "GBP"
    status = "confirmed"
    not_before = NOW - timedelta(hours=2)
    created_at = NOW - timedelta(hours=2)
    number = factory.LazyAttribute(lambda row: "CM-1" if row.status == "confirmed" else "")


class ExchangeBatchFactory(DjangoModelFactory):
    """A file of one credit over 20.00 that was delivered and not answered yet."""

    class Meta:
        model = ExchangeBatch

    connection = factory.SubFactory(ErpFactory, kind="file_exchange", name="Depot")
    number = factory.Sequence(lambda n: n + 1)
    kind = "credit_memo"
    name = factory.LazyAttribute(lambda row: f"returns-credit_memo-{row.number:09}.csv")
    content = b"batch;line\n1;1\n"
    sha256 = factory.LazyAttribute(lambda row: hashlib.sha256(row.content).hexdigest())
    size = factory.LazyAttribute(lambda row: len(row.content))
    documents = 1
    units = 1
    sums = factory.LazyFunction(lambda: [{"currency": "GBP", "amount": "20.00"}])
    state = "delivered"
    made_at = NOW - timedelta(hours=2)
    delivered_at = NOW - timedelta(hours=2)
    due_by = NOW + timedelta(hours=2)


class ExchangeFileFactory(DjangoModelFactory):
    """A file that nobody can read, set aside."""

    class Meta:
        model = ExchangeFile

    connection = factory.SubFactory(ErpFactory, kind="file_exchange", name="Depot")
    folder = "in/bad"
    name = factory.Sequence(lambda n: f"depot-{n}.csv")
    content = b"what;is;this\n"
    sha256 = factory.LazyAttribute(lambda row: hashlib.sha256(row.content).hexdigest())
    size = factory.LazyAttribute(lambda row: len(row.content))
    state = "quarantined"
    why = "Line 3 has 4 columns instead of 7."
    modified_at = NOW - timedelta(hours=1)
    seen_at = NOW - timedelta(hours=1)
    read_at = NOW - timedelta(minutes=58)
    moved_at = NOW - timedelta(minutes=58)


class CreditQuoteFactory(DjangoModelFactory):
    """One T-shirt of an order of its own, quoted 20.00 for half an hour."""

    class Meta:
        model = CreditQuote

    bridge = factory.SubFactory(BridgeFactory)
    order = factory.SubFactory(SalesOrderFactory, connection=factory.SelfAttribute("..bridge.erp"))
    request_hash = "0" * 64
    units = factory.LazyFunction(lambda: {"1": 1})
    draft = factory.LazyAttribute(lambda row: drafts.to_json(make_quoted(row)))
    basis = factory.LazyFunction(
        lambda: {
            "units": {"1": 1},
            "sold": {"1": [1, "16.67", "3.33", []]},
            "taken": {"1": [0, "0", "0", []]},
            "rounding": {"policy": {}, "places": 2},
        }
    )
    facts_hash = "f" * 64
    currency = "GBP"
    net = Decimal("16.67")
    tax = Decimal("3.33")
    gross = Decimal("20.00")
    created_by = "finn"
    created_at = NOW
    expires_at = NOW + timedelta(minutes=30)


def make_quoted(row: Any) -> DocumentDraft:
    """The document a quote of one T-shirt promises."""
    line = DraftLine(
        line_no=1,
        component="item",
        sku="TEE-BLK-M",
        item_erp_id="",
        quantity=1,
        order_line_id="1",
        unit_price=Decimal("20.00"),
        net=row.net,
        tax=row.tax,
        tax_code="S",
    )
    return DocumentDraft(
        kind=DocumentKind.CREDIT_MEMO,
        key="",
        date=NOW.date(),
        division="10",
        warehouse="WH1",
        customer_code="WEB",
        currency=row.currency,
        rma_number="",
        order_number=row.order.number,
        order_erp_id=row.order.erp_id,
        invoice_number="INV-1",
        authorisation_number="",
        note="",
        lines=(line,),
    )


class CreditRunFactory(DjangoModelFactory):
    class Meta:
        model = CreditRun

    bridge = factory.SubFactory(BridgeFactory)
    started_by = "Finn"
    started_at = NOW - timedelta(hours=1)
    count = 1
    total = Decimal("20.00")
    currency = "GBP"


class PostingAttemptFactory(DjangoModelFactory):
    class Meta:
        model = PostingAttempt

    posting = factory.SubFactory(PostingFactory)
    fence = 1
    purpose = "post"
    started_at = NOW - timedelta(hours=1)
    outcome = "accepted"


class InboundEventFactory(DjangoModelFactory):
    class Meta:
        model = InboundEvent

    connection = factory.SubFactory(ConnectionFactory)
    external_id = factory.Sequence(lambda n: f"delivery-{n}")
    topic = "RMA_UPDATED"
    origin = "webhook"
    body = b'{"eventName": "RMA_UPDATED"}'
    digest = factory.LazyAttribute(lambda row: hashlib.sha256(row.body).hexdigest())
    received_at = NOW
    state = "processed"


class CauseGroupFactory(DjangoModelFactory):
    class Meta:
        model = CauseGroup

    type = "SKU_UNKNOWN"
    bridge = factory.SubFactory(BridgeFactory)
    cause = factory.Sequence(lambda n: f"sku-{n}")
    title = factory.LazyAttribute(lambda row: f"SKU {row.cause} is not in BlueCherry")
    first_seen_at = NOW - timedelta(days=1)
    last_seen_at = NOW


class CaseFactory(DjangoModelFactory):
    class Meta:
        model = Case

    fingerprint = factory.Sequence(lambda n: f"{n:064}")
    rma = factory.SubFactory(RmaFactory)
    bridge = factory.SelfAttribute("rma.bridge")
    group = factory.SubFactory(CauseGroupFactory, bridge=factory.SelfAttribute("..bridge"))
    type = factory.SelfAttribute("group.type")
    team = "merchandising"
    severity = "high"
    severity_rank = factory.LazyAttribute(lambda row: SEVERITY_RANK[row.severity])
    status = "open"
    subject = factory.LazyAttribute(lambda row: f"rma:{row.rma.pk}" if row.rma else "event:1")
    subject_part = ""
    title = factory.SelfAttribute("group.title")
    value = Decimal("20.00")
    currency = "GBP"
    opened_at = NOW - timedelta(days=1)
    due_at = NOW + timedelta(hours=4)
    seen_at = NOW


class FixFactory(DjangoModelFactory):
    class Meta:
        model = Fix

    kind = "sku_alias"
    status = "requested"
    bridge = factory.SubFactory(BridgeFactory)
    payload = factory.LazyFunction(lambda: {"sku": "TEE-BLK-M"})
    payload_hash = "0" * 64
    source_value = "TEE-BLACK-M"
    level = "peer"
    requested_at = NOW


class AcceptanceFactory(DjangoModelFactory):
    """Of a change in force; give `fix__rma` and `fix__requested_by`."""

    class Meta:
        model = Acceptance

    fix = factory.SubFactory(
        FixFactory,
        kind="accept_difference",
        status="applied",
        level="none",
        payload={"difference": "4.10", "cap": "5.00"},
        reason_code="goodwill",
        bridge=factory.SelfAttribute("rma.bridge"),
    )
    rma = factory.SelfAttribute("fix.rma")
    bridge = factory.SelfAttribute("fix.bridge")
    owner = factory.SelfAttribute("fix.requested_by")
    asked_by = factory.SelfAttribute("fix.requested_by")
    currency = "GBP"
    difference = Decimal("4.10")
    cap = Decimal("5.00")
    since = NOW
    until = factory.LazyFunction(lambda: (NOW + timedelta(days=20)).date())


class SavedViewFactory(DjangoModelFactory):
    """A view of a person; give `owner=None, team="finance"` for a team's."""

    class Meta:
        model = SavedView

    page = "case-list"
    name = factory.Sequence(lambda n: f"View {n}")
    query = "severity=high"
    created_by = "Mira"
    created_at = NOW


class ReturnFileFactory(DjangoModelFactory):
    """An export nobody has chosen the columns of yet."""

    class Meta:
        model = ReturnFile

    connection = factory.SubFactory(ConnectionFactory)
    file_name = "transactions.csv"
    content = b"Return,Order\nR-1,SO-1\n"
    file_hash = factory.LazyAttribute(lambda row: hashlib.sha256(row.content).hexdigest())
    heads = factory.LazyFunction(lambda: ["Return", "Order"])
    row_count = 1
    writing = factory.LazyFunction(
        lambda: {
            "date_order": "dmy",
            "decimal_sign": ".",
            "timezone": "Europe/London",
            "currency": "GBP",
        }
    )
    uploaded_at = NOW
