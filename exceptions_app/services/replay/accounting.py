"""Where every line and every penny of a replay is, from our own rows; and the ERP's own list.

Signs are the file's: credits are below zero. A line is *posted* when a confirmed credit memo
carries its money, *accepted* where finance closed the difference, *open* under an open exception.
Anything else is a gap, and a gap is an error.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from connectors.sandbox.kits.kit import Booked
from connectors.types import DocumentKind
from exceptions_app.choices import CASE_OPEN, FixKind, FixStatus, PostingKind, PostingStatus
from exceptions_app.models import Bridge, CallCount, Case, Connection, Fix, Posting, Rma, RmaLine
from exceptions_app.rules import drafts, ledger, money, waits
from exceptions_app.rules.decisions import Decisions
from exceptions_app.selectors import decisions
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.services.replay.reading import CURRENCY

CREDIT = DocumentKind.CREDIT_MEMO
POSTED = "posted"
ACCEPTED = "accepted"
# Goods booked in, and nothing to pay for them.
NO_VALUE = "posted, nothing to credit"
LOST = "not accounted for"
OPEN = "open"
# Within its limit nothing is wrong yet, and nothing is lost.
WAITING = f"{OPEN}: waits for goods"


@dataclass(slots=True)
class Outcome:
    """`lines` are credit lines of the file; one that met several outcomes counts in each."""

    lines: set[str] = field(default_factory=set)
    units: int = 0
    money: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Account:
    """The whole replay: `units` and `money` agree with the file or `problems` says where not."""

    credit_lines: int
    units: ledger.Conservation
    money: ledger.Conservation
    outcomes: Mapping[str, Outcome]
    postings: Mapping[str, int]
    cases: Mapping[str, int]
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Standing:
    """How one return stands; amounts are positive here."""

    posted: Decimal
    accepted: Decimal
    still_open: Decimal
    outcome: str  # of its units: POSTED, ACCEPTED, NO_VALUE, OPEN, WAITING or LOST


def account(*, bridge: Bridge, unit_names: Mapping[str, str], now: datetime) -> Account:
    """Add up the bridge's returns line by line; `problems` is empty when all is kept.

    `unit_names` gives the file's name of a unit group by the platform's id of it.
    """
    rmas = list(Rma.objects.filter(bridge=bridge).prefetch_related("lines").order_by("pk"))
    postings = _confirmed(bridge)
    cases = _open_cases(bridge)
    accepted = _accepted(bridge)
    outcomes: dict[str, Outcome] = defaultdict(Outcome)
    amounts, units = [], []
    for rma in rmas:
        claim = sum((_claim(line) for line in rma.lines.all()), money.ZERO)
        standing = _standing(claim, postings[rma.pk], accepted.get(rma.pk), cases[rma.pk])
        if standing.outcome == LOST and _waits(rma, now):
            rest = claim - standing.posted - standing.accepted
            standing = replace(standing, still_open=rest, outcome=WAITING)
        _add(outcomes, rma.lines.all(), standing, cases[rma.pk], unit_names)
        amounts.append(
            ledger.Entry(rma.pk, -claim, -standing.posted, -standing.still_open, -standing.accepted)
        )
        units.append(_unit_entry(rma, standing))
    conserved = (ledger.conserve(units), ledger.conserve(amounts))
    return Account(
        credit_lines=len(set().union(*(row.lines for row in outcomes.values()))),
        units=conserved[0],
        money=conserved[1],
        outcomes=dict(sorted(outcomes.items())),
        postings=_count(Posting.objects.filter(bridge=bridge, status="confirmed"), "kind"),
        cases=_count(_case_rows(bridge), "type"),
        problems=tuple(_broken(rmas, *conserved)),
    )


def calls_of(bridge: Bridge) -> dict[str, int]:
    """All calls ever made for the bridge, by system; refused calls are counted once."""
    return {
        connection.kind: _calls(connection)
        for connection in sorted((bridge.source, bridge.erp), key=lambda row: row.kind)
    }


def booked_twice(*, bridge: Bridge, booked: Iterable[Booked]) -> list[str]:
    """What the ERP's books hold twice of this bridge, or otherwise than we confirmed: sentences."""
    ours = [row for row in booked if f"-{bridge.code}-" in row.key]
    # Lines of one stock document may stand apart; documents with money never do.
    with_money = [row for row in ours if row.gross]
    keys = Counter((row.kind, row.key) for row in with_money)
    found = [f"{kind} {key} is in the ERP {n} times." for (kind, key), n in keys.items() if n > 1]
    credited = sum((row.gross for row in ours if row.kind == CREDIT), money.ZERO)
    confirmed = (
        Posting.objects.filter(
            bridge=bridge, kind=PostingKind.CREDIT_MEMO, status=PostingStatus.CONFIRMED
        ).aggregate(total=Sum("gross"))["total"]
        or money.ZERO
    )
    # Simulated systems that began anew with this run hold nothing of earlier ones.
    if ours and credited != confirmed:
        found.append(f"The ERP's credits come to {credited:f}, ours to {confirmed:f}.")
    return found


