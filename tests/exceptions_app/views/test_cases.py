"""The queue and one exception: what each role sees, and what a refused act leaves alone."""

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from exceptions_app.models import AuditEntry, Case, Fix
from exceptions_app.selectors import paging
from exceptions_app.views import exports
from tests.cast import make_user
from tests.factories import (
    NOW,
    BridgeFactory,
    CaseFactory,
    CauseGroupFactory,
    FixFactory,
    PostingFactory,
    RmaFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def enter(client):
    def enter(name):
        user = make_user(name)
        client.force_login(user)
        return user

    return enter


def _case(**values):
    values.setdefault("facts", {"sku": "TEE-BLAK-M", "erp": "BlueCherry", "platform": "ReturnGO"})
    return CaseFactory(**values)


def _rows(response):
    text = b"".join(response.streaming_content).decode()
    return list(csv.reader(io.StringIO(text)))


def test_the_queue_shows_causes_gravest_first_with_sums_per_currency(client, enter):
    enter("mira")
    rma = RmaFactory()
    low = CauseGroupFactory(bridge=rma.bridge, title="A low cause")
    grave = CauseGroupFactory(bridge=rma.bridge, title="A grave cause")
    _case(rma=rma, group=low, severity="low", value=Decimal(900))
    _case(rma=rma, group=grave, severity="critical", value=Decimal(2))
    _case(rma=rma, group=grave, severity="high", value=Decimal(3), currency="EUR")

    page = client.get(reverse("case-list"))

    causes = page.context["page"].rows
    assert [cause.title for cause in causes] == ["A grave cause", "A low cause"]
    assert [(each.amount, each.currency) for each in causes[0].values] == [
        (Decimal(3), "EUR"),
        (Decimal(2), "GBP"),
    ]
    assert (causes[0].count, causes[0].severity) == (2, "critical")


@pytest.mark.lesson(5)
def test_filters_in_the_address_narrow_the_list_and_show_as_chips(client, enter):
    mira = enter("mira")
    kept = _case(assignee=mira, status="assigned")
    _case(assignee=None)
    _case(team="finance", assignee=mira)

    page = client.get(
        reverse("case-list"), {"team": "merchandising", "assignee": "me", "view": "list"}
    )

    assert [case.pk for case in page.context["page"].rows] == [kept.pk]
    assert [chip["name"] for chip in page.context["chips"]] == ["Team", "Assigned to"]
    assert "assignee=me" not in page.context["chips"][1]["remove_url"]


def test_resolved_exceptions_show_only_when_asked_for(client, enter):
    enter("mira")
    _case(status="resolved", closure="proof", resolved_at=CaseFactory.opened_at)

    assert client.get(reverse("case-list")).context["totals"].count == 0
    resolved = client.get(reverse("case-list"), {"status": "resolved", "view": "list"})
    assert resolved.context["totals"].count == 1


def test_an_unknown_filter_finds_nothing_and_says_so(client, enter):
    enter("mira")
    _case()

    page = client.get(reverse("case-list"), {"team": "pirates"})

    assert page.status_code == 200
    assert page.context["totals"].count == 0
    assert "not one we know" in page.content.decode()


def test_no_open_exceptions_and_no_match_are_told_apart(client, enter):
    enter("mira")

    assert "No open exceptions" in client.get(reverse("case-list")).content.decode()
    narrowed = client.get(reverse("case-list"), {"severity": "low"}).content.decode()
    assert "No exception matches these filters" in narrowed


def test_a_tampered_cursor_answers_400(client, enter):
    enter("mira")

    assert client.get(reverse("case-list"), {"cursor": "x:y:z"}).status_code == 400


def test_a_cause_unfolds_as_a_fragment_and_by_address(client, enter):
    enter("mira")
    case = _case()
    url = reverse("cause-list", args=[case.group_id])

    fragment = client.get(url, headers={"HX-Request": "true"}).content.decode()
    followed = client.get(url, follow=True).content.decode()

    assert f"EX-{case.pk}" in fragment
    assert "<html" not in fragment
    assert f"EX-{case.pk}" in followed
    assert "<html" in followed


@pytest.mark.parametrize("count", [10, 100])
def test_the_queue_costs_the_same_queries_however_long(
    client, enter, django_assert_max_num_queries, count
):
    enter("mira")
    client.get(reverse("case-list"))
    for _ in range(count):
        _case()

    # The session, the user and one of the page's frame come on top of the queue's own.
    for view, own in (("", 6), ("list", 5)):
        with django_assert_max_num_queries(3 + own):
            assert client.get(reverse("case-list"), {"view": view}).status_code == 200


@pytest.mark.parametrize("count", [1, 40])
def test_the_page_of_one_costs_the_same_queries(
    client, enter, django_assert_max_num_queries, count
):
    enter("mira")
    case = _case()
    for _ in range(count):
        _case(group=case.group, rma=RmaFactory(bridge=case.bridge))
        PostingFactory(rma=case.rma)

    with django_assert_max_num_queries(25):
        assert client.get(reverse("case-detail", args=[case.pk])).status_code == 200


def test_the_page_says_what_happened_and_offers_the_change(client, enter):
    enter("mira")
    case = _case()

    text = client.get(reverse("case-detail", args=[case.pk])).content.decode()

    assert "no item with this SKU" in text
    assert "Map the SKU" in text
    assert "You cannot approve your own request" in text
    assert reverse("fix-preview", args=[case.pk]) in text


def test_who_may_not_ask_for_a_change_is_told_which_roles_may(client, enter):
    enter("cleo")
    case = _case()

    text = client.get(reverse("case-detail", args=[case.pk])).content.decode()

    assert "Your role may not do this. Merchandising, Admin can." in text


def test_changes_that_are_not_possible_share_one_panel_and_each_reason_is_told_once(client, enter):
    enter("aud")
    case = CaseFactory(group=CauseGroupFactory(type="CM_REJECTED"), team="finance")

    page = client.get(reverse("case-detail", args=[case.pk]))

    assert [len(labels) for labels in page.context["shut"].values()] == [3]
    assert page.text.count("Your role may not do this") == 1
    assert "Send again, Edit and send again, Link an existing document" in page.text
    assert 'id="fix-retry"' not in page.text


def test_an_auditor_sees_all_and_is_offered_no_act(client, enter):
    enter("aud")
    case = _case()

    text = client.get(reverse("case-detail", args=[case.pk])).content.decode()

    assert case.title in text
    assert reverse("fix-preview", args=[case.pk]) not in text
    assert reverse("case-assign", args=[case.pk]) not in text


def test_a_stranger_to_all_roles_sees_no_exception(client, enter):
    enter("otto")
    case = _case()

    assert client.get(reverse("case-list")).status_code == 403
    assert client.get(reverse("case-detail", args=[case.pk])).status_code == 403


def test_the_customer_is_not_named(client, enter):
    enter("mira")
    case = _case()

    assert (
        "Cara Customer" not in client.get(reverse("case-detail", args=[case.pk])).content.decode()
    )


def test_a_closed_exception_explains_its_proof(client, enter):
    enter("mira")
    case = _case(
        status="resolved", closure="proof", resolved_at=CaseFactory.opened_at, proof="CM-9 is there"
    )

    text = client.get(reverse("case-detail", args=[case.pk])).content.decode()

    assert "CM-9 is there" in text
    assert reverse("fix-preview", args=[case.pk]) not in text


def test_whoever_takes_an_exception_has_it(client, enter):
    mira = enter("mira")
    case = _case()

    client.post(reverse("case-assign", args=[case.pk]), {"assignee": "me"})

    case.refresh_from_db()
    assert (case.assignee, case.status) == (mira, "assigned")


def test_a_person_outside_the_team_is_refused(client, enter):
    enter("mira")
    case, finn = _case(), make_user("finn")

    answer = client.post(reverse("case-assign", args=[case.pk]), {"assignee": finn.pk})

    case.refresh_from_db()
    assert answer.status_code == 422
    assert case.assignee is None
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("name", ["case-assign", "case-close", "fix-preview", "fix-request"])
def test_an_auditor_changes_nothing(client, enter, name):
    enter("aud")
    case = _case()

    answer = client.post(
        reverse(name, args=[case.pk]), {"assignee": "me", "kind": "sku_alias", "sku": "X"}
    )

    assert answer.status_code == 403
    assert list(Case.objects.values_list("status", "assignee")) == [("open", None)]
    assert not AuditEntry.objects.exists()


def test_closing_needs_a_coded_reason_of_the_type(client, enter):
    enter("finn")
    group = CauseGroupFactory(type="CM_NO_REFUND")
    case = _case(group=group, rma=RmaFactory(bridge=group.bridge), team="finance")
    url = reverse("case-close", args=[case.pk])

    refused = client.post(url, {"reason": "because", "note": "kept note"})
    case.refresh_from_db()

    assert (refused.status_code, case.status) == (422, "open")
    assert "kept note" in refused.content.decode()
    client.post(url, {"reason": "on_account", "note": "Seen on the account"})
    case.refresh_from_db()
    assert (case.status, case.closure, case.close_reason) == (
        "resolved",
        "by_hand",
        "on_account",
    )


def test_a_type_that_closes_by_proof_only_is_not_closed_by_hand(client, enter):
    enter("mira")
    case = _case()

    answer = client.post(reverse("case-close", args=[case.pk]), {"reason": "x"})

    case.refresh_from_db()
    assert (answer.status_code, case.status) == (422, "open")


@pytest.mark.lesson(6)
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_the_export_holds_what_is_on_screen_and_no_formula(client, enter, start):
    enter("aud")
    case = _case(title=f"{start}cmd|' /C calc'!A0")
    _case(team="finance")

    rows = _rows(client.get(reverse("case-export"), {"view": "list", "team": "merchandising"}))

    assert [row[0] for row in rows] == ["Exception", f"EX-{case.pk}", "Total GBP"]
    assert rows[1][1] == f"'{start}cmd|' /C calc'!A0"


def test_the_workbook_holds_the_same_rows_with_amounts_as_figures(client, enter):
    enter("aud")
    case = _case(title="=1+1", value=Decimal("12.50"))
    _case(team="finance")

    answer = client.get(reverse("case-export-xlsx"), {"view": "list", "team": "merchandising"})

    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    rows = list(sheet.values)
    assert [row[:2] for row in rows] == [
        ("Exception", "What"),
        (f"EX-{case.pk}", "'=1+1"),
        ("Total GBP", None),
    ]
    assert (rows[1][6], rows[2][6], sheet.cell(2, 2).data_type) == (12.5, 12.5, "s")


def test_the_export_one_by_one_ends_with_the_total_of_each_currency(client, enter):
    enter("aud")
    _case(value=Decimal("12.50"))
    _case(value=Decimal("0.70"))
    _case(value=Decimal(900), currency="JPY")

    rows = _rows(client.get(reverse("case-export"), {"view": "list"}))

    totals = [row[0:1] + row[6:8] for row in rows if row[0].startswith("Total")]
    assert totals == [["Total GBP", "13.20", "GBP"], ["Total JPY", "900", "JPY"]]
    assert {len(row) for row in rows} == {12}


def test_a_workbook_too_long_says_what_it_left_out(client, enter, monkeypatch):
    monkeypatch.setattr(exports, "XLSX_ROWS", 1)
    enter("aud")
    _case()
    _case()

    answer = client.get(reverse("case-export-xlsx"), {"view": "list"})

    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.values)
    assert len(rows) == 3
    assert rows[2][0] == "Only the first 1 rows. The CSV holds all of them."


