"""One seed is one replayable history: real code, real database, simulated time, network and death.

    python -m tests.faults --seeds 5000 --first 1

The seed decides what happens at the platform, which step runs next, where a process pauses or dies
and what the network does. Afterwards everything is left alone until quiet, and the oracle compares
the ERP's own ledger with what the returns call for (reliability C.2).
"""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from unittest import mock

import requests
from django.db import connection as database

from exceptions_app import jobs
from exceptions_app.services import claims, connections, events, faultpoints, feeds, flow, ingesting
from tests.faults import oracle
from tests.faults.actors import Actor, Crash, Wire
from tests.faults.scenario import Change, Scenario
from tests.faults.stage import POLL_SECONDS, Stage
from tests.faults.weather import SEARCH_LAG_SECONDS, Climate, SeededFaults

SETTLE = timedelta(seconds=150)
TICK = timedelta(seconds=60)
LONGEST_PAUSE_SECONDS = 420
MOST_STEPS = 400
# Where a paused write has not left yet: how long it may still take is bounded (B.3, rule 7).
_BEFORE_BYTES_LEAVE = {"before_call", "before_wire"}


@dataclass
class Outcome:
    """What one seed did; `violations` is empty when every invariant held."""

    seed: int
    postings: int = 0
    documents: int = 0
    parked: int = 0
    crashes: int = 0
    pauses: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[oracle.Violation] = field(default_factory=list)
    history: list[str] = field(default_factory=list)

    def report(self) -> str:
        told = "\n".join(f"  {line}" for line in self.history)
        wrong = "\n".join(f"  {violation}" for violation in self.violations)
        return f"seed {self.seed}\n{told}\nviolated:\n{wrong}"


