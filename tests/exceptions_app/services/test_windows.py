"""A window of documents sent again: foretold as it will be done, at the pace of what leaves."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from exceptions_app.forms.bulk import WindowForm
from exceptions_app.services import bulk, bulk_freezing, bulk_running
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, CauseGroupFactory, PostingFactory, RmaFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def group():
    return CauseGroupFactory(type="CM_REJECTED")


def add(group, status, gross="10.00", **values):
    rma = RmaFactory(bridge=group.bridge)
    made = PostingFactory(
        rma=rma, status=status, created_at=NOW, gross=Decimal(gross), sequence=10, **values
    )
    if status == "failed":
        CaseFactory(group=group, type=group.type, rma=rma, posting=made, team="finance")
    return made


def frozen(group, per_minute):
    return bulk_freezing.freeze_window(
        bridge=group.bridge,
        kind="",
        since=NOW,
        until=NOW + timedelta(minutes=1),
        per_minute=per_minute,
        actor=make_user("ines"),
        now=NOW,
    )


def run_for(found, minutes):
    """The state of each row after each of so many minutes of workers that find all that is due."""
    bulk.start(bulk_id=found.pk, given={}, actor=make_user("ines"), now=NOW)
    seen = []
    for minute in range(minutes):
        while bulk_running.run_next(now=NOW + timedelta(minutes=minute)):
            pass
        rows = found.rows.order_by("position")
        seen.append([state for state in rows.values_list("state", flat=True) if state != "skipped"])
    return seen


def asked(bridge, since, until):
    given = {"bridge": bridge.pk, "per_minute": "5", "since": since, "until": until}
    return WindowForm(given, now=NOW)


def test_a_window_is_from_one_time_of_day_to_another_in_the_bridges_zone(group):
    group.bridge.timezone = "America/New_York"
    group.bridge.save()

    form = asked(group.bridge, "2026-05-27T06:30", "2026-05-27T18:00")

    assert form.is_valid(), form.errors
    assert form.span == (
        datetime(2026, 5, 27, 10, 30, tzinfo=UTC),
        datetime(2026, 5, 27, 22, 0, tzinfo=UTC),
    )
    assert form.words == (
        "Alder UK, all documents, planned 27 May 2026 06:30 to 27 May 2026 18:00 (America/New_York)"
    )
    assert "Alder UK (America/New_York)" in str(form["bridge"])


@pytest.mark.parametrize(
    ("zone", "since", "until", "said"),
    [
        ("Europe/London", "2026-05-27T10:00", "2026-05-27T10:00", "after the beginning"),
        ("Europe/London", "2026-01-01T00:00", "2026-04-30T00:00", "at most 92 days"),
        ("Europe/London", "2026-03-29T01:30", "2026-03-29T09:00", "went past 01:30"),
    ],
)
def test_a_window_that_is_none_says_what_is_wrong(group, zone, since, until, said):
    group.bridge.timezone = zone
    group.bridge.save()

    form = asked(group.bridge, since, until)

    assert not form.is_valid()
    assert said in str(form.errors)


def test_a_time_that_comes_twice_in_autumn_is_in_the_window_both_times(group):
    group.bridge.timezone = "Europe/London"
    group.bridge.save()

    form = asked(group.bridge, "2026-10-25T01:30", "2026-10-25T01:45")

    assert form.is_valid(), form.errors
    first, last = (each.astimezone(UTC) for each in form.span)
    assert (first, last) == (
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 45, tzinfo=UTC),
    )


def test_documents_that_need_nothing_cost_no_minute(group):
    for _ in range(250):
        add(group, "confirmed")
    last = add(group, "failed")
    found = frozen(group, 5)

    (states,) = run_for(found, 1)

    assert states == ["done"]
    assert found.rows.get(posting=last).state == "done"


def test_no_more_leave_in_a_minute_than_its_pace(group):
    for place in range(8):
        add(group, "failed" if place % 2 else "confirmed")

    assert [states.count("done") for states in run_for(frozen(group, 3), 2)] == [3, 4]


def test_money_is_foretold_of_what_can_be_sent_again_only(group):
    add(group, "blocked", "100.00")
    add(group, "held", "900.00", hold_reason="run")
    add(group, "failed", "7.00")

    found = frozen(group, 50)

    assert (found.count, found.sums) == (3, [["GBP", "7.0000"]])
    assert {each["why"]: each["count"] for each in found.forecast} == {
        "Cannot be sent again: blocked.": 1,
        "Cannot be sent again: held.": 1,
    }
    (states,) = run_for(found, 1)
    assert sorted(states) == ["done", "refused", "refused"]