def test_a_control_character_breaks_nobodys_workbook():
    answer = exports.as_xlsx([["Name"], ["=A\x0bB\x01"]], name="rows")

    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet["A2"].value == "'=A\ufffdB\ufffd"


def test_the_export_by_cause_holds_the_causes(client, enter):
    enter("aud")
    case = _case()

    rows = _rows(client.get(reverse("case-export")))

    assert [row[0] for row in rows] == ["Cause", case.group.title, "Total GBP"]
    assert rows[1][4:6] == rows[2][4:6] == ["20.00", "GBP"]


def test_a_page_whose_rows_all_left_leads_to_the_first_instead_of_saying_none_are_open(client):
    client.force_login(make_user("mira"))
    group = CauseGroupFactory()
    rma = RmaFactory(bridge=group.bridge)
    for _ in range(52):
        CaseFactory(group=group, rma=rma)
    address = f"{reverse('case-list')}?view=list"
    older = client.get(address).context["page"].older
    last = client.get(f"{address}&cursor={older}").context["page"].rows
    Case.objects.filter(pk__in=[case.pk for case in last]).update(status="resolved")

    answer = client.get(f"{address}&cursor={older}")

    assert (answer.status_code, answer.url) == (302, address)


def test_a_sum_over_more_than_is_counted_says_at_least(client, monkeypatch):
    client.force_login(make_user("mira"))
    group = CauseGroupFactory()
    rma = RmaFactory(bridge=group.bridge)
    for _ in range(4):
        CaseFactory(group=group, rma=rma)
    address = reverse("case-list")
    monkeypatch.setattr(paging, "COUNT_CAP", 2)

    whole = client.get(address).content.decode()
    some = client.get(address, {"q": "SKU"}).content.decode()

    assert re.search(r"4 exceptions, <span[^>]*>£80.00</span>\s+at risk", whole)
    assert re.search(r"2\+ exceptions, at least <span[^>]*>£60.00</span>\s+at risk", some)


