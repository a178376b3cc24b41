"""What the approvals pages show beside the requests: money, edits, batches, acts of one alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.db.models import QuerySet

from exceptions_app.choices import POSTING_SENT, FixKind, FixStatus
from exceptions_app.models import BreakGlass, Case, Fix, FixBatch, FixEdit, Posting
from exceptions_app.selectors import requests
from exceptions_app.selectors.requests import lines_of
from exceptions_app.selectors.sums import Amount, per_currency

REVIEWS_SHOWN = 50


def amounts_of(fixes: Sequence[Fix]) -> dict[int, Amount]:
    """By request, the money it decides about; left out where none is known.

    Its own amount where it names one, else its document's, else what it was shown to free. Of a
    closing by hand what is at risk with its exception.
    """
    named = {fix.payload.get("posting_id") for fix in fixes} - {None}
    documents: dict[int, tuple[Decimal, str]] = {
        pk: (gross, currency)
        for pk, gross, currency in Posting.objects.filter(pk__in=named).values_list(
            "pk", "gross", "currency"
        )
    }
    found = {fix.pk: _amount_of(fix, documents) for fix in fixes} | _closed_away(fixes)
    return {pk: amount for pk, amount in found.items() if amount is not None}


def _closed_away(fixes: Sequence[Fix]) -> dict[int, Amount]:
    """Of closings by hand what is at risk with their exceptions; one query where there are any."""
    closings = {fix.pk: fix.case_id for fix in fixes if fix.kind == FixKind.CLOSE and fix.case_id}
    if not closings:
        return {}
    rows = Case.objects.filter(pk__in=set(closings.values()), value__gt=0)
    at_risk = {
        pk: Amount(value, currency)
        for pk, value, currency in rows.values_list("pk", "value", "currency")
    }
    return {pk: at_risk[case_id] for pk, case_id in closings.items() if case_id in at_risk}


def sums(amounts: Iterable[Amount]) -> tuple[Amount, ...]:
    return per_currency((row.currency, row.amount) for row in amounts)


def _amount_of(fix: Fix, documents: dict[int, tuple[Decimal, str]]) -> Amount | None:
    own = fix.payload.get("difference") or fix.payload.get("adjustment")
    if own and fix.rma is not None:
        try:
            return Amount(abs(Decimal(own)), fix.rma.currency)
        except InvalidOperation:
            return None
    gross, currency = documents.get(fix.payload.get("posting_id", 0), (Decimal(0), ""))
    if currency:
        return Amount(gross, currency)
    return Amount(fix.freed, fix.bridge.currency) if fix.freed is not None else None


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit, field by field as text lines before and after."""

    row: FixEdit
    before: str
    after: str


def edits_of(fix: Fix) -> tuple[Edit, ...]:
    """The edits of a request, newest first."""
    rows = FixEdit.objects.filter(fix=fix).select_related("editor").order_by("-pk")
    return tuple(Edit(row, _told(row.before), _told(row.after)) for row in rows)


def _told(stored: dict[str, object]) -> str:
    payload = stored.get("payload", {})
    told = dict(payload) if isinstance(payload, dict) else {}
    if stored.get("reason"):
        told["reason"] = stored["reason"]
    return lines_of(told)


def batch(batch_id: int) -> QuerySet[FixBatch]:
    return FixBatch.objects.filter(pk=batch_id).select_related("released_by", "taken_back_by")


def batches_held(*, ids: Iterable[int]) -> list[FixBatch]:
    return list(FixBatch.objects.filter(pk__in=set(ids)).select_related("released_by"))


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One change of a batch, and the documents of its return that have left since."""

    fix: Fix
    amount: Amount | None
    left: tuple[Posting, ...]


def batch_rows(found: FixBatch) -> tuple[BatchRow, ...]:
    """Each change of the batch in four queries; what a mapping freed stands on its own page."""
    shown = ("bridge", "rma", "case__rma", "requested_by")
    fixes = list(found.fixes.select_related(*shown).order_by("pk"))
    requests.name(fixes)
    amounts = amounts_of(fixes)
    left: dict[int, list[Posting]] = {}
    gone = {fix.rma_id for fix in fixes if fix.rma_id and fix.status == FixStatus.APPLIED}
    for row in Posting.objects.filter(
        rma__in=gone, status__in=POSTING_SENT, sent_at__gte=found.hold_until
    ).order_by("sent_at", "pk"):
        left.setdefault(row.rma_id, []).append(row)
    return tuple(
        BatchRow(fix, amounts.get(fix.pk), tuple(left.get(fix.rma_id or 0, ()))) for fix in fixes
    )


def open_glass() -> QuerySet[BreakGlass]:
    """Acts of one person alone that nobody has reviewed, the oldest first."""
    rows = BreakGlass.objects.filter(reviewed_at__isnull=True)
    return rows.select_related("fix__bridge", "fix__rma", "fix__requested_by", "person").order_by(
        "pk"
    )


def glass_of(fix: Fix) -> BreakGlass | None:
    if not fix.is_break_glass:
        return None
    return BreakGlass.objects.filter(fix=fix).select_related("person", "reviewed_by").first()
