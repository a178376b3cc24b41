"""What the simulated ReturnGO holds, and how it changes; knows nothing of HTTP.

Records are kept as loaded and never changed in place: a change makes a new record. Every return and
transaction gets a number when it is first seen; lists walk these numbers downwards, so
paging is by age and not by the time of change, as the vendor's cursors suggest.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

# What the `updates_do_not_bump` switch lets change without moving rma_updated_at.
_QUIET_KEYS = ("comments", "exchange_orders")


@dataclass(frozen=True, slots=True)
class RmaRecord:
    number: int
    rma_id: str
    facts: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    comments: tuple[Mapping[str, Any], ...]

    @property
    def status(self) -> str:
        return str(self.facts["status"])

    def rows(self, name: str) -> Sequence[Mapping[str, Any]]:
        return self.facts.get(name) or ()


@dataclass(frozen=True, slots=True)
class TransactionRecord:
    number: int
    rma_id: str
    facts: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Happening:
    """Something a subscriber may be told of."""

    event_name: str
    rma_id: str
    facts: Mapping[str, str] = field(default_factory=dict)


_Numbered = TypeVar("_Numbered", RmaRecord, TransactionRecord)


class RecordInvalid(ValueError):
    """A record that lacks what every return has."""


class Store:
    """Returns, transactions and who owns which shipment."""

    def __init__(self) -> None:
        self._rmas: dict[str, RmaRecord] = {}
        self._by_number: list[RmaRecord] = []
        self._transactions: dict[str, TransactionRecord] = {}
        self._transactions_by_number: list[TransactionRecord] = []
        self._shipment_owner: dict[str, str] = {}

    def rma(self, rma_id: str) -> RmaRecord | None:
        return self._rmas.get(rma_id)

    def owner_of(self, shipment_id: str) -> RmaRecord | None:
        return self._rmas.get(self._shipment_owner.get(shipment_id, ""))

    def rmas_below(self, number: int | None) -> Iterator[RmaRecord]:
        """Newest first, those numbered below `number` (all when None)."""
        return _below(self._by_number, number)

    def transactions_below(self, number: int | None) -> Iterator[TransactionRecord]:
        return _below(self._transactions_by_number, number)

    def transactions_of(self, record: RmaRecord) -> list[TransactionRecord]:
        ids = (str(row["id"]) for row in record.rows("transactions"))
        return [self._transactions[transaction_id] for transaction_id in ids]

    def put(self, facts: Mapping[str, Any], *, at: datetime, always_bumps: bool) -> list[Happening]:
        """Add or replace one return; tell what happened.

        `updated_at` is taken from the record when given, else it is `at`, unless
        `always_bumps` is false and only inspections, comments or exchanges differ. Comments
        written through the API survive a record that names none.
        """
        rma_id = _checked_id(facts)
        old = self._rmas.get(rma_id)
        if old is None:
            record = _first(facts, rma_id, len(self._by_number), at)
            self._by_number.append(record)
        else:
            is_quiet = not always_bumps and _loud(facts) == _loud(old.facts)
            record = replace(
                old,
                facts=facts,
                updated_at=_moment(facts.get("updated_at"), old.updated_at if is_quiet else at),
                comments=tuple(facts["comments"]) if "comments" in facts else old.comments,
            )
        return [*self._keep(record, old), *self._put_transactions(record, at)]

    def change(
        self,
        record: RmaRecord,
        *,
        at: datetime | None,
        comments: tuple[Mapping[str, Any], ...] | None = None,
        **facts: Any,
    ) -> list[Happening]:
        """Change single facts or the comments; `at` None leaves `updated_at` alone."""
        changed = replace(
            record,
            facts={**record.facts, **facts},
            updated_at=at or record.updated_at,
            comments=record.comments if comments is None else comments,
        )
        return self._keep(changed, record)

    def _keep(self, record: RmaRecord, old: RmaRecord | None) -> list[Happening]:
        self._rmas[record.rma_id] = record
        self._by_number[record.number] = record
        for shipment in record.rows("shipments"):
            self._shipment_owner[str(shipment["shipment_id"])] = record.rma_id
        return list(_happenings(record, old))

    def _put_transactions(self, record: RmaRecord, at: datetime) -> Iterator[Happening]:
        for facts in record.rows("transactions"):
            transaction_id = _required(facts, "id")
            old = self._transactions.get(transaction_id)
            if old is not None and old.facts == facts:
                continue
            number = len(self._transactions_by_number) if old is None else old.number
            created_at = _moment(facts.get("created_at"), at if old is None else old.created_at)
            kept = TransactionRecord(
                number=number,
                rma_id=record.rma_id,
                facts=facts,
                created_at=created_at,
                updated_at=_moment(facts.get("updated_at"), at),
            )
            self._transactions[transaction_id] = kept
            if old is not None:
                self._transactions_by_number[number] = kept
                continue
            self._transactions_by_number.append(kept)
            name = "REFUND_CREATED" if _is_refund(facts) else "TRANSACTION_CREATED"
            yield Happening(name, record.rma_id, {"transactionId": transaction_id})


def with_changes(record: RmaRecord, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The record's facts with `changes` laid over.

    `validations` gives inspections by item id, `shipment_statuses` statuses by shipment id; other
    keys replace whole values. `updated_at` is dropped unless `changes` gives it.
    """
    facts = {key: value for key, value in record.facts.items() if key != "updated_at"}
    plain = dict(changes)
    validations = plain.pop("validations", {})
    statuses = plain.pop("shipment_statuses", {})
    facts.update(plain)
    if validations:
        facts["items"] = [
            {**item, "validation": validations[item["item_id"]]}
            if item["item_id"] in validations
            else item
            for item in facts.get("items") or ()
        ]
    if statuses:
        facts["shipments"] = [
            {**row, "status": statuses.get(row["shipment_id"], row.get("status"))}
            for row in facts.get("shipments") or ()
        ]
    return facts


