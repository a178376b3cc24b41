"""One exception: put off, brought back, given, opened again; and the second of two people."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from exceptions_app.models import AuditEntry, Case
from tests.cast import make_user
from tests.factories import (
    NOW,
    CaseFactory,
    CauseGroupFactory,
    PostingAttemptFactory,
    PostingFactory,
    RmaFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def moment():
    with time_machine.travel(NOW, tick=False):
        yield


def _of(name):
    client = Client()
    client.force_login(make_user(name))
    return client


def _act(client, case, name, **values):
    return client.post(reverse(f"case-{name}", args=[case.pk]), {"seen": case.version, **values})


def _text(client, case):
    return client.get(reverse("case-detail", args=[case.pk])).content.decode()


@pytest.mark.parametrize("choice", ["tomorrow", "three_days", "monday"])
def test_a_day_that_was_typed_is_never_dropped_for_another(choice):
    case = CaseFactory()

    answer = _act(_of("mira"), case, "snooze", choice=choice, date="2026-05-29", note="calls back")

    assert answer.status_code == 422
    assert "Tick “Another day” to use this day, or empty the field." in answer.text
    assert "calls back" in answer.text
    case.refresh_from_db()
    assert case.snoozed_until is None


def test_a_snoozed_exception_leaves_the_queue_and_has_its_own_list(client):
    client = _of("mira")
    case = CaseFactory()

    _act(client, case, "snooze", choice="three_days", note="Asked the supplier")

    case.refresh_from_db()
    assert case.snoozed_until == datetime(2026, 5, 30, 9, tzinfo=UTC)
    assert client.get(reverse("case-list")).context["totals"].count == 0
    assert client.get(reverse("case-list"), {"snoozed": "only"}).context["totals"].count == 1
    assert "Out of the queue until 30 May 2026, 09:00" in _text(client, case)
    assert "Asked the supplier" in _text(client, case)


def test_whoever_puts_off_the_late_work_of_others_is_warned_and_says_why():
    case = CaseFactory(team="finance", due_at=NOW - timedelta(hours=2))
    client = _of("cleo")
    told = "This is the work of Finance, and late since 27 May 2026, 07:12."

    assert told in _text(client, case)
    refused = _act(client, case, "snooze", choice="tomorrow")
    assert refused.status_code == 422
    assert "Say why it can wait." in refused.text
    case.refresh_from_db()
    assert case.snoozed_until is None
    assert not AuditEntry.objects.exists()

    _act(client, case, "snooze", choice="tomorrow", note="Agreed with Finn")

    case.refresh_from_db()
    assert case.snooze_note == "Agreed with Finn"
    assert told not in _text(_of("finn"), case)
    of_return = client.get(reverse("return-detail", args=[case.rma_id])).text
    assert "<dt>Put off</dt><dd>Until 28 May 2026, 09:00: Agreed with Finn</dd>" in of_return


def test_a_note_is_kept_without_an_act_and_an_empty_one_is_asked_for_again():
    case, client = CaseFactory(), _of("cleo")

    empty = client.post(reverse("case-note", args=[case.pk]), {"note": "  "})
    answer = client.post(reverse("case-note", args=[case.pk]), {"note": "She called"})

    assert (empty.status_code, answer.status_code) == (422, 302)
    assert "Write the note first." in empty.text
    assert [entry.text for entry in AuditEntry.objects.all()] == ["Note: She called"]
    assert "Note: She called" in _text(client, case)
    assert "Note: She called" in client.get(reverse("return-detail", args=[case.rma_id])).text
    assert "Keep the note" not in _text(_of("aud"), case)


def test_people_are_offered_with_their_teams():
    case = CaseFactory(team="finance")
    make_user("finn")

    page = _text(_of("cleo"), case)

    assert "Finn, Finance</option>" in page
    assert "Cleo, CX</option>" in page


def test_it_comes_back_when_the_time_is_over():
    client = _of("mira")
    CaseFactory(snoozed_until=NOW - timedelta(minutes=1))

    assert client.get(reverse("case-list")).context["totals"].count == 1
    assert client.get(reverse("case-list"), {"snoozed": "only"}).context["totals"].count == 0


def test_the_tabs_count_what_was_put_off_apart():
    client = _of("mira")
    CaseFactory()
    CaseFactory(snoozed_until=NOW + timedelta(days=1), value=Decimal(7))

    tabs = {tab["label"]: tab["note"] for tab in client.get(reverse("case-list")).context["tabs"]}

    assert (tabs["All to do"], tabs["Merchandising"], tabs["Snoozed"]) == (
        "1, £20.00",
        "1, £20.00",
        "1, £7.00",
    )


def test_an_exception_is_brought_back_by_hand():
    client = _of("mira")
    case = CaseFactory(snoozed_until=NOW + timedelta(days=1))

    _act(client, case, "wake")

    case.refresh_from_db()
    assert case.snoozed_until is None


def test_the_second_person_is_told_and_keeps_what_was_typed():
    first, second = _of("mona"), _of("mira")
    case = CaseFactory()
    _act(first, case, "assign", assignee="me")

    answer = _act(second, case, "snooze", choice="three_days", note="my long note")

    case.refresh_from_db()
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Mona, 27 May 2026, 09:12: Assigned to Mona" in text
    assert "my long note" in text
    assert (case.assignee.username, case.snoozed_until) == ("mona", None)
    assert AuditEntry.objects.count() == 1


def test_with_the_version_now_shown_the_same_act_goes_through():
    first, second = _of("mona"), _of("mira")
    case = CaseFactory()
    _act(first, case, "assign", assignee="me")
    case = Case.objects.get()

    answer = _act(second, case, "snooze", choice="three_days", note="")

    case.refresh_from_db()
    assert answer.status_code == 302
    assert case.snoozed_until is not None


def _credited(**values):
    group = CauseGroupFactory(type="CM_NO_REFUND")
    return CaseFactory(group=group, rma=RmaFactory(bridge=group.bridge), team="finance", **values)


def test_closing_what_another_closed_names_them_and_keeps_the_note():
    first, second = _of("finn"), _of("fiona")
    case = _credited()
    _act(first, case, "close", reason="on_account", note="Seen twice")

    answer = _act(second, case, "close", reason="on_account", note="Kept as mine")

    case.refresh_from_db()
    assert answer.status_code == 409
    assert "Finn, 27 May 2026, 09:12" in answer.content.decode()
    assert case.proof.endswith("twice")
    assert AuditEntry.objects.filter(act="case.close").count() == 1


def test_closing_by_hand_is_taken_back_on_the_page():
    client = _of("finn")
    case = _credited()
    _act(client, case, "close", reason="on_account", note="Seen on the account")
    assert "Open it again" in _text(client, case)

    _act(client, case, "reopen")

    case.refresh_from_db()
    assert case.status == "open"


def test_what_a_closing_by_hand_goes_on_holding_back_is_said_before_and_afterwards():
    client = _of("finn")
    case = _credited()
    blocked = {"rma": case.rma, "status": "blocked", "currency": "GBP"}
    PostingFactory(kind="credit_memo", gross="20.00", blocked_by="CM_NO_REFUND", **blocked)
    PostingFactory(kind="stock_receipt", slot="s", key="S", blocked_by="SKU_UNKNOWN", **blocked)
    said = "Credit memo £20.00 stays blocked until what is in the way is gone."

    before = _text(client, case)
    _act(client, case, "close", reason="on_account", note="Seen on the account")

    assert before.count(said) == 1
    assert _text(client, case).count(said) == 1


def test_nobody_is_offered_to_open_what_proof_closed():
    case = CaseFactory(status="resolved", closure="proof", resolved_at=NOW, proof="CM-9")

    assert "Open it again" not in _text(_of("finn"), case)


@pytest.mark.lesson(5)
def test_next_is_the_one_below_in_the_list_one_came_from():
    client = _of("mira")
    top = CaseFactory(value=Decimal(50))
    CaseFactory(value=Decimal(40), team="finance")
    below = CaseFactory(value=Decimal(30))

    page = client.get(reverse("case-detail", args=[top.pk]), {"team": "merchandising"})
    last = client.get(reverse("case-detail", args=[below.pk]), {"team": "merchandising"})

    assert page.context["next"] == below
    assert page.context["back"]["url"] == f"/exceptions/?team=merchandising#row-g{top.group_id}"
    assert f"/exceptions/{below.pk}/?team=merchandising" in page.content.decode()
    assert last.context["next"] == top


def test_the_history_holds_decisions_and_attempts_newest_first():
    client = _of("mira")
    case = CaseFactory()
    posting = PostingFactory(rma=case.rma, key="RB-7")
    PostingAttemptFactory(posting=posting, started_at=NOW - timedelta(hours=1), text="Accepted it")
    _act(client, case, "assign", assignee="me")

    story = client.get(reverse("case-detail", args=[case.pk])).context["story"]

    assert [entry["text"] for entry in story] == ["Assigned to Mira", "Sending RB-7: accepted"]


@pytest.mark.parametrize(
    ("code", "reason"),
    [("INVOICE_LINK_MISSING", "never_invoiced"), ("REFUND_OVER_LINE", "claimed_back")],
)
def test_not_even_an_only_reason_is_ticked_beforehand_and_none_is_asked_for_by_the_browser(
    code, reason
):
    group = CauseGroupFactory(type=code)
    case = CaseFactory(group=group, rma=RmaFactory(bridge=group.bridge), team="finance")
    client = _of("finn")

    shown = client.get(reverse("case-detail", args=[case.pk])).text.partition('id="close"')[2]

    assert f'value="{reason}" id="close_reason_0"' in shown
    assert f'value="{reason}" id="close_reason_0" checked>' not in shown
    assert "required" not in shown.partition("</form>")[0]


def test_the_playbook_links_the_act_that_is_offered():
    case = CaseFactory(facts={"sku": "TEE-BLAK-M", "erp": "BlueCherry", "platform": "ReturnGO"})

    assert "#fix-sku_alias" in _step_urls("mira", case)
    assert "#fix-sku_alias" not in _step_urls("aud", case)


def _step_urls(name, case):
    page = _of(name).get(reverse("case-detail", args=[case.pk]))
    return {step["url"] for step in page.context["steps"]}


def test_it_is_put_off_until_its_value_grew_and_says_from_where_to_where():
    case, client = CaseFactory(), _of("mira")
    page = _text(client, case)
    assert "When its value at risk has grown by an amount; now £20.00" in page
    assert "Alder UK has no posting window in which any document leaves for BlueCherry." in page

    refused = _act(client, case, "snooze", choice="tomorrow", wakes_on="value", note="small")
    assert refused.status_code == 422
    assert "Say by how much it has to grow" in refused.text
    assert "small" in refused.text
    alone = _act(client, case, "snooze", choice="tomorrow", growth="4")
    assert "Choose what has to grow by this, or empty the field." in alone.text
    case.refresh_from_db()
    assert case.snoozed_until is None

    _act(client, case, "snooze", choice="tomorrow", wakes_on="value", growth="4.50")

    assert (
        "or as soon as anything but its figures changes, or when its value at risk has grown by"
        " £4.50 (£20.00 → £24.50)."
    ) in _text(client, case)


def test_the_form_says_when_the_next_window_opens():
    case, client = CaseFactory(), _of("mira")
    case.bridge.policy = {"schedule": {"credit_memo": "13:00-14:00"}}
    case.bridge.save()
    told = "the next posting window of BlueCherry has opened: 27 May 2026, 12:00"
    assert f"When {told}" in _text(client, case)

    _act(client, case, "snooze", choice="tomorrow", wakes_on="window")

    assert f"or when {told}." in _text(client, case)
