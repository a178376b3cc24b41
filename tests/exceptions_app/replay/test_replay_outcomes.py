"""Replays run the whole pipeline in process; every line ends posted or under an open exception."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.apps import apps
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from exceptions_app.models import Bridge, Case, Posting, Rma
from exceptions_app.services.replay import setup
from tests.exceptions_app.replay.lines_cast import Twins, row
from tests.world import make_rma

pytestmark = pytest.mark.django_db

ORDER = row("500", "20001", 10, "2.95")
# Rows of these are signs of life, wake-up calls and the inbox's own record of each poll.
LIVELY = {"InboundEvent", "CallCount", "Heartbeat", "OrmQ"}


def table_counts():
    return {
        model.__name__: model.objects.count()
        for model in apps.get_models()
        if model.__name__ not in LIVELY
    }


def money(result):
    kept = result.account.money
    return tuple(f"{x:.2f}" for x in (kept.came_in, kept.posted, kept.still_open, kept.accepted))


def test_a_credit_of_what_was_bought_is_posted_to_the_penny():
    seen = []
    result = Twins().replay(ORDER, row("C1", "20001", -4, "2.95"), seen=seen)

    assert result.problems == ()
    assert money(result) == ("-11.80", "-11.80", "0.00", "0.00")
    assert result.account.postings == {
        "credit_memo": 1,
        "return_authorisation": 1,
        "stock_receipt": 1,
    }
    assert result.account.cases == {}
    assert result.account.outcomes["posted"].lines == {"C1.1"}
    assert result.calls["returngo"] == 4
    assert (seen[-1].arrived, seen[-1].confirmed, seen[-1].under_way) == (1, 3, 0)


@pytest.mark.parametrize(
    ("rows", "cases", "blocked"),
    [
        pytest.param(
            [row("C1", "20001", -4, "2.95", customer="9")],
            {"SO_LINK_MISSING": 1},
            "-11.80",
            id="never-bought-here",
        ),
        pytest.param(
            [row("C1", "20001", -4, "2.95", customer="")],
            {"SO_LINK_MISSING": 1},
            "-11.80",
            id="blank-customer",
        ),
        pytest.param([row("C1", "20001", -11, "2.95")], {"OVER_RETURN": 1}, "-32.45", id="excess"),
        pytest.param(
            [row("500", "POST", 1, "18.00"), row("C1", "post", -1, "18.00")],
            {"COMPONENT_MISSING": 1},
            "-18.00",
            id="charge",
        ),
        pytest.param(
            [row("C1", "Bank Charges", -1, "18.00")],
            {"COMPONENT_MISSING": 1, "SO_LINK_MISSING": 1},
            "-18.00",
            id="charge-never-sold",
        ),
        pytest.param(
            [row("500", "M", 1, "30.00"), row("C1", "M", -1, "30.00")],
            {"COMPONENT_MISSING": 1},
            "-30.00",
            id="manual-charge",
        ),
        pytest.param(
            [row("C1", "20001", -1, "3.95")],
            {"REFUND_OVER_LINE": 1},
            "-3.95",
            id="more-than-paid",
        ),
        pytest.param(
            [row("C1", "20001", -1, "1.95")], {"REFUND_CM_MISMATCH": 1}, "-1.95", id="less"
        ),
        pytest.param(
            [row("C1", "gift_0001_20", -1, "20.00")],
            {"SKU_UNKNOWN": 1, "SO_LINK_MISSING": 1},
            "-20.00",
            id="no-product-and-never-sold",
        ),
    ],
)
def test_what_cannot_be_posted_waits_under_its_own_exception(rows, cases, blocked):
    result = Twins().replay(ORDER, *rows)

    assert result.problems == ()
    assert result.account.cases == cases
    assert result.account.money.still_open == Decimal(blocked)
    assert result.account.money.posted == 0
    assert not Posting.objects.filter(kind="credit_memo", status="confirmed").exists()


def test_one_bad_line_does_not_hold_the_good_ones_of_its_credit_note():
    result = Twins().replay(
        ORDER,
        row("500", "POST", 1, "18.00"),
        row("C1", "20001", -2, "2.95"),
        row("C1", "POST", -1, "18.00"),
        row("C1", "20009", -1, "5.00"),
    )

    assert result.problems == ()
    assert result.account.money.posted == Decimal("-5.90")
    outcomes = {name: (len(x.lines), x.units) for name, x in result.account.outcomes.items()}
    assert outcomes == {
        "open: COMPONENT_MISSING": (1, -1),
        "open: SO_LINK_MISSING": (1, -1),
        "posted": (1, -2),
    }


def test_a_gift_among_goods_is_booked_with_them_where_the_erp_has_its_item():
    result = Twins().replay(
        ORDER,
        row("500", "20002", 2, "0"),
        row("C1", "20001", -1, "2.95"),
        row("C1", "20002", -1, "0"),
    )

    assert (result.problems, result.account.cases) == ((), {})
    assert (result.account.money.posted, result.account.units.posted) == (Decimal("-2.95"), -2)


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([row("500", "20002", 2, "0"), row("C1", "20002", -1, "0")], id="given"),
        pytest.param([ORDER, row("C1", "20001", -1, "0")], id="sold-and-not-refunded"),
    ],
)
def test_goods_that_cost_nothing_come_back_without_a_credit(rows):
    result = Twins().replay(*rows)

    assert result.problems == ()
    assert list(result.account.outcomes) == ["posted, nothing to credit"]
    assert result.account.postings == {"return_authorisation": 1, "stock_receipt": 1}
    assert result.account.units.posted == -1


@pytest.mark.parametrize(
    "rows", [pytest.param([], id="empty"), pytest.param([ORDER], id="only-orders")]
)
def test_a_file_without_credits_leaves_nothing_to_account_for(rows):
    result = Twins().replay(*rows)

    assert (result.problems, result.account.credit_lines) == ((), 0)
    assert money(result) == ("0.00", "0.00", "0.00", "0.00")
    assert not Rma.objects.exists()


def test_replaying_the_same_data_again_changes_nothing():
    rows = [
        ORDER,
        row("500", "POST", 1, "18.00"),
        row("C1", "20001", -4, "2.95"),
        row("C1", "POST", -1, "18.00"),
        row("C2", "20001", -9, "2.95", date="2010-03-05T10:00:00"),
    ]
    twins = Twins()
    first = twins.replay(*rows)
    before = table_counts()
    ids = list(Posting.objects.order_by("pk").values_list("pk", "key", "status"))
    twins.clock.advance(hours=1)
    empty = Twins(clock=twins.clock)

    second = empty.replay(*rows)

    assert table_counts() == before
    assert list(Posting.objects.order_by("pk").values_list("pk", "key", "status")) == ids
    assert second.problems == ()
    assert second.account == first.account
    assert empty.documents("bluecherry") == []


def test_another_years_file_works_beside_the_first():
    twins = Twins()
    first = twins.replay(ORDER, row("C1", "20001", -4, "2.95"))
    twins.clock.advance(hours=1)

    other = Twins(clock=twins.clock).replay(ORDER, row("C1", "20001", -3, "2.95"))

    assert (first.problems, other.problems) == ((), ())
    assert other.account.money.posted == Decimal("-8.85")
    assert Bridge.objects.count() == 2
    assert Rma.objects.filter(external_id="C1-1").count() == 2


def test_a_platform_with_returns_of_someone_else_is_refused_before_loading():
    twins = Twins()
    at = datetime.now(UTC).isoformat()
    twins.load("returngo", {"rmas": [make_rma("77", updated_at=at)]})

    with pytest.raises(setup.SandboxInUse, match="return 77"):
        twins.replay(ORDER, row("C1", "20001", -4, "2.95"))

    assert not Rma.objects.exists()
    assert twins.systems["returngo"].calls() == {"GET /rmas": 1}


def test_a_document_that_is_twice_in_the_erp_fails_the_run():
    twins = Twins()
    rows = [ORDER, row("C1", "20001", -4, "2.95")]
    twins.replay(*rows)
    copies = twins.documents("bluecherry")
    twins.documents = lambda system: copies * 2

    result = twins.replay(*rows)

    assert len(result.problems) == 4
    assert result.problems[0].endswith("is in the ERP 2 times.")
    assert "Return CM-" in result.problems[-1]


def test_a_line_under_no_exception_and_not_posted_fails_the_run():
    twins = Twins()
    rows = [row("C1", "20001", -4, "2.95", customer="")]
    twins.replay(*rows)
    Rma.objects.update(plan_due_at=None)
    Case.objects.update(status="resolved")

    result = twins.replay(*rows)

    assert result.problems == (
        "RMAC1-1: -4 units are neither posted, open nor accepted.",
        "RMAC1-1: -11.8000 GBP are neither posted, open nor accepted.",
    )


CODES = st.sampled_from(["20001", "20002a", "POST", "voucher"])
PRICES = st.sampled_from(["0", "0.07", "2.95", "3.10"])
CUSTOMERS = st.sampled_from(["1", "2"])


@st.composite
def some_rows(draw):
    rows = []
    for number in range(draw(st.integers(0, 4))):
        code, price = draw(CODES), draw(PRICES)
        quantity = draw(st.integers(1, 12))
        rows.append(row(str(500 + number), code, quantity, price, customer=draw(CUSTOMERS)))
    for number in range(draw(st.integers(1, 3))):
        customer = draw(st.sampled_from(["1", "2", ""]))
        for _ in range(draw(st.integers(1, 2))):
            code, price = draw(CODES), draw(PRICES)
            quantity = -draw(st.integers(1, 12))
            rows.append(row(f"C{number}", code, quantity, price, customer=customer))
    return rows


@given(rows=some_rows())
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    # A failing file is a few rows already; making it smaller takes minutes.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_money_and_units_are_kept_for_any_small_file(rows):
    result = Twins().replay(*rows)

    assert result.problems == ()
    total = sum(
        (int(cells[3]) * Decimal(cells[5]) for cells in rows if cells[0][0] == "C"), Decimal(0)
    )
    kept = result.account.money
    assert kept.came_in == total == kept.posted + kept.still_open + kept.accepted
