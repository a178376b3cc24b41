"""What a console is made of: rooms with rows, a sheet for each record, and acts with fields.

A room reads a twin's store and changes it only through the twin's own `load` and switches, which
its journal keeps and its marks of change follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from connectors.sandbox.base import Twin

# Rows of a list that are shown at once; a search finds the others.
MOST_ROWS = 50

Values = Mapping[str, str]
Choices = tuple[tuple[str, str], ...]


class Wrong(ValueError):
    """A value that cannot be taken; `field` is its name, "" for the form as a whole."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`kind` is text, date, month, tick or choice; a tick is "on" or ""."""

    name: str
    label: str
    kind: str = "text"
    value: str = ""
    choices: Choices = ()
    hint: str = ""
    is_required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """`carry` does it and returns what was done in a sentence.

    Raises (of `carry`):
        Wrong: nothing was changed.
    """

    code: str
    label: str
    carry: Callable[[Values], str]
    fields: tuple[Field, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """`key` finds the record's sheet, "" where it has none."""

    key: str
    cells: Sequence[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    columns: Sequence[str]
    rows: Sequence[Row]
    title: str = ""
    # How many there are in all, where only the first are shown.
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One record: what it says, its lines, and what can be done with it."""

    title: str
    facts: Sequence[tuple[str, object]]
    tables: Sequence[Table] = ()
    acts: Sequence[Act] = ()


class Room:
    """One kind of record of one twin; a subclass gives what differs."""

    code: ClassVar[str]
    title: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]
    hint: ClassVar[str] = ""

    def __init__(self, twin: Any) -> None:
        self.twin: Any = twin

    def rows(self) -> Iterable[Row]:
        """Every record, in the order they are shown."""
        raise NotImplementedError

    def sheet(self, key: str) -> Sheet | None:
        """A record's own page; None where there is no such record."""
        return None

    def acts(self) -> Sequence[Act]:
        """What can be done without choosing a record, such as adding one."""
        return ()

    def found(self, query: str) -> Table:
        """The rows that hold every word of `query`, the first `MOST_ROWS` of them."""
        words = query.casefold().split()
        rows = [row for row in self.rows() if _holds(row, words)]
        return Table(columns=self.columns, rows=rows[:MOST_ROWS], total=len(rows))

    def load(self, **records: Any) -> None:
        """Have the twin take records in, in its own schema.

        Raises:
            Wrong: it would not.
        """
        twin: Twin = self.twin
        try:
            twin.load(records)
        except (KeyError, TypeError, ValueError) as error:
            raise Wrong("", f"The system would not take this: {error}.") from None


def _holds(row: Row, words: Sequence[str]) -> bool:
    if not words:
        return True
    told = " ".join([row.key, *map(str, row.cells)]).casefold()
    return all(word in told for word in words)


def yes_no(value: object) -> str:
    return "Yes" if value else "No"


def options(values: Iterable[str]) -> Choices:
    """Choices that are shown as they are kept."""
    return tuple((value, value) for value in values)