def duplicates(
    *, bridge: Bridge, documents: Iterable[Mapping[str, Any]], sold: Mapping[tuple[str, str], int]
) -> list[str]:
    """What the ERP's own list holds twice of this bridge's documents: sentences, none if clean.

    By reference, and by order line: credits of one line never carry more units than `sold`, and no
    two documents of one kind take back the same line for the same return.
    """
    ours = [row for row in documents if f"-{bridge.code}-" in str(row["ref_num"])]
    keys = Counter((row["doc_type"], row["ref_num"]) for row in ours)
    found = [f"{kind} {ref} is in the ERP {n} times." for (kind, ref), n in keys.items() if n > 1]
    credited: Counter[tuple[str, str]] = Counter()
    by_return: Counter[tuple[str, str, str]] = Counter()
    for row in ours:
        if row["doc_type"] != "CM":
            continue
        lines = [line for line in row["simdetail"]["rows"] if line.get("order_line")]
        for name in {str(line["order_line"]) for line in lines}:
            by_return[_return_of(row), str(row["ord_num"]), name] += 1
        for line in lines:
            credited[str(row["ord_num"]), str(line["order_line"])] += int(line["size_qty"])
    found += [
        f"Order {order} line {line} was credited for {n} units and sold with {sold.get(key, 0)}."
        for key, n in credited.items()
        for order, line in [key]
        if n > sold.get(key, 0)
    ]
    return found + [
        f"Return {rma} credits order {order} line {line} in {n} documents."
        for (rma, order, line), n in by_return.items()
        if n > 1
    ]


def _return_of(row: Mapping[str, Any]) -> str:
    """The reference without its generation: one return's documents of one kind share it."""
    return str(row["ref_num"]).rpartition("-")[0]


def _claim(line: RmaLine) -> Decimal:
    return (line.unit_price or money.ZERO) * line.quantity


def _confirmed(bridge: Bridge) -> dict[int, list[Posting]]:
    rows: dict[int, list[Posting]] = defaultdict(list)
    for posting in Posting.objects.filter(bridge=bridge, status=PostingStatus.CONFIRMED):
        rows[posting.rma_id].append(posting)
    return rows


def _open_cases(bridge: Bridge) -> dict[int, list[Case]]:
    rows: dict[int, list[Case]] = defaultdict(list)
    for case in _case_rows(bridge).filter(rma__isnull=False).order_by("-severity_rank", "pk"):
        rows[case.rma_id or 0].append(case)
    return rows


def _case_rows(bridge: Bridge) -> Any:
    mine = Q(bridge=bridge) | Q(connection__in=[bridge.source_id, bridge.erp_id])
    return Case.objects.filter(mine, status__in=CASE_OPEN)


def _accepted(bridge: Bridge) -> dict[int, Decisions]:
    """What was decided of the returns of which finance accepted a difference."""
    fixed = Rma.objects.filter(
        pk__in=Fix.objects.filter(
            bridge=bridge, kind=FixKind.ACCEPT_DIFFERENCE, status=FixStatus.APPLIED
        ).values("rma_id")
    )
    found = ((rma.pk, decisions.of(rma)) for rma in fixed)
    return {pk: decided for pk, decided in found if decided.accepted_difference is not None}


