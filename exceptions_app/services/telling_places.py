"""Places where messages go: set up by a team's leads, or by each person for their own mailbox."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from connectors.errors import Misconfigured
from connectors.messaging import places
from exceptions_app import errors
from exceptions_app.choices import MessagePurpose, Severity
from exceptions_app.models import Message, MessagePlace
from exceptions_app.permissions import roles_of
from exceptions_app.rules import telling
from exceptions_app.selectors import telling as selector
from exceptions_app.selectors import today
from exceptions_app.services import audit, cases, sealing, telling_sends
from exceptions_app.services import telling as planning

MAIL = "mail"
_CHANGED = "Nothing was changed: this place was removed meanwhile, or is not yours to change."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a place is told, and when. Hours are those of `time_zone`."""

    is_on: bool = True
    has_alerts: bool = True
    least_severity: str = Severity.HIGH.value
    digest_hour: int | None = None
    quiet_from: int | None = None
    quiet_until: int | None = None
    is_quiet_at_weekends: bool = True
    has_critical_anytime: bool = False
    is_only_mine: bool = False
    has_mentions: bool = True
    has_questions: bool = True
    has_approvals: bool = True
    time_zone: str = "UTC"


def kinds() -> list[tuple[str, str]]:
    """Code and name of every kind of place a team may have."""
    return [(kind.code, kind.label) for kind in places.KINDS.values()]


def hints() -> list[tuple[str, str]]:
    """Name of every kind and what its address looks like."""
    return [(kind.label, kind.hint) for kind in places.KINDS.values()]


def label_of(kind: str) -> str:
    found = places.KINDS.get(kind)
    return found.label if found else kind


@transaction.atomic
def add(
    *,
    team: str,
    name: str,
    kind: str,
    address: str,
    wishes: Wishes,
    desk_url: str,
    actor: User,
    now: datetime,
) -> MessagePlace:
    """Set up a place of a team. What is open already is taken as known to it.

    Raises:
        FixNotAllowed: the actor does not lead the team.
        InvalidChoice: the address cannot be used; the text says why.
        NameTaken: the team has a place of this name.
    """
    if team not in today.teams_led(roles_of(actor)):
        raise errors.FixNotAllowed("Only who leads a team sets up where its messages go.")
    place = MessagePlace(
        team=team, kind=kind, created_by=audit.name_of(actor)[:150], created_at=now
    )
    _address(place, address)
    return _kept(place, name, wishes, desk_url, actor, now, act="place.add")


@transaction.atomic
def change(
    *,
    place_id: int,
    name: str,
    address: str,
    wishes: Wishes,
    desk_url: str,
    actor: User,
    now: datetime,
) -> MessagePlace:
    """Change a place of a team; an empty `address` leaves the one it has.

    Raises:
        FixNotAllowed: gone, or not the actor's to change.
        InvalidChoice, NameTaken: as `add`.
    """
    place = _editable(place_id, actor)
    if address:
        _address(place, address)
    return _kept(place, name, wishes, desk_url, actor, now, act="place.change")


@transaction.atomic
def prefer(*, wishes: Wishes, desk_url: str, actor: User, now: datetime) -> MessagePlace:
    """What the actor wants to be told by mail, to the address of their account.

    Raises:
        InvalidChoice: the account has no e-mail address.
    """
    if not actor.email:
        raise errors.InvalidChoice("Your account has no e-mail address. Ask your administrator.")
    rows = MessagePlace.objects.select_for_update(of=("self",))
    place = rows.select_related("owner").filter(owner=actor).first()
    if place is None:
        by = audit.name_of(actor)[:150]
        place = MessagePlace(owner=actor, kind=MAIL, created_by=by, created_at=now)
    place.masked = places.masked(MAIL, actor.email)
    name = f"Mail to {audit.name_of(actor)}"[:60]
    return _kept(place, name, wishes, desk_url, actor, now, act="place.prefer")


