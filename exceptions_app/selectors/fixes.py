"""What changes are under way for a return or a case, and whom they touch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import (
    BreakerState,
    CaseStatus,
    FixKind,
    FixStatus,
    MappingKind,
    PostingStatus,
    Role,
)
from exceptions_app.models import AuditEntry, Case, Fix, Posting, Rma
from exceptions_app.models.cause_rules import cause_of
from exceptions_app.models.statements import Select
from exceptions_app.permissions import approving_roles
from exceptions_app.rules import touching
from exceptions_app.rules.facts import RmaFacts
from exceptions_app.rules.mapping import normalise

_ON_ITS_WAY = (
    PostingStatus.HELD,
    PostingStatus.READY,
    PostingStatus.SENDING,
    PostingStatus.POSTED,
)

# The facts of an exception that hold a value which a mapping gives a meaning.
_MAPPED_FACTS = ("source_value", "sku", "location", "setting")
# Changes looked at for the one that settled a case.
_SETTLING = 50


_HELD = Select(
    lambda rma, bridge, now: Fix.objects.filter(
        Q(rma=rma) | Q(mapping__isnull=False),
        bridge=bridge,
        status=FixStatus.HELD,
        hold_until__gt=now,
    ).order_by("pk")
)


def undo_until(*, rma: Rma, facts: RmaFacts, now: datetime) -> datetime | None:
    """Until when an approved change that touches this return can still be taken back."""
    moments = [fix.hold_until for fix in held(rma=rma, facts=facts, now=now)]
    return max((moment for moment in moments if moment is not None), default=None)


def held(*, rma: Rma, facts: RmaFacts, now: datetime) -> list[Fix]:
    """The approved changes that touch this return and can still be taken back, oldest first."""
    return [
        fix
        for fix in _HELD.rows(rma=rma.pk, bridge=rma.bridge_id, now=now)
        if fix.rma_id == rma.pk or normalise(fix.source_value) in touching.values(facts, fix.kind)
    ]


def settled_by(case: Case, *, closed_at: datetime) -> Fix | None:
    """The change after which the case closed at `closed_at`; None where there was none.

    Of the changes its type calls for the last one in force that concerns it, its return, its cause
    or its mapped value, and that was decided while it was open. One query.
    """
    rows = (
        Fix.objects.filter(
            Q(case=case.pk) | Q(rma=case.rma_id, rma__isnull=False) | Q(mapping__isnull=False),
            bridge=case.bridge_id,
            kind__in=catalogue_entry(case.type).actions,
            status__in=(FixStatus.HELD, FixStatus.APPLIED),
            decided_at__gte=case.opened_at,
            decided_at__lte=closed_at,
        )
        .select_related("mapping", "case", "rma", "requested_by", "decided_by")
        .order_by("-decided_at", "-pk")[:_SETTLING]
    )
    return next((fix for fix in rows if _settles(fix, case)), None)


def earlier(case: Case) -> Fix | None:
    """The last change in force of the value that `case` is about, decided before it opened.

    One query, and none where no mapping settles its type.
    """
    actions = catalogue_entry(case.type).actions
    kinds = [kind for kind in actions if kind in MappingKind.values]
    values = {normalise(str(case.facts.get(name, ""))) for name in _MAPPED_FACTS} - {""}
    if not kinds or not values:
        return None
    return (
        Fix.objects.filter(
            mapping__bridge=case.bridge_id,
            mapping__kind__in=kinds,
            mapping__source_key__in=values,
            status=FixStatus.APPLIED,
            decided_at__lt=case.opened_at,
        )
        .select_related("mapping", "requested_by", "decided_by")
        .order_by("-decided_at", "-pk")
        .first()
    )


def failed(case: Case) -> Fix | None:
    """The change after which a case closed by proof that came back since; two queries."""
    closings = AuditEntry.objects.filter(case_id=case.pk, act="case.resolve")
    closed_at = closings.order_by("-id").values_list("at", flat=True).first()
    return settled_by(case, closed_at=closed_at) if closed_at else None


def _settles(fix: Fix, case: Case) -> bool:
    if fix.mapping_id is None or fix.case_id == case.pk:
        return True
    is_of_cause = fix.case is not None and cause_of(fix.case) == cause_of(case)
    return is_of_cause or normalise(fix.source_value) in {
        normalise(str(value)) for value in case.facts.values() if value
    }


def named_with_version(fix: Fix) -> str:
    """ "“Map the SKU TEE-BLACK-M”, version 3": the change, and what it put in force."""
    return f"“{fix}”, version {fix.mapping.version}" if fix.mapping is not None else f"“{fix}”"


def approving(fix: Fix) -> frozenset[str]:
    """Roles that may approve this request."""
    closed = fix.case.type if fix.kind == FixKind.CLOSE and fix.case is not None else ""
    return approving_roles(kind=fix.kind, level=fix.level, case_type=closed)


def may_take_back(fix: Fix, *, user_id: int, roles: frozenset[str]) -> bool:
    """Whether somebody may stop a held change: a party to it, who could approve it, or an admin.

    Another team's money is no more theirs to stop than to let go.
    """
    if user_id in (fix.requested_by_id, fix.decided_by_id):
        return True
    return bool((approving(fix) | {Role.ADMIN}) & roles)


def waits_of(cases: Sequence[Case]) -> dict[int, tuple[str, str]]:
    """Per case: the status it should show, and what it waits for ("" when nothing)."""
    if not cases:
        return {}
    requested = Fix.objects.filter(
        status=FixStatus.REQUESTED,
        bridge__in={case.bridge_id for case in cases if case.bridge_id},
    )
    asked = _Asked(requested.select_related("rma").order_by("pk"))
    posting_ids = [case.posting_id for case in cases if case.posting_id]
    moving = {
        posting.pk: posting
        for posting in Posting.objects.filter(
            pk__in=posting_ids, status__in=(*_ON_ITS_WAY, PostingStatus.UNCONFIRMED)
        ).select_related("connection__health")
        if _is_moving(posting)
    }
    return {case.pk: _wait_of(case, asked, moving) for case in cases}


def _is_moving(posting: Posting) -> bool:
    """What is in doubt goes on by itself, but is worth a wait only while the ERP is silent."""
    if posting.parked_at:
        return False
    return posting.status != PostingStatus.UNCONFIRMED or _is_out_of_reach(posting)


def _is_out_of_reach(posting: Posting) -> bool:
    health = getattr(posting.connection, "health", None)
    return not posting.connection.is_active or (
        health is not None and health.state != BreakerState.CLOSED
    )


class _Asked:
    """Requests by what they are about: one exception, or the value a mapping gives a meaning."""

    def __init__(self, requested: Iterable[Fix]) -> None:
        self._of_case: dict[int | None, Fix] = {}
        self._of_value: dict[tuple[int | None, str], Fix] = {}
        for fix in requested:
            self._of_case[fix.case_id] = fix
            if fix.kind in MappingKind.values:
                self._of_value[fix.bridge_id, normalise(fix.source_value)] = fix

    def about(self, case: Case) -> Fix | None:
        """The latest that would change `case`, or the cause it shares with others."""
        found = [self._of_case.get(case.pk)]
        if self._of_value:
            values = {normalise(case.facts.get(name, "")) for name in _MAPPED_FACTS}
            found += [self._of_value.get((case.bridge_id, value)) for value in values]
        return max((fix for fix in found if fix), key=lambda fix: fix.pk, default=None)


def _wait_of(case: Case, asked: _Asked, moving: dict[int, Posting]) -> tuple[str, str]:
    fix = asked.about(case)
    if fix is not None:
        return CaseStatus.AWAITING_APPROVAL, f"A second person’s approval of: {fix}"
    if case.posting_id in moving:
        posting = moving[case.posting_id]
        if posting.status == PostingStatus.UNCONFIRMED:
            name = posting.connection.name
            return CaseStatus.WAITING, f"An answer of {name}, which cannot be reached"
        return CaseStatus.WAITING, f"Confirmation of {posting.key}"
    if case.behind is not None:
        return CaseStatus.WAITING, f"EX-{case.behind.pk} first: {case.behind}"[:200]
    return (CaseStatus.ASSIGNED if case.assignee_id else CaseStatus.OPEN), ""


def awaiting(*, roles: frozenset[str]) -> QuerySet[Fix]:
    """Requests open for approval, newest last, with what their screen shows."""
    return (
        Fix.objects.filter(status=FixStatus.REQUESTED)
        .select_related("bridge", "case", "rma", "requested_by", "mapping")
        .order_by("pk")
    )
