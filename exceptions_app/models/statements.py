"""Statements built once: what runs every second binds its values to SQL compiled before.

Django takes longer to build a statement from a queryset than the database to answer it. Drains ask
the same questions all day, so each such question is a `Select` or an `Update`: the queryset is
built once, with a slot for every value, and every later call only binds values (decision 0023).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any, Generic, TypeVar, cast

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.db.models import BooleanField, Expression, Field, Func, QuerySet
from django.db.models.query import FlatValuesListIterable, ModelIterable, get_related_populators
from django.db.models.sql import UpdateQuery

_Row = TypeVar("_Row")


class Slot(Expression):
    """Where a value goes in, by name; `target` prepares one that is written."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.target: Field[Any, Any] | None = None

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)

    def value(self, values: Mapping[str, Any]) -> Any:
        found = values[self.name]
        return found if self.target is None else self.target.get_db_prep_save(found, connection)


# A moment, or where one goes in.
Moment = datetime | Slot


def is_one_of(name: str, slot: Any) -> Func:
    """A condition: the field `name` is one of the list that the slot is given."""
    return Func(
        name,
        slot,
        template="%(expressions)s)",
        arg_joiner=" = ANY(",
        output_field=BooleanField(),
    )


class Select(Generic[_Row]):
    """A question asked with other values each time.

    `build` gets a slot for each name it is called with; it may not decide anything by them, nor
    give one where Django wants a plain value: a slice, a list after `__in` (see `is_one_of`).
    """

    def __init__(self, build: Callable[..., QuerySet[Any, _Row]]) -> None:
        self._build = build
        self._of_rows: _Compiled | None = None
        self._of_any: _Compiled | None = None

    def rows(self, **values: Any) -> list[_Row]:
        """All rows, as the queryset would give them."""
        if self._of_rows is None:
            self._of_rows = _compiled(self._queryset(values))
        return list(self._of_rows.rows(values))

    def first(self, **values: Any) -> _Row | None:
        """The first of all rows; ask for one by a slice."""
        return next(iter(self.rows(**values)), None)

    def exists(self, **values: Any) -> bool:
        if self._of_any is None:
            found = self._queryset(values)
            found.query = found.query.exists()
            self._of_any = _compiled(found)
        return bool(self._of_any.fetch(values))

    def _queryset(self, values: Mapping[str, Any]) -> QuerySet[Any, _Row]:
        return self._build(**{name: Slot(name) for name in values})


class Update:
    """A filtered change made with other values each time; `build` gives rows and their fields."""

    def __init__(self, build: Callable[..., tuple[QuerySet[Any], dict[str, Any]]]) -> None:
        self._build = build
        self._statement: tuple[str, Sequence[Any]] | None = None

    def run(self, **values: Any) -> int:
        """Change the rows; returns how many there were."""
        if self._statement is None:
            self._statement = self._compile(values)
        sql, params = self._statement
        undone = transaction.mark_for_rollback_on_error(connection.alias)
        with undone, connection.cursor() as cursor:
            cursor.execute(sql, bound(params, values))
            return int(cursor.rowcount)

    def _compile(self, values: Mapping[str, Any]) -> tuple[str, Sequence[Any]]:
        rows, changes = self._build(**{name: Slot(name) for name in values})
        for name, change in changes.items():
            if isinstance(change, Slot):
                changes[name] = change.copy()
                changes[name].target = rows.model._meta.get_field(name)
        query = cast(Any, rows.query.chain(UpdateQuery))
        query.add_update_values(changes)
        return query.get_compiler(connection=connection).as_sql()  # type: ignore[no-any-return]


@dataclass(frozen=True)
class _Compiled:
    """A queryset's SQL, and how its rows are read; no SQL where no row can match."""

    sql: str
    params: Sequence[Any]
    converters: Sequence[tuple[int, Sequence[Callable[..., Any]], Any]]
    make: Callable[[Sequence[Any]], Any]
    locks: bool

    def rows(self, values: Mapping[str, Any]) -> Iterator[Any]:
        for row in self.fetch(values):
            if self.converters:
                row = self._converted(list(row))
            yield self.make(row)

    def fetch(self, values: Mapping[str, Any]) -> list[Any]:
        if not self.sql:
            return []
        if self.locks and connection.get_autocommit():
            raise transaction.TransactionManagementError("A lock needs a transaction around it.")
        with connection.cursor() as cursor:
            cursor.execute(self.sql, bound(self.params, values))
            return list(cursor.fetchall())

    def _converted(self, row: list[Any]) -> list[Any]:
        for place, functions, expression in self.converters:
            for function in functions:
                row[place] = function(row[place], expression, connection)
        return row


def bound(params: Sequence[Any], values: Mapping[str, Any]) -> list[Any]:
    """The values of a statement, those of its slots by their names."""
    return [each.value(values) if isinstance(each, Slot) else each for each in params]


def _compiled(queryset: QuerySet[Any, Any]) -> _Compiled:
    compiler = queryset.query.get_compiler(connection=connection)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return _Compiled("", (), (), tuple, locks=False)
    if compiler.has_extra_select:
        raise TypeError("A column that is only sorted by would be read as one of the row's.")
    found = compiler.get_converters([column[0] for column in compiler.select])
    converters = [(place, functions, each) for place, (functions, each) in found.items()]
    return _Compiled(
        sql, params, converters, _maker(queryset, compiler), bool(queryset.query.select_for_update)
    )


def _maker(queryset: QuerySet[Any, Any], compiler: Any) -> Callable[[Sequence[Any]], Any]:
    """What makes of a row what the queryset would: a model with what is read beside it, a tuple or
    a value."""
    info, select = compiler.klass_info, compiler.select
    if issubclass(queryset._iterable_class, FlatValuesListIterable):
        return itemgetter(0)
    if info is None or not issubclass(queryset._iterable_class, ModelIterable):
        return tuple
    first, last = info["select_fields"][0], info["select_fields"][-1] + 1
    names = [column[0].target.attname for column in select[first:last]]
    beside = get_related_populators(info, select, queryset.db)  # type: ignore[call-arg]
    annotations = list(compiler.annotation_col_map.items())

    def make(row: Sequence[Any]) -> Any:
        made = info["model"].from_db(queryset.db, names, row[first:last])
        for each in beside:
            each.populate(row, made)
        for name, place in annotations:
            setattr(made, name, row[place])
        return made

    return make