def test_a_team_we_do_not_know_is_said_and_is_not_sent_again(client):
    client.force_login(make_user("mira"))
    _case()

    text = client.get(f"{reverse('case-list')}?team=attic").content.decode()

    assert "A filter in the address is not one we know" in text
    assert "0 exceptions" not in text
    assert 'value="attic"' not in text


def test_a_change_that_can_still_be_taken_back_is_no_proof_yet(client, enter):
    mira = enter("mira")
    case = _case(status="resolved", closure="proof", resolved_at=NOW)
    other = _case(status="resolved", closure="proof", resolved_at=NOW)
    held = FixFactory(
        bridge=case.bridge,
        case=case,
        status="held",
        requested_by=mira,
        hold_until=timezone.now() + timedelta(minutes=1),
    )
    listed = {"status": "resolved", "view": "list"}

    page = client.get(reverse("case-detail", args=[case.pk])).text
    rows = client.get(reverse("case-list"), listed)

    assert ("Change held" in page, "Closed by proof" in page) == (True, False)
    assert (rows.text.count("Change held"), rows.text.count("Closed by proof")) == (1, 1)
    assert rows.context["held_back"] == {case.pk}
    Fix.objects.filter(pk=held.pk).update(status="applied")
    assert "Closed by proof" in client.get(reverse("case-detail", args=[case.pk])).text
    assert "Closed by proof" in client.get(reverse("case-detail", args=[other.pk])).text


