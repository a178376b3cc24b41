"""The only door to django-q2: wake a queue. Our rows decide what is due (decision 0003)."""

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar

from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.tasks import async_task

# Task name -> queue. Names are dotted paths that are never renamed without an alias.
QUEUES = {
    "ingest": "ingest",
    "plan": "ingest",
    "post": "post",
    "settle": "post",
    "sweep": "report",
    "bulk": "report",
    "tell": "report",
    "poll": "ingest",
}

# A queue with this many wake-ups waiting gains nothing from one more: each drains all that is due.
MOST_WAITING = 20

_is_quiet: ContextVar[bool] = ContextVar("is_quiet", default=False)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Wake nobody inside: the caller runs the drains itself."""
    token = _is_quiet.set(True)
    try:
        yield
    finally:
        _is_quiet.reset(token)


def nudge(step: str) -> None:
    """Ask for one drain of `step`, in the caller's transaction: gone if that rolls back.

    A lost nudge costs at most one tick, a doubled one finds nothing due. A queue that is far
    behind is not asked again, so that a large import leaves no thousands of empty wake-ups.
    """
    if _is_quiet.get() or _is_behind(QUEUES[step]):
        return
    async_task(f"exceptions_app.tasks.{step}", cluster=QUEUES[step])


def _is_behind(queue: str) -> bool:
    waiting = OrmQ.objects.filter(key=queue, lock__lte=timezone.now())
    count: int = waiting[:MOST_WAITING].count()
    return count == MOST_WAITING


def install_schedules() -> int:
    """Create or correct the one-minute safety nets; returns how many there are."""
    for step, queue in QUEUES.items():
        schedule, _ = Schedule.objects.update_or_create(
            name=f"drain {step}",
            defaults={
                "func": f"exceptions_app.tasks.{step}",
                "schedule_type": Schedule.MINUTES,
                "minutes": 1,
                "repeats": -1,
                "cluster": queue,
            },
        )
        schedule.full_clean()
    return len(QUEUES)
