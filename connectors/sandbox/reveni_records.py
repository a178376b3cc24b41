"""What the simulated Reveni holds, and how a transaction lives; knows nothing of HTTP.

The rules are those of the vendor's help centre: a decision per product, a state that follows from
the decisions, instant refunds before the goods, acceptance by itself after a time. Records are
never changed in place: a change makes a new record.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

PENDING, ACCEPTED, REJECTED, REVIEW = "PENDING_VALIDATION", "ACCEPTED", "REJECTED", "FOR_REVIEW"
PARTLY, CANCELLED = "PARTLY_ACCEPTED", "CANCELLED"
FINAL = (ACCEPTED, PARTLY, REJECTED, CANCELLED)
_MOST_REFUNDS = 1_000
INSTANT, NOT_INSTANT = "INSTANT", "NOT_INSTANT"
RESTOCK_CHOICES = ("RESTOCK", "NO_RESTOCK")


class RecordInvalid(ValueError):
    """A record or change that Reveni would not allow."""


@dataclass(frozen=True, slots=True)
class Transaction:
    number: int
    transaction_id: str
    facts: Mapping[str, Any]
    products: tuple[Mapping[str, Any], ...]
    state: str
    mode: str
    created_at: datetime
    updated_at: datetime
    refunds: tuple[Mapping[str, Any], ...] = ()
    notes: tuple[Mapping[str, Any], ...] = ()
    timeline: tuple[Mapping[str, Any], ...] = ()

    @property
    def is_open_instant(self) -> bool:
        return self.mode == INSTANT and self.state not in FINAL

    @property
    def kind(self) -> str:
        wanted = {str(product.get("request_type", "RETURN")) for product in self.products}
        if wanted == {"EXCHANGE"}:
            return "EXCHANGE"
        return "MIXED" if "EXCHANGE" in wanted else "REFUND"


Position = tuple[datetime, int]


class Store:
    """Transactions by id and by the time of their last change."""

    def __init__(self, *, accept_after: timedelta) -> None:
        self._accept_after = accept_after
        self._by_id: dict[str, Transaction] = {}
        self._order: list[tuple[datetime, int, str]] = []
        self._undecided: list[tuple[datetime, str]] = []

    def get(self, transaction_id: str) -> Transaction | None:
        return self._by_id.get(transaction_id)

    def everything(self) -> Iterator[Transaction]:
        """Every transaction, the one changed last first."""
        return (self._by_id[key] for _, _, key in reversed(self._order))

    def changed(self, since: datetime, after: Position | None) -> Iterator[Transaction]:
        """In order of change, those changed at or after `since` and beyond `after`."""
        start = bisect_left(self._order, (since, -1, ""))
        if after is not None:
            start = max(start, bisect_left(self._order, (after[0], after[1] + 1, "")))
        return (self._by_id[key] for _, _, key in self._order[start:])

    def refunds(self) -> Iterator[tuple[int, Transaction, Mapping[str, Any]]]:
        """Every refund with a number that stays its own, and its transaction."""
        for transaction in self._by_id.values():
            for place, refund in enumerate(transaction.refunds):
                yield transaction.number * _MOST_REFUNDS + place, transaction, refund

    def put(self, facts: Mapping[str, Any], *, at: datetime) -> Transaction:
        """Add or replace one; `updated_at` is the record's, else `at`."""
        transaction_id = _required(facts, "id")
        old = self._by_id.get(transaction_id)
        created_at = moment(facts.get("created_at"), old.created_at if old else at)
        first = created_at if old is None else at
        made = Transaction(
            number=old.number if old else len(self._by_id),
            transaction_id=transaction_id,
            facts=facts,
            products=tuple(_product(each) for each in facts.get("products") or ()),
            state=_by_hand(str(facts.get("state", "IN_PROGRESS"))),
            mode=_mode(facts),
            created_at=created_at,
            updated_at=moment(facts.get("updated_at"), first),
            refunds=old.refunds if old else (),
            notes=old.notes if old else (),
            timeline=old.timeline if old else ({"text": "Request created", "at": created_at},),
        )
        return self._keep(_settled(made, at=created_at if old is None else at), old)

    def change(self, change: Mapping[str, Any], *, at: datetime) -> Transaction:
        """Carry out what a merchant does in the dashboard; refused where Reveni refuses it."""
        old = self._by_id.get(_required(change, "id"))
        if old is None:
            raise RecordInvalid(f"no transaction {change['id']}")
        made = replace(
            old,
            facts={**old.facts, **_plain(change)},
            updated_at=moment(change.get("updated_at"), at),
        )
        if "state" in change:
            made = _moved(made, str(change["state"]), at)
        decisions: Mapping[str, Any] = change.get("decisions") or {}
        if decisions:
            made = _decided(made, decisions, at)
        if "refunds" in change:
            made = replace(made, refunds=tuple(change["refunds"]))
        return self._keep(_settled(made, at=at), old)

    def note(self, transaction: Transaction, text: str, *, at: datetime) -> Transaction:
        notes = (*transaction.notes, {"text": text, "at": at})
        return self._keep(replace(transaction, notes=notes, updated_at=at), transaction)

    def accept_due(self, *, now: datetime, is_told: bool) -> list[Transaction]:
        """Accept instant transactions nobody decided in time, each at its own time; those done.

        Untold, the time of change stays what it was.
        """
        done = []
        while self._undecided and self._undecided[0][0] <= now:
            due_at, key = heapq.heappop(self._undecided)
            old = self._by_id[key]
            if not old.is_open_instant or old.created_at + self._accept_after != due_at:
                continue
            products = tuple(
                {**each, "status": ACCEPTED, "decided_at": due_at, "decided_by": "automatic"}
                if each["status"] in (PENDING, REVIEW)
                else each
                for each in old.products
            )
            line = {"text": "Accepted automatically", "at": due_at, "by": "system"}
            made = replace(
                old,
                products=products,
                timeline=(*old.timeline, line),
                updated_at=due_at if is_told else old.updated_at,
            )
            done.append(self._keep(_settled(made, at=due_at), old))
        return done

    def _keep(self, made: Transaction, old: Transaction | None) -> Transaction:
        if old is not None:
            spot = (old.updated_at, old.number, old.transaction_id)
            self._order.pop(bisect_left(self._order, spot))
        insort(self._order, (made.updated_at, made.number, made.transaction_id))
        self._by_id[made.transaction_id] = made
        if made.is_open_instant:
            due = (made.created_at + self._accept_after, made.transaction_id)
            if due not in self._undecided:
                heapq.heappush(self._undecided, due)
        return made