@transaction.atomic
def remove(*, place_id: int, actor: User, now: datetime) -> str:
    """Remove a place of a team; what it was sent stays on record. Returns its name.

    Raises:
        FixNotAllowed: gone, or not the actor's to change.
    """
    place = _editable(place_id, actor)
    _reached(place, f"{place.name} was removed.", now)
    text = f"No more messages to {place.name} ({place.masked})"
    audit.record(actor=actor, act="place.remove", subject=place, text=text, now=now)
    place.delete()
    return place.name


def test(*, place_id: int, actor: User, now: datetime) -> Message:
    """Send a test message at once; returns it as it ended.

    Raises:
        FixNotAllowed: gone, or not the actor's to change.
        InvalidChoice: the place is switched off.
    """
    with transaction.atomic():
        place = _editable(place_id, actor)
        if not place.is_on:
            raise errors.InvalidChoice("This place is switched off. Switch it on to test it.")
        words = telling.Words(
            "Test message from Returnsbridge",
            f"{audit.name_of(actor)} sent this to see that messages for {selector.whose(place)}"
            f" arrive here. There is nothing to do.\n{place.desk_url}",
        )
        key = f"test-{place.pk}-{uuid.uuid4().hex}"
        message = planning.write(place, MessagePurpose.TEST, key, words, [], now)
        message = telling_sends.claim(message, now)
        text = f"Test message to {place.name} ({place.masked})"
        audit.record(actor=actor, act="place.test", subject=place, text=text, now=now)
    return telling_sends.send_claimed(message=message, now=now)


@transaction.atomic
def rotate_keys() -> tuple[int, list[str]]:
    """Seal all addresses anew with the first key: how many, and the places that no key opens."""
    count, unreadable = 0, []
    for place in MessagePlace.objects.select_for_update().filter(owner=None).order_by("pk"):
        try:
            place.sealed_address = sealing.reseal(bytes(place.sealed_address))
        except errors.ConnectionUnusable:
            unreadable.append(place.name)
            continue
        place.save(update_fields=["sealed_address"])
        count += 1
    return count, unreadable


def _editable(place_id: int, actor: User) -> MessagePlace:
    rows = MessagePlace.objects.select_for_update(of=("self",)).select_related("owner")
    place = rows.filter(pk=place_id).first()
    if place is None or not selector.may_edit(actor, place):
        raise errors.FixNotAllowed(_CHANGED)
    return place


def _address(place: MessagePlace, address: str) -> None:
    address = address.strip()
    if place.kind not in places.KINDS:
        raise errors.InvalidChoice("Choose a kind of place.")
    try:
        places.check(place.kind, address, telling_sends.mode())
    except Misconfigured as error:
        raise errors.InvalidChoice(error.text) from None
    place.sealed_address = sealing.seal({"address": address})
    place.masked = places.masked(place.kind, address)[:120]


def _kept(
    place: MessagePlace,
    name: str,
    wishes: Wishes,
    desk_url: str,
    actor: User,
    now: datetime,
    *,
    act: str,
) -> MessagePlace:
    is_new = place.pk is None
    before = None if is_new else _told(place)
    place.name = " ".join(name.split())[:60]
    place.desk_url = desk_url.rstrip("/")[:200]
    for field, value in asdict(wishes).items():
        setattr(place, field, value)
    try:
        with transaction.atomic():
            place.save()
    except IntegrityError as error:
        raise errors.NameTaken(f"This team has a place called {place.name} already.") from error
    if is_new:
        planning.baseline(place, now=now)
    if not place.is_on:
        _reached(place, f"{place.name} was switched off.", now)
    text = f"Messages to {place.name} ({place.masked})"
    audit.record(
        actor=actor, act=act, subject=place, text=text, now=now, before=before, after=_told(place)
    )
    return place


def _told(place: MessagePlace) -> dict[str, Any]:
    """What the trail keeps: never the address."""
    names = (*Wishes.__dataclass_fields__, "name", "masked", "team")
    return {name: getattr(place, name) for name in names}


def _reached(place: MessagePlace, proof: str, now: datetime) -> None:
    """A place that nothing is sent to can fail no more."""
    cases.sync(subject=telling_sends.subject_of(place.pk), findings=[], now=now, proof=proof)
