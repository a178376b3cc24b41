"""SuiteQL as the NetSuite-like twin understands it: SELECTs, run by SQLite over a mirror.

Understood: SELECT with joins, sub-queries, CASE, GROUP BY, HAVING, ORDER BY and DISTINCT over the
tables below; TO_CHAR and TO_DATE with YYYY MM DD HH24 MI SS, NVL, COALESCE, SYSDATE, FETCH FIRST n
ROWS ONLY, and SQLite's own functions. BUILTIN.DF gives the value itself. Everything else, and
everything that would write, is refused as the API refuses a query it cannot read. Dates that are
not asked through TO_CHAR come in the account's format, as they do there.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Row = dict[str, str]

# Behind every moment kept, so that it is known from a text that looks like one.
_DATE_MARK = "\x02"

_TABLES: Mapping[str, str] = {
    "transaction": (
        "id INTEGER, tranid, externalid, otherrefnum, type, recordtype, status, entity INTEGER,"
        " trandate, createddate, lastmodifieddate, currency INTEGER, foreigntotal REAL, memo,"
        " posting, voided"
    ),
    "transactionline": (
        '"transaction" INTEGER, id INTEGER, uniquekey INTEGER, linesequencenumber INTEGER,'
        " item INTEGER, itemtype, quantity REAL, quantityshiprecv REAL, quantitybilled REAL,"
        " rate REAL, foreignamount REAL, netamount REAL, location INTEGER, subsidiary INTEGER,"
        " createdfrom INTEGER, mainline, taxline, taxcode INTEGER, taxamount REAL,"
        " kitmemberof INTEGER, kitcomponent, transactiondiscount, memo, isclosed, iscogs,"
        " entity INTEGER"
    ),
    "transactiontaxdetail": (
        '"transaction" INTEGER, line INTEGER, taxcode INTEGER, taxbasis REAL, taxrate REAL,'
        " taxamount REAL"
    ),
    "previoustransactionlinelink": (
        "previousdoc INTEGER, previousline INTEGER, nextdoc INTEGER, nextline INTEGER, linktype"
    ),
    "inventoryassignment": (
        '"transaction" INTEGER, transactionline INTEGER, inventorystatus INTEGER, quantity REAL'
    ),
    "item": (
        "id INTEGER, itemid, externalid, upccode, displayname, itemtype, isinactive,"
        " averagecost REAL, lastmodifieddate, createddate"
    ),
    "kititemmember": "parentitem INTEGER, item INTEGER, quantity REAL",
    "location": "id INTEGER, name, externalid, subsidiary INTEGER, isinactive",
    "subsidiary": "id INTEGER, name, externalid, isinactive",
    "customer": "id INTEGER, entityid, externalid, isinactive",
    "currency": "id INTEGER, symbol, name",
    "inventorystatus": "id INTEGER, name, inventoryavailable, isinactive",
    "salestaxitem": "id INTEGER, itemid, isinactive",
    "accountingperiod": (
        "id INTEGER, periodname, startdate, enddate, closed, arlocked, aplocked, alllocked,"
        " allownonglchanges, isposting, isquarter, isyear, isadjust"
    ),
}
_KEYS = {
    "transactionline": '"transaction"',
    "transactiontaxdetail": '"transaction"',
    "inventoryassignment": '"transaction"',
    "previoustransactionlinelink": "nextdoc",
    "kititemmember": "parentitem",
}
_INDEXES = (
    ('"transaction"', "externalid"),
    ('"transaction"', "otherrefnum"),
    ('"transaction"', "tranid"),
    ("transactionline", "createdfrom"),
    ("item", "itemid"),
    ("item", "upccode"),
)
_NEXT_LINKS = "CREATE VIEW nexttransactionlinelink AS SELECT * FROM previoustransactionlinelink"
_READING = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
)
_TOKEN = re.compile(r"'(?:[^']|'')*'|BUILTIN\.DF\b|\btransaction\b|\bSYSDATE\b", re.IGNORECASE)
_PREFIXED = re.compile(r"'[A-Z][A-Za-z]{5,9}:([A-Z])'")
_FETCH = re.compile(r"\bFETCH\s+(?:FIRST|NEXT)\s+(\d+)\s+ROWS?\s+ONLY\s*$", re.IGNORECASE)
_FORMATS = (
    ("YYYY", "%Y"),
    ("MM", "%m"),
    ("DD", "%d"),
    ("HH24", "%H"),
    ("MI", "%M"),
    ("SS", "%S"),
    ('"', ""),
)


class QueryRefused(ValueError):
    """A query the twin, or any SuiteQL, cannot answer."""


class Mirror:
    """The tables SuiteQL reads, kept beside the records they come from."""

    def __init__(self, now: Any) -> None:
        self._now = now
        self._db = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        for name, columns in _TABLES.items():
            self._db.execute(f'CREATE TABLE "{name}" ({columns})')
            key = _KEYS.get(name, "id")
            self._db.execute(f'CREATE INDEX "by_{name}" ON "{name}" ({key})')
        for number, (table, column) in enumerate(_INDEXES):
            self._db.execute(f"CREATE INDEX by_{number} ON {table} ({column})")
        self._db.execute(_NEXT_LINKS)
        self._db.create_function("TO_CHAR", 2, _to_char)
        self._db.create_function("TO_DATE", 2, _to_date)
        self._db.create_function("NVL", 2, lambda value, other: other if value is None else value)
        self._db.create_function("BUILTIN_DF", 1, lambda value: value)
        self._db.create_function("THIS_MOMENT", 0, lambda: stamp(self._now()))

    def put(self, table: str, key: int, rows: Iterable[Mapping[str, Any]]) -> None:
        """Let `rows` be all that `table` holds for the record `key`."""
        column = _KEYS.get(table, "id")
        self._db.execute(f'DELETE FROM "{table}" WHERE {column} = ?', [key])
        for row in rows:
            names = ", ".join(f'"{name}"' for name in row)
            marks = ", ".join("?" for _ in row)
            values = [_plain(value) for value in row.values()]
            self._db.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', values)

    def select(self, query: str, *, is_prefixed: bool = True) -> list[Row]:
        """All rows: lower-case columns, every value a text, empty ones left out.

        A status may be asked for with its type before it where none is kept so.

        Raises:
            QueryRefused: the query cannot be read, or would do something else than read.
        """
        statement = _TOKEN.sub(_token, query.strip().rstrip(";"))
        statement = _FETCH.sub(r"LIMIT \1", statement)
        if not is_prefixed:
            statement = _PREFIXED.sub(r"'\1'", statement)
        self._db.set_authorizer(_authorise)
        try:
            cursor = self._db.execute(statement)
            names = [description[0].lower() for description in cursor.description or ()]
            return [_row(names, values) for values in cursor]
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            raise QueryRefused(str(error)) from None
        finally:
            self._db.set_authorizer(None)


def stamp(moment: datetime) -> str:
    """A moment as it is kept; the account's zone is UTC here."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}{_DATE_MARK}"


