"""Operations clear what no team of the goods or the money can, from Today to the proof."""

from contextvars import ContextVar

import pytest
import time_machine

from exceptions_app.models import Case, InboundEvent, Posting
from exceptions_app.services import connections
from tests.browser.hands import act, tab_to
from tests.cast import make_user
from tests.world import make_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world():
    """One return that is ready to be carried."""
    world = make_world()
    world.add_order("SO-1")
    world.add_return("5001")
    return world


def test_a_message_nobody_could_read_is_handled_again_and_its_return_is_carried(
    page, sign_in, assert_accessible, world
):
    world.platform.faults.parse([{"path": ".*/rma/.*", "kind": "garbage", "times": None}])
    for _ in range(3):
        world.carry()
        world.clock.advance(minutes=2)
    case = Case.objects.get(type="PAYLOAD_INVALID")
    world.platform.faults.set([])
    with time_machine.travel(world.clock.now, tick=True) as traveller:
        sign_in(make_user("ines"))
        page.goto("/")
        tab_to(page, "ReturnGO sends messages that cannot be read")
        act(page, "Enter")
        act(page, "j", "j", "Enter")
        assert f"/exceptions/{case.pk}/" in page.url
        said = "The message POLL of ReturnGO cannot be read as a return. It is kept as it came."
        assert said in page.inner_text("main")
        assert_accessible()

        tab_to(page, "Open the message")
        act(page, "Enter")
        assert "The reply is not readable JSON." in page.inner_text("main")
        assert_accessible()
        tab_to(page, "Handle it again")
        act(page, "Enter")
        page.wait_for_selector("text=The message is handled again")
        assert world.documents() == []
        world.settle()
        traveller.move_to(world.clock.now)

        page.goto(f"/exceptions/{case.pk}/")
        closed = page.inner_text(".alert.good")
        assert "Closed by proof" in closed
        assert "This message was handled again, and could be read." in closed
        assert "Ines Asked to handle it again" in page.inner_text("main")

    assert InboundEvent.objects.get(pk=case.event_id).state == "processed"
    assert [row["doc_type"] for row in world.documents()] == ["RA", "RCV", "CM"]
    assert world.open_types() == []


@pytest.fixture
def unknown(world, monkeypatch):
    """The reply to the first document was lost, and for over an hour no look-up was answered."""
    lost = {"method": "POST", "path": ".*", "kind": "drop_after", "times": 1}
    silent = {"method": "GET", "path": ".*SimDocument.*", "kind": "status", "status": 500}
    world.erp.faults.parse([lost, {**silent, "times": None}])
    world.poll()
    for _ in range(16):
        world.run()
        world.clock.advance(minutes=4)
    world.erp.faults.set([])
    # The pages' own look at the ERP is made in the server's thread.
    for name, value in (("_transport", world.transport), ("_clock", world.clock)):
        monkeypatch.setattr(connections, name, ContextVar(name, default=value))
    return Case.objects.get(type="OUTCOME_UNKNOWN")


def test_an_outcome_nobody_knows_is_looked_up_and_linked_and_nothing_is_sent_twice(
    page, sign_in, assert_accessible, world, unknown
):
    (booked,) = world.documents("RA")
    with time_machine.travel(world.clock.now, tick=True) as traveller:
        finn = make_user("finn")
        sign_in(make_user("ines"))
        page.goto("/")
        tab_to(page, "We do not know whether BlueCherry booked a return authorisation")
        assert_accessible()
        act(page, "Enter")
        act(page, "j", "j", "Enter")
        assert f"/exceptions/{unknown.pk}/" in page.url
        assert "Nothing was sent again" in page.inner_text("main")

        # A number that the ERP does not have under our key is told before anybody asks.
        form = page.locator("#fix-link_document")
        for number, answer in (
            ("RA999999", f"has {booked['doc_num']} under our key, not RA999999"),
            (booked["doc_num"], f"{booked['doc_num']} is there and equals ours"),
        ):
            form.get_by_label("document number").fill(number)
            form.get_by_role("button", name="Preview").press("Enter")
            page.wait_for_selector(f"text={answer}")
        assert_accessible()
        with page.expect_navigation():
            form.get_by_role("button", name="Ask for approval").press("Enter")

        sign_in(finn)
        page.goto("/approvals/")
        act(page, "j", "Enter")
        assert f"{booked['doc_num']} is there and equals ours" in page.inner_text("main")
        assert_accessible()
        act(page, "p")
        world.clock.advance(seconds=90)
        traveller.move_to(world.clock.now)
        world.settle()
        traveller.move_to(world.clock.now)
        page.goto(f"/exceptions/{unknown.pk}/")
        closed = page.inner_text(".alert.good")
        told = f"Linked by hand as {booked['doc_num']}. Read back since: it equals what was sent."
        assert told in closed
        assert "asked for by Ines and approved by Finn" in closed

    assert [row["doc_type"] for row in world.documents()] == ["RA", "RCV", "CM"]
    assert set(Posting.objects.values_list("status", flat=True)) == {"confirmed"}
    assert world.open_types() == []