def moment(value: object, otherwise: datetime) -> datetime:
    """A time given as text or datetime, aware; naive text is UTC."""
    if value is None:
        return otherwise
    read = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


# --- How a transaction lives -----------------------------------------------------------------


def _settled(made: Transaction, *, at: datetime) -> Transaction:
    """State and refund as they follow from the decisions."""
    made = replace(made, state=_state(made))
    return replace(made, refunds=_refunds(made, at))


def _state(made: Transaction) -> str:
    statuses = {str(each["status"]) for each in made.products}
    if made.state == CANCELLED or not statuses:
        return made.state
    if REVIEW in statuses:
        return REVIEW
    if PENDING in statuses:
        return made.state
    if len(statuses) == 1:
        return statuses.pop()
    return PARTLY


def _refunds(made: Transaction, at: datetime) -> tuple[Mapping[str, Any], ...]:
    """What was paid back: the record's own word, else as mode and decisions have it.

    Instant: all that is returned, at once, and it stays when a product is rejected later. Else what
    was accepted, on acceptance.
    """
    if "refunds" in made.facts:
        return tuple(made.facts["refunds"] or ())
    if made.refunds:
        return made.refunds
    is_due = made.mode == INSTANT or made.state in (ACCEPTED, PARTLY)
    if not is_due or made.state == CANCELLED:
        return ()
    counted = [
        product
        for product in made.products
        if product.get("request_type", "RETURN") == "RETURN"
        and (made.mode == INSTANT or product["status"] == ACCEPTED)
    ]
    amount = sum((_gross(product) for product in counted), Decimal(0))
    amount -= _sum(made.facts.get("fees")) - _sum(made.facts.get("bonuses"))
    if amount <= 0:
        return ()
    method = str(made.facts.get("refund_method", "ORIGINAL_PAYMENT"))
    refund = {"id": f"rf{made.transaction_id}", "amount": amount, "method": method}
    return ({**refund, "status": "COMPLETED", "created_at": at, "updated_at": at},)


