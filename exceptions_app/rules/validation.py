"""What is wrong with a return's items, codes, places and order, before anything is sent.

What each group of findings holds back:

- status not mapped: every kind, also the note to the platform (R026);
- item and reason findings: every ERP document of the return (R030, R037, R041);
- order findings (no order, more units than sold): authorisation and credit. Stock that is really
  there may be booked, since it needs item and place only (R055: no id, no *financial* posting).
  Too many units are settled when finance decides the credit's amount: no unit is credited twice;
- disposition and location findings: receipt, move and write-off (R014, R032, R033), and the
  credit, which comes after them (R022);
- money findings: the credit alone.

A line whose SKU is a declared charge is no item: it is checked for its charge code only.
"""

from __future__ import annotations

from collections.abc import Iterator

from exceptions_app.choices import ApprovalAxis, PostingKind
from exceptions_app.rules import (
    credit,
    gifts,
    mapping,
    matching,
    money,
    receiving,
    traits,
    values,
)
from exceptions_app.rules.facts import Finding, ItemFact, LocationTarget
from exceptions_app.rules.resolving import (
    Resolved,
    ReturnedLine,
    is_amount_decided,
    refund_confirmed,
    sent_postings,
)

EVERYTHING = frozenset(PostingKind.values)
STOCK_KINDS = frozenset(
    {PostingKind.STOCK_RECEIPT.value, PostingKind.STOCK_MOVE.value, PostingKind.WRITE_OFF.value}
)
CREDIT = frozenset({PostingKind.CREDIT_MEMO.value})
DOCUMENTS = STOCK_KINDS | CREDIT | {PostingKind.RETURN_AUTHORISATION.value}
# While stock cannot be booked the credit waits too: the ERP's documents keep their order (R022).
FROM_STOCK_ON = STOCK_KINDS | CREDIT


def findings(resolved: Resolved) -> tuple[Finding, ...]:
    """Findings about status, lines and order, in that order.

    A return that is only asked for, refused or cancelled has none but its status: it calls for no
    document. Values are in the return's currency.
    """
    if resolved.approval == ApprovalAxis.UNKNOWN:
        return (_status(resolved),)
    if not resolved.is_approved:
        return ()
    found = [finding for line in resolved.lines for finding in _line(resolved, line)]
    found.extend(_order(resolved))
    return tuple(found)


def _status(resolved: Resolved) -> Finding:
    facts = resolved.facts
    value, formula = values.refund(facts)
    return Finding(
        type="STATUS_UNMAPPED",
        subject="rma",
        cause=mapping.normalise(facts.status_raw),
        facts={"source_value": facts.status_raw, **_waiting_units(resolved)},
        value=value,
        value_formula=formula,
        blocks=EVERYTHING,
    )


def _waiting_units(resolved: Resolved) -> dict[str, str]:
    """Graded units that no receipt carries while the status says nothing; none is no fact."""
    graded = sum(line.fact.quantity for line in resolved.lines if line.is_for_stock)
    sent = sum(row.units for row in sent_postings(resolved.facts, PostingKind.STOCK_RECEIPT))
    return {"units": str(graded - sent)} if graded > sent else {}


def _line(resolved: Resolved, line: ReturnedLine) -> Iterator[Finding]:
    if line.charge is not None:
        if not line.charge.erp_code:
            yield _charge(resolved, line)
        return
    yield from _item(resolved, line)
    yield from _codes(resolved, line)
    # Where the ERP's own staff check goods in, their receipt says where.
    if line.is_for_stock and not receiving.is_by_erp(resolved.facts.policy):
        yield from _place(resolved, line)


def _charge(resolved: Resolved, line: ReturnedLine) -> Finding:
    value, formula = values.paid(line, resolved.facts.currency)
    refund, _ = values.refund(resolved.facts)
    return Finding(
        type="COMPONENT_MISSING",
        subject=f"line:{line.line_no}",
        cause=mapping.normalise(line.fact.sku),
        facts={
            "component": line.fact.sku,
            "name": line.fact.name,
            "refund": money.text(refund, resolved.facts.currency),
            "currency": resolved.facts.currency,
        },
        value=value,
        value_formula=formula,
        blocks=CREDIT,
    )


