"""Years of history, written by COPY: what the pages meet at a million returns (reliability D.3).

One ordinary return is made by the factories. Every further row is that row's own COPY text with
its numbers, moments and states changed, so a new column needs nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection as database
from django.db.models import Model

from exceptions_app.choices import SEVERITY_RANK
from exceptions_app.models import (
    AuditEntry,
    Bridge,
    Case,
    InboundEvent,
    Posting,
    Refund,
    Rma,
    RmaEvent,
    RmaLine,
    Shipment,
)
from exceptions_app.services import audit, counts
from tests.factories import (
    NOW,
    BridgeFactory,
    CaseFactory,
    CauseGroupFactory,
    InboundEventFactory,
    PostingFactory,
    RefundFactory,
    RmaEventFactory,
    RmaFactory,
    RmaLineFactory,
    ShipmentFactory,
)

EVENTS_PER_RETURN = 5
ACTS_PER_RETURN = 3
# Of the exceptions ever raised, those still open (reliability D.2 measured with the same share).
OPEN_SHARE = 0.038
# Of the returns, those still on their way through the axes; the older ones have ended.
ALIVE_SHARE = 0.05
_SEVERITIES = tuple(SEVERITY_RANK.items())
# (approval, logistics, inspection, money): how returns end, by hundredths, and where they stand
# before that.
_ENDED = (
    *(("closed", "received", "inspected", "confirmed"),) * 90,
    *(("closed", "not_required", "inspected", "confirmed"),) * 4,
    *(("refused", "expected", "not_inspected", "none"),) * 3,
    *(("cancelled", "expected", "not_inspected", "none"),) * 3,
)
_ALIVE = (
    ("requested", "expected", "not_inspected", "none"),
    ("authorised", "expected", "not_inspected", "none"),
    ("authorised", "in_transit", "not_inspected", "none"),
    ("authorised", "received", "not_inspected", "none"),
    ("authorised", "received", "partly", "none"),
    ("authorised", "received", "inspected", "none"),
    ("authorised", "received", "inspected", "pending"),
    ("authorised", "received", "inspected", "confirmed"),
    ("authorised", "received", "inspected", "failed"),
)
_KINDS = ("return_authorisation", "stock_receipt", "credit_memo")
# (status, hold reason) of documents that have not landed.
_NOT_LANDED = (
    ("held", "run"),
    ("held", "window"),
    ("held", "approval"),
    ("ready", ""),
    ("blocked", ""),
    ("failed", ""),
    ("unconfirmed", ""),
)
# One type of exception for each of `_TEAMS`.
_TYPES = (
    "SO_LINK_MISSING",
    "LOCATION_MISSING",
    "REFUND_CM_MISMATCH",
    "SKU_UNKNOWN",
    "OUTCOME_UNKNOWN",
)
_TEAMS = ("cx", "warehouse", "finance", "merchandising", "operations")
_CHUNK = 20_000
# What COPY writes for an absent value.
_NULL = r"\N"

Changes = Callable[[int], dict[str, object]]


@dataclass(frozen=True)
class History:
    """`returns` rows of each kind and five times as many messages, oldest first.

    `thick` is the one return with 50 events and 6 documents (reliability D.3).
    """

    bridge: Bridge
    returns: int
    thick: Rma


def fill(returns: int) -> History:
    """Write the history into an empty database; ids run from the first template row's on."""
    bridge = BridgeFactory()
    rma = RmaFactory(bridge=bridge)
    groups = [CauseGroupFactory(bridge=bridge).pk for _ in range(40)]
    first_open = int(returns * (1 - OPEN_SHARE))
    _grow(
        rma,
        returns,
        lambda n: _return_changes(n, returns),
    )
    for child, changes in (
        (
            RmaLineFactory(rma=rma, line_no=1),
            lambda n: {"sku": f"SKU-{n % 5000}", "sku_key": f"sku-{n % 5000}"},
        ),
        (ShipmentFactory(rma=rma), lambda n: {"tracking_number": f"H00E{n:09}"}),
        (
            RefundFactory(rma=rma),
            lambda n: {"external_id": f"R{n}", "reference": f"PAY-{n}"},
        ),
        (RmaEventFactory(rma=rma), lambda n: {"at": _ago(returns - n, minutes=1)}),
        (
            PostingFactory(rma=rma),
            lambda n: _posting_changes(n, returns, is_landed=n < first_open),
        ),
        (
            CaseFactory(rma=rma, group_id=groups[0]),
            lambda n: _case_changes(n, returns, first_open, groups),
        ),
    ):
        _grow(child, returns, _of_return(rma.pk, changes))
    _grow(
        InboundEventFactory(connection=bridge.source, body=b""),
        returns * EVENTS_PER_RETURN,
        lambda n: {
            "external_id": f"h-{n}",
            "subject_id": f"C{n // EVENTS_PER_RETURN}",
            "received_at": _ago(returns * EVENTS_PER_RETURN - n, minutes=0.2),
            "state": _state_of(n),
        },
    )
    planned = audit.record(actor=None, act="rma.plan", subject=rma, text="Planned", now=NOW)
    _grow(
        planned,
        returns * ACTS_PER_RETURN,
        lambda n: {
            "subject_id": rma.pk + n // ACTS_PER_RETURN,
            "at": _ago(returns * ACTS_PER_RETURN - n, minutes=0.3),
        },
    )
    thick = RmaFactory(bridge=bridge, external_id="THICK")
    RmaLineFactory(rma=thick, line_no=1)
    for number in range(50):
        RmaEventFactory(rma=thick, name=f"Event {number}", at=NOW - timedelta(minutes=number))
    for number in range(6):
        PostingFactory(rma=thick, slot=f"thick:{number}", key=f"T-{number}")
    # No trigger ran while history was written.
    counts.recount()
    with database.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return History(bridge=bridge, returns=returns, thick=thick)


