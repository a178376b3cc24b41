"""Which items of the ERP an exception about an SKU may mean, ranked for the form."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.db.models import Q

from exceptions_app.models import Bridge, Case, Item, Rma, SalesOrderLine
from exceptions_app.rules import matching
from exceptions_app.rules.facts import ItemFact
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import facts as facts_selector

# Items listed for words that somebody typed.
MOST = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item with the line of the return's order that sold it; None where none did."""

    match: matching.Suggestion
    sold: SalesOrderLine | None


def ranked(*, case: Case) -> tuple[Candidate, ...]:
    """Items of the ERP for a case about an SKU, best first, with reasons."""
    rma = case.rma
    if rma is None:
        return ()
    sku = str(case.facts.get("sku", ""))
    lines = list(rma.lines.all())
    line = next((row for row in lines if row.sku_key == normalise(sku)), None)
    order = rma.sales_order
    sold: dict[str, SalesOrderLine] = {}
    for row in order.lines.all() if order else ():
        sold.setdefault(normalise(row.sku), row)
    order_skus = [row.sku for row in sold.values()]
    items = _items(rma, sku, order_skus)
    line_of = {
        item.sku: sold.get(item.sku_key) or sold.get(normalise(item.erp_id)) for item in items
    }
    found = matching.rank_skus(
        matching.Wanted(
            sku=sku,
            barcode=line.barcode if line else "",
            description=line.name if line else str(case.facts.get("name", "")),
        ),
        candidates=[_named(item, line_of[item.sku]) for item in items],
        order_skus=order_skus,
        claimed=_claimed(case, {row.sku_key for row in lines} - {normalise(sku)}, order_skus),
    )
    return tuple(Candidate(match, line_of[match.sku]) for match in found)


def named(*, bridge: Bridge, text: str) -> list[Item] | None:
    """Active items whose code, barcode or name holds all words of `text`, by code, at most MOST.

    None where `text` is the code of an item, active or not: then nothing is looked for.
    """
    key = normalise(text)
    rows = Item.objects.filter(connection=bridge.erp_id)
    if rows.filter(sku_key=key).exists():
        return None
    told = Q(barcode=text)
    words = Q()
    for word in key.split():
        words &= Q(sku_key__contains=word) | Q(description__icontains=word)
    return list(rows.filter(told | words, is_active=True).order_by("sku_key")[:MOST])


def _claimed(case: Case, others: set[str], order_skus: list[str]) -> set[str]:
    """The sold SKUs that other lines take back: as the plan found it, else those they name."""
    told = str(case.facts.get("candidates") or "")
    if case.type == "SKU_UNKNOWN" and told:
        free = {normalise(sku) for sku in told.split(", ")}
        return {sku for sku in order_skus if normalise(sku) not in free}
    return {sku for sku in order_skus if normalise(sku) in others}


def _named(item: Item, sold: SalesOrderLine | None) -> ItemFact:
    """The item, by the name it was sold under where the master has none."""
    fact = facts_selector.item_fact(item)
    if fact.description.strip() or sold is None:
        return fact
    return replace(fact, description=sold.description)


def _items(rma: Rma, sku: str, order_skus: list[str]) -> list[Item]:
    """Items worth ranking: the order's own first, then those sharing the beginning of the code."""
    items = Item.objects.filter(connection=rma.bridge.erp, is_active=True)
    chosen = list(items.filter(Q(sku__in=order_skus) | Q(erp_id__in=order_skus))[:100])
    stem = normalise(sku)[:4]
    if stem:
        chosen += list(items.filter(sku_key__startswith=stem).order_by("sku_key")[:200])
    return list({item.pk: item for item in chosen}.values())