def moment(value: object) -> datetime:
    """A time given as text or datetime, aware; naive text is UTC."""
    read = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def _moment(value: object, otherwise: datetime) -> datetime:
    return otherwise if value is None else moment(value)


def _required(facts: Mapping[str, Any], key: str) -> str:
    value = str(facts.get(key) or "")
    if not value:
        raise RecordInvalid(f"{key} is missing")
    return value


def _checked_id(facts: Mapping[str, Any]) -> str:
    """The return's id, once everything in it that needs a name has one."""
    _required(facts, "status")
    for rows, key in (("items", "item_id"), ("shipments", "shipment_id"), ("transactions", "id")):
        for row in facts.get(rows) or ():
            _required(row, key)
    return _required(facts, "rma_id")


def _first(facts: Mapping[str, Any], rma_id: str, number: int, at: datetime) -> RmaRecord:
    created_at = _moment(facts.get("created_at"), at)
    return RmaRecord(
        number=number,
        rma_id=rma_id,
        facts=facts,
        created_at=created_at,
        updated_at=_moment(facts.get("updated_at"), created_at),
        comments=tuple(facts.get("comments") or ()),
    )


def _loud(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts whose change always moves rma_updated_at."""
    loud = {key: value for key, value in facts.items() if key not in (*_QUIET_KEYS, "updated_at")}
    loud["items"] = [
        {key: value for key, value in item.items() if key != "validation"}
        for item in facts.get("items") or ()
    ]
    return loud


def _is_refund(facts: Mapping[str, Any]) -> bool:
    return str(facts.get("type", "Refund")).startswith("Refund")


def _happenings(record: RmaRecord, old: RmaRecord | None) -> Iterator[Happening]:
    before: dict[str, object] = {}
    if old is None:
        yield Happening("RMA_CREATED", record.rma_id, {"status": record.status})
    else:
        before = {str(row["shipment_id"]): row.get("status") for row in old.rows("shipments")}
        if record.status != old.status:
            yield Happening("RMA_STATUS_UPDATED", record.rma_id, {"status": record.status})
    for shipment in record.rows("shipments"):
        shipment_id, status = str(shipment["shipment_id"]), str(shipment.get("status", ""))
        facts = {"shipmentId": shipment_id, "status": status}
        if shipment_id not in before:
            yield Happening("SHIPMENT_CREATED", record.rma_id, facts)
        elif before[shipment_id] != shipment.get("status"):
            yield Happening("SHIPMENT_STATUS_UPDATED", record.rma_id, facts)


def _below(rows: list[_Numbered], number: int | None) -> Iterator[_Numbered]:
    end = len(rows) if number is None else bisect_left(rows, number, key=lambda row: row.number)
    return (rows[index] for index in range(end - 1, -1, -1))