TABLES: tuple[type[Model], ...] = (
    Rma,
    RmaLine,
    Shipment,
    Refund,
    RmaEvent,
    Posting,
    Case,
    InboundEvent,
    AuditEntry,
)


def _of_return(first_id: int, changes: Changes) -> Changes:
    return lambda n: {"rma_id": first_id + n, **changes(n)}


def _return_changes(number: int, returns: int) -> dict[str, object]:
    moment = _ago(returns - number, minutes=1)
    is_alive = number >= returns * (1 - ALIVE_SHARE)
    axes = _ALIVE[number % len(_ALIVE)] if is_alive else _ENDED[number % len(_ENDED)]
    approval, logistics, inspection, money = axes
    email = f"cara{number % (returns // 4 + 1)}@example.com"
    words = sorted({f"c{number}", f"rmac{number}", f"co-{number}", email, "cara", "customer"})
    return {
        "external_id": f"C{number}",
        "order_name": f"CO-{number}",
        "customer_email": email,
        "approval": approval,
        "logistics": logistics,
        "inspection": inspection,
        "money": money,
        "requested_at": moment,
        "source_updated_at": moment,
        "received_at": moment if logistics == "received" else _NULL,
        "search": " ".join(f"'{word}':{place}" for place, word in enumerate(words, start=1)),
    }


def _posting_changes(number: int, returns: int, *, is_landed: bool) -> dict[str, object]:
    status, hold = ("confirmed", "") if is_landed else _NOT_LANDED[number % len(_NOT_LANDED)]
    # One in a thousand was given up before it left.
    if number % 1000 == 999:
        status, hold = "cancelled", ""
    return {
        "key": f"K-{number}",
        "slot": "history",
        "kind": _KINDS[number % len(_KINDS)],
        "number": f"CM-{number}" if status == "confirmed" else "",
        "status": status,
        "hold_reason": hold,
        "gross": number % 700,
        "confirmed_at": _ago(returns - number, minutes=1) if status == "confirmed" else _NULL,
    }


def _state_of(number: int) -> str:
    """Nearly all messages were handled; one in five thousand waits for a person."""
    return {17: "parked", 18: "refused", 19: "quiet"}.get(number % 5000, "processed")


def _case_changes(
    number: int, returns: int, first_open: int, groups: list[int]
) -> dict[str, object]:
    severity, rank = _SEVERITIES[number % len(_SEVERITIES)]
    opened_at = _ago(returns - number, minutes=1)
    is_open = number >= first_open
    return {
        "fingerprint": f"history-{number}",
        "group_id": groups[number % len(groups)],
        "subject": f"history:{number}",
        "type": _TYPES[number % len(_TYPES)],
        "team": _TEAMS[number % len(_TEAMS)],
        "severity": severity,
        "severity_rank": rank,
        "value": number % 700,
        "opened_at": opened_at,
        "due_at": opened_at,
        "seen_at": opened_at,
        "status": "open" if is_open else "resolved",
        "closure": "" if is_open else "proof",
        # No trigger runs while history is written.
        "is_unpaid": _return_changes(number, returns)["money"] != "confirmed",
        "resolved_at": _NULL if is_open else opened_at,
    }


def _ago(steps: int, *, minutes: float) -> datetime:
    return NOW - timedelta(minutes=steps * minutes)


def _grow(template: Model, count: int, changes: Changes) -> None:
    """Have `count` rows like `template`, itself the first, with consecutive ids."""
    table = template._meta.db_table
    columns = [field.column for field in template._meta.concrete_fields]
    names = ", ".join(f'"{column}"' for column in columns)
    with database.cursor() as cursor:
        # Foreign keys are right by construction; nine million deferred checks would be a bench
        # of their own.
        cursor.execute("SET session_replication_role = replica")
        asked = f'COPY (SELECT {names} FROM "{table}" WHERE id = {template.pk}) TO STDOUT'
        with cursor.copy(asked) as out:
            text = b"".join(bytes(block) for block in out).decode()
        values = dict(zip(columns, text.rstrip("\n").split("\t"), strict=True))
        with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as into:
            for block in _blocks(values, template.pk, count, changes):
                into.write(block)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence('\"{table}\"', 'id'), {template.pk + count})"
        )


def _blocks(values: dict[str, str], first_id: int, count: int, changes: Changes) -> Iterator[str]:
    for begin in range(1, count, _CHUNK):
        lines = []
        for number in range(begin, min(begin + _CHUNK, count)):
            changed = {"id": first_id + number, **changes(number)}
            row = {**values, **{name: str(value) for name, value in changed.items()}}
            lines.append("\t".join(row.values()))
        yield "\n".join(lines) + "\n"
