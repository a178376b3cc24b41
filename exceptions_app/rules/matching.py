"""Which order lines a return takes back, and ranked suggestions where a person must choose."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from rapidfuzz import fuzz

from exceptions_app.rules import mapping, money, traits
from exceptions_app.rules.facts import ItemFact, LineFact, Mappings, OrderFact, OrderLineFact


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the platform calls the thing we look for."""

    sku: str
    barcode: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`sku` is the ERP's; `score` 0..100; `reasons` are short phrases for the screen.

    `is_strong` when something beside the order speaks for it and no word against it.
    """

    sku: str
    score: int
    reasons: tuple[str, ...]
    description: str = ""
    barcode: str = ""
    is_on_order: bool = False
    is_strong: bool = False


@dataclass(frozen=True, slots=True)
class OrderSuggestion:
    number: str
    score: int
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """Units of a returned line that reverse units of one order line."""

    line_no: int
    order_line_id: str
    units: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """`shares` in a fixed order that does not depend on the order of the lines given.

    `unmatched` holds, by line number, the units no order line can bear; a line whose SKU the
    order never sold is there with all its units.
    """

    shares: tuple[Share, ...]
    unmatched: Mapping[int, int]


# From this likeness on, in percent, code or name speak for an item that the order sold.
_CODE_ALIKE, _NAME_ALIKE = 90, 60
UNCLAIMED = "on the order, and no other line of the return claims it"


def rank_skus(
    wanted: Wanted,
    candidates: Iterable[ItemFact],
    order_skus: Collection[str],
    *,
    claimed: Collection[str] | None = None,
    limit: int = 5,
) -> tuple[Suggestion, ...]:
    """The active candidates that could be `wanted`, best first, at most `limit`, one per SKU.

    An SKU never stands for itself, and candidates without any likeness are left out; equal scores
    are ordered by SKU. `claimed` are those of `order_skus` that other lines of the return take
    back, None where that is not known: the order lifts them no more.
    """
    on_order = {mapping.normalise(sku) for sku in order_skus}
    taken = None if claimed is None else {mapping.normalise(sku) for sku in claimed}
    best: dict[str, Suggestion] = {}
    for item in candidates:
        if not item.is_active or mapping.normalise(item.sku) == mapping.normalise(wanted.sku):
            continue
        suggestion = _suggest(wanted, item, on_order, taken)
        known = best.get(item.sku)
        if suggestion.score > 0 and (known is None or suggestion.score > known.score):
            best[item.sku] = suggestion
    ranked = sorted(best.values(), key=lambda row: (-row.score, row.sku))
    return tuple(ranked[:limit])


def _suggest(
    wanted: Wanted, item: ItemFact, on_order: set[str], taken: set[str] | None
) -> Suggestion:
    names = {mapping.normalise(item.sku), mapping.normalise(item.erp_id)}
    is_on_order = bool(names & on_order)
    is_free = is_on_order and not (taken and names & taken)
    against = traits.contradiction(wanted.description, f"{item.sku} {item.description}")
    score, alike, is_strong = _likeness(wanted, item, is_sold=is_free)
    if is_free:
        # Only what was sold can come back: the order's own items rank above all others.
        score = (60 if against else 90) + score // 10
    elif against:
        score //= 2
    place = _place(is_on_order=is_on_order, is_free=is_free, is_known=taken is not None)
    reasons = [*place, *alike, *([against] if against else [])]
    return Suggestion(
        sku=item.sku,
        score=score,
        reasons=tuple(reasons),
        description=item.description.strip(),
        barcode=item.barcode.strip(),
        is_on_order=is_on_order,
        is_strong=is_strong and not against,
    )


def _place(*, is_on_order: bool, is_free: bool, is_known: bool) -> tuple[str, ...]:
    if not is_on_order:
        return ()
    if not is_free:
        return ("on the order, but another line of the return claims it",)
    return (UNCLAIMED,) if is_known else ("on the same order",)


def _likeness(wanted: Wanted, item: ItemFact, *, is_sold: bool) -> tuple[int, list[str], bool]:
    """Score, reasons, and whether that alone, or with the sale, makes a strong match."""
    score, reasons = 0, []
    if wanted.barcode and wanted.barcode.strip() == item.barcode.strip():
        score = 88
        reasons.append("same barcode")
    if same_style(wanted.sku, item.sku):
        score = max(score, 85)
        reasons.append("same code written differently")
    if score:
        return score, reasons, True
    code = fuzz.ratio(mapping.normalise(wanted.sku), mapping.normalise(item.sku))
    words = 0.0
    if wanted.description and item.description:
        words = fuzz.token_sort_ratio(
            mapping.normalise(wanted.description), mapping.normalise(item.description)
        )
    if code >= 60:
        reasons.append(f"code {round(code)}% alike")
    if words >= 60:
        reasons.append(f"description {round(words)}% alike")
    is_strong = is_sold and (code >= _CODE_ALIKE or words >= _NAME_ALIKE)
    return (round(max(code, words) * 0.8) if reasons else 0), reasons, is_strong


def same_style(left: str, right: str) -> bool:
    """True when two codes differ only in separators, letter case or leading zeros."""
    return bool(_squeezed(left)) and _squeezed(left) == _squeezed(right)


def _squeezed(code: str) -> tuple[str, ...]:
    runs = re.findall(r"[0-9]+|[^\W\d_]+", code.casefold())
    return tuple(run.lstrip("0") or "0" if run.isdigit() else run for run in runs)


def rank_orders(
    *,
    order_name: str,
    skus: Collection[str],
    currency: str,
    candidates: Iterable[OrderFact],
    limit: int = 5,
) -> tuple[OrderSuggestion, ...]:
    """Orders that could be the return's, best first; one with no likeness at all is left out."""
    wanted = {mapping.normalise(sku) for sku in skus}
    ranked = []
    for order in candidates:
        score, reasons = _order_likeness(order_name, wanted, currency, order)
        if score > 0:
            ranked.append(OrderSuggestion(order.number, score, reasons))
    ranked.sort(key=lambda row: (-row.score, row.number))
    return tuple(ranked[:limit])