@pytest.mark.parametrize(
    ("status", "label", "proof"),
    [
        ("blocked", "Credit would be", "Not proved yet. Computed from BlueCherry order SO-1"),
        ("confirmed", "Credit booked", "BlueCherry, CM-9"),
    ],
)
def test_a_credit_that_is_not_confirmed_only_would_be(client, enter, status, label, proof):
    enter("finn")
    rma = RmaFactory()
    facts = {"refund": "90.00", "credit": "85.00", "difference": "5.00", "erp": "BlueCherry"}
    case = _case(rma=rma, team="finance", facts={**facts, "order": "SO-1", "currency": "GBP"})
    number = "CM-9" if status == "confirmed" else ""
    PostingFactory(
        rma=rma, kind="credit_memo", gross=Decimal("85.00"), status=status, number=number
    )

    page = client.get(reverse("case-detail", args=[case.pk])).text
    of_return = client.get(reverse("return-detail", args=[rma.pk])).text

    assert f"<h2>{label}</h2>" in page
    assert proof in page
    assert label in of_return


def test_by_value_each_currency_stands_together_that_of_most_bridges_first(client, enter):
    enter("finn")
    bridge = BridgeFactory(currency="GBP")
    sums = [("JPY", 900), ("GBP", 400), ("", 0), ("EUR", 700), ("GBP", 500), ("EUR", 20)]
    for currency, value in sums:
        CaseFactory(bridge=bridge, currency=currency, value=value)

    def listed(order):
        page = client.get("/exceptions/", {"view": "list", "o": order})
        assert "By value within each currency" in page.text
        return [(case.currency, int(case.value)) for case in page.context["page"].rows]

    assert listed("-value") == [
        ("GBP", 500),
        ("GBP", 400),
        ("EUR", 700),
        ("EUR", 20),
        ("JPY", 900),
        ("", 0),
    ]
    assert listed("value")[:3] == [("GBP", 400), ("GBP", 500), ("EUR", 20)]