def _standing(
    claim: Decimal,
    postings: Sequence[Posting],
    decided: Decisions | None,
    cases: Collection[Case],
) -> _Standing:
    memos = [row for row in postings if row.kind == PostingKind.CREDIT_MEMO]
    posted = sum((_credited(row) for row in memos), money.ZERO)
    accepted = money.ZERO
    if decided is not None and not cases:
        gap = claim - posted
        accepted = gap if decided.covers(gap) else decided.accepted_difference or money.ZERO
    rest = claim - posted - accepted
    if rest and memos and not cases and abs(rest) <= money.minor_unit(CURRENCY) * len(memos):
        # Refund and credit rounded to different sides; the comparison let it pass.
        accepted, rest = accepted + rest, money.ZERO
    if cases:
        return _Standing(posted, accepted, rest, POSTED if memos else OPEN)
    if memos or accepted:
        outcome = POSTED if memos else ACCEPTED
        return _Standing(posted, accepted, money.ZERO, LOST if rest else outcome)
    is_received = any(row.kind == PostingKind.STOCK_RECEIPT for row in postings)
    is_done = is_received and not claim
    return _Standing(posted, accepted, money.ZERO, NO_VALUE if is_done else LOST)


def _waits(rma: Rma, now: datetime) -> bool:
    """Goods that the ERP's staff have yet to check in, and are still in time."""
    return waits.next_look(facts_selector.for_plan(rma, now=now)) is not None


def _credited(posting: Posting) -> Decimal:
    lines = drafts.from_json(posting.draft).lines
    return sum((line.net + line.tax for line in lines), money.ZERO)


def _add(
    outcomes: dict[str, Outcome],
    lines: Iterable[RmaLine],
    standing: _Standing,
    cases: Sequence[Case],
    unit_names: Mapping[str, str],
) -> None:
    names = set()
    for line in lines:
        name = standing.outcome
        if name == OPEN:
            name = f"{OPEN}: {_case_type(line, cases)}"
        row = outcomes[name]
        row.lines |= {_credit_line(unit_id, unit_names) for unit_id in line.unit_ids}
        row.units -= line.quantity
        if standing.outcome != POSTED:
            row.money -= _claim(line)
        names.add(name)
    if standing.outcome != POSTED:
        return
    outcomes[POSTED].money -= standing.posted
    if standing.accepted:
        outcomes[ACCEPTED].money -= standing.accepted
    if standing.still_open and cases:
        outcomes[f"{OPEN}: {cases[0].type}"].money -= standing.still_open


def _case_type(line: RmaLine, cases: Sequence[Case]) -> str:
    """The exception about this very line, else the worst one of its return.

    A charge nobody mapped comes first: its amount can only be judged after that.
    """
    own = [case for case in cases if case.subject_part == f"line:{line.line_no}"]
    own.sort(key=lambda case: case.type != "COMPONENT_MISSING")
    return (own or list(cases))[0].type


def _credit_line(unit_id: str, unit_names: Mapping[str, str]) -> str:
    """Credit note and line number out of a unit id, "C1.2.1-17" being a unit of "C1.2"."""
    group = unit_id.rpartition("-")[0]
    return unit_names.get(unit_id, unit_names.get(group, unit_id)).rpartition(".")[0]


def _unit_entry(rma: Rma, standing: _Standing) -> ledger.Entry:
    units = Decimal(-rma.units_in)
    zero = money.ZERO
    is_posted = standing.outcome in {POSTED, NO_VALUE}
    return ledger.Entry(
        rma_id=rma.pk,
        came_in=units,
        posted=units if is_posted else zero,
        still_open=units if standing.outcome in {OPEN, WAITING} else zero,
        accepted=units if standing.outcome == ACCEPTED else zero,
    )


def _broken(rmas: Iterable[Rma], *conserved: ledger.Conservation) -> Iterable[str]:
    names = {rma.pk: str(rma) for rma in rmas}
    for what, kept in zip(("units", "GBP"), conserved, strict=True):
        for entry in kept.broken:
            yield (
                f"{names[entry.rma_id]}: {entry.gap:f} {what} are neither posted, open nor "
                "accepted."
            )


def _count(rows: Any, name: str) -> dict[str, int]:
    counted = rows.order_by().values(name).annotate(n=Count("pk"))
    return {row[name]: row["n"] for row in counted.order_by(name)}


def _calls(connection: Connection) -> int:
    rows = CallCount.objects.filter(connection=connection).exclude(reason="wasted-429")
    return int(rows.aggregate(n=Sum("count"))["n"] or 0)