def _order_likeness(
    order_name: str, wanted: set[str], currency: str, order: OrderFact
) -> tuple[int, tuple[str, ...]]:
    reasons = []
    score = 0
    if order_name and same_style(order_name, order.number):
        score += 50
        reasons.append("same number written differently")
    elif order_name and fuzz.ratio(order_name.casefold(), order.number.casefold()) >= 80:
        score += 25
        reasons.append("number nearly the same")
    sold = {mapping.normalise(line.sku) for line in order.lines}
    common = len(wanted & sold)
    if common:
        score += round(45 * common / len(wanted))
        reasons.append(f"{common} of {len(wanted)} SKUs were sold on it")
    if score and order.currency == currency:
        score += 5
        reasons.append("same currency")
    return score, tuple(reasons)


def match_order_lines(
    lines: Sequence[LineFact], order: OrderFact, mappings: Mappings
) -> Assignment:
    """Assign each returned unit to an order line that still has units to give back.

    A line matches by SKU, by its alias, or by the key of an item it may be. Units go first where
    the paid unit price is the same, then to any matching line with units left; one returned line
    may span several order lines. `credited_units` of the order are already gone.
    """
    left = {row.line_id: max(0, row.quantity - row.credited_units) for row in order.lines}
    by_code: dict[str, list[OrderLineFact]] = {}
    for row in order.lines:
        by_code.setdefault(mapping.normalise(row.sku), []).append(row)
    # Sorted by what a line says, so that the platform's own order of lines decides nothing.
    ordered = sorted(lines, key=_content)
    open_units = {line.line_no: line.quantity for line in ordered}
    taken: dict[tuple[int, str], int] = {}
    for is_price_pass in (True, False):
        for line in ordered:
            rows = [row for code in codes(line, mappings) for row in by_code.get(code, ())]
            for row in _in_order(line, rows, order.currency, is_price_pass=is_price_pass):
                units = min(open_units[line.line_no], left[row.line_id])
                if units:
                    key = (line.line_no, row.line_id)
                    taken[key] = taken.get(key, 0) + units
                    left[row.line_id] -= units
                    open_units[line.line_no] -= units
    return Assignment(
        shares=tuple(_shares(ordered, order, taken)),
        unmatched={number: units for number, units in open_units.items() if units},
    )


def _content(line: LineFact) -> tuple[str, ...]:
    price = money.paid_unit_gross(line)
    return (
        mapping.normalise(line.sku),
        line.order_line_id,
        "~" if price is None else f"{price:020.4f}",
        line.resolution,
        line.inspection,
        line.disposition,
        line.reason,
        line.location,
        str(line.quantity),
        str(line.line_no),
    )


def codes(line: LineFact, mappings: Mappings) -> frozenset[str]:
    """Every normalised code under which the order may hold this line."""
    alias = mapping.sku_alias(mappings, line.sku)
    pool = line.alias_items if alias else line.items
    names = [line.sku, alias, *(item.sku for item in pool), *(item.erp_id for item in pool)]
    return frozenset(mapping.normalise(name) for name in names if name.strip())


def _in_order(
    line: LineFact, rows: list[OrderLineFact], currency: str, *, is_price_pass: bool
) -> list[OrderLineFact]:
    if is_price_pass:
        rows = [row for row in rows if _is_same_price(line, row, currency)]
    return sorted(rows, key=lambda row: (row.line_id != line.order_line_id, row.line_id))


def _is_same_price(line: LineFact, row: OrderLineFact, currency: str) -> bool:
    paid = money.paid_unit_gross(line)
    if paid is None or row.quantity <= 0:
        return False
    sold = (row.net + row.tax) / Decimal(row.quantity)
    return abs(paid - sold) <= money.minor_unit(currency)


def _shares(
    ordered: Sequence[LineFact], order: OrderFact, taken: Mapping[tuple[int, str], int]
) -> Iterator[Share]:
    places = {row.line_id: place for place, row in enumerate(order.lines)}
    of_line: dict[int, list[tuple[str, int]]] = {}
    for (line_no, line_id), units in taken.items():
        of_line.setdefault(line_no, []).append((line_id, units))
    for line in ordered:
        rows = of_line.get(line.line_no, [])
        for line_id, units in sorted(rows, key=lambda row: places[row[0]]):
            yield Share(line.line_no, line_id, units)
