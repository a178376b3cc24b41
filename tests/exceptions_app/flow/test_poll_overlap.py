"""A poll looks back an overlap; what it lists again is read again only where it may be news."""

import pytest

from exceptions_app.models import CallCount, Connection, InboundEvent, Rma
from exceptions_app.services import flow
from tests.world import make_rma, make_world

pytestmark = pytest.mark.django_db

NUMBERS = ("5001", "5002", "5003")


@pytest.fixture
def world():
    """Three returns that changed ten minutes before the first poll, which has read them."""
    world = make_world()
    _overlap(world, seconds=900)
    for number in NUMBERS:
        world.platform.load({"rmas": [make_rma(number, updated_at="2026-05-20T08:50:00")]})
    poll(world)
    assert Rma.objects.count() == 3
    world.clock.advance(minutes=4)
    return world


def _overlap(world, *, seconds):
    source = Connection.objects.get(pk=world.bridge.source_id)
    source.settings = {**source.settings, "overlap_seconds": str(seconds)}
    source.save()
    world.bridge.refresh_from_db()


def poll(world):
    """Poll and read what it lists; the returns that were read."""
    newest = InboundEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    world.poll()
    with world.connected():
        flow.ingest(clock=world.clock)
    rows = InboundEvent.objects.filter(pk__gt=newest).order_by("subject_id")
    return list(rows.values_list("subject_id", flat=True))


def calls(operation):
    found = CallCount.objects.filter(operation=operation).values_list("count", flat=True)
    return sum(found)


def test_what_is_listed_for_the_overlap_alone_is_not_read_again(world):
    reads, lists = calls("read_rma"), calls("list_rmas")

    assert poll(world) == []

    assert calls("read_rma") == reads
    assert calls("list_rmas") == lists + 2


def test_what_changed_since_or_shows_late_is_read(world):
    """One changed after the last poll began; one before, by a clock that is a little behind; and
    one long before, which nothing showed then."""
    for number, at in (("5002", "09:01:00"), ("5003", "08:58:30"), ("5009", "08:50:00")):
        changed = make_rma(number, updated_at=f"2026-05-20T{at}", status="Done")
        world.platform.load({"rmas": [changed]})

    assert poll(world) == ["5002", "5003", "5009"]


def test_what_the_poll_before_the_last_has_read_is_not_read_again(world):
    """Overlaps are longer than the time between polls: a change is listed by two more of them."""
    for number in NUMBERS:
        changed = make_rma(number, updated_at="2026-05-20T09:01:00", status="Done")
        world.platform.load({"rmas": [changed]})
    world.clock.advance(minutes=6)

    found = []
    for _ in range(3):
        found.append(poll(world))
        world.clock.advance(minutes=6)

    assert found == [list(NUMBERS), [], []]


def test_a_return_whose_reading_failed_is_read_again(world):
    InboundEvent.objects.filter(subject_id="5001").update(state="parked")

    assert poll(world) == ["5001"]


def test_one_return_listed_again_is_read_rather_than_asked_about(world):
    InboundEvent.objects.exclude(subject_id="5001").update(processed_at=None)

    assert poll(world) == list(NUMBERS)


def test_without_a_wide_overlap_every_listed_return_is_read(world):
    _overlap(world, seconds=100)
    for number in NUMBERS:
        world.platform.load({"rmas": [make_rma(number, updated_at="2026-05-20T08:59:00")]})

    assert poll(world) == list(NUMBERS)
