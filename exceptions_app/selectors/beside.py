"""Rows of another table that come with each row of a list, in the list's own query.

For lists that are read in pages: a page's rows are few, and each has few rows beside it. They are
looked up by the key of their row, as a prefetch would, but without a question of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    DateTimeField,
    DecimalField,
    Field,
    JSONField,
    Model,
    QuerySet,
    TextField,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, JSONArray

from exceptions_app.models import Rma

# A model of which every row belongs to a return.
Kind = TypeVar("Kind", bound=Model)


@dataclass(frozen=True)
class Beside(Generic[Kind]):
    """Rows of one table beside a return, with no more than `columns` of each.

    `name` is that of the annotation; `queryset` says which rows, and in which order.
    """

    name: str
    queryset: QuerySet[Kind]
    columns: tuple[str, ...]

    def told(self) -> dict[str, RawSQL]:
        """The annotation of a queryset of returns, by its name."""
        sql, values = self._written
        return {self.name: RawSQL(sql, values, output_field=ArrayField(JSONField()))}

    def of(self, rma: Rma) -> list[Kind]:
        """Those of a return that was read with the annotation."""
        names, readers = self._reading
        model = self.queryset.model
        return [
            model.from_db(
                None, names, [read(value) for read, value in zip(readers, row, strict=True)]
            )
            for row in getattr(rma, self.name)
        ]

    @cached_property
    def _written(self) -> tuple[str, tuple[Any, ...]]:
        """Written once: it is the same every time, and takes longer to write than to answer."""
        of_return = RawSQL(f'"{Rma._meta.db_table}"."id"', ())
        row = JSONArray(*[_as_json(field) for field in self._fields])
        mine = self.queryset.filter(rma=of_return).values(_told=row)
        sql, values = mine.query.sql_with_params()
        return f"ARRAY({sql})", tuple(values)

    @cached_property
    def _fields(self) -> tuple[Field[Any, Any], ...]:
        """In the order of the model, which is that of the values `from_db` takes."""
        meta = self.queryset.model._meta
        wanted = {meta.get_field(column) for column in self.columns}
        return tuple(field for field in meta.concrete_fields if field in wanted)

    @cached_property
    def _reading(self) -> tuple[list[str], list[Callable[[Any], Any]]]:
        return [field.attname for field in self._fields], [_reader(field) for field in self._fields]


def with_beside(rows: QuerySet[Rma], *besides: Beside[Any]) -> QuerySet[Rma]:
    """Returns with the rows beside each of them; still one query."""
    for beside in besides:
        rows = rows.annotate(**beside.told())
    return rows


def _as_json(field: Field[Any, Any]) -> Any:
    """An amount as text: the numbers of JSON are read as floats."""
    return Cast(field.name, TextField()) if isinstance(field, DecimalField) else field.name


def _reader(field: Field[Any, Any]) -> Callable[[Any], Any]:
    """What makes the column's value of that in the JSON."""
    if isinstance(field, DecimalField):
        return _amount
    return _moment if isinstance(field, DateTimeField) else _same


def _amount(value: str | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)


def _same(value: Any) -> Any:
    return value
