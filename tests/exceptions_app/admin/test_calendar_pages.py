"""A team's calendar in the browser: shown with what becomes overdue, then put in force."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from exceptions_app.models import AuditEntry, Case, TeamCalendar
from exceptions_app.rules.facts import Finding
from exceptions_app.services import calendars, cases, subjects
from tests.cast import make_user
from tests.factories import NOW, BridgeFactory, CaseFactory, RmaFactory

pytestmark = pytest.mark.django_db

ADDRESS = "/admin/calendars/merchandising/"
OFFICE = {"zone": "Europe/London", "days": [0, 1, 2, 3, 4], "opens": "09:00", "closes": "17:30"}
SENT = {**OFFICE, "counts": "own", "reason": "Agreed with the team"}
SAID = "Monday to Friday, 09:00 to 17:30 (Europe/London)"
# Of SKU_INACTIVE, whose clock is 16 hours.
YESTERDAY = NOW - timedelta(days=1)


@pytest.fixture
def ada(client):
    user = make_user("ada")
    client.force_login(user)
    return user


def inactive(**values):
    case = CaseFactory(opened_at=YESTERDAY, due_at=YESTERDAY + timedelta(hours=16), **values)
    Case.objects.filter(pk=case.pk).update(type="SKU_INACTIVE")
    return case


def hidden(answer):
    form = answer.context["form"]
    return {name: form[name].value() for name in ("seen", "shown")}


@time_machine.travel(NOW, tick=False)
def test_a_calendar_shows_what_it_moves_and_counts_only_when_put_in_force(client, ada):
    case = inactive()
    other = inactive(team="finance")
    closed = inactive(status="resolved")

    shown = client.post(ADDRESS, {**SENT, "preview": "1"})

    effect = shown.context["effect"]
    # Sixteen working hours since yesterday 10:12 end tomorrow: no longer late.
    assert (effect.count, effect.moved, effect.overdue, effect.in_time) == (1, 1, 0, 1)
    assert f"It would count {SAID}." in shown.text
    assert not TeamCalendar.objects.exists()

    client.post(ADDRESS, SENT | hidden(shown))

    case.refresh_from_db()
    assert case.due_at == datetime(2026, 5, 28, 8, 12, tzinfo=UTC)
    assert case.counted == f"16 h of {SAID}"
    untouched = Case.objects.exclude(pk=case.pk).values_list("pk", "due_at", "counted")
    late = YESTERDAY + timedelta(hours=16)
    assert set(untouched) == {(other.pk, late, ""), (closed.pk, late, "")}
    entry = AuditEntry.objects.get(act="calendar.change")
    assert (entry.actor, entry.before, entry.after) == ("Ada", {}, OFFICE)
    assert entry.text == (
        f"Merchandising counts {SAID}. 1 of 1 open exceptions got another time, 0 became late."
        " Agreed with the team"
    )
    assert "16 h of Monday to Friday" in client.get(f"/exceptions/{case.pk}/").text


@time_machine.travel(NOW, tick=False)
def test_going_back_to_every_hour_says_what_becomes_overdue(client, ada):
    case = inactive()
    change = {"team": "merchandising", "actor": ada, "reason": "Agreed", "now": NOW}
    calendars.change(settings=OFFICE, seen={}, **change)

    shown = client.post(ADDRESS, {**SENT, "counts": "", "preview": "1"})

    effect = shown.context["effect"]
    assert (effect.overdue, [row.case.pk for row in effect.first]) == (1, [case.pk])
    client.post(ADDRESS, {**SENT, "counts": ""} | hidden(shown))
    case.refresh_from_db()
    assert (case.due_at, case.counted) == (
        YESTERDAY + timedelta(hours=16),
        "16 h, day and night",
    )


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        pytest.param({"days": []}, "Tick at least one day.", id="no-day"),
        pytest.param({"opens": "nine"}, "Write a time such as 09:00.", id="no-time"),
        pytest.param({"reason": ""}, "This field is required.", id="no-reason"),
        pytest.param({"shown": "guess"}, "Nothing was changed yet", id="not-shown"),
        pytest.param({"shown": "", "seen": '{"days": [1]}'}, "another calendar", id="changed"),
        pytest.param({"counts": "", "shown": ""}, "in force already", id="the-same"),
    ],
)
def test_a_calendar_is_refused_with_the_reason_and_nothing_changes(client, ada, sent, text):
    inactive()
    before = list(Case.objects.values())
    whole = {**SENT, "seen": json.dumps({}), **sent}
    if "shown" in sent and not sent["shown"]:
        shown = client.post(ADDRESS, {**whole, "preview": "1"})
        whole["shown"] = hidden(shown)["shown"]

    answer = client.post(ADDRESS, whole)

    assert answer.status_code == 422
    assert text in answer.text
    assert not TeamCalendar.objects.exists()
    assert list(Case.objects.values()) == before


def test_only_an_admin_comes_in(client):
    for person in ("ines", "finn", "aud", "lena"):
        client.force_login(make_user(person))
        assert client.get("/admin/calendars/").status_code == 403
        assert client.post(ADDRESS, SENT).status_code == 403
    client.force_login(make_user("ada"))
    assert "Every hour of every day" in client.get("/admin/calendars/").text
    assert client.get("/admin/calendars/nobody/").status_code == 404
    assert not TeamCalendar.objects.exists()


def _finding(type_, **facts):
    return Finding(type_, "line:1", "tee", {"sku": "TEE", **facts}, 0, "")


def test_a_clock_starts_by_the_calendar_and_after_the_posting_window():
    TeamCalendar.objects.create(team="merchandising", settings=OFFICE)
    bridge = BridgeFactory(policy={"schedule": {"stock_receipt": "02:00-04:00"}})
    friday = datetime(2026, 5, 29, 15, 30, tzinfo=UTC)
    findings = [_finding("SKU_INACTIVE"), _finding("RESTOCK_LATE")]

    found = cases.sync(
        subject=subjects.of_rma(RmaFactory(bridge=bridge)), findings=findings, now=friday
    )

    inactive, restock = found
    assert (inactive.clock_from, inactive.due_at) == (
        friday,
        datetime(2026, 6, 2, 14, 30, tzinfo=UTC),
    )
    # The warehouse counts every hour, and the ERP takes receipts from two o'clock in London on.
    window = datetime(2026, 5, 30, 1, 0, tzinfo=UTC)
    assert (restock.clock_from, restock.due_at) == (window, window + timedelta(hours=8))
    assert restock.counted == (
        "8 h, day and night; it began with the next posting window of BlueCherry"
    )


def test_the_month_ends_by_the_calendar_of_the_team():
    day = datetime(2026, 5, 25, 9, 0, tzinfo=UTC)
    finding = Finding("SKU_INACTIVE", "line:1", "tee", {"sku": "TEE"}, 20, "paid")
    calm = cases.sync(subject=subjects.of_rma(RmaFactory()), findings=[finding], now=day)
    TeamCalendar.objects.create(team="merchandising", settings={**OFFICE, "closed": ["2026-05-28"]})

    near = cases.sync(subject=subjects.of_rma(RmaFactory()), findings=[finding], now=day)

    assert (calm[0].severity, near[0].severity) == ("medium", "high")
