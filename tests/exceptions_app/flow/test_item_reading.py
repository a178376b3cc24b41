"""Asking the ERP for one item at once: one call, and what it says closes what waited for it."""

import pytest
from django.urls import reverse

from exceptions_app.models import AuditEntry, CallCount, Case, Item
from exceptions_app.services import item_reading
from exceptions_app.services.pacing import DatabasePacer
from tests.cast import make_user
from tests.factories import CaseFactory
from tests.world import make_item, make_order_line, make_unit, make_world

pytestmark = pytest.mark.django_db


def _waiting(sku="OLD-HAT", **line):
    world = make_world()
    world.add_order(lines=[make_order_line(sku=sku, description="Hat", **line)])
    world.add_return(items=[make_unit("1", sku=sku, name="Hat")])
    world.carry()
    return world, Case.objects.exclude(status="resolved").get()


def _read(world, case, actor=None):
    with world.connected():
        return item_reading.read(
            case_id=case.pk, actor=actor or make_user("mira"), now=world.clock.now
        )


def _calls():
    return {
        row.operation: row.count for row in CallCount.objects.filter(reason=item_reading.REASON)
    }


def test_an_item_that_was_switched_on_closes_what_waited_for_it_without_the_next_feed():
    world, case = _waiting()
    world.clock.advance(minutes=5)
    assert _read(world, case) == (
        "BlueCherry says: OLD-HAT (Hat, discontinued) is switched off. As long as it is switched"
        " off nothing can be booked on it."
    )
    world.erp.load({"items": [make_item("OLD-HAT", "Hat")]})
    world.clock.advance(minutes=1)

    told = _read(world, case, make_user("mona"))
    world.settle()

    assert told == (
        "BlueCherry says: OLD-HAT (Hat) is in use. The returns that wait for it are looked at again"
        " now; this page follows in a moment, or refresh it."
    )
    case.refresh_from_db()
    assert (case.type, case.status, case.closure) == ("SKU_INACTIVE", "resolved", "proof")
    assert case.proof.startswith("Its SKU leads to an active item.")
    assert _calls() == {"find_item": 2}
    assert AuditEntry.objects.filter(act="case.read_item", case_id=case.pk).count() == 2


def test_a_second_press_at_once_costs_no_call_and_tells_the_same():
    world, case = _waiting("NO-HAT")
    world.clock.advance(minutes=5)

    first = _read(world, case)
    second = _read(world, case, make_user("mona"))

    assert first == (
        "BlueCherry has no item with the SKU or barcode NO-HAT. Nothing is changed by that."
    )
    assert second == f"Read a moment ago. {first}"
    assert _calls() == {"find_item": 1}
    assert case.type == "SKU_UNKNOWN"


@pytest.fixture
def page(client):
    """Posts to the door of a waiting item, as Mira, with the world's systems behind it."""
    world, case = _waiting()
    world.clock.advance(minutes=5)
    client.force_login(make_user("mira"))

    def press(where=case):
        with world.connected():
            return client.post(reverse("item-read", args=[where.pk]))

    return world, case, press


def test_the_page_says_where_who_and_when_and_what_the_erp_answered(page, client):
    _world, case, press = page
    make_user("ines")
    url = reverse("case-detail", args=[case.pk])

    shown = client.get(url).content.decode()
    answer = press()

    assert "In BlueCherry it is the item in the style master (style, colour, size)" in shown
    assert "Read this item now" in shown
    assert f'href="{reverse("case-ask", args=[case.pk])}?team=operations"' in shown
    assert (answer.status_code, answer["Location"]) == (302, url)
    assert "is switched off. As long as" in client.get(url).content.decode()
    client.force_login(make_user("cleo"))
    assert "Read this item now" not in client.get(url).content.decode().replace("“Read this", "")
    assert press().status_code == 403
    assert _calls() == {"find_item": 1}


def test_an_erp_that_may_not_be_asked_leaves_everything_as_it_was(page, monkeypatch):
    world, _case, press = page
    before = list(Item.objects.values("sku", "is_active", "read_at"))
    trail = AuditEntry.objects.count()

    monkeypatch.setattr(DatabasePacer, "before", _spent)
    spent = press()
    monkeypatch.undo()
    world.bridge.erp.is_active = False
    world.bridge.erp.save(update_fields=["is_active"])
    off = press()
    foreign = press(CaseFactory(type="REFUND_NO_CM"))

    assert [row.status_code for row in (spent, off, foreign)] == [422, 422, 422]
    assert "No call to BlueCherry is free now. Try again in a minute." in spent.content.decode()
    assert "BlueCherry is switched off: nothing was asked." in off.content.decode()
    assert "This exception is about no item of an ERP." in foreign.content.decode()
    assert list(Item.objects.values("sku", "is_active", "read_at")) == before
    assert AuditEntry.objects.filter(act="case.read_item").count() == 0
    assert AuditEntry.objects.count() == trail


def _spent(self, *, operation, is_write):
    raise item_reading.BudgetSpent("spent")


def test_the_api_reads_as_the_page_does_and_tells_what_the_erp_said(page, client):
    world, case, _press = page

    with world.connected():
        told = client.post(reverse("api-case-read-item", args=[case.pk]))
        again = client.post(reverse("api-case-read-item", args=[case.pk]))

    assert told.status_code == 200
    assert told.json()["text"].startswith("BlueCherry says: OLD-HAT (Hat, discontinued) is")
    assert again.json()["text"] == f"Read a moment ago. {told.json()['text']}"
    assert _calls() == {"find_item": 1}


def test_a_closed_exception_asks_nothing_and_says_so(page):
    _world, case, press = page
    Case.objects.filter(pk=case.pk).update(status="resolved", proof="Done.")

    assert press().status_code == 302
    assert _calls() == {}
