"""A room where messages to people go, that takes none for a while: in the place of a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import Group, User
from werkzeug.wrappers import Request, Response

from exceptions_app.choices import Role, Severity, Team
from exceptions_app.models import MessagePlace
from exceptions_app.services import flow, telling_places

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from exceptions_app.management.demo.world import World

PATH = "/room"


class Room:
    """A web address of a service of one's own; gone, it answers that there is nothing."""

    def __init__(self) -> None:
        self.is_gone = False

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        is_message = Request(environ).method == "POST" and not self.is_gone
        return Response(status=200 if is_message else 404)(environ, start)


def opened(world: World, *, base_url: str) -> None:
    """Operations is told of what comes from now on."""
    telling_places.add(
        team=Team.OPERATIONS,
        name="Operations room",
        kind="webhook",
        address=f"{base_url}{PATH}",
        wishes=telling_places.Wishes(
            least_severity=Severity.HIGH.value, is_quiet_at_weekends=False
        ),
        desk_url=base_url,
        actor=_lead(),
        now=world.clock.now,
    )


def gone(world: World) -> None:
    """Somebody removed the room; nobody told the desk, and what happened today does not arrive."""
    world.room.is_gone = True
    flow.tell(clock=world.clock)


def back(world: World) -> None:
    """The room is there again, and somebody sees whether a message arrives."""
    world.room.is_gone = False
    place = MessagePlace.objects.get(team=Team.OPERATIONS)
    telling_places.test(place_id=place.pk, actor=_lead(), now=world.clock.now)


def _lead() -> User:
    """Leads operations; cannot sign in."""
    lead, _ = User.objects.get_or_create(
        username="lead-operations",
        defaults={"first_name": "Operations", "last_name": "Lead", "password": "!"},
    )
    lead.groups.set(Group.objects.filter(name__in=[Role.INTEGRATOR, Role.LEAD]))
    return lead
