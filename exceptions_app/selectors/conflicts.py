"""Who asked for, edited and approved what, and where two pairs of eyes may have been one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from exceptions_app.models import Approval, Fix
from exceptions_app.selectors import paging
from exceptions_app.selectors.approvals import amounts_of
from exceptions_app.selectors.sums import Amount

ORDER = ("-pk",)
SPANS = (30, 90, 365)
PAIRS_SHOWN = 20
# What a row can be listed for, in words.
KINDS = {
    "pair": "Two who approve each other",
    "own": "Their own return",
    "alone": "One person alone",
    "delegate": "Approved by a delegate",
    "edited": "Edited by another than who asked",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two people of whom each approved what the other asked for, and how often."""

    first: str
    second: str
    first_approved: int
    second_approved: int


@dataclass(frozen=True, slots=True)
class Row:
    """One decided change with everybody who had a hand in it; `why` are codes of KINDS."""

    fix: Fix
    asked: str
    edited: tuple[str, ...]
    approved: tuple[str, ...]
    why: tuple[str, ...]
    amount: Amount | None


def decided(*, days: int, now: datetime) -> QuerySet[Fix]:
    """Changes another person had to decide on, decided in the last `days`."""
    since = now - timedelta(days=days)
    rows = Fix.objects.filter(decided_at__gt=since)
    return rows.filter(~Q(level="none") | Q(is_break_glass=True))


def pairs(*, days: int, now: datetime) -> tuple[Pair, ...]:
    """Those who approve each other, the most often first; one grouped query and their names."""
    found = {
        (row["approver"], row["fix__requested_by"]): row["count"] for row in _approved(days, now)
    }
    mutual = sorted(
        ((one, other) for one, other in found if one < other and (other, one) in found),
        key=lambda pair: -(found[pair] + found[pair[::-1]]),
    )[:PAIRS_SHOWN]
    names = _names({pk for pair in mutual for pk in pair})
    return tuple(
        Pair(names[one], names[other], found[one, other], found[other, one])
        for one, other in mutual
    )


def listed(*, kind: str, days: int, now: datetime) -> QuerySet[Fix]:
    """Changes of one kind of conflict, or of all kinds for an unknown one."""
    conditions = _conditions(days, now)
    wanted = conditions.get(kind)
    if wanted is None:
        wanted = Q()
        for condition in conditions.values():
            wanted |= condition
    return decided(days=days, now=now).filter(wanted)


def counts(*, days: int, now: datetime) -> dict[str, int]:
    """How many changes there are of each kind; one query, none counted beyond the cap."""
    return paging.counts({kind: listed(kind=kind, days=days, now=now) for kind in KINDS})


def page(rows: QuerySet[Fix], *, cursor: str = "", size: int = paging.PAGE_SIZE) -> paging.Page:
    shown = rows.select_related("bridge", "rma", "case", "requested_by", "decided_by")
    return paging.page(
        shown.prefetch_related("approvals__approver", "approvals__on_behalf_of", "edits__editor"),
        order=ORDER,
        cursor=cursor,
        size=size,
    )


def rows_of(fixes: Iterable[Fix], *, days: int, now: datetime) -> tuple[Row, ...]:
    """The rows of one page, each with why it is listed; three queries for all of them."""
    fixes = list(fixes)
    amounts = amounts_of(fixes)
    kinds: dict[int, list[str]] = {}
    ids = [fix.pk for fix in fixes]
    for kind, condition in _conditions(days, now).items():
        found = decided(days=days, now=now).filter(condition, pk__in=ids)
        for pk in found.values_list("pk", flat=True):
            kinds.setdefault(pk, []).append(kind)
    return tuple(
        Row(
            fix=fix,
            asked=_name(fix.requested_by),
            edited=tuple(dict.fromkeys(_name(row.editor) for row in fix.edits.all())),
            approved=_approvers(fix),
            why=tuple(kinds.get(fix.pk, ())),
            amount=amounts.get(fix.pk),
        )
        for fix in fixes
    )


def _conditions(days: int, now: datetime) -> dict[str, Q]:
    since = now - timedelta(days=days)
    back = Approval.objects.filter(
        at__gt=since,
        approver=OuterRef("fix__requested_by"),
        fix__requested_by=OuterRef("approver"),
    )
    mutual = Approval.objects.filter(Exists(back), fix=OuterRef("pk"), at__gt=since)
    given = Approval.objects.filter(fix=OuterRef("pk"))
    customer = Lower(OuterRef("rma__customer_email"))
    own_approval = given.annotate(own=Lower("approver__email")).filter(own=customer)
    asker = User.objects.annotate(own=Lower("email")).filter(
        pk=OuterRef("requested_by"), own=customer
    )
    edited = ~Q(edits__editor=F("requested_by")) & Q(edits__isnull=False)
    edited_ids = Fix.objects.filter(edited, decided_at__gt=since).values("pk")
    return {
        "pair": Q(Exists(mutual)),
        "own": ~Q(rma__customer_email="") & (Q(Exists(asker)) | Q(Exists(own_approval))),
        "alone": Q(is_break_glass=True),
        "delegate": Q(Exists(given.filter(on_behalf_of__isnull=False))),
        "edited": Q(pk__in=edited_ids),
    }


def _approved(days: int, now: datetime) -> QuerySet[Any, Any]:
    rows = Approval.objects.filter(at__gt=now - timedelta(days=days)).order_by()
    found: QuerySet[Any, Any] = rows.values("approver", "fix__requested_by").annotate(
        count=Count("pk")
    )
    return found


def _approvers(fix: Fix) -> tuple[str, ...]:
    if fix.is_break_glass:
        return (f"{_name(fix.decided_by)}, alone",)
    told = []
    for row in fix.approvals.all():
        void = "" if row.payload_hash == fix.payload_hash else ", void since"
        whose = f" for {_name(row.on_behalf_of)}" if row.on_behalf_of_id else ""
        told.append(f"{_name(row.approver)}{whose}{void}")
    return tuple(told)


def _names(ids: Iterable[int]) -> dict[int, str]:
    return {user.pk: _name(user) for user in User.objects.filter(pk__in=set(ids))}


def _name(person: User | None) -> str:
    return (person.get_full_name() or person.get_username()) if person else ""
