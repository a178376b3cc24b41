"""Let the normal flow carry a replay's returns until nothing of the bridge moves any more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.db.models import Q

from exceptions_app.choices import EventState, PostingStatus
from exceptions_app.errors import DeskError
from exceptions_app.models import Bridge, InboundEvent, Posting, Rma
from exceptions_app.services import flow

# An unknown outcome rests for the ERP's settle window before it is looked up; this is well above.
PATIENCE = timedelta(minutes=10)
_TELL_EVERY = timedelta(seconds=1)
_PAUSE_SECONDS = 0.25
_MOVING = (
    PostingStatus.READY,
    PostingStatus.SENDING,
    PostingStatus.UNCONFIRMED,
    PostingStatus.POSTED,
)

Clock = Callable[[], datetime]


class ReplayStuck(DeskError):
    """Nothing moved for PATIENCE though something was still under way."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is; `returns` is how many the file makes."""

    returns: int
    arrived: int
    confirmed: int
    under_way: int


Tell = Callable[[Progress], None]


class Receivers(Protocol):
    def check_in(self) -> bool: ...


def drive(
    *,
    bridge: Bridge,
    returns: int,
    clock: Clock,
    pause: Callable[[float], None],
    tell: Tell,
    staff: Receivers,
) -> None:
    """Run the drains in turn until the bridge is quiet and the ERP's staff have nothing to do.

    Raises:
        ReplayStuck: something is under way and has not moved for PATIENCE.
    """
    ticking = _Ticking(bridge, returns, clock, tell)
    last, moved_at = ticking.progress(), clock()
    while True:
        done = flow.poll(clock=ticking)
        for step in (flow.ingest, flow.plan, flow.settle, flow.post, flow.settle, flow.plan):
            done += step(clock=ticking)
        now = clock()
        progress = ticking.progress()
        if progress.arrived >= returns and _is_quiet(bridge, now) and not staff.check_in():
            tell(progress)
            return
        if progress != last:
            last, moved_at = progress, now
        if now - moved_at > PATIENCE:
            raise ReplayStuck(
                f"{progress.under_way} postings are still under way and nothing has moved for "
                f"{PATIENCE.seconds // 60} minutes; {progress.arrived} of {returns} returns came."
            )
        if not done:
            pause(_PAUSE_SECONDS)


class _Ticking:
    """The clock, looked at by every step of every drain: a good place to tell the time by."""

    def __init__(self, bridge: Bridge, returns: int, clock: Clock, tell: Tell) -> None:
        self._bridge = bridge
        self._returns = returns
        self._clock = clock
        self._tell = tell
        self._told_at: datetime | None = None

    def __call__(self) -> datetime:
        now = self._clock()
        if self._told_at is None or now - self._told_at >= _TELL_EVERY:
            self._told_at = now
            self._tell(self.progress())
        return now

    def progress(self) -> Progress:
        postings = Posting.objects.filter(bridge=self._bridge)
        return Progress(
            returns=self._returns,
            arrived=Rma.objects.filter(bridge=self._bridge).count(),
            confirmed=postings.filter(status=PostingStatus.CONFIRMED).count(),
            under_way=postings.filter(_is_moving()).count(),
        )


def _is_moving() -> Q:
    return Q(status__in=_MOVING, parked_at__isnull=True)


def _is_quiet(bridge: Bridge, now: datetime) -> bool:
    if Posting.objects.filter(_is_moving(), bridge=bridge).exists():
        return False
    if Rma.objects.filter(bridge=bridge, plan_due_at__lte=now).exists():
        return False
    waiting = InboundEvent.objects.filter(connection=bridge.source, state=EventState.NEW)
    return not waiting.exists()
