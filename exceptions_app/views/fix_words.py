"""What a request changes, in plain words: how the fact stands, and how it would stand."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import FixKind, FixStatus, MappingKind, PostingKind, PostingStatus
from exceptions_app.models import ErpLocation, Fix, Posting
from exceptions_app.rules.change_words import shown_target
from exceptions_app.rules.mapping import is_withdrawal
from exceptions_app.selectors import decisions
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.services import document_edits
from exceptions_app.templatetags.amounts import money


def plain(fix: Fix, before: dict[str, Any]) -> list[dict[str, str]]:
    """Rows of `label`, `before` and `after`; `before` is the target in force until then, if any.

    Empty where the sentence of the change says it all.
    """
    if fix.kind in MappingKind.values:
        ended = "Not mapped any more" if is_withdrawal(fix.payload) else _target(fix, fix.payload)
        return [
            {
                "label": f"“{fix.source_value}” stands for",
                "before": _target(fix, before),
                "after": ended,
            }
        ]
    if fix.kind == FixKind.CORRECT_CREDIT:
        return _credit(fix)
    if fix.kind == FixKind.CLOSE and fix.case is not None:
        after = f"Closed by hand: {closing_reason(fix)}"
        return [{"label": f"EX-{fix.case.pk}", "before": "open", "after": after}]
    return [
        {"label": row.label, "before": row.before, "after": row.after}
        for row in document_edits.differences(fix)
    ]


def closing_reason(fix: Fix) -> str:
    """The coded reason of a closing in words; the code itself if it is one we no longer have."""
    known = dict(catalogue_entry(fix.case.type).close_reasons) if fix.case is not None else {}
    return known.get(fix.reason_code, fix.reason_code)


def _target(fix: Fix, target: dict[str, Any]) -> str:
    """ "10/LEE Leeds": with the ERP's own name of a warehouse."""
    words = shown_target(fix.kind, target)
    if fix.kind != MappingKind.LOCATION or not words:
        return words
    rows = ErpLocation.objects.filter(
        connection=fix.bridge.erp_id,
        division=target.get("division", ""),
        code=target.get("warehouse", ""),
    )
    return f"{words} {rows.values_list('name', flat=True).first() or ''}".strip()


def _credit(fix: Fix) -> list[dict[str, str]]:
    """The credit memo that waits, as it stands and as it would be, with the charge it books."""
    if fix.status != FixStatus.REQUESTED or fix.rma is None:
        return []
    rows = Posting.objects.filter(rma=fix.rma_id, kind=PostingKind.CREDIT_MEMO)
    row = rows.exclude(status=PostingStatus.CANCELLED).order_by("sequence", "pk").last()
    if row is None or not row.gross:
        return []
    try:
        change = Decimal(str(fix.payload.get("adjustment", "")))
    except InvalidOperation:
        return []
    code = facts_selector.adjustment_code_of(fix.bridge)
    booked = f", code {code}" if code else ""
    told = f"adjustment {money(change, row.currency)}{booked}"
    # A later correction stands in place of an earlier one.
    gross = row.gross - (decisions.of(fix.rma).credit_adjustment or Decimal(0)) + change
    return [
        {
            "label": "Credit memo",
            "before": money(row.gross, row.currency),
            "after": f"{money(gross, row.currency)} ({told})",
        }
    ]
