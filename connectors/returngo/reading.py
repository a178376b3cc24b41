"""Reading JSON whose types cannot be relied upon, without hiding that they could not.

The vendor's reference and its real answers disagree: ids come as numbers, booleans as 0/1,
documented keys are left out. A `Reader` takes the value where its meaning is certain and notes
the difference as drift; where it is not certain it raises `UnreadableReply` naming the field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from connectors.errors import Conflict, UnreadableReply
from connectors.types import Money

_FLAG_WORDS = {"true": True, "1": True, "false": False, "0": False}
# Longer numbers are no ids and no money; refusing them keeps arithmetic exact and texts short.
_MAX_DIGITS = 24


class Drift:
    """Differences from the documented shape, each told once and in order of first appearance.

    Places are named without indexes ("items[].isReturned"), so that a return of 20,000 units with
    the same oddity in each yields one line.
    """

    def __init__(self) -> None:
        self._notes: dict[str, None] = {}

    def note(self, place: str, what: str) -> None:
        self._notes.setdefault(f"{place}: {what}")

    def notes(self) -> tuple[str, ...]:
        return tuple(self._notes)


class Reader:
    """One JSON object being read; `place` is its path from the top of the reply ("" at the top)."""

    __slots__ = ("_drift", "_place", "_raw")

    def __init__(self, raw: Mapping[str, object], *, place: str, drift: Drift) -> None:
        self._raw = raw
        self._place = place
        self._drift = drift

    @classmethod
    def of(cls, raw: object, *, place: str, drift: Drift) -> Reader:
        """Raises UnreadableReply when `raw` is not a JSON object."""
        if not isinstance(raw, Mapping):
            raise unreadable(place or "the reply", "is not an object")
        return cls(raw, place=place, drift=drift)

    def place(self, key: str) -> str:
        return f"{self._place}.{key}" if self._place else key

    def has(self, key: str) -> bool:
        return self._raw.get(key) is not None

    def note(self, key: str, what: str) -> None:
        self._drift.note(self.place(key), what)

    def text(self, key: str) -> str:
        """The value as text; "" when absent, null or not a plain value. Whole numbers lose ".0"."""
        value = self._documented(key)
        if isinstance(value, str):
            return value.strip()
        if value is None:
            return ""
        read = as_id_text(value)
        self.note(key, "number for text" if read else "not text")
        return read

    def required_text(self, key: str) -> str:
        read = self.text(key)
        if not read:
            raise unreadable(self.place(key), "is missing")
        return read

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of ids as texts, in order; neither text nor number is noted and left out."""
        read = []
        for value in self._list(key):
            one = value.strip() if isinstance(value, str) else as_id_text(value)
            if not isinstance(value, str):
                self.note(f"{key}[]", "number for text" if one else "not text")
            if one:
                read.append(one)
        return tuple(read)

    def flag(self, key: str) -> bool | None:
        """None when absent or null. Raises UnreadableReply when it is neither yes nor no."""
        value = self._documented(key)
        if value is None or isinstance(value, bool):
            return value
        word = value.strip().lower() if isinstance(value, str) else as_id_text(value)
        if word not in _FLAG_WORDS:
            raise unreadable(self.place(key), "is neither true nor false")
        self.note(key, "text for boolean" if isinstance(value, str) else "number for boolean")
        return _FLAG_WORDS[word]

    def required_flag(self, key: str) -> bool:
        read = self.flag(key)
        if read is None:
            raise unreadable(self.place(key), "is missing")
        return read

    def amount(self, key: str) -> Decimal | None:
        """None when absent or null. Raises UnreadableReply for a value that is no exact number."""
        value = self._raw.get(key)
        if value is None:
            return None
        if isinstance(value, str):
            self.note(key, "text for number")
        return exact_number(value, self.place(key))

    def money(self, key: str) -> Money | None:
        """None when absent or null; the shop's pair is preferred over the customer's.

        The ERP posts in the shop's currency, so `shopAmount`/`shopCurrency` are taken when both
        are there, else `amount`/`currency`. Raises UnreadableReply when neither pair is whole.
        """
        if self._documented(key) is None:
            return None
        pair = self.child(key)
        for amount_key, currency_key in (("shopAmount", "shopCurrency"), ("amount", "currency")):
            if pair.has(amount_key) and pair.has(currency_key):
                amount = pair.amount(amount_key)
                currency = pair.required_text(currency_key).upper()
                return None if amount is None else Money(amount, currency)
        missing = "currency" if pair.has("amount") else "amount"
        raise unreadable(pair.place(missing), "is missing")

    def moment(self, key: str) -> datetime | None:
        """Aware UTC; None when absent or null, and (noted) when it cannot be read as a time."""
        value = self._documented(key)
        if value is None or value == "":
            return None
        try:
            read = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            read = None
        if read is None:
            self.note(key, "not a time")
            return None
        return self._in_utc(key, read)

    def required_moment(self, key: str) -> datetime:
        read = self.moment(key)
        if read is None:
            raise unreadable(self.place(key), "is missing or not a time")
        return read

    def child(self, key: str) -> Reader:
        """The object under `key`; an absent one reads as empty, another type is unreadable."""
        value = self._documented(key)
        return Reader.of({} if value is None else value, place=self.place(key), drift=self._drift)

    def children(self, key: str) -> Iterator[Reader]:
        """The objects of the list under `key`; an absent list reads as empty."""
        place = self.place(f"{key}[]")
        for value in self._list(key):
            yield Reader.of(value, place=place, drift=self._drift)

    def required_children(self, key: str) -> Iterator[Reader]:
        if not self.has(key):
            raise unreadable(self.place(key), "is missing")
        return self.children(key)

    def _documented(self, key: str) -> object:
        if key not in self._raw:
            self.note(key, "missing")
        return self._raw.get(key)

    def _list(self, key: str) -> list[object]:
        value = self._documented(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise unreadable(self.place(key), "is not a list")
        return value

    def _in_utc(self, key: str, read: datetime) -> datetime:
        if read.tzinfo is None:
            self.note(key, "time without offset, read as UTC")
            return read.replace(tzinfo=UTC)
        try:
            return read.astimezone(UTC)
        except OverflowError as error:
            raise unreadable(self.place(key), "is out of range") from error


def unreadable(place: str, what: str, *, conflict: Conflict | None = None) -> UnreadableReply:
    return UnreadableReply(f"ReturnGO: {place} {what}", field=place, conflict=conflict)


def as_id_text(value: object) -> str:
    """A number as the text of an id ("880001", also from 880001.0); "" for any other type."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return ""
    number = Decimal(value)
    if not _is_of_sane_size(number):
        return ""
    is_whole = number == number.to_integral_value()
    return format(number.to_integral_value() if is_whole else number, "f")


def _is_of_sane_size(number: Decimal) -> bool:
    if not number.is_finite():
        return False
    return len(number.as_tuple().digits) <= _MAX_DIGITS and abs(number.adjusted()) <= _MAX_DIGITS


def exact_number(value: object, place: str) -> Decimal:
    """Raises UnreadableReply for floats too: a binary float has already lost the amount."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise unreadable(place, "is not a number")
    try:
        read = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation as error:
        raise unreadable(place, "is not a number") from error
    if not _is_of_sane_size(read):
        raise unreadable(place, "is out of range")
    return read
