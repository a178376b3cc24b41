"""The return authorisation: what the customer announced, so that the ERP sees it coming (R021).

In some ERPs it is the credit's own document: it then says from the beginning what will be credited,
by the same reversal of the order, and the credit finishes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from connectors.types import DocumentDraft, DocumentKind, DraftLine
from exceptions_app.rules import credit
from exceptions_app.rules.facts import RmaFacts
from exceptions_app.rules.resolving import Resolved, ReturnedLine, resolve


def draft(resolved: Resolved) -> DocumentDraft:
    """All item lines the customer announced, whether or not they came back in the end.

    With the money of the credit as far as it is known, where the two are one document.
    """
    if not resolved.facts.erp.authorisation_is_credit:
        return _plain(resolved)
    announced = _announced(resolved.facts)
    due = credit.draft(
        announced, posting_date=announced.facts.company_date, authorisation_number=""
    )
    if due is None:
        return _plain(resolved)
    return replace(with_unpaid(announced, due), kind=DocumentKind.RETURN_AUTHORISATION)


def _announced(facts: RmaFacts) -> Resolved:
    """The return as if all of it had come in: nothing is left out for not being there yet."""
    policy = replace(
        facts.policy, stock_trigger="final_disposition", credit_trigger="goods_received"
    )
    return resolve(replace(facts, policy=policy))


def with_unpaid(resolved: Resolved, due: DocumentDraft) -> DocumentDraft:
    """`due` and the units that come in without money of their own, which the document must bear.

    Only where authorisation and credit are one document: goods are checked in against its lines.
    """
    if not resolved.facts.erp.authorisation_is_credit:
        return due
    rows = [*due.lines, *_unpaid(resolved)]
    numbered = [replace(row, line_no=number) for number, row in enumerate(rows, start=1)]
    return replace(due, lines=tuple(numbered))


def without_unpaid(resolved: Resolved, due: DocumentDraft) -> DocumentDraft:
    """The same without the rows `with_unpaid` added."""
    if not resolved.facts.erp.authorisation_is_credit:
        return due
    added = {(row.sku, row.order_line_id) for row in _unpaid(resolved)}
    rows = [
        row for row in due.lines if row.net or row.tax or (row.sku, row.order_line_id) not in added
    ]
    return replace(due, lines=tuple(rows))


def _unpaid(resolved: Resolved) -> Iterator[DraftLine]:
    """Exchanged units. They name no order line: they take nothing of what the line bears.

    The parts of a bundle are no rows of ours: the ERP adds them to the bundle's own (documented
    for Brightpearl, whose API makes component rows by itself).
    """
    for line in resolved.lines:
        units = line.fact.quantity if line.came is None else line.came
        if line.is_item and line.is_exchange and not line.is_not_returned and units:
            yield _row(line, units)


def _plain(resolved: Resolved) -> DocumentDraft:
    facts = resolved.facts
    order = facts.order
    rows = [_row(line, line.fact.quantity) for line in resolved.lines if line.is_item]
    rows.sort(key=lambda row: (row.sku, row.item_erp_id, row.reason_code, row.quantity))
    return DocumentDraft(
        kind=DocumentKind.RETURN_AUTHORISATION,
        key="",
        date=facts.company_date,
        division=order.division if order else "",
        warehouse=order.warehouse if order else "",
        customer_code=order.customer_code if order else "",
        currency=facts.currency,
        rma_number=facts.external_id,
        order_number=order.number if order else "",
        order_erp_id=order.erp_id if order else "",
        invoice_number=order.invoice_number if order else "",
        authorisation_number="",
        note=credit.note(resolved),
        lines=tuple(replace(row, line_no=number) for number, row in enumerate(rows, start=1)),
    )


def _row(line: ReturnedLine, units: int) -> DraftLine:
    return DraftLine(
        line_no=0,
        component=credit.ITEM,
        sku=line.item.sku if line.item else line.fact.sku,
        item_erp_id=line.item.erp_id if line.item else "",
        quantity=units,
        description=line.item.description if line.item else line.fact.name,
        reason_code=line.reason_code,
        key_parts=line.item.key_parts if line.item else {},
    )
