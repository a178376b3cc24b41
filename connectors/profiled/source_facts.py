"""One record of a platform's reply: where its facts stand, and how far their types can be trusted.

A word nobody knows is kept as it came; a value of a doubtful type is noted as drift; where money,
an id or a moment that counts cannot be read, the reply is unreadable and the fact is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from connectors import errors
from connectors.profiled import money_parts
from connectors.profiled.money_parts import to_decimal
from connectors.profiled.reading import search
from connectors.profiled.source_schema import RecordList, SourceProfile
from connectors.profiled.targets import Fact, FactType
from connectors.profiled.trees import Extract

Facts = dict[str, Any]
Extracts = Mapping[str, Extract]

_MOST_UNITS = 100_000


class Drift:
    """Differences from what the profile expects, each told once, in order of appearance."""

    def __init__(self) -> None:
        self._notes: dict[str, None] = {}

    def note(self, place: str, what: str) -> None:
        self._notes.setdefault(f"{place}: {what}")

    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)


class FactReader:
    """Reads the facts of records by their extracts."""

    def __init__(self, profile: SourceProfile, drift: Drift) -> None:
        self._profile = profile
        self._environment = profile.environment
        self._drift = drift

    def facts(
        self, extracts: Extracts, wanted: Mapping[str, Fact], row: object, currency: str = ""
    ) -> Facts:
        """The facts of `row` by name; one that is not there is absent.

        Amounts counted in minor units are those of the record's own currency, or else `currency`.

        Raises:
            UnreadableReply: a needed fact is missing, or an amount or flag is none.
        """
        found: Facts = {}
        for name, extract in extracts.items():
            value = self._value(name, extract, wanted[name], search(extract.path, row))
            if value is not None:
                found[name] = value
        return self._in_own_units(extracts, wanted, found, str(found.get("currency", currency)))

    def listed(
        self,
        records: RecordList | None,
        wanted: Mapping[str, Fact],
        row: object,
        currency: str = "",
    ) -> Iterator[Facts]:
        """The facts of each record of a list; an absent list is an empty one."""
        if records is None:
            return
        raw = search(records.path, row)
        if raw is None:
            return
        if not isinstance(raw, list):
            raise unreadable(records.path, "is no list")
        for each in raw:
            if not isinstance(each, Mapping):
                raise unreadable(records.path, "holds something that is no object")
            yield self.facts(records.fields, wanted, each, currency)

    def _in_own_units(
        self, extracts: Extracts, wanted: Mapping[str, Fact], found: Facts, currency: str
    ) -> Facts:
        rules = self._profile.money
        for name in found:
            if not money_parts.is_counted(rules, extracts[name], wanted[name]):
                continue
            try:
                found[name] = money_parts.from_minor(found[name], currency or rules.currency)
            except ValueError as error:
                raise unreadable(name, f"cannot be read: {error}") from None
        return found

    def _value(self, name: str, extract: Extract, fact: Fact, raw: object) -> object:
        if isinstance(raw, str):
            raw = raw.strip()
        if raw is None or raw == "":
            raw = extract.default
        if raw is None or raw == "":
            if fact.is_required and not fact.can_be_empty:
                raise unreadable(name, "is missing")
            return None
        try:
            return self._typed(name, extract, fact, self._translated(extract, raw))
        except (ValueError, InvalidOperation, OverflowError) as error:
            if fact.type in (FactType.TEXT, FactType.DATETIME) and not fact.is_required:
                self._drift.note(name, "not text" if fact.type is FactType.TEXT else "not a time")
                return None
            raise unreadable(name, f"cannot be read: {error}") from None

    def _translated(self, extract: Extract, raw: object) -> object:
        """Our word for theirs; theirs itself where the table neither has it nor a default."""
        if not extract.lookup:
            return raw
        table = self._profile.lookups[extract.lookup]
        default = raw if table.default is None else table.default
        return table.values.get(str(raw), default)

    def _typed(self, name: str, extract: Extract, fact: Fact, raw: object) -> object:
        match fact.type:
            case FactType.DECIMAL:
                return to_decimal(raw)
            case FactType.INTEGER:
                return self._count(raw)
            case FactType.BOOL:
                return self._flag(raw)
            case FactType.DATETIME:
                return self._moment(extract, raw)
            case _:
                return self._text(name, raw)

    def _text(self, name: str, raw: object) -> str:
        if isinstance(raw, str):
            return raw
        if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
            raise ValueError("it is no text")
        self._drift.note(name, "number for text")
        return str(raw)

    def _count(self, raw: object) -> int:
        amount = to_decimal(raw)
        if amount != amount.to_integral_value() or not 0 < amount <= _MOST_UNITS:
            raise ValueError(f"'{raw}' is no number of units")
        return int(amount)

    def _flag(self, raw: object) -> bool:
        if isinstance(raw, bool):
            return raw
        if str(raw) in self._environment.yes:
            return True
        if str(raw) in self._environment.no:
            return False
        raise ValueError(f"'{raw}' is neither of the profile's yes and no words")

    def _moment(self, extract: Extract, raw: object) -> datetime:
        if not isinstance(raw, str):
            raise ValueError("it is no time")
        if extract.format == "iso":
            moment = datetime.fromisoformat(raw)
        else:
            written = extract.format or self._environment.datetime_format
            moment = datetime.strptime(raw, written)  # noqa: DTZ007 - the zone follows below
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(self._environment.timezone))
        return moment.astimezone(UTC)


def unreadable(
    place: str, what: str, *, conflict: errors.Conflict | None = None
) -> errors.UnreadableReply:
    return errors.UnreadableReply(f"{place} {what}", field=place, conflict=conflict)
