"""A person's wish to know or to be forgotten, and a shop's when it leaves."""

from datetime import timedelta

import pytest

from connectors.types import PrivacyKind, PrivacyRequest
from exceptions_app.models import AuditEntry, InboundEvent, Rma, Shipment
from exceptions_app.services import events, ingesting, privacy, rmas
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db

IDA = {"customer_name": "Ida Berg", "customer_email": "Ida@customer.example"}


@pytest.fixture
def bridge():
    return factories.BridgeFactory()


@pytest.fixture
def rma(bridge):
    found = make_rma(bridge, "42", order_id="299938")
    factories.ShipmentFactory(rma=found, tracking_number="H00A1", tracking_url="https://t.example")
    rmas.refresh_search(found)
    return found


def make_rma(bridge, external_id, **changes):
    order = factories.SalesOrderFactory(connection=bridge.erp, customer_name="Ida Berg")
    values = {**IDA, "sales_order": order, **changes}
    return factories.RmaFactory(bridge=bridge, external_id=external_id, **values)


def wish(bridge, kind, *, at=NOW, key="w-1", **values):
    request = PrivacyRequest(kind=kind, **values)
    events.receive_privacy(connection=bridge.source, external_id=key, request=request, now=at)
    while event := ingesting.claim_due(now=at):
        ingesting.process(claimed=[event], now=at)


def people():
    return sorted(Rma.objects.values_list("external_id", "customer_name", "customer_email"))


def entries():
    return list(
        AuditEntry.objects.filter(act__startswith="privacy.")
        .order_by("pk")
        .values_list("act", "text", "after")
    )


def test_a_customer_is_forgotten_by_address_and_by_order(bridge, rma):
    make_rma(bridge, "43", customer_email="IDA@CUSTOMER.EXAMPLE")
    make_rma(bridge, "44", customer_email="", order_id="280263")
    make_rma(bridge, "45", customer_email="tom@customer.example")
    make_rma(factories.BridgeFactory(), "42")
    seen = factories.InboundEventFactory(
        connection=bridge.source, subject_id="42", state="processed", body=b"Ida Berg"
    )

    wish(
        bridge,
        PrivacyKind.FORGET_CUSTOMER,
        email="ida@customer.example",
        order_ids=("280263", "1"),
    )

    assert people() == [
        ("42", "", ""),
        ("42", "Ida Berg", "Ida@customer.example"),
        ("43", "", ""),
        ("44", "", ""),
        ("45", "Ida Berg", "tom@customer.example"),
    ]
    rma.refresh_from_db()
    assert rma.sales_order.customer_name == ""
    assert "ida" not in rma.search
    assert rma.search
    assert list(Shipment.objects.values_list("tracking_number", "tracking_url")) == [("", "")]
    seen.refresh_from_db()
    assert (bytes(seen.body), seen.headers) == (b"", {})
    assert entries() == [
        (
            "privacy.forget_customer",
            "Forgot a customer as ReturnGO asked: 3 returns: 42, 43, 44",
            {"returns": 3, "messages": 1},
        )
    ]


def test_a_wish_leaves_no_trace_of_the_person_in_its_own_message(bridge, rma):
    wish(bridge, PrivacyKind.FORGET_CUSTOMER, email="ida@customer.example")

    event = InboundEvent.objects.get(topic="PRIVACY")
    assert (event.state, bytes(event.body), event.headers) == ("processed", b"", {})
    assert not AuditEntry.objects.filter(text__icontains="ida").exists()


def test_the_same_wish_again_changes_nothing(bridge, rma):
    ida = {"email": "ida@customer.example"}
    wish(bridge, PrivacyKind.FORGET_CUSTOMER, **ida)
    before = (people(), entries())

    # A repeat of a message that was handled long ago is handled once more.
    wish(bridge, PrivacyKind.FORGET_CUSTOMER, at=NOW + timedelta(minutes=5), **ida)

    event = InboundEvent.objects.get(topic="PRIVACY")
    assert (people(), entries()) == before
    assert (event.copies, event.state) == (1, "quiet")


def test_messages_that_name_the_address_and_no_return_are_emptied(bridge):
    naming, other = (
        factories.InboundEventFactory(
            connection=bridge.source, state="quiet", origin="webhook", subject_id="", body=body
        )
        for body in (b'{"email": "ida@customer.example"}', b'{"email": "tom@customer.example"}')
    )

    wish(bridge, PrivacyKind.FORGET_CUSTOMER, email="ida@customer.example")

    for event in (naming, other):
        event.refresh_from_db()
    assert (bytes(naming.body), bytes(other.body)) == (b"", b'{"email": "tom@customer.example"}')


def test_exchanged_files_that_name_the_address_are_emptied_once_their_business_is_over(bridge):
    other = factories.BridgeFactory()
    content = b"5001;ida@customer.example"
    files = [
        factories.ExchangeFileFactory(connection=erp, content=content, state=state)
        for erp, state in [(bridge.erp, "read"), (bridge.erp, "waiting"), (other.erp, "read")]
    ]
    batches = [
        factories.ExchangeBatchFactory(connection=bridge.erp, content=content, state=state)
        for state in ("posted", "delivered")
    ]

    wish(bridge, PrivacyKind.FORGET_CUSTOMER, email="ida@customer.example")

    kept = []
    for row in (*files, *batches):
        row.refresh_from_db()
        kept.append(bool(row.content))
    assert kept == [False, True, True, False, True]


def test_a_question_is_left_for_whoever_answers_it_and_changes_nothing(bridge, rma):
    before = people()

    wish(bridge, PrivacyKind.DISCLOSE, email="ida@customer.example", request_id="9999")

    assert people() == before
    assert entries() == [
        (
            "privacy.disclose",
            "A customer asks what is kept of them (request 9999). Kept: 1 return: 42",
            {"request": "9999", "returns": 1},
        )
    ]


def test_a_shop_that_left_is_forgotten_part_by_part_until_nobody_is_known(bridge, rma, monkeypatch):
    monkeypatch.setattr(privacy, "BATCH", 2)
    for number in range(3):
        make_rma(bridge, f"5{number}")
    make_rma(factories.BridgeFactory(), "60")

    wish(bridge, PrivacyKind.FORGET_SHOP)

    known = [(number, name) for number, name, _ in people() if name]
    assert known == [("60", "Ida Berg")]
    assert [after["returns"] for _, _, after in entries()] == [2, 2, 0]


def test_a_connection_without_a_bridge_is_heard_as_well(rma, bridge):
    bridge.is_active = False
    bridge.save()

    wish(bridge, PrivacyKind.FORGET_SHOP)

    assert people() == [("42", "", "")]
