"""A clock that stands still, and who is told when one is over: each once."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Case, CasePause, Escalation, TeamCalendar
from exceptions_app.rules import calendars as rules
from exceptions_app.rules.facts import Finding
from exceptions_app.services import cases, escalating, pausing, subjects
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, CauseGroupFactory, RmaFactory

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)
OFFICE = {"zone": "UTC", "days": [0, 1, 2, 3, 4], "opens": "09:00", "closes": "17:00"}
MORNING = datetime(2026, 5, 28, 9, 0, tzinfo=UTC)


def inactive(**values):
    """Opened now, to be acted on within sixteen hours."""
    group = CauseGroupFactory(type="SKU_INACTIVE")
    given = {"opened_at": NOW, "due_at": NOW + 16 * HOUR, "clock_from": NOW, **values}
    return CaseFactory(group=group, **given)


def pause(case, **values):
    given = {"until": MORNING, "reason": "customer", "note": "", "now": NOW, **values}
    return pausing.pause(case_id=case.pk, actor=make_user("mira"), **given)


def texts(act):
    return list(AuditEntry.objects.filter(act=act).values_list("text", flat=True))


@pytest.mark.parametrize(
    ("pauses", "hours"),
    [
        pytest.param([], 8, id="none"),
        pytest.param([(1, 3)], 10, id="within"),
        pytest.param([(1, 3), (9, 12)], 13, id="the-second-after-the-first-moved-the-end"),
        pytest.param([(8, 20)], 8, id="when-it-is-over"),
        pytest.param([(-5, 2)], 10, id="from-before"),
    ],
)
def test_an_end_moves_by_what_was_paused_before_it(pauses, hours):
    spans = [(NOW + begins * HOUR, NOW + ends * HOUR) for begins, ends in pauses]

    assert rules.due(None, NOW, 8 * HOUR, spans) == NOW + hours * HOUR


def test_a_paused_clock_counts_working_hours_only_and_runs_again_when_asked():
    TeamCalendar.objects.create(team="merchandising", settings=OFFICE)
    case = inactive()

    pause(case, until=MORNING + 5 * HOUR)

    case.refresh_from_db()
    # Sixteen hours from 09:12, and the 12 h 48 min that it stands still: 7:48 today, then 5:00.
    assert case.paused_until == MORNING + 5 * HOUR
    assert case.due_at == datetime(2026, 6, 1, 14, 0, tzinfo=UTC)
    assert case.counted.endswith("; paused once, 12 h 48 min left out")
    assert texts("case.pause") == [
        "Clock paused until 28 May 2026, 14:00. The customer has to answer."
    ]

    for _ in range(2):
        pausing.resume(case_id=case.pk, actor=make_user("mona"), now=NOW + HOUR)

    case.refresh_from_db()
    assert (case.paused_until, case.due_at) == (
        None,
        datetime(2026, 5, 29, 10, 12, tzinfo=UTC),
    )
    assert case.counted.endswith("; paused once, 1 h left out")
    assert texts("case.resume") == ["The clock runs again"]
    pause(case, now=NOW + 2 * HOUR, until=NOW + 3 * HOUR)
    case.refresh_from_db()
    assert case.due_at == datetime(2026, 5, 29, 11, 12, tzinfo=UTC)
    assert case.counted.endswith("; paused 2 times, 2 h left out")


@pytest.mark.parametrize(
    ("values", "text"),
    [
        pytest.param({"reason": "tired"}, "Say what it waits for", id="no-reason"),
        pytest.param({"reason": "other"}, "Say what it waits for", id="no-note"),
        pytest.param({"until": NOW}, "from now on", id="no-time"),
        pytest.param({"until": NOW + timedelta(days=61)}, "at most 60 days", id="too-long"),
        pytest.param({"now": NOW + 20 * HOUR}, "time to act is over", id="late-already"),
        pytest.param({"seen": "0-0"}, "Another was faster", id="seen-otherwise"),
    ],
)
def test_a_pause_is_refused_with_the_reason_and_nothing_changes(values, text):
    case = inactive()

    with pytest.raises(errors.DeskError, match=text):
        pause(case, **values)

    assert Case.objects.get().due_at == NOW + 16 * HOUR
    assert (CasePause.objects.count(), AuditEntry.objects.count()) == (0, 0)


def test_a_second_pause_at_a_time_is_refused():
    case = inactive()
    pause(case)

    with pytest.raises(errors.InvalidChoice, match="stands still already"):
        pause(case, now=NOW + HOUR)

    assert CasePause.objects.count() == 1


def escalating_team(**hours):
    return TeamCalendar.objects.create(team="merchandising", settings={**OFFICE, **hours})


def test_a_late_case_is_told_to_the_lead_and_then_to_the_admins_each_once():
    escalating_team(tell_lead="4", tell_next="8")
    make_user("lola", "lead", "merchandising")
    make_user("lena")
    make_user("ada")
    # Friday 16:00: four working hours later it is Monday 12:00, eight later 16:00.
    friday = datetime(2026, 5, 29, 16, 0, tzinfo=UTC)
    case = inactive(due_at=friday)
    monday = friday + timedelta(days=3)

    steps = [
        [escalating.escalate_due(now=at) for _ in range(2)]
        for at in (monday - 5 * HOUR, monday - 4 * HOUR, monday)
    ]

    assert steps == [[0, 0], [1, 0], [1, 0]]
    assert texts("case.escalate") == [
        "Told to the admins (Ada): 8 h past its time to act",
        "Told to the lead of Merchandising (Lola): 4 h past its time to act",
    ]
    told = Escalation.objects.values_list("case", "opening", "step", "told")
    assert list(told) == [(case.pk, 0, 1, ["Lola"]), (case.pk, 0, 2, ["Ada"])]
    assert Case.objects.get().escalated == 2


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"status": "resolved"}, id="closed"),
        pytest.param({"snoozed_until": NOW + 99 * HOUR}, id="put-off"),
        pytest.param({"paused_until": NOW + 99 * HOUR}, id="paused"),
        pytest.param({"team": "finance"}, id="of-a-team-that-tells-nobody"),
        pytest.param({"due_at": NOW + HOUR}, id="in-time"),
    ],
)
def test_nobody_is_told_of_what_is_not_late(values):
    escalating_team(tell_lead="1")
    inactive(**{"due_at": NOW - timedelta(days=3), **values})

    assert escalating.escalate_due(now=NOW) == 0
    assert (Escalation.objects.count(), AuditEntry.objects.count()) == (0, 0)


def test_a_cause_that_came_back_is_told_anew():
    escalating_team(tell_lead="1")
    finding = Finding("SKU_INACTIVE", "line:1", "tee", {"sku": "TEE"}, 0, "")
    subject = subjects.of_rma(RmaFactory())
    for at in (NOW, NOW + timedelta(days=20)):
        cases.sync(subject=subject, findings=[finding], now=at)
        assert escalating.escalate_due(now=at) == 0
        assert escalating.escalate_due(now=at + timedelta(days=10)) == 1
        cases.sync(subject=subject, findings=[], now=at + timedelta(days=11))

    assert list(Escalation.objects.values_list("opening", "step")) == [(0, 1), (1, 1)]
    assert texts("case.escalate")[0] == (
        "Told to the lead of Merchandising (nobody holds that role): 1 h past its time to act"
    )


@time_machine.travel(NOW, tick=False)
def test_the_page_pauses_and_today_counts_what_stands_still_and_was_told(client):
    client.force_login(make_user("mira"))
    case, late = inactive(), inactive(due_at=NOW - HOUR, escalated=1)
    address = f"/exceptions/{case.pk}/"

    wrong = client.post(f"{address}pause/", {"reason": "other", "date": "2026-05-28"})
    assert (wrong.status_code, CasePause.objects.count()) == (422, 0)
    client.post(
        f"{address}pause/", {"reason": "carrier", "date": "2026-05-28", "seen": case.version}
    )

    assert "Clock paused until 28 May 2026, 09:00" in client.get(address).text
    assert "The team&#x27;s lead: when and who" in client.get(f"/exceptions/{late.pk}/").text
    today = client.get("/").text
    assert "1 exception of Merchandising with a paused clock." in today
    assert "Told to who leads" in today
    seen = Case.objects.get(pk=case.pk).version
    client.post(f"{address}resume/", {"seen": seen})
    assert "Let the clock run" not in client.get(address).text