class Simulation:
    """Plays one seed on a stage."""

    def __init__(self, stage: Stage, seed: int) -> None:
        self._stage = stage
        self._dice = Random(seed)
        self._outcome = Outcome(seed)
        self._actors: list[Actor] = []
        self._current: Actor | None = None
        self._writes: list[oracle.Write] = []
        self._mail: list[tuple[datetime, Change, str]] = []
        self._nudged: set[str] = set()
        self._is_rough = True

    def play(self) -> Outcome:
        """Run the history and judge it."""
        self._set_up()
        with self._installed():
            try:
                self._rough_weather()
                self._calm_down()
            except Stuck as stuck:
                self._outcome.violations.append(oracle.Violation("I7", str(stuck)))
            except Exception as error:  # noqa: BLE001 - the seed must be told with it
                self._outcome.violations.append(oracle.Violation("harness", repr(error)))
        self._judge()
        return self._outcome

    # --- before and after -----------------------------------------------------------------------

    def _set_up(self) -> None:
        dice, stage = self._dice, self._stage
        self._climate = Climate.of(dice)
        stage.reset(
            search_lag_seconds=dice.choice((0, SEARCH_LAG_SECONDS)),
            staging_seconds=dice.choice((0, 1, 20)),
            unique_control_numbers=dice.random() < 0.2,
            edit_after_post=dice.choice(("amount", "quantity")) if dice.random() < 0.04 else "",
            validate_at=dice.choice(("accept", "post")),
        )
        self._is_poisoned = self._climate.crashes > 0 and dice.random() < 0.05
        erp, platform = stage.world.erp, stage.world.platform
        self._erp_faults = SeededFaults(dice=dice, climate=self._climate, clock=stage.clock)
        self._platform_faults = SeededFaults(dice=dice, climate=self._climate, clock=stage.clock)
        erp.faults = self._erp_faults  # type: ignore[assignment]
        platform.faults = self._platform_faults  # type: ignore[assignment]
        self._wire = Wire({"/returngo": platform, "/bluecherry": erp}, self._on_wire)
        self._scenario = Scenario(
            seed=self._outcome.seed,
            dice=dice,
            begins=stage.clock.now,
            lost_webhooks=self._climate.lost_webhooks,
        )
        self._scenario.load_orders(stage.world)
        self._changes = list(self._scenario.changes)

    @contextlib.contextmanager
    def _installed(self) -> Iterator[None]:
        """Our clock, network, fault points and broker in the place of the real ones."""
        token = faultpoints.hook.set(self._reached)
        try:
            with (
                connections.through(self._wire, self._stage.clock),
                mock.patch.object(jobs, "nudge", self._nudged.add),
                database.execute_wrapper(self._on_statement),
            ):
                yield
        finally:
            faultpoints.hook.reset(token)
            for actor in self._actors:
                actor.end()

    def _judge(self) -> None:
        outcome = self._outcome
        outcome.faults = self._erp_faults.struck + self._platform_faults.struck
        verdict = oracle.judge(
            world=self._stage.world, expected=self._scenario.expected, writes=self._writes
        )
        outcome.postings, outcome.documents = verdict.postings, verdict.documents
        outcome.parked = verdict.parked
        outcome.violations += verdict.violations
        is_edited = self._stage.world.erp.switches["edit_after_post"]
        is_calm = not (outcome.faults or outcome.crashes or outcome.pauses or is_edited)
        outcome.violations += oracle.judge_calls(erp=self._stage.erp, is_calm=is_calm)

    # --- the two parts of a history ---------------------------------------------------------------

    def _rough_weather(self) -> None:
        for _ in range(self._dice.randint(20, 60)):
            self._let_time_pass()
            self._happen()
            sleeping = [actor for actor in self._actors if actor.wake_at]
            due = [actor for actor in sleeping if actor.wake_at <= self._stage.clock.now]
            if due and self._dice.random() < 0.7:
                self._resume(self._dice.choice(due))
            elif len(sleeping) < 4:
                self._start(*self._choose())

    def _calm_down(self) -> None:
        """Faults stop; what is paused wakes up or is gone; then everything must come to rest."""
        self._is_rough = False
        self._erp_faults.is_over = self._platform_faults.is_over = True
        self._tell("faults stop")
        while self._changes or self._mail:
            self._stage.clock.now = max(
                self._stage.clock.now, *(c.at for c in self._changes), *(m[0] for m in self._mail)
            )
            self._happen()
        self._rest()

    def _rest(self) -> None:
        """Let the ticks run until nothing is due.

        Reading the platform anew comes first: a dead poller's claim holds a feed for its lease,
        and a refund waits a while for its return.
        """
        clock = self._stage.clock
        began = clock.now
        last_poll = began + feeds.LEASE + timedelta(seconds=POLL_SECONDS) + TICK
        limit = last_poll + ingesting.ORDER_GRACE + SETTLE + claims.LEASE + 2 * TICK
        for _ in range(MOST_STEPS):
            due_at = oracle.next_due(now=clock.now, read_from=began)
            if not due_at and not self._actors:
                return
            first = min([*due_at.values(), *(actor.wake_at for actor in self._actors)])
            if first > limit:
                raise Stuck(f"something is due only at {first:%H:%M:%S}, after {limit:%H:%M:%S}")
            clock.now = max(first, clock.now)
            for actor in [one for one in self._actors if one.wake_at <= clock.now]:
                self._resume(actor)
            for name, moment in due_at.items():
                if moment <= clock.now:
                    self._start(name, _DRAINS[name])
        raise Stuck(f"not quiet after {MOST_STEPS} rounds: {due_at}")

    # --- time, platform, steps --------------------------------------------------------------------

    def _let_time_pass(self) -> None:
        seconds = self._dice.uniform(0, 9)
        if self._dice.random() < 0.04:
            # The whole machine slept, or the clock stepped.
            seconds = self._dice.uniform(60, 400)
        self._stage.clock.advance(seconds=seconds)

    def _happen(self) -> None:
        now = self._stage.clock.now
        while self._changes and self._changes[0].at <= now:
            change = self._changes.pop(0)
            self._stage.world.platform.load({"rmas": [change.record]})
            self._tell(f"platform: {change.rma_id} changes")
            self._mail += [(change.at + delay, change, number) for delay, number in change.tells]
        for letter in [letter for letter in self._mail if letter[0] <= now]:
            self._mail.remove(letter)
            self._start("webhook", lambda one=letter: self._deliver(one))

    def _deliver(self, letter: tuple[datetime, Change, str]) -> None:
        _, change, number = letter
        try:
            events.receive(
                connection=self._stage.source,
                external_id=f"{change.rma_id}:{number}",
                topic="RMA_STATUS_UPDATED",
                origin="webhook",
                body=json.dumps({"rma": change.rma_id, "n": number}).encode(),
                subject_id=change.rma_id,
                now=self._stage.clock.now,
            )
        except Crash:
            # No 2xx was seen, so the sender comes again.
            self._mail.append((self._stage.clock.now + timedelta(seconds=30), change, number))
            raise

    def _choose(self) -> tuple[str, Callable[..., Any]]:
        if self._nudged and self._dice.random() < 0.6:
            # A broker may lose, double and reorder its rows: a nudge is only a likely next step.
            name = self._dice.choice(sorted(self._nudged))
            if self._dice.random() < 0.7:
                self._nudged.discard(name)
            return name, _DRAINS[name]
        name = self._dice.choice(sorted(_DRAINS))
        return name, _DRAINS[name]

    def _start(self, name: str, act: Callable[..., Any]) -> None:
        clock = self._stage.clock
        drain = act if name == "webhook" else lambda: act(clock=clock)
        actor = Actor(name=name, began_at=clock.now, act=drain)
        if self._is_rough and self._dice.random() < self._climate.statement_crashes:
            actor.statements_left = self._dice.randint(1, 60)
        self._actors.append(actor)
        self._resume(actor)

    def _resume(self, actor: Actor) -> None:
        if actor.wake_at and self._is_rough and self._dice.random() < 0.15:
            self._tell(f"{actor.name}: killed while paused")
            self._outcome.crashes += 1
            self._switch(actor, actor.end)
        else:
            self._switch(actor, actor.go_on)
        if not actor.is_over:
            return
        self._actors.remove(actor)
        if actor.is_dead and self._dice.random() < 0.3:
            database.close()
        if actor.failure is not None:
            self._outcome.violations.append(
                oracle.Violation("drain", f"{actor.name} failed: {actor.failure!r}")
            )

    def _switch(self, actor: Actor, act: Callable[[], None]) -> None:
        before, self._current = self._current, actor
        try:
            act()
        finally:
            self._current = before

    # --- what the real code reaches ---------------------------------------------------------------

    def _on_wire(self, point: str, request: requests.PreparedRequest) -> None:
        is_write = request.method == "POST" and "/bluecherry" in request.path_url
        if point == "before_wire" and self._current is not None:
            latest = self._current.began_at + claims.LEASE + SETTLE
            self._erp_faults.latest_commit_at = latest - timedelta(seconds=SEARCH_LAG_SECONDS)
        self._reached(point)
        if is_write and point == "before_wire":
            body = json.loads(request.body or b"[]")
            refs = [record["ref_num"] for record in body]
            self._writes += [oracle.Write(ref, self._has_intent(ref)) for ref in refs]
            self._tell(f"{self._current.name if self._current else ''}: sends {', '.join(refs)}")

    def _has_intent(self, key: str) -> bool:
        with database.cursor() as cursor:
            cursor.execute(oracle.INTENT, [key])
            return cursor.fetchone() is not None

    def _reached(self, point: str) -> None:
        actor = self._current
        if actor is None or not self._is_rough:
            return
        if self._dice.random() < self._climate.crashes:
            self._kill(actor, point)
        if point == "after_claim" and self._is_poisoned and self._dice.random() < 0.8:
            self._kill(actor, "poisoned claim")
        may_pause = not database.in_atomic_block and actor.name != "webhook"
        if may_pause and self._dice.random() < self._climate.pauses:
            self._pause(actor, point)

    def _kill(self, actor: Actor, point: str) -> None:
        self._tell(f"{actor.name}: dies at {point}")
        self._outcome.crashes += 1
        actor.die()

    def _pause(self, actor: Actor, point: str) -> None:
        clock = self._stage.clock
        longest = float(LONGEST_PAUSE_SECONDS)
        if point in _BEFORE_BYTES_LEAVE:
            latest = actor.began_at + claims.LEASE + SETTLE
            latest -= timedelta(seconds=SEARCH_LAG_SECONDS + 5)
            longest = min(longest, (latest - clock.now).total_seconds())
        if longest <= 0:
            return
        seconds = self._dice.choice((self._dice.uniform(0, 20), self._dice.uniform(0, longest)))
        self._outcome.pauses += 1
        self._tell(f"{actor.name}: paused at {point} for {seconds:.0f} s")
        actor.pause(clock.now + timedelta(seconds=seconds))
        self._tell(f"{actor.name}: goes on after {point}")

    def _on_statement(
        self, execute: Callable[..., Any], sql: str, params: Any, many: Any, context: Any
    ) -> Any:
        actor = self._current
        if actor is not None and not sql.startswith(("ROLLBACK", "RELEASE")):
            if actor.is_dead:
                raise Crash
            if actor.statements_left is not None and self._is_rough:
                actor.statements_left -= 1
                if actor.statements_left < 0:
                    self._kill(actor, f"statement {sql[:40]!r}")
        return execute(sql, params, many, context)

    def _tell(self, text: str) -> None:
        self._outcome.history.append(f"{self._stage.clock.now:%H:%M:%S} {text}")


class Stuck(Exception):
    """Something does not come to rest."""


_DRAINS: dict[str, Callable[..., Any]] = {
    "ingest": flow.ingest,
    "plan": flow.plan,
    "post": flow.post,
    "settle": flow.settle,
    "poll": flow.poll,
}


def play(stage: Stage, seed: int) -> Outcome:
    """Play one seed on the stage; the same seed gives the same history."""
    return Simulation(stage, seed).play()
