"""Operations clear what no team of the goods or the money can, from Today to the proof."""

import pytest
import time_machine

from exceptions_app.models import Case, InboundEvent
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


def act(page, *keys):
    """Keys of which the last one leads to another page."""
    for key in keys[:-1]:
        page.keyboard.press(key)
    with page.expect_navigation():
        page.keyboard.press(keys[-1])


def tab_to(page, name):
    """Tab on until the control of this name has the focus, as a person would."""
    for _ in range(80):
        words = page.evaluate("document.activeElement.innerText ?? ''")
        if words.strip().startswith(name):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {name!r}")


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
        assert "or this one was processed again." in closed
        assert "Ines Replayed" in page.inner_text("main")

    assert InboundEvent.objects.get(pk=case.event_id).state == "processed"
    assert [row["doc_type"] for row in world.documents()] == ["RA", "RCV", "CM"]
    assert world.open_types() == []
