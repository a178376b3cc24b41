"""A window of messages handled again: those that were stopped, in order, at a pace, told by row."""

from datetime import timedelta

import pytest
import time_machine
from django.db.models import F
from django.urls import reverse

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Bulk, InboundEvent
from exceptions_app.services import bulk, bulk_messages, bulk_running
from tests import plans
from tests.cast import make_user
from tests.factories import NOW, BridgeFactory, InboundEventFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def bridge():
    return BridgeFactory()


def came(bridge, state, at=NOW, **values):
    return InboundEventFactory(connection=bridge.source, state=state, received_at=at, **values)


def frozen(bridge, *, actor=None, **values):
    window = {"topic": "", "since": NOW - HOUR, "until": NOW + HOUR, "per_minute": 60, **values}
    return bulk_messages.freeze_window(
        bridge=bridge, actor=actor or make_user("ines"), now=NOW, words="Alder UK", **window
    )


def run(found, minutes=1):
    bulk.start(bulk_id=found.pk, given={}, actor=make_user("ines"), now=NOW)
    for minute in range(minutes):
        while bulk_running.run_next(now=NOW + timedelta(minutes=minute)):
            pass
    return list(found.rows.order_by("position").values_list("event", "state"))


def test_what_was_stopped_is_handled_again_in_order_and_the_rest_is_said_to_be_skipped(bridge):
    parked, refused = came(bridge, "parked"), came(bridge, "refused")
    for state in ("processed", "quiet", "new", "given_up"):
        came(bridge, state)
    came(bridge, "parked", at=NOW - 2 * HOUR)
    came(bridge, "parked", at=NOW + HOUR)
    InboundEventFactory(state="parked", received_at=NOW)
    found = frozen(bridge)

    rows = run(found)

    assert found.words == "Alder UK; skipped: 4 handled or waiting already"
    assert rows == [(parked.pk, "done"), (refused.pk, "done")]
    stopped = InboundEvent.objects.filter(pk__in=[parked.pk, refused.pk])
    assert [event.state for event in stopped] == ["new", "new"]
    asked = AuditEntry.objects.filter(act="event.replay").order_by("pk")
    assert list(asked.values_list("subject_id", flat=True)) == [parked.pk, refused.pk]


def test_what_was_handled_meanwhile_is_skipped_and_says_so(bridge):
    event = came(bridge, "parked")
    found = frozen(bridge)
    InboundEvent.objects.update(state="processed")

    assert run(found) == [(event.pk, "skipped")]
    assert found.rows.get().text == "It needs nothing: processed."
    assert not AuditEntry.objects.filter(act="event.replay").exists()


def test_no_more_are_handled_in_a_minute_than_its_pace(bridge):
    for _ in range(3):
        came(bridge, "parked")

    states = [state for _, state in run(frozen(bridge, per_minute=2))]

    assert states == ["done", "done", "waiting"]


def test_one_type_alone_and_none_at_all(bridge):
    came(bridge, "parked")
    other = came(bridge, "parked", topic="RMA_CREATED")

    assert frozen(bridge, topic="RMA_CREATED").rows.get().event == other
    with pytest.raises(errors.InvalidChoice, match="parked or refused: 0 handled"):
        frozen(bridge, topic="NONE")


def test_who_may_not_handle_a_message_again_may_not_handle_many(bridge):
    came(bridge, "parked")

    with pytest.raises(errors.FixNotAllowed):
        frozen(bridge, actor=make_user("finn"))

    assert not Bulk.objects.exists()


def test_the_page_of_windows_asks_for_messages_shows_them_and_tells_each(client, bridge):
    client.force_login(make_user("ines"))
    event = came(bridge, "parked")
    given = {
        "bridge": bridge.pk,
        "kind": "messages",
        "since": "2026-05-27T00:00",
        "until": "2026-05-28T00:00",
        "per_minute": "60",
    }
    with time_machine.travel(NOW, tick=False):
        wrong = client.post(reverse("replay-window"), {**given, "case_type": "CM_REJECTED"})
        answer = client.post(reverse("replay-window"), given, follow=True)
        found = Bulk.objects.get()
        run(found)
        page = client.get(reverse("bulk", args=[found.pk])).text

    assert (wrong.status_code, "it narrows documents" in wrong.text) == (422, True)
    assert "Handle messages again: 1 message?" in answer.text
    assert "at risk" not in answer.text
    assert f'href="{reverse("event-detail", args=[event.pk])}"' in page
    assert "Set to be handled again, in its turn." in page
    assert "Take back what was done" not in page
    file = client.get(reverse("bulk-export", args=[found.pk])).getvalue().decode()
    assert event.external_id in file


def test_a_window_is_found_by_its_days_however_many_messages_there_are(bridge):
    came(bridge, "processed")
    rows = InboundEvent.objects.filter(received_at__gte=NOW - HOUR, received_at__lt=NOW + HOUR)

    assert plans.indexes_of(rows.annotate(day=F("received_at"))) == {"event_by_day"}
