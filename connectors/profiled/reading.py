"""From a reply to facts: JMESPath finds the value, the fact's type says how to read it.

A value that is there but unreadable is never guessed at: `UnreadableReply` names the fact.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import jmespath

from connectors import errors, types
from connectors.profiled import money_parts, targets
from connectors.profiled.money_parts import to_decimal
from connectors.profiled.parts import Reading
from connectors.profiled.schema import Profile
from connectors.profiled.targets import Fact, FactType
from connectors.profiled.trees import Extract

Fields = Mapping[str, Any]


@functools.cache
def _compiled(path: str) -> jmespath.parser.ParsedResult:
    return jmespath.compile(path)


def search(path: str, document: Any) -> Any:
    """What `path` finds in `document`; None also when its types do not fit the path."""
    try:
        return _compiled(path).search(document)
    except (jmespath.exceptions.JMESPathError, TypeError, ValueError):
        return None


def rows(path: str, document: object, *, evidence: types.Evidence | None) -> list[dict[str, Any]]:
    """The records at `path`, an absent list being empty only when its parent is there.

    Raises:
        UnreadableReply: there is no list of records. An error must not look like "none found".
    """
    found = search(path, document)
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise errors.UnreadableReply(
            f"The reply has no list of records at '{path}'.", field=path, evidence=evidence
        )
    return found


def text_at(path: str, document: object) -> str:
    """The text or whole number at `path`, as text; "" when there is neither."""
    found = search(path, document)
    if isinstance(found, bool) or not isinstance(found, (str, int)):
        return ""
    return str(found).strip()


class RecordReader:
    """Reads records by one reading of a profile."""

    def __init__(self, *, profile: Profile, operation: str, reading: Reading) -> None:
        self._profile = profile
        self._reading = reading
        self._target = targets.TARGETS[operation]

    def record(self, row: Fields, *, evidence: types.Evidence | None) -> dict[str, Any]:
        """The facts of `row` by name; a fact the profile does not place is absent.

        Raises:
            UnreadableReply: a fact is missing or of the wrong type; `field` names it.
        """
        return self._facts(
            self._reading.fields, self._target.fields, row, self._currency(row), evidence
        )

    def lines(self, row: Fields, *, evidence: types.Evidence | None) -> Iterator[dict[str, Any]]:
        """The facts of each line of `row`, empty lines left out."""
        currency = self._currency(row)
        for line in self.line_rows(row, evidence=evidence):
            yield self._facts(
                self._reading.line_fields, self._target.line_fields, line, currency, evidence
            )

    def line_rows(self, row: Fields, *, evidence: types.Evidence | None) -> list[dict[str, Any]]:
        """The raw lines of `row` without those whose `skip_zero` is zero; itself if it has none."""
        if not self._reading.lines:
            return [dict(row)]
        found = rows(self._reading.lines, row, evidence=evidence)
        skip = self._reading.skip_zero
        if not skip:
            return found
        return [line for line in found if not _is_zero(search(skip, line))]

    def _currency(self, row: Fields) -> str:
        """What the record's amounts count in, or else the instance's own currency."""
        extract = self._reading.fields.get("currency")
        found: object = None
        if extract is not None:
            with contextlib.suppress(ValueError):
                found = self._read(extract, Fact(), search(extract.path, row))
        return str(found or self._profile.money.currency)

    def _facts(
        self,
        extracts: Mapping[str, Extract],
        wanted: Mapping[str, Fact],
        row: Fields,
        currency: str,
        evidence: types.Evidence | None,
    ) -> dict[str, Any]:
        facts = {}
        for name, extract in extracts.items():
            fact = targets.fact(wanted, name)
            try:
                value = self._read(extract, fact, search(extract.path, row))
                if money_parts.is_counted(self._profile.money, extract, fact):
                    value = money_parts.from_minor(value, currency)
            except (ValueError, InvalidOperation) as error:
                raise errors.UnreadableReply(
                    f"'{extract.path}' ({name}) cannot be read: {error}",
                    field=name,
                    evidence=evidence,
                ) from None
            if value is not None:
                facts[name] = value
        return facts

    def _read(self, extract: Extract, fact: Fact, raw: object) -> object:
        if isinstance(raw, str):
            raw = raw.strip()
        if raw is None or raw == "":
            raw = extract.default
        if raw is None or raw == "":
            if fact.is_required and not fact.can_be_empty:
                raise ValueError("nothing is there")
            return None
        if extract.lookup:
            lookup = self._profile.lookups[extract.lookup]
            known = lookup.values.get(str(raw), lookup.default)
            if known is None:
                raise ValueError(f"'{raw}' is not in the profile's table '{extract.lookup}'")
            raw = known
        return self._typed(extract, fact.type, raw)

    def _typed(self, extract: Extract, wanted: FactType, raw: object) -> object:
        match wanted:
            case FactType.DECIMAL:
                return to_decimal(raw)
            case FactType.INTEGER:
                return _to_integer(raw)
            case FactType.BOOL:
                return self._to_bool(raw)
            case FactType.DATETIME:
                return self._to_datetime(extract, raw)
            case FactType.TAXES | FactType.DISCOUNTS | FactType.TENDERS:
                return money_parts.READERS[wanted](raw)
            case _:
                return _to_text(raw)

    def _to_bool(self, raw: object) -> bool:
        if isinstance(raw, bool):
            return raw
        if str(raw) in self._profile.environment.yes:
            return True
        if str(raw) in self._profile.environment.no:
            return False
        raise ValueError(f"'{raw}' is neither of the profile's yes and no words")

    def _to_datetime(self, extract: Extract, raw: object) -> datetime:
        text = _to_text(raw)
        if extract.format == "iso":
            moment = datetime.fromisoformat(text)
        else:
            written = extract.format or self._profile.environment.datetime_format
            moment = datetime.strptime(text, written)  # noqa: DTZ007 - the zone follows below
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(self._profile.environment.timezone))
        return moment.astimezone(UTC)


def _to_integer(raw: object) -> int:
    amount = to_decimal(raw)
    if amount != amount.to_integral_value():
        raise ValueError(f"'{raw}' is not a whole number")
    return int(amount)


def _to_text(raw: object) -> str:
    if isinstance(raw, bool) or not isinstance(raw, (str, int, Decimal)):
        raise ValueError("it is neither text nor a number")
    return str(raw)


def _is_zero(raw: object) -> bool:
    try:
        return to_decimal(raw) == 0
    except (ValueError, InvalidOperation):
        return False
