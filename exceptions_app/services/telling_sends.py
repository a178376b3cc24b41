"""Sending messages: claim the row, make the call, settle the row (as `services.posting` does).

A message is sent once in effect: what surely did not leave is tried again later, a lost reply or a
lost worker leaves it as perhaps sent, and nobody sends it again blindly.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from connectors import errors as border
from connectors import types
from connectors.messaging import places, sending
from exceptions_app import errors
from exceptions_app.choices import MessagePurpose, MessageState
from exceptions_app.models import Message, MessagePlace
from exceptions_app.rules import telling
from exceptions_app.rules.facts import Finding
from exceptions_app.selectors import telling as selector
from exceptions_app.selectors import telling_people
from exceptions_app.services import cases, connections, sealing, subjects
from exceptions_app.services.faultpoints import reach
from exceptions_app.services.leases import lease

# Longer than a call may take, so that only a lost worker's claim runs out.
_LEASE_SECONDS = 60
# Waits after the first, second … try that surely sent nothing.
_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 180))
_LOST = "The worker stopped while it was being sent. It is not sent again by itself."
_NOT_AGAIN = "It is not sent again by itself."
# A test tells its outcome to who pressed the button.
_NOT_REACHED = (MessageState.FAILED, MessageState.PERHAPS)
TYPE = "MESSAGE_NOT_SENT"
KEPT_FOR = timedelta(days=180)
BATCH = 500


def mode() -> types.Mode:
    """A clone and a simulation may send to themselves; a desk in service reaches public addresses
    by https only."""
    is_simulated = connections.transport() is not None
    return types.Mode.SANDBOX if settings.DEBUG or is_simulated else types.Mode.LIVE


def mail_server() -> places.MailServer:
    return places.MailServer(
        host=settings.EMAIL_HOST if settings.CAN_MAIL else "",
        port=settings.EMAIL_PORT,
        user=settings.EMAIL_HOST_USER,
        password=settings.EMAIL_HOST_PASSWORD,
        has_tls=settings.EMAIL_USE_TLS,
        sender=settings.DEFAULT_FROM_EMAIL,
    )


def recover(*, now: datetime) -> int:
    """Settle what a lost worker had in hand: nobody knows whether it left."""
    lost = list(Message.objects.filter(state=MessageState.SENDING, lease_until__lt=now))
    return sum(_settle(row, row.tries, MessageState.PERHAPS, _LOST, now) for row in lost)


def send_next(*, now: datetime) -> bool:
    """Send the message that is due first; False when none is."""
    message = _claim(now)
    if message is None:
        return False
    send_claimed(message=message, now=now)
    return True


@transaction.atomic
def _claim(now: datetime) -> Message | None:
    due = Message.objects.filter(state=MessageState.WAITING, not_before__lte=now)
    rows = due.select_for_update(skip_locked=True, of=("self",)).order_by("not_before", "id")
    message = rows.first()
    return claim(message, now) if message is not None else None


def claim(message: Message, now: datetime) -> Message:
    """Take a waiting row of this transaction in hand, for as long as its lease."""
    Message.objects.filter(pk=message.pk).update(
        state=MessageState.SENDING,
        lease_until=now + lease(seconds=_LEASE_SECONDS),
        tries=F("tries") + 1,
    )
    return Message.objects.select_related("place__owner").get(pk=message.pk)


def send_claimed(*, message: Message, now: datetime) -> Message:
    """Make the one call of a claimed message, outside of any transaction, and settle its row."""
    place = message.place
    if place is None or not place.is_on:
        _settle(message, message.tries, MessageState.DROPPED, "The place was switched off.", now)
    elif _is_over(message):
        text = "Nothing it tells of was open any more."
        _settle(message, message.tries, MessageState.DROPPED, text, now)
    else:
        _call(message, place, now)
    message.refresh_from_db()
    return message


def _is_over(message: Message) -> bool:
    """A first try says what was so a moment ago; a later one may be out of date."""
    if message.tries < 2:
        return False
    if message.purpose in (MessagePurpose.ALERT, MessagePurpose.ESCALATION):
        return not selector.is_any_open(message)
    return telling_people.is_over(message)


def _call(message: Message, place: MessagePlace, now: datetime) -> None:
    note = sending.Note(message.key, message.title, message.body)
    reach("message_claimed", message.key)
    try:
        way = connections.transport()
        sending.send(place.kind, address_of(place), note, mode(), mail_server(), way)
    except border.RetryLater as error:
        _later(message, error, now)
    except border.OutcomeUnknown as error:
        text = f"{error.text} {_NOT_AGAIN}"
        _settle(message, message.tries, MessageState.PERHAPS, text, now)
    except (border.ConnectorError, errors.DeskError) as error:
        _settle(message, message.tries, MessageState.FAILED, str(error), now)
    else:
        reach("message_sent", message.key)
        text = "Taken by the other side."
        _settle(message, message.tries, MessageState.SENT, text, now)


def address_of(place: MessagePlace) -> str:
    """The address in clear, for sending alone.

    Raises:
        ConnectionUnusable: no key opens it.
        InvalidChoice: the owner has no e-mail address.
    """
    if place.owner is None:
        return sealing.unseal(bytes(place.sealed_address)).get("address", "")
    if not place.owner.email:
        raise errors.InvalidChoice("The account has no e-mail address.")
    return place.owner.email


def _later(message: Message, error: border.RetryLater, now: datetime) -> None:
    if message.purpose == MessagePurpose.TEST or message.tries > len(_WAITS):
        _settle(message, message.tries, MessageState.FAILED, error.text, now)
        return
    wait = max(_WAITS[message.tries - 1], timedelta(seconds=error.after_seconds or 0))
    Message.objects.filter(pk=message.pk, state=MessageState.SENDING, tries=message.tries).update(
        state=MessageState.WAITING,
        not_before=now + wait,
        lease_until=None,
        outcome=error.text[:300],
    )


@transaction.atomic
def _settle(message: Message, tries: int, state: MessageState, text: str, now: datetime) -> int:
    """End a message that is ours still, and say or take back that the place is not reached."""
    ours = Message.objects.filter(pk=message.pk, state=MessageState.SENDING, tries=tries)
    count = ours.update(state=state, outcome=text[:300], settled_at=now, lease_until=None)
    if count and message.place_id is not None:
        if state == MessageState.SENT:
            _raise(message, [], now)
        elif state in _NOT_REACHED and _is_missed(message):
            _raise(message, [_finding(message, text)], now)
    return count


def _is_missed(message: Message) -> bool:
    """Whether somebody misses it: no test, and the place is not removed or off by now."""
    here = Message.objects.filter(pk=message.pk, place__is_on=True)
    return message.purpose != MessagePurpose.TEST and here.exists()


def _finding(message: Message, text: str) -> Finding:
    return Finding(
        type=TYPE,
        subject="place",
        cause=f"place:{message.place_id}",
        facts={"connection": message.place_name, "reason": text.rstrip(".")},
        value=telling.NO_MONEY,
        value_formula="None: the exceptions themselves carry the money",
    )


def _raise(message: Message, findings: list[Finding], now: datetime) -> None:
    """The exception of a place that is not reached; a message that arrived closes it."""
    proof = f"“{message.title}” was taken at {message.place_name}."
    cases.sync(subject=subject_of(message.place_id), findings=findings, now=now, proof=proof)


def subject_of(place_id: int | None) -> subjects.Subject:
    return subjects.Subject(key=f"message-place:{place_id}")


def forget(*, now: datetime) -> int:
    """Delete settled messages after KEPT_FOR; returns how many."""
    old = Message.objects.filter(settled_at__lt=now - KEPT_FOR).order_by("pk")
    pks = list(old.values_list("pk", flat=True)[:BATCH])
    Message.objects.filter(pk__in=pks).delete()
    return len(pks)