def _item(resolved: Resolved, line: ReturnedLine) -> Iterator[Finding]:
    active = [item for item in line.pool if item.is_active]
    if not line.pool:
        if resolved.facts.is_master_complete:
            is_gift = gifts.is_free(line.fact, resolved.facts.order)
            yield _item_finding(resolved, line, "PROMO_SKU" if is_gift else "SKU_UNKNOWN")
    elif not active:
        yield _item_finding(resolved, line, "SKU_INACTIVE")
    elif line.item is None:
        yield _item_finding(resolved, line, "SKU_AMBIGUOUS")


def _item_finding(resolved: Resolved, line: ReturnedLine, kind: str) -> Finding:
    facts = resolved.facts
    alias = mapping.sku_alias(facts.mappings, line.fact.sku)
    value, formula = values.item(line, facts.currency)
    candidates = _candidates(resolved, line)
    # What the code of the first says against it, for the room that lists it without its form.
    against = traits.contradiction(line.fact.name, candidates[0]) if candidates else ""
    if kind in ("SKU_INACTIVE", "PROMO_SKU"):
        value, formula = values.stock(line, facts.currency)
    if kind == "SKU_AMBIGUOUS":
        value, formula = _cost_gap(line, facts.currency)
    return Finding(
        type=kind,
        subject=f"line:{line.line_no}",
        cause=mapping.normalise(line.fact.sku),
        facts={
            "sku": line.fact.sku,
            "name": line.fact.name,
            "units": str(line.fact.quantity),
            "order": facts.order.number if facts.order else facts.order_name,
            "alias": alias,
            "candidates": ", ".join(candidates),
            **({"against": against} if against else {}),
        },
        value=value,
        value_formula=formula,
        blocks=DOCUMENTS,
    )


def _candidates(resolved: Resolved, line: ReturnedLine) -> list[str]:
    if line.pool:
        return sorted({item.sku for item in line.pool})
    order = resolved.facts.order
    if order is None:
        return []
    # Nothing in the master: the order's own lines nobody else claims are the likeliest.
    claimed = {share.order_line_id for share in resolved.assignment.shares}
    free = {row.sku: row.description for row in order.lines if row.line_id not in claimed}
    wanted = matching.Wanted(line.fact.sku, line.fact.barcode, line.fact.name)
    sold = [_as_item(sku, description) for sku, description in free.items()]
    return [row.sku for row in matching.rank_skus(wanted, sold, free, limit=len(free))]


def _as_item(sku: str, description: str) -> ItemFact:
    """A sold line as far as its code and name tell the item."""
    return ItemFact(
        sku=sku,
        erp_id="",
        barcode="",
        description=description,
        division="",
        is_active=True,
        is_returnable=True,
        unit_cost=None,
    )


def _cost_gap(line: ReturnedLine, currency: str) -> values.Value:
    costs = [item.unit_cost for item in line.pool if item.is_active and item.unit_cost is not None]
    if not costs:
        return values.paid(line, currency)
    gap = money.quantise((max(costs) - min(costs)) * line.fact.quantity, currency)
    most = money.exact_text(max(costs), currency)
    least = money.exact_text(min(costs), currency)
    return gap, f"{line.fact.quantity} × cost gap {most} − {least}"


def _codes(resolved: Resolved, line: ReturnedLine) -> Iterator[Finding]:
    if line.fact.reason.strip() and not line.reason_code:
        yield _unmapped(resolved, line, "REASON_UNMAPPED", line.fact.reason)
    if line.is_for_stock and not line.bucket:
        yield _unmapped(resolved, line, "DISPOSITION_UNMAPPED", line.fact.disposition)


def _unmapped(resolved: Resolved, line: ReturnedLine, kind: str, value_raw: str) -> Finding:
    value, formula = values.stock(line, resolved.facts.currency)
    return Finding(
        type=kind,
        subject=f"line:{line.line_no}",
        cause=mapping.normalise(value_raw),
        facts={
            "source_value": value_raw,
            "sku": line.fact.sku,
            "name": line.fact.name,
            "units": str(line.fact.quantity),
        },
        value=value,
        value_formula=formula,
        blocks=DOCUMENTS if kind == "REASON_UNMAPPED" else FROM_STOCK_ON,
    )


