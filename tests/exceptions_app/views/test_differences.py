"""Finance's workbench: one row per return that differs, why, its acts, and the same as a file."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
import tablib
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from exceptions_app.models import AuditEntry, Case, Fix
from exceptions_app.rules import penny
from exceptions_app.rules.credit import Comparison, Component
from exceptions_app.rules.penny_parts import Cause
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def finn(client):
    user = make_user("finn")
    client.force_login(user)
    return user


def make_difference(*causes, credit="54.00", kind="REFUND_CM_MISMATCH", **values):
    """An exception as the plan opens it: `causes` are (name, amount) pairs."""
    rows = tuple(Cause(name, Decimal(amount), "line:1") for name, amount in causes)
    difference = sum(row.amount for row in rows)
    currency = values.get("currency", "GBP")
    refund = Decimal(credit) + difference
    compared = Comparison(refund, Decimal(credit), (Component("item", refund, Decimal(credit)),))
    found = penny.Explanation(currency, refund, Decimal(credit), rows, penny._parts(compared))
    rma = values.pop("rma", None) or factories.RmaFactory(currency=currency)
    group, _ = factories.CauseGroupFactory._meta.model.objects.get_or_create(
        type=kind,
        bridge=rma.bridge,
        connection=None,
        cause=found.main,
        defaults={
            "title": "Refund and credit memo differ",
            "first_seen_at": timezone.now(),
            "last_seen_at": timezone.now(),
        },
    )
    facts = {
        "platform": "ReturnGO",
        "erp": "BlueCherry",
        "currency": currency,
        "refund_total": str(refund),
        "credit_total": credit,
        "difference": str(difference),
        "main_cause": found.main,
        "explanation": penny.packed(found),
    }
    return factories.CaseFactory(
        rma=rma,
        group=group,
        type=kind,
        team="finance",
        value=abs(difference),
        facts=facts,
        **values,
    )


def exported(client, path):
    text = b"".join(client.get(path).streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_a_row_names_both_sides_their_difference_and_every_cause(client, finn):
    case = make_difference(("discount", "6.00"), ("rounding", "-0.01"))

    page = client.get("/finance/differences/")

    assert "Discount +£6.00" in page.text
    assert "Rounding −£0.01" in page.text
    assert "+£5.99" in page.text
    (total,) = page.context["totals"]
    assert (total.refund, total.credit) == (Decimal("59.99"), Decimal("54.00"))
    assert (total.refund_more, total.credit_more) == (Decimal("5.99"), Decimal(0))
    assert client.get("/").text.count("/finance/differences/") == 1
    assert "/finance/differences/" in client.get("/finance/").text
    assert f"/exceptions/{case.pk}/" in page.text


def test_unfolded_it_shows_the_components_running_and_the_credits_of_the_order(client, finn):
    case = make_difference(("fee", "5.00"))
    memo = factories.PostingFactory(rma=case.rma, kind="credit_memo", number="CM-77")

    page = client.get(f"/finance/differences/?open={case.pk}")

    opened = page.context["opened"]
    assert [(each["label"], each["part"].running) for each in opened["penny"]["parts"]] == [
        ("Goods", Decimal("5.00"))
    ]
    assert [each["row"].posting for each in opened["credits"]] == [memo]
    assert "CM-77" in page.text
    assert "Correct the credit: the refund is right." in page.text


def test_a_return_stands_once_and_is_counted_once(client, finn):
    whole = make_difference(("price", "5.00"), ("fee", "2.00"))
    make_difference(("price", "5.00"), kind="REFUND_OVER_LINE", rma=whole.rma)
    factories.CaseFactory(team="finance", type="VAT_SETTING")

    page = client.get("/finance/differences/")

    assert [row["case"].pk for row in page.context["rows"]] == [whole.pk]
    assert page.context["totals"][0].difference == Decimal("7.00")


def test_causes_bridges_and_what_is_held_narrow_list_sums_and_file(client, finn):
    fee = make_difference(("fee", "5.00"))
    tax = make_difference(("tax", "-2.00"), currency="EUR")
    held = make_difference(("tax", "1.00"), snoozed_until=timezone.now() + timedelta(days=1))

    def shown(query):
        page = client.get(f"/finance/differences/{query}")
        rows = exported(client, f"/finance/differences/export.csv{query}")
        listed = [row["case"].pk for row in page.context["rows"]]
        assert [f"EX-{pk}" for pk in listed] == [
            row["Exception"] for row in rows if row["Exception"] != "Total"
        ]
        return listed

    assert shown("") == [fee.pk, tax.pk]
    assert shown("?cause=tax") == [tax.pk]
    assert shown("?view=held") == [held.pk]
    assert shown(f"?bridge={fee.bridge.code}&cause=fee") == [fee.pk]
    assert shown("?bridge=gone%00") == []
    chips = client.get("/finance/differences/").context["chips"]
    assert [(chip["label"], chip["note"]) for chip in chips] == [
        ("All causes", "2"),
        ("Fee", "1, £5.00"),
        ("Tax", "1, €2.00"),
    ]


@pytest.mark.lesson(6)
def test_both_files_hold_the_rows_and_totals_of_the_screen_as_numbers(client, finn):
    make_difference(("discount", "6.00"), ("rounding", "-0.01"))
    rma = factories.RmaFactory(order_name="=1+1")
    make_difference(("fee", "-5.00"), rma=rma)
    make_difference(("tax", "2.00"), currency="EUR")
    totals = {row.currency: row for row in client.get("/finance/differences/").context["totals"]}

    rows = exported(client, "/finance/differences/export.csv")
    sheet = tablib.Dataset().load(
        client.get("/finance/differences/export.xlsx").content, format="xlsx"
    )

    found = {row["Currency"]: row for row in rows if row["Exception"] == "Total"}
    assert set(found) == {"EUR", "GBP"}
    for currency, row in found.items():
        assert Decimal(row["Refund"]) == totals[currency].refund
        assert Decimal(row["Credit"]) == totals[currency].credit
        assert Decimal(row["Refund less credit"]) == totals[currency].difference
    assert (found["GBP"]["Discount"], found["GBP"]["Fee"]) == ("6.00", "-5.00")
    assert [row["Order"] for row in rows].count("'=1+1") == 1
    cells = sheet.dict
    assert len(cells) == len(rows) == 5
    assert sum(Decimal(str(row["Refund less credit"])) for row in cells[:2]) == Decimal("0.99")
    assert all(not isinstance(row["Refund"], str) for row in cells)


def test_what_an_earlier_release_opened_says_it_was_not_compared(client, finn):
    group = factories.CauseGroupFactory(type="REFUND_CM_MISMATCH", cause="several components")
    case = factories.CaseFactory(
        group=group, type="REFUND_CM_MISMATCH", team="finance", facts={"difference": "lots"}
    )

    page = client.get(f"/finance/differences/?open={case.pk}")
    (row, *_) = exported(client, "/finance/differences/export.csv")

    assert page.text.count("Not compared") >= 4
    assert (row["Main cause"], row["Refund"]) == ("Not compared", "Not compared")


def test_the_list_costs_the_same_queries_for_5_and_40_rows(client, finn):
    def cost(count):
        for _ in range(count):
            make_difference(("fee", "5.00"))
        with CaptureQueriesContext(database) as captured:
            assert client.get("/finance/differences/").status_code == 200
        return len(captured)

    few = cost(5)

    assert cost(35) == few


def pick(case):
    return f"{case.pk}.{case.version}"


def frozen(client, act, *cases):
    answer = client.post(
        "/finance/differences/act/", {"act": act, "case": [pick(case) for case in cases]}
    )
    assert answer.url.startswith("/finance/differences/act/?asked=")
    page = client.get(answer.url)
    assert page.status_code == 200
    return page


def test_holding_puts_off_what_was_shown_and_nothing_else(client, finn):
    one, other = make_difference(("tax", "2.00")), make_difference(("tax", "3.00"))
    page = frozen(client, "hold", one)
    assert "Hold 1 return?" in page.text

    answer = client.post(
        "/finance/differences/act/",
        {
            "act": "hold",
            "frozen": page.context["frozen"],
            "choice": "tomorrow",
            "note": "Asked the gateway",
        },
        follow=True,
    )

    one.refresh_from_db()
    other.refresh_from_db()
    assert one.snooze_note == "Asked the gateway"
    assert other.snoozed_until is None
    assert [row["case"].pk for row in answer.context["rows"]] == [other.pk]
    assert "1 held." in answer.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [({}, "reason_code"), ({"reason_code": "rounding", "until": "2020-01-01"}, "until")],
)
def test_without_a_reason_or_with_a_past_day_nothing_is_asked_for(client, finn, changes, field):
    case = make_difference(("tax", "2.00"))
    page = frozen(client, "accept", case)

    answer = client.post(
        "/finance/differences/act/",
        {"act": "accept", "frozen": page.context["frozen"], **changes},
    )

    assert answer.status_code == 422
    assert "This field is required" not in answer.text
    assert field in answer.context["form"].errors
    assert not Fix.objects.exists()
    assert not AuditEntry.objects.exists()


def test_what_changed_meanwhile_is_left_and_named(client, finn):
    case = make_difference(("tax", "2.00"))
    page = frozen(client, "accept", case)
    Case.objects.filter(pk=case.pk).update(facts={**case.facts, "difference": "9.00"})

    answer = client.post(
        "/finance/differences/act/",
        {
            "act": "accept",
            "frozen": page.context["frozen"],
            "reason_code": "rounding",
        },
        follow=True,
    )

    assert "It changed since you opened the list. Look again." in answer.text
    assert not Fix.objects.exists()


def test_a_question_this_session_does_not_know_leads_back_to_the_list(client, finn):
    answer = client.get("/finance/differences/act/?asked=other&cause=tax", follow=True)

    assert answer.redirect_chain == [("/finance/differences/?cause=tax", 302)]
    assert "That question is no longer open. Choose the rows again." in answer.text


def test_a_refund_in_another_currency_is_not_settled_by_an_amount(client, finn):
    page = frozen(client, "correct", make_difference(("fx", "-54.00")))

    assert "The refund is in another currency" in page.text
    assert "Will be left as it is" in page.text


def test_nothing_ticked_changes_nothing(client, finn):
    answer = client.post("/finance/differences/act/", {"act": "accept"}, follow=True)

    assert "Tick the rows to act on. Nothing was changed." in answer.text
    assert not Fix.objects.exists()


def test_the_files_of_exceptions_and_returns_say_why_too(client, finn):
    case = make_difference(("discount", "6.00"), ("fee", "-2.00"))
    other = factories.CaseFactory(team="finance")

    cases = exported(client, "/exceptions/export.csv?view=list")
    returns = exported(client, "/returns/export.csv")

    why = {row["Exception"]: row["Why refund and credit differ"] for row in cases}
    assert why == {
        f"EX-{case.pk}": "Discount +£6.00; Fee −£2.00",
        f"EX-{other.pk}": "",
        "Total GBP": "",
    }
    told = {row["Return"]: row["Why refund and credit differ"] for row in returns}
    assert told[str(case.rma)] == "Discount +£6.00; Fee −£2.00"
