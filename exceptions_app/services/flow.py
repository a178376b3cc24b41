"""Drains: do what is due until nothing is, or the time is up. Harmless twice, late or not at
all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from connectors.errors import ConnectorError
from exceptions_app.models import Connection, Rma
from exceptions_app.services import (
    bulk_running,
    claims,
    confirming,
    exchange,
    fixes,
    health,
    ingesting,
    periods,
    plan_claims,
    plan_reads,
    planning,
    polling,
    posting,
    receipts,
    return_files,
    telling,
    telling_escalations,
    telling_people,
    telling_sends,
)
from exceptions_app.services.faultpoints import reach

Clock = Callable[[], datetime]
BUDGET = timedelta(seconds=45)


def ingest(*, clock: Clock) -> int:
    """Take in what files hold, then handle due events, those one reading answers together.

    Returns how many readings.
    """
    _drain(lambda now: return_files.take_next(now=now), clock)

    def step(now: datetime) -> bool:
        event = ingesting.claim_due(now=now)
        if event is None:
            return False
        company = ingesting.claim_company(first=event, now=now)
        reach("event_claimed")
        ingesting.process(claimed=[event, *company], now=now)
        return True

    return _drain(step, clock)


def plan(*, clock: Clock) -> int:
    """Plan due returns, those of one ERP together; returns how many sets."""

    def step(now: datetime) -> bool:
        rma = plan_claims.claim_due(now=now)
        if rma is None:
            return False
        if not health.may_call(connection_id=rma.bridge.erp_id, now=now):
            planning.defer(rma_id=rma.pk, until=now + health.PROBE_EVERY)
            return True
        try:
            most = plan_reads.most_together(erp=rma.bridge.erp)
        except ConnectorError as error:
            _put_off([rma], error, now)
            return True
        company = plan_claims.claim_company(first=rma, most=most - 1, now=now)
        _plan_set([rma, *company], now)
        return True

    return _drain(step, clock)


def _plan_set(rmas: Sequence[Rma], now: datetime) -> None:
    """Read for all of them together, then plan each: what one of them lacks holds no other up."""
    unread = plan_reads.refresh(rmas=rmas, now=now)
    if unread.error is not None:
        _put_off([rma for rma in rmas if rma.pk in unread.rma_ids], unread.error, now)
    waiting = [rma for rma in rmas if rma.pk not in unread.rma_ids]
    try:
        while waiting:
            _plan_one(waiting.pop(0), now)
    finally:
        # A return that nobody can plan must not keep those behind it waiting for its lease.
        plan_claims.give_back(waiting)


def _plan_one(rma: Rma, now: datetime) -> None:
    try:
        planning.plan(rma_id=rma.pk, now=now, planned_from=rma.plan_due_at)
    except ConnectorError as error:
        _put_off([rma], error, now)
    else:
        reach("planned")


def _put_off(rmas: Sequence[Rma], error: ConnectorError, now: datetime) -> None:
    health.note_failure(connection_id=rmas[0].bridge.erp_id, error=error, now=now)
    after = getattr(error, "after_seconds", None) or 30
    for rma in rmas:
        planning.defer(rma_id=rma.pk, until=now + timedelta(seconds=after))


def post(*, clock: Clock) -> int:
    """Send due postings; returns how many calls' worth were claimed."""
    return _drain(lambda now: bool(posting.post_next(now=now)), clock)


def settle(*, clock: Clock) -> int:
    """Release what was held, recover lost claims, look up what is not known, confirm what was
    sent."""
    now = clock()
    count = fixes.release_due(now=now)
    count += confirming.release_held(now=now)
    count += claims.recover_expired(now=now)
    for connection in confirming.waited_for(now=now):
        for act in (confirming.settle_unknown, confirming.confirm_sent):
            count += _until_dry(act, connection, clock)
    return count


def poll(*, clock: Clock) -> int:
    """Poll what is due, of platforms and ERPs, and refresh reference data; returns feeds read."""
    now = clock()
    polling.refresh_reference(now=now)
    count = polling.poll_due(now=now)
    count += exchange.read_due(now=now)
    return count + receipts.read_due(now=now) + periods.read_due(now=now)


def bulk(*, clock: Clock) -> int:
    """Do the rows of acts on many; returns how many chunks."""
    return _drain(lambda now: bulk_running.run_next(now=now), clock)


def tell(*, clock: Clock) -> int:
    """Write what places are to be told, and send what waits; returns how many."""
    now = clock()
    count = telling_sends.recover(now=now) + telling.plan(now=now)
    count += telling_escalations.plan(now=now) + telling_people.plan(now=now)
    return count + _drain(lambda now: telling_sends.send_next(now=now), clock)


def _until_dry(
    act: Callable[..., int], connection: Connection, clock: Clock, rounds: int = 50
) -> int:
    total = 0
    for _ in range(rounds):
        now = clock()
        try:
            done = act(connection=connection, now=now)
        except ConnectorError as error:
            # A connection that cannot even be opened must not keep the others from being read.
            health.note_failure(connection_id=connection.pk, error=error, now=now)
            return total
        total += done
        if not done:
            break
    return total


def _drain(step: Callable[[datetime], bool], clock: Clock) -> int:
    began = clock()
    count = 0
    while True:
        now = clock()
        if now - began > BUDGET or not step(now):
            return count
        count += 1
