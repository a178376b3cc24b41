"""Which status may follow which."""

import pytest

from exceptions_app.choices import POSTING_FINISHED, CaseStatus, FixStatus, PostingStatus
from exceptions_app.rules import transitions


@pytest.mark.parametrize(
    ("kind", "current", "target", "expected"),
    [
        ("posting", "ready", "sending", True),
        ("posting", "held", "ready", True),
        ("posting", "sending", "unconfirmed", True),
        ("posting", "unconfirmed", "ready", True),
        ("posting", "failed", "ready", True),
        ("posting", "held", "confirmed", True),
        ("posting", "held", "failed", True),
        ("posting", "ready", "posted", False),
        ("posting", "blocked", "sending", False),
        ("posting", "held", "sending", False),
        ("posting", "sending", "cancelled", False),
        ("posting", "unconfirmed", "sending", False),
        ("posting", "unconfirmed", "cancelled", False),
        ("posting", "posted", "ready", False),
        ("posting", "confirmed", "ready", False),
        ("posting", "made up", "ready", False),
        ("case", "resolved", "open", True),
        ("case", "open", "resolved", True),
        ("case", "resolved", "waiting", False),
        ("fix", "requested", "applied", True),
        ("fix", "held", "undone", True),
        ("fix", "applied", "reverted", True),
        ("fix", "rejected", "applied", False),
        ("fix", "withdrawn", "held", False),
    ],
)
def test_a_move_is_allowed_or_it_is_not(kind, current, target, expected):
    assert transitions.is_allowed(kind, current, target) is expected


@pytest.mark.parametrize(
    ("table", "statuses"),
    [
        (transitions.POSTING, PostingStatus),
        (transitions.CASE, CaseStatus),
        (transitions.FIX, FixStatus),
    ],
)
def test_every_status_has_its_row_and_none_follows_itself(table, statuses):
    assert set(table) == set(statuses)
    for current, allowed in table.items():
        assert current not in allowed
        assert allowed <= set(statuses)


def test_what_left_is_never_sent_again_without_going_through_ready():
    senders = {
        current
        for current in PostingStatus
        if transitions.is_allowed("posting", current, "sending")
    }

    assert senders == {PostingStatus.READY}
    assert all(transitions.targets("posting", status) == set() for status in POSTING_FINISHED)


def test_another_kind_of_thing_is_refused():
    with pytest.raises(KeyError):
        transitions.is_allowed("order", "open", "resolved")