def _place(resolved: Resolved, line: ReturnedLine) -> Iterator[Finding]:
    if not line.location:
        yield _place_finding(resolved, line, "LOCATION_MISSING")
    elif line.target is None:
        yield _place_finding(resolved, line, "WAREHOUSE_UNMAPPED")
    elif _is_mismatch(resolved, line.target):
        yield _place_finding(resolved, line, "DIVISION_MISMATCH")


def _is_mismatch(resolved: Resolved, target: LocationTarget) -> bool:
    facts = resolved.facts
    # An empty list means the ERP's locations were never read: that proves nothing about a pair.
    if facts.locations and target not in facts.locations:
        return True
    return bool(facts.order and facts.order.division and facts.order.division != target.division)


def _place_finding(resolved: Resolved, line: ReturnedLine, kind: str) -> Finding:
    facts = resolved.facts
    target = line.target or LocationTarget("", "")
    value, formula = values.stock(line, facts.currency)
    cause = mapping.normalise(line.location)
    if kind == "DIVISION_MISMATCH":
        value, formula = values.item(line, facts.currency)
        cause = mapping.place(target.division, target.warehouse)
    return Finding(
        type=kind,
        subject=f"line:{line.line_no}",
        cause=cause,
        facts={
            "location": line.location,
            "division": target.division,
            "warehouse": target.warehouse,
            "order_division": facts.order.division if facts.order else "",
            "order": facts.order.number if facts.order else facts.order_name,
            "sku": line.fact.sku,
            "units": str(line.fact.quantity),
        },
        value=value,
        value_formula=formula,
        blocks=FROM_STOCK_ON,
    )


def _order(resolved: Resolved) -> Iterator[Finding]:
    facts = resolved.facts
    if facts.order is None:
        value, formula = values.refund(facts)
        yield Finding(
            type="SO_LINK_MISSING",
            subject="order",
            cause=mapping.normalise(facts.order_name) or facts.external_id,
            facts={
                "order": facts.order_name,
                **({"problem": facts.order_problem} if facts.order_problem else {}),
            },
            value=value,
            value_formula=formula,
            blocks=DOCUMENTS,
        )
        return
    for line in resolved.lines:
        units = resolved.assignment.unmatched.get(line.line_no, 0)
        # An item nobody knows cannot be looked for on the order.
        is_known = line.is_item and line.item is not None
        if units and is_known and not is_amount_decided(facts):
            yield _over_return(resolved, line, units)


def _over_return(resolved: Resolved, line: ReturnedLine, excess: int) -> Finding:
    facts = resolved.facts
    names = matching.codes(line.fact, facts.mappings)
    rows = [
        row
        for row in (facts.order.lines if facts.order else ())
        if mapping.normalise(row.sku) in names
    ]
    sold = sum(row.quantity for row in rows)
    earlier = sum(row.credited_units for row in rows)
    here = sum(
        other.fact.quantity
        for other in resolved.lines
        if not other.is_not_returned and matching.codes(other.fact, facts.mappings) & names
    )
    unit = money.paid_unit_gross(line.fact) or money.ZERO
    return Finding(
        type="OVER_RETURN",
        subject=f"line:{line.line_no}",
        cause=f"{facts.order.number if facts.order else ''}/{mapping.normalise(line.fact.sku)}",
        facts={
            "sku": line.fact.sku,
            "name": line.fact.name,
            "order": facts.order.number if facts.order else "",
            "sold": str(sold),
            "returned": str(earlier + here),
            "excess": str(excess),
            **_difference(resolved),
        },
        value=money.quantise(unit * excess, facts.currency),
        value_formula=f"{excess} too many × {money.exact_text(unit, facts.currency)} paid",
        blocks=DOCUMENTS,
    )


def _difference(resolved: Resolved) -> dict[str, str]:
    """Refund less the credit of the units that were sold: what may be accepted or corrected.

    Nothing before a refund is confirmed: then there is nothing to compare.
    """
    facts = resolved.facts
    due = credit.draft(resolved, posting_date=facts.company_date, authorisation_number="")
    refund = refund_confirmed(facts)
    if due is None or refund <= 0:
        return {}
    return {
        "refund": money.text(refund, facts.currency),
        "credit": money.text(due.gross, facts.currency),
        "difference": money.text(refund - due.gross, facts.currency),
        "currency": facts.currency,
    }
