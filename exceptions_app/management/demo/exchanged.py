"""A partner of files that answers late and sends what nobody can read, and what ends both."""

from __future__ import annotations

from exceptions_app.management.demo import depot, troubles
from exceptions_app.management.demo.staff import Staff
from exceptions_app.management.demo.world import World
from exceptions_app.models import Case
from exceptions_app.services import flow, triage

CODE = "depot"
# Longer than an answer may take.
_ANSWERS_AFTER = 6 * 60 * 60


def unanswered(world: World) -> None:
    """A return's first document leaves in a file, and the partner takes its time."""
    world.erp(CODE).set_switches({"answer_after_seconds": _ANSWERS_AFTER})
    troubles.one_return(world, 6911, code=CODE)
    world.carry(CODE, rounds=4)


def garbled(world: World) -> None:
    """A file that no layout knows; the look that finds it also finds the answer late."""
    depot.lay("in", "partner-torn.csv", b"torn;in;half")
    for _ in range(2):
        world.clock.advance(minutes=6)
        flow.poll(clock=world.clock)


def answered(world: World, staff: Staff) -> None:
    """The partner's answer comes, and it sends what was torn anew, so that the torn one is void."""
    torn = Case.objects.get(type="FILE_UNREADABLE")
    triage.close_by_hand(
        case_id=torn.pk,
        reason="sent_again",
        note="",
        actor=staff.integrator(),
        now=world.clock.now,
    )
    world.carry(CODE, rounds=2)
