"""When a document may leave: windows in the bridge's own zone."""

from datetime import UTC, datetime

import pytest

from exceptions_app.rules import windows


def _at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "now", "opens"),
    [
        pytest.param("13:00-14:00", "2026-05-20T12:30", "2026-05-20T12:30", id="open now"),
        pytest.param("13:00-14:00", "2026-05-20T11:30", "2026-05-20T12:00", id="opens today"),
        pytest.param("13:00-14:00", "2026-05-20T13:00", "2026-05-21T12:00", id="just closed"),
        pytest.param("22:00-02:00", "2026-05-20T00:30", "2026-05-20T00:30", id="over midnight"),
        pytest.param(
            "02:00-03:00, 13:00-14:00", "2026-05-20T02:30", "2026-05-20T12:00", id="the next of two"
        ),
        pytest.param("01:30-01:45", "2026-03-29T00:00", "2026-03-29T01:30", id="skipped hour"),
    ],
)
def test_a_document_leaves_from_the_next_opening_on(schedule, now, opens):
    found = windows.next_open(windows.parse(schedule), now=_at(now), zone="Europe/London")

    assert found == _at(opens)


@pytest.mark.parametrize("text", ["", "25:00-26:00", "02:00", "02:00-02:00", "2-4", "02:00-04:00,"])
def test_what_is_no_window_is_refused(text):
    assert not windows.is_schedule(text)


@pytest.mark.parametrize(
    ("schedule", "after", "opens"),
    [
        pytest.param("13:00-14:00", "2026-05-20T12:30", "2026-05-21T12:00", id="open one left out"),
        pytest.param("13:00-14:00", "2026-05-20T12:00", "2026-05-21T12:00", id="just opened"),
        pytest.param("02:00-03:00, 13:00-14:00", "2026-05-20T02:30", "2026-05-20T12:00", id="two"),
        pytest.param("22:00-02:00", "2026-05-20T00:30", "2026-05-20T21:00", id="over midnight"),
        pytest.param("01:30-01:45", "2026-03-29T00:00", "2026-03-29T01:30", id="skipped hour"),
    ],
)
def test_the_next_opening_is_later_than_the_moment(schedule, after, opens):
    found = windows.next_opening(windows.parse(schedule), after=_at(after), zone="Europe/London")

    assert found == _at(opens)
