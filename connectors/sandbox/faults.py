"""Faults on demand: what a network or a vendor does to a call, chosen by rule and counted.

A rule is JSON: `{"kind": "drop_after", "method": "POST", "path": "/api/.*", "times": 1}`.

| field | meaning | default |
| --- | --- | --- |
| kind | one of `FaultKind` | required |
| method | only this method | any |
| path | regular expression the whole path (without the system's prefix) must match | any |
| content | regular expression found in the query or the body (for SOAP, GraphQL) | any |
| times | how often it strikes; null is always | 1 |
| skip | matching calls let through first | 0 |
| probability, seed | strikes by chance, repeatably | 1, 0 |
| seconds | for `slow` and `late_commit` | 0 |
| status | for `status`, and for `status_after` | 503, 500 |
| headers, body | of that answer | {}, "" |
| commit | `garbage` only: whether the call was carried out | false |
| field | for `wrong_types`: regular expression the whole name of a field must match | any |
| becomes | for `wrong_types`: text, number, boolean, null, list or object | object |
| records | for `shift`: what is loaded once the answer is made, in the twin's load schema | {} |

A clock that is off is no fault of one call but the switch `clock_skew_seconds` of every twin.
"""

from __future__ import annotations

import dataclasses
import random
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from connectors.sandbox.retyping import SAMPLES


class FaultKind(StrEnum):
    """What happens to the call, and whether the twin carries it out."""

    # Nothing is done, the connection closes.
    DROP_BEFORE = "drop_before"
    # Carried out, the connection closes without an answer.
    DROP_AFTER = "drop_after"
    # The connection closes now; carried out `seconds` later by the twin's clock.
    LATE_COMMIT = "late_commit"
    # Carried out, the connection closes in the middle of the answer.
    DROP_MID_ANSWER = "drop_mid_answer"
    # Nothing is done, `status` is answered.
    STATUS = "status"
    # Carried out, yet `status` is answered.
    STATUS_AFTER = "status_after"
    # Carried out, answered after `seconds`.
    SLOW = "slow"
    # An HTML page with status 200.
    GARBAGE = "garbage"
    # Carried out, the answer is half a JSON text.
    TRUNCATED = "truncated"
    # Carried out; in the answer, the values of some fields have another type.
    WRONG_TYPES = "wrong_types"
    # Carried out and answered; then others change the records, so that the next page has moved.
    SHIFT = "shift"


class ConnectionDropped(ConnectionError):
    """The twin closes the connection without a (whole) answer."""


class AnswerTooSlow(Exception):
    """In process only: the caller's read timeout passes before the answer."""


class FaultRuleInvalid(ValueError):
    """A rule that cannot be understood; the text says which field."""


@dataclass(frozen=True)
class FaultRule:
    kind: FaultKind
    method: str = ""
    path: re.Pattern[str] = re.compile(".*")
    content: re.Pattern[str] = re.compile("")
    times: int | None = 1
    skip: int = 0
    seconds: float = 0
    status: int = 503
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: str = ""
    probability: float = 1
    seed: int = 0
    commit: bool = False
    field: re.Pattern[str] = re.compile(".*")
    becomes: str = "object"
    records: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @classmethod
    def parse(cls, record: Mapping[str, Any]) -> FaultRule:
        """Read a rule from JSON.

        Raises:
            FaultRuleInvalid: unknown field or kind, or a value of the wrong form.
        """
        values = dict(record)
        unknown = set(values) - set(cls.__dataclass_fields__)
        if unknown:
            raise FaultRuleInvalid(f"unknown field: {', '.join(sorted(unknown))}")
        try:
            values["kind"] = FaultKind(values.get("kind", ""))
            for name in ("path", "content", "field"):
                if name in values:
                    values[name] = re.compile(str(values[name]))
            for name in ("seconds", "probability"):
                if name in values:
                    values[name] = float(values[name])
            if values["kind"] is FaultKind.STATUS_AFTER:
                values.setdefault("status", 500)
            if values.get("becomes", "text") not in SAMPLES:
                raise ValueError(f"becomes: {values['becomes']} is no type")
            return cls(**values)
        except (ValueError, TypeError, re.error) as error:
            raise FaultRuleInvalid(str(error)) from None

    def concerns(self, method: str, path: str, content: str) -> bool:
        is_asked_there = self.method.upper() in ("", method) and self.path.fullmatch(path)
        return bool(is_asked_there and self.content.search(content))


class FaultPlan:
    """The rules in force, first match wins; safe to ask from several threads."""

    def __init__(self, rules: Sequence[FaultRule] = ()) -> None:
        self._lock = threading.Lock()
        self.set(rules)

    @property
    def is_active(self) -> bool:
        """Whether any rule is in force."""
        return bool(self._rules)

    def set(self, rules: Sequence[FaultRule]) -> None:
        """Replace all rules and start counting anew."""
        with self._lock:
            self._rules = tuple(rules)
            self._seen = [0] * len(self._rules)
            self._struck = [0] * len(self._rules)
            self._dice = [random.Random(rule.seed) for rule in self._rules]

    def parse(self, records: Sequence[Mapping[str, Any]]) -> int:
        """Replace all rules by parsed ones, or raise `FaultRuleInvalid` and change nothing."""
        rules = [FaultRule.parse(record) for record in records]
        self.set(rules)
        return len(rules)

    def take(self, method: str, path: str, content: str = "") -> FaultRule | None:
        """Return the fault that strikes this call, having counted it, or None."""
        with self._lock:
            for index, rule in enumerate(self._rules):
                if rule.concerns(method, path, content) and self._strikes(index, rule):
                    return rule
        return None

    def _strikes(self, index: int, rule: FaultRule) -> bool:
        if rule.times is not None and self._struck[index] >= rule.times:
            return False
        self._seen[index] += 1
        if self._seen[index] <= rule.skip:
            return False
        if rule.probability < 1 and self._dice[index].random() >= rule.probability:
            return False
        self._struck[index] += 1
        return True
