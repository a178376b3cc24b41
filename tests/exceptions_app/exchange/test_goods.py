"""Goods a partner tells of: receipts of returns we know, of none, and grades changed later."""

from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.exchange import stores
from connectors.exchange.shapes import Arrival, ArrivalLine, Inbound, InboundKind, Regrade
from exceptions_app.models import Case, ErpReceipt, ExchangeFile, Posting, Rma
from exceptions_app.services import watching
from tests import factories

DAY = date(2026, 5, 26)
TWO = (ArrivalLine("TEE", 2),)


@pytest.fixture
def authorisation(partner):
    bridge = factories.BridgeFactory(erp=partner.connection)
    return factories.PostingFactory(
        rma=factories.RmaFactory(bridge=bridge, external_id="5001", plan_due_at=None),
        kind="return_authorisation",
        key="RA-uk-5001-1",
        external_id="E-1",
        number="RA-77",
    )


def arrive(partner, authorisation, number="R-1", lines=TWO):
    arrival = Arrival(authorisation, number, DAY, "WH1", lines)
    partner.leave(
        stores.IN, f"{number}.txt", Inbound(kind=InboundKind.ARRIVALS, arrivals=(arrival,))
    )
    partner.look()


def regrade(partner, name="947.txt", **values):
    change = Regrade(**{"number": "G-1", "at": DAY, "sku": "TEE", "reason": "AC", **values})
    partner.leave(stores.IN, name, Inbound(kind=InboundKind.REGRADES, regrades=(change,)))
    partner.look()


def lying(receipt):
    receipt.refresh_from_db()
    return [(line["place"], line["quantity"]) for line in receipt.lines]


@pytest.mark.parametrize("name", ["RA-uk-5001-1", "E-1", "RA-77", "5001"])
def test_goods_are_the_return_s_by_whatever_the_partner_calls_it(partner, authorisation, name):
    arrive(partner, name, lines=(ArrivalLine("TEE", 2, "01", "DM"), ArrivalLine("CAP", 1)))

    receipt = ErpReceipt.objects.get()
    assert (receipt.rma, receipt.number) == (authorisation.rma, "R-1")
    assert receipt.authorisation_id == "E-1"
    assert receipt.received_at == datetime(2026, 5, 26, 12, tzinfo=UTC)
    assert lying(receipt) == [("01/DM", 2), ("", 1)]
    assert Rma.objects.get().plan_due_at is not None
    assert [row.number for row in partner.book.arrivals(["E-1", "other"])] == ["R-1"]


def test_goods_of_no_return_are_matched_once_it_is_known(partner, authorisation):
    Posting.objects.update(key="RA-other", external_id="", number="")
    arrive(partner, "RA-uk-5001-1")
    assert ErpReceipt.objects.get().rma is None
    assert ExchangeFile.objects.get().told == {"arrivals": 1, "blind": 1}
    assert not Rma.objects.filter(plan_due_at__isnull=False).exists()

    Posting.objects.update(key="RA-uk-5001-1")
    partner.look(times=1)

    assert ErpReceipt.objects.get().rma == authorisation.rma
    assert Rma.objects.get().plan_due_at is not None


def test_goods_of_no_return_are_told_by_receipt_and_what_it_is_against(partner, authorisation):
    parts = tuple(Arrival(name, "R-1", DAY, "WH1", TWO) for name in ("RA-x", "RA-y"))
    partner.leave(stores.IN, "r.txt", Inbound(kind=InboundKind.ARRIVALS, arrivals=parts))
    partner.look()

    watching.look(now=partner.now + timedelta(hours=2))

    told = Case.objects.order_by("pk").values_list("type", "title")
    assert set(told) == {
        ("BLIND_RETURN", "Receipt R-1 for RA-x of Depot belongs to no return"),
        ("BLIND_RETURN", "Receipt R-1 for RA-y of Depot belongs to no return"),
    }


def test_one_receipt_of_several_returns_is_one_of_each(partner, authorisation):
    other = factories.PostingFactory(
        rma=factories.RmaFactory(bridge=authorisation.bridge, external_id="5002"),
        kind="return_authorisation",
        key="RA-uk-5002-1",
    )
    told = [
        ("E-1", DAY, 2),
        ("RA-uk-5002-1", DAY, 1),
        ("E-1", datetime(2026, 5, 27, tzinfo=UTC), 3),
    ]
    parts = tuple(
        Arrival(name, "R-1", at, "WH1", (ArrivalLine("TEE", units),)) for name, at, units in told
    )

    partner.leave(stores.IN, "r.txt", Inbound(kind=InboundKind.ARRIVALS, arrivals=parts))
    partner.look()

    rows = ErpReceipt.objects.order_by("rma__external_id")
    units = [[line["quantity"] for line in row.lines] for row in rows]
    assert [row.rma for row in rows] == [authorisation.rma, other.rma]
    assert (units, {row.number for row in rows}) == ([[2, 3], [1]], {"R-1"})


def test_one_name_of_two_returns_is_a_guess_nobody_makes(partner, authorisation):
    other = factories.BridgeFactory(erp=partner.connection)
    factories.PostingFactory(
        rma=factories.RmaFactory(bridge=other, external_id="5001"), kind="return_authorisation"
    )

    arrive(partner, "5001")

    assert ErpReceipt.objects.get().rma is None


def test_units_move_to_the_condition_they_are_in_now(partner, authorisation):
    arrive(partner, "E-1", lines=(ArrivalLine("TEE", 3, "A"), ArrivalLine("CAP", 1, "A")))
    Rma.objects.update(plan_due_at=None)

    regrade(partner, quantity=2, from_condition="A", to_condition="01", receipt_number="R-1")

    assert lying(ErpReceipt.objects.get()) == [("A", 1), ("A", 1), ("01", 2)]
    assert Rma.objects.get().plan_due_at is not None


def test_a_count_that_was_wrong_is_put_right(partner, authorisation):
    arrive(partner, "E-1")

    regrade(partner, quantity=-1, reason="AY", authorisation="E-1")

    assert lying(ErpReceipt.objects.get()) == [("", 1)]


@pytest.mark.parametrize(
    "values",
    [
        {"quantity": 2, "from_condition": "A", "to_condition": "01", "receipt_number": "R-9"},
        {"quantity": 4, "from_condition": "A", "to_condition": "01", "receipt_number": "R-1"},
        {"quantity": 1, "from_condition": "B", "to_condition": "01", "receipt_number": "R-1"},
        {"quantity": -4, "from_condition": "A", "to_condition": "A", "receipt_number": "R-1"},
    ],
    ids=["no-such-receipt", "too-many", "not-there", "below-nothing"],
)
def test_a_change_that_fits_no_receipt_sets_its_file_aside(partner, authorisation, values):
    arrive(partner, "E-1", lines=(ArrivalLine("TEE", 3, "A"),))

    regrade(partner, **values)

    assert lying(ErpReceipt.objects.get()) == [("A", 3)]
    (case,) = Case.objects.exclude(status="resolved")
    assert case.type == "FILE_UNREADABLE"
    assert case.facts["reason"].startswith("Change G-1 moves")
