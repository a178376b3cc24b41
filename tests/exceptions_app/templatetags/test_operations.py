"""How Operations writes what is stored in codes."""

from datetime import timedelta

import pytest

from exceptions_app.models import ConnectionHealth
from exceptions_app.templatetags import operations as words
from tests.factories import NOW


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (words.call_reason("plan-read"), "Reading for a plan"),
        (words.call_reason("wasted-429"), "Refused for lack of quota"),
        (words.call_reason("new-kind"), "New kind"),
        (words.feed_name("rmas"), "Returns"),
        (words.feed_name("parcels"), "Parcels"),
        (words.purpose_name("lookup"), "Looking it up"),
        (words.fact_name("got"), "It came as"),
        (words.read_up_to("2026-05-27 09:17:00"), "27 May 2026, 09:17"),
        (words.read_up_to("2026-05-27T09:17:00Z"), "27 May 2026, 09:17"),
        (words.read_up_to("page-12"), "page-12"),
    ],
)
def test_codes_stand_in_words(written, shown):
    assert written == shown


@pytest.mark.parametrize(
    ("values", "badge"),
    [
        ({"last_ok_at": NOW - timedelta(hours=24)}, ("Working", "good")),
        ({"last_ok_at": NOW - timedelta(hours=24, seconds=1)}, ("No answer for a day", "warn")),
        ({}, ("Not asked yet", "calm")),
        ({"last_ok_at": NOW, "throttled_since": NOW}, ("Slowed down", "wait")),
        ({"last_ok_at": NOW, "state": "half_open"}, ("Probing", "wait")),
        ({"last_ok_at": NOW, "state": "open"}, ("Paused", "bad")),
        ({"last_ok_at": NOW, "state": "open", "refused_at": NOW}, ("Refused", "bad")),
    ],
)
def test_a_connection_works_only_while_it_answers(values, badge):
    assert words.health_badge(ConnectionHealth(**values), NOW) == badge
    assert words.health_badge(None, NOW) == ("Not known", "calm")