def _moved(made: Transaction, state: str, at: datetime) -> Transaction:
    if made.state in FINAL:
        raise RecordInvalid(f"{made.transaction_id} is {made.state} and stays so")
    if state == CANCELLED and made.mode == INSTANT:
        raise RecordInvalid("an instant transaction is cancelled by Reveni's staff only")
    line = {"text": state.replace("_", " ").capitalize(), "at": at, "by": "merchant"}
    return replace(made, state=_by_hand(state), timeline=(*made.timeline, line))


def _decided(made: Transaction, decisions: Mapping[str, Any], at: datetime) -> Transaction:
    if made.state in FINAL:
        raise RecordInvalid(f"{made.transaction_id} is {made.state} and stays so")
    known = {str(each["id"]) for each in made.products}
    if unknown := sorted(set(decisions) - known):
        raise RecordInvalid(f"no product {unknown[0]}")
    products = tuple(
        {**each, **_decision(decisions[str(each["id"])], at)}
        if str(each["id"]) in decisions
        else each
        for each in made.products
    )
    line = {"text": "Products validated", "at": at, "by": "merchant"}
    return replace(made, products=products, timeline=(*made.timeline, line))


def _decision(given: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    status = given.get("status")
    if status == ACCEPTED and given.get("restock") not in RESTOCK_CHOICES:
        raise RecordInvalid("accepting a product asks for a restock choice")
    if status == REJECTED and not given.get("rejection_reason"):
        raise RecordInvalid("rejecting a product asks for a reason")
    if status not in (ACCEPTED, REJECTED, REVIEW):
        raise RecordInvalid(f"{status} is no decision")
    decided_by = given.get("decided_by", "merchant")
    return {**given, "decided_at": given.get("decided_at", at), "decided_by": decided_by}


def _product(given: Mapping[str, Any]) -> dict[str, Any]:
    _required(given, "id")
    return {"status": PENDING, **given}


def _mode(facts: Mapping[str, Any]) -> str:
    mode = str(facts.get("mode", NOT_INSTANT))
    if mode not in (INSTANT, NOT_INSTANT):
        raise RecordInvalid(f"{mode} is no mode")
    return mode


def _by_hand(state: str) -> str:
    """A state that may be set; one nobody knows may come to be."""
    if state in (ACCEPTED, PARTLY, REJECTED):
        raise RecordInvalid(f"{state} is not set by hand; decide on the products")
    return state


def _plain(change: Mapping[str, Any]) -> dict[str, Any]:
    special = ("id", "state", "decisions", "updated_at", "products", "mode", "refunds")
    return {key: value for key, value in change.items() if key not in special}


def _gross(product: Mapping[str, Any]) -> Decimal:
    return Decimal(str(product.get("price", 0))) * int(product.get("quantity", 1))


def _sum(rows: Sequence[Mapping[str, Any]] | None) -> Decimal:
    return sum((Decimal(str(row["amount"])) for row in rows or ()), Decimal(0))


def _required(facts: Mapping[str, Any], key: str) -> str:
    value = str(facts.get(key) or "")
    if not value:
        raise RecordInvalid(f"{key} is missing")
    return value
