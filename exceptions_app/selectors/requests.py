"""Requests for changes, as the approvals screens show them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Count, Q, QuerySet

from exceptions_app.choices import (
    CASE_OPEN,
    FixKind,
    FixStatus,
    MappingKind,
    MappingStatus,
    PostingStatus,
)
from exceptions_app.models import Case, Fix, Mapping, Posting, Rma
from exceptions_app.rules import change_words
from exceptions_app.rules.mapping import is_withdrawal, normalise
from exceptions_app.selectors import paging

WAITING_CAP = 200
DECIDED_CAP = 25
DECIDED_SINCE = timedelta(days=30)

_SHOWN = ("bridge__erp", "bridge__source", "case__rma", "rma", "mapping")
_PEOPLE = ("requested_by", "decided_by", "batch")


def waiting() -> list[Fix]:
    """Requests nobody has decided on, oldest first, at most WAITING_CAP."""
    rows = Fix.objects.filter(status=FixStatus.REQUESTED)
    return list(with_all(rows).order_by("pk")[:WAITING_CAP])


def held(*, now: datetime) -> list[Fix]:
    """Approved changes that can still be taken back, the next to leave first."""
    rows = Fix.objects.filter(status=FixStatus.HELD, hold_until__gt=now)
    return list(with_all(rows).order_by("hold_until", "pk")[:WAITING_CAP])


def decided(*, now: datetime) -> list[Fix]:
    """The latest decisions of the last DECIDED_SINCE, newest first."""
    rows = Fix.objects.filter(decided_at__gt=now - DECIDED_SINCE)
    return list(with_all(rows).order_by("-decided_at", "-pk")[:DECIDED_CAP])


def name(*lists: Iterable[Fix], has_documents: bool = True) -> None:
    """Say of each change what it is about (`Fix.about`), so that no two read alike.

    One query where `has_documents` names those too, else none; the returns are there already.
    """
    fixes = [fix for each in lists for fix in each if fix.kind not in MappingKind.values]
    wanted = {document_id(fix) for fix in fixes} - {0} if has_documents else set()
    found = Posting.objects.in_bulk(wanted) if wanted else {}
    for fix in fixes:
        row = found.get(document_id(fix))
        fix.about = change_words.about(
            rma=str(fix.rma or ""),
            case_id=fix.case_id if fix.kind == FixKind.CLOSE else None,
            document=row.get_kind_display().lower() if row else "",
            amount=row.gross if row else Decimal(0),
            currency=row.currency if row else "",
        )


def document_id(fix: Fix) -> int:
    """The document a change is about: it names it, or it is the one its exception holds back."""
    of_case = fix.case.posting_id if fix.kind == FixKind.POSTING_DATE and fix.case else 0
    return fix.payload.get("posting_id") or of_case or 0


def by_ids(ids: Sequence[int]) -> QuerySet[Fix]:
    """These requests, oldest first, with what their rows show."""
    return with_all(Fix.objects.filter(pk__in=ids)).order_by("pk")


def detail(fix_id: int) -> QuerySet[Fix]:
    rows = Fix.objects.filter(pk=fix_id)
    return with_all(rows).select_related("rma__bridge__erp", "case__rma__bridge__erp")


def change(fix: Fix) -> dict[str, Any]:
    """The fact before and after as text, one name per line; before is "" when there was none."""
    before: dict[str, Any] = {}
    version = 0
    if fix.kind in MappingKind.values:
        others = Mapping.objects.filter(
            bridge=fix.bridge_id, kind=fix.kind, source_key=normalise(fix.source_value)
        ).exclude(pk=fix.mapping_id or 0)
        wanted = (MappingStatus.ACTIVE, MappingStatus.SUPERSEDED)
        older = others.filter(status__in=wanted)
        if fix.mapping is not None:
            older = older.filter(version__lt=fix.mapping.version)
        latest = older.order_by("-version").first()
        if latest is not None:
            before, version = latest.target, latest.version
    return {
        "target_before": before,
        "before": lines_of(before),
        "after": "mapped no more" if is_withdrawal(fix.payload) else lines_of(fix.payload),
        "before_version": str(version or ""),
        "after_version": str(fix.mapping.version) if fix.mapping else "",
    }


def effect(fix: Fix) -> dict[str, Any] | None:
    """What the requester was shown, with its amounts as Decimal; None for one document's change."""
    if "rows" not in fix.effect:
        return None
    stored = dict(fix.effect)
    stored["freed"] = _amount(stored.get("freed"))
    stored.setdefault("touched", len(stored.get("rows", [])))
    stored["touched_shown"] = paging.shown(stored["touched"])
    stored["rows"] = [
        {**row, "amount": _amount(row.get("amount"))} for row in stored.get("rows", [])
    ]
    return stored


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one return the change was planned for; `stays` and `came` are case types."""

    rma_id: int
    label: str
    amount: Decimal | None
    currency: str
    state: str  # healed | moving | held | other | still
    stays: tuple[str, ...]
    came: tuple[str, ...]
    confirmed: int
    documents: int


def results(fix: Fix, *, now: datetime) -> tuple[Result, ...]:
    """Return by return, how things stand since the change is in force; three queries at most.

    Empty while nobody has put it in force, or after it was taken back.
    """
    stored = effect(fix)
    if stored is None or fix.status not in (FixStatus.HELD, FixStatus.APPLIED):
        return ()
    ids = [row["rma_id"] for row in stored["rows"]]
    types: dict[int, list[str]] = {}
    opened = Case.objects.filter(rma__in=ids, status__in=CASE_OPEN)
    for rma_id, code in opened.order_by("type").values_list("rma", "type").distinct():
        types.setdefault(rma_id, []).append(code)
    due = set(Rma.objects.filter(pk__in=ids, plan_due_at__lte=now).values_list("pk", flat=True))
    counted: QuerySet[Any, Any] = (
        Posting.objects.filter(rma__in=ids)
        .exclude(status=PostingStatus.CANCELLED)
        .order_by()
        .values("rma")
        .annotate(
            documents=Count("pk"),
            confirmed=Count("pk", filter=Q(status=PostingStatus.CONFIRMED)),
        )
    )
    documents = {row["rma"]: row for row in counted}
    is_held = fix.status == FixStatus.HELD
    return tuple(
        _result(
            row,
            types.get(row["rma_id"], []),
            documents.get(row["rma_id"], {}),
            due,
            is_held=is_held,
        )
        for row in stored["rows"]
    )


def _result(
    row: dict[str, Any],
    types: list[str],
    documents: dict[str, int],
    due: set[int],
    *,
    is_held: bool,
) -> Result:
    before = set(row["before"])
    came = tuple(code for code in types if code not in before)
    stays = tuple(code for code in types if code in before)
    confirmed, count = documents.get("confirmed", 0), documents.get("documents", 0)
    if is_held or row["rma_id"] in due:
        state = "held" if is_held else "moving"
    elif came:
        state = "other"
    elif stays:
        state = "still"
    else:
        state = "healed" if confirmed == count else "moving"
    return Result(
        rma_id=row["rma_id"],
        label=row["label"],
        amount=row["amount"],
        currency=row.get("currency", ""),
        state=state,
        stays=stays,
        came=came,
        confirmed=confirmed,
        documents=count,
    )


def with_all(rows: QuerySet[Fix]) -> QuerySet[Fix]:
    """These requests with what their rows show and who said what to them."""
    return rows.select_related(*_SHOWN, *_PEOPLE).prefetch_related(
        "approvals__approver", "approvals__on_behalf_of", "edits__editor"
    )


# What only the plan needs of an edited document; its fields are told one by one.
_UNTOLD = frozenset({"draft", "made_on", "slot", "changes", "amount", "posting_id"})


def lines_of(target: dict[str, Any]) -> str:
    """One "name: value" per line, by name."""
    if "draft" in target:
        set_to = target.get("changes", {})
        target = {name: value for name, value in target.items() if name not in _UNTOLD} | set_to
    return "\n".join(
        f"{name}: {value if isinstance(value, str) else json.dumps(value)}"
        for name, value in sorted(target.items())
    )


def _amount(text: object) -> Decimal | None:
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return None
