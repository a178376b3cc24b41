"""A list longer than one go is read to its end over several, from where each one ended."""

from datetime import timedelta

import pytest

from connectors.errors import Rejected, RetryLater
from exceptions_app.models import InboundEvent, Item, Watermark
from exceptions_app.services import polling, reference
from tests.world import make_item, make_rma, make_world

pytestmark = pytest.mark.django_db

NUMBERS = [str(number) for number in range(5001, 5008)]


class Paged:
    """A port that gives its rows two at a page; `fails` is raised by the page of that cursor."""

    def __init__(self, inner, name, fails):
        self._inner, self._name, self._fails = inner, name, fails

    def __getattr__(self, name):
        if name == self._name:
            return self._page
        return getattr(self._inner, name)

    def _page(self, *, since, cursor=""):
        if cursor in self._fails:
            raise self._fails.pop(cursor)
        whole = getattr(self._inner, self._name)(since=since)
        first = int(cursor or 0)
        further = str(first + 2) if first + 2 < len(whole.rows) else ""
        rows = whole.rows[first : first + 2]
        return type(whole)(
            **{
                field: getattr(whole, field)
                for field in whole.__slots__
                if field not in ("rows", "next_cursor")
            },
            rows=rows,
            next_cursor=further,
        )


@pytest.fixture
def world(monkeypatch):
    """Seven returns and seven items, two at a page, two pages at once."""
    world = make_world()
    world.fails = {}
    for number in NUMBERS:
        world.platform.load({"rmas": [make_rma(number, updated_at="2026-05-20T08:50:00")]})
        world.erp.load({"items": [make_item(f"CAP-{number}", "Cap")]})
    source, gateway = polling.connections.source, reference.connections.gateway
    monkeypatch.setattr(polling, "PAGES_AT_ONCE", 2)
    monkeypatch.setattr(reference, "ITEM_PAGES", 2)
    monkeypatch.setattr(
        polling.connections,
        "source",
        lambda **asked: Paged(source(**asked), "changed_rmas", world.fails),
    )
    monkeypatch.setattr(
        reference.connections,
        "gateway",
        lambda **asked: Paged(gateway(**asked), "changed_items", world.fails),
    )
    return world


def poll(world):
    with world.connected():
        polling.poll_due(now=world.clock.now)
    return InboundEvent.objects.filter(topic="POLL").count(), mark_of(world.bridge.source)


def mark_of(connection, feed="rmas"):
    return Watermark.objects.get(connection=connection, feed=feed)


def test_a_long_list_of_returns_is_read_to_its_end_and_only_then_the_mark_moves(world):
    began = world.clock.now
    count, mark = poll(world)
    assert (count, mark.read_at, mark.cursor, mark.began_at) == (4, None, "4", began)

    world.clock.advance(minutes=2)
    count, mark = poll(world)

    assert (count, mark.cursor, mark.began_at) == (7, "", None)
    assert mark.read_at == began
    assert mark.next_at == world.clock.now + polling.EVERY
    subjects = InboundEvent.objects.filter(topic="POLL").values_list("subject_id", flat=True)
    assert sorted(subjects) == NUMBERS


def test_what_has_more_is_due_at_once(world):
    poll(world)
    count, _ = poll(world)
    assert count == 7


def test_a_reading_that_has_to_wait_goes_on_from_where_it_was(world):
    poll(world)
    world.fails["4"] = RetryLater("busy", after_seconds=30)
    count, mark = poll(world)
    assert (count, mark.cursor) == (4, "4")

    world.clock.advance(minutes=1)
    count, mark = poll(world)
    assert (count, mark.cursor) == (7, "")


def test_a_cursor_that_is_refused_is_forgotten_and_the_list_read_from_its_beginning(world):
    began = world.clock.now
    poll(world)
    world.fails["4"] = Rejected("cursor expired", code="invalid")
    count, mark = poll(world)
    assert (count, mark.cursor, mark.began_at, mark.read_at) == (4, "", None, None)

    world.clock.advance(minutes=2)
    poll(world)
    count, mark = poll(world)
    assert count == 4 + 7
    assert mark.read_at == began + timedelta(minutes=2)


@pytest.fixture
def asked_for(world):
    reference.ask_for_all_items(connection=world.bridge.erp, now=world.clock.now)
    return world


def items(world):
    world.clock.advance(minutes=1)
    with world.connected():
        reference.sync_items(connection=world.bridge.erp, now=world.clock.now)
    read = Item.objects.filter(connection=world.bridge.erp, sku__startswith="CAP-").count()
    return read, mark_of(world.bridge.erp, "items")


def test_a_long_item_master_is_read_to_its_end_and_only_then_the_mark_moves(asked_for):
    seen = [items(asked_for) for _ in range(4)]

    (last,) = [
        at for at, (_, mark) in enumerate(seen) if at and seen[at - 1][1].cursor and not mark.cursor
    ]
    assert {mark.position for _, mark in seen[:last]} == {""}
    assert (last, [read for read, _ in seen][last:]) == (2, [7, 7])
    assert seen[last][1].position > ""
    # Nothing more to read for an hour.
    assert {mark.read_at for _, mark in seen[last:]} == {seen[0][1].began_at}


def test_an_item_master_asked_for_anew_begins_at_its_beginning(asked_for):
    items(asked_for)
    reference.ask_for_all_items(connection=asked_for.bridge.erp, now=asked_for.clock.now)

    mark = mark_of(asked_for.bridge.erp, "items")
    assert (mark.cursor, mark.position, mark.began_at) == ("", "", None)


def test_a_cursor_of_items_that_is_refused_is_forgotten(asked_for):
    _, mark = items(asked_for)
    asked_for.fails[mark.cursor] = Rejected("cursor expired", code="invalid")

    with pytest.raises(Rejected):
        items(asked_for)

    assert mark_of(asked_for.bridge.erp, "items").cursor == ""