def _authorise(action: int, *_details: Any) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def _token(match: re.Match[str]) -> str:
    word = match[0].upper()
    known = {"TRANSACTION": '"transaction"', "BUILTIN.DF": "BUILTIN_DF", "SYSDATE": "THIS_MOMENT()"}
    return known.get(word, match[0])


def _row(names: list[str], values: Iterable[Any]) -> Row:
    return {
        name: _shown(value) for name, value in zip(names, values, strict=True) if value is not None
    }


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return format(Decimal(repr(value)).normalize(), "f")
    text = str(value)
    if text.endswith(_DATE_MARK):
        return datetime.fromisoformat(text.rstrip(_DATE_MARK)).strftime("%d/%m/%Y")
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return {True: "T", False: "F"}[value] if isinstance(value, bool) else value


def _to_char(value: Any, form: str) -> str | None:
    if value is None:
        return None
    text = str(value).rstrip(_DATE_MARK)
    return datetime.fromisoformat(text).strftime(_python_format(form))


def _to_date(text: Any, form: str) -> str | None:
    if text is None:
        return None
    moment = datetime.strptime(str(text), _python_format(form))  # noqa: DTZ007 - zoned below
    return stamp(moment.replace(tzinfo=UTC))


def _python_format(form: str) -> str:
    for theirs, ours in _FORMATS:
        form = form.replace(theirs, ours)
    return form
