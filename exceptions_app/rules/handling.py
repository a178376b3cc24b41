"""What the goods of a return need from the warehouse, in words true to the facts (R028, R032).

Grades are given in the platform and stock is booked by documents, so nothing here is an act: it
says where the hands of the reader are needed next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from exceptions_app.choices import Bucket, LogisticsAxis, PostingKind, PostingStatus
from exceptions_app.rules import mapping, receiving
from exceptions_app.rules.facts import Finding, LocationTarget, RmaFacts
from exceptions_app.rules.resolving import Resolved, ReturnedLine, resolve


@dataclass(frozen=True, slots=True)
class Need:
    """One thing to do with the goods; `detail` says why or how it stands, "" when nothing does.

    `type` is the exception type in the way, if one is.
    """

    text: str
    detail: str = ""
    tone: str = "calm"
    type: str = ""


def needs(
    facts: RmaFacts, findings: Iterable[Finding], *, source: str, called: Callable[[str], str]
) -> tuple[Need, ...]:
    """What is to be done, the next thing first; never empty.

    `source` is the platform's name; `called` gives the words an exception type goes by here.
    """
    resolved = resolve(facts)
    if resolved.is_dead:
        return (Need("Book nothing: the return was refused or cancelled.", tone="bad"),)
    ungraded = [
        line
        for line in resolved.lines
        if line.is_item and not line.is_final and not line.is_not_returned
    ]
    graded = [line for line in resolved.lines if line.is_for_stock]
    found = [*_to_grade(facts, ungraded, source=source, is_any_graded=bool(graded))]
    if graded:
        found += _in_the_way(facts, findings, called) or _to_put_away(resolved, graded)
    if not found and graded:
        return (Need("No place or bucket is known for the goods yet.", tone="wait"),)
    return tuple(found) or (Need("Nothing is asked of the warehouse.", "No goods are for stock."),)


def _to_grade(
    facts: RmaFacts, lines: list[ReturnedLine], *, source: str, is_any_graded: bool
) -> list[Need]:
    if not lines:
        return []
    if facts.logistics == LogisticsAxis.NOT_REQUIRED:
        return [Need("Nothing is asked of the warehouse.", f"{source} expects no goods.")]
    where = f"in {source}, return {facts.external_id}"
    grade = Need(f"Grade {_items(lines)} {where}", tone="wait")
    if facts.logistics == LogisticsAxis.RECEIVED or is_any_graded:
        return [grade]
    return [
        Need(
            f"If the goods are here: record them {where}, then grade {_items(lines)}",
            f"{source} does not say yet that they arrived.",
            "wait",
        )
    ]


def _in_the_way(
    facts: RmaFacts, findings: Iterable[Finding], called: Callable[[str], str]
) -> list[Need]:
    kind = PostingKind.STOCK_RECEIPT
    types = [finding.type for finding in findings if kind.value in finding.blocks]
    types += [
        row.open_type
        for row in facts.postings
        if row.kind == kind and row.status == PostingStatus.FAILED and row.open_type
    ]
    return [
        Need(f"Set aside: {called(code)}", "The ERP's receipt waits for it.", "bad", code)
        for code in dict.fromkeys(types)
    ]


def _to_put_away(resolved: Resolved, graded: list[ReturnedLine]) -> list[Need]:
    """One per place and bucket, with how its receipt stands."""
    groups: dict[tuple[LocationTarget, str], list[ReturnedLine]] = {}
    for line in graded:
        if line.target is not None and line.bucket:
            groups.setdefault((line.target, line.bucket), []).append(line)
    return [
        Need(
            f"Put away: {mapping.place(target.division, target.warehouse)}, "
            f"{Bucket(bucket).label.lower()}",
            f"{_items(lines)}. {_booked(resolved, graded, target)}",
            "good",
        )
        for (target, bucket), lines in groups.items()
    ]


def _booked(resolved: Resolved, graded: list[ReturnedLine], target: LocationTarget) -> str:
    """Booked only where confirmed receipts of this place carry all its units."""
    slot = f"{PostingKind.STOCK_RECEIPT.value}:{target.division}/{target.warehouse}"
    rows = [
        row
        for row in resolved.facts.postings
        if row.slot.split("#")[0] == slot and row.status == PostingStatus.CONFIRMED and row.number
    ]
    wanted = sum(line.fact.quantity for line in graded if line.target == target)
    if rows and sum(row.units for row in rows) >= wanted:
        return f"Booked: {', '.join(row.number for row in rows)}"
    there = receiving.of_others(resolved.facts)
    if there and receiving.units_of_others(resolved.facts) >= wanted:
        return f"Booked: {', '.join(row.number or row.external_id for row in there)}"
    return "Not booked in the ERP yet"


def _items(lines: Iterable[ReturnedLine]) -> str:
    count = sum(line.fact.quantity for line in lines)
    return "1 item" if count == 1 else f"{count} items"
