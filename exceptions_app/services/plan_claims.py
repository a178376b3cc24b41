"""Which returns are planned next, and by whom: under a lease, those of one ERP together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from exceptions_app.models import Rma
from exceptions_app.models.statements import Select, Update, is_one_of
from exceptions_app.services import leases

LEASE = leases.lease(seconds=120)


@transaction.atomic
def claim_due(*, now: datetime) -> Rma | None:
    """Take one return whose plan is due; None when none is."""
    taken = _take(_FIRST_DUE.rows(now=now), now)
    return taken[0] if taken else None


@transaction.atomic
def claim_company(*, first: Rma, most: int, now: datetime) -> list[Rma]:
    """Take up to `most` more due returns whose ERP is that of a claimed one, the oldest first.

    A return whose last claim ran out may have cost a worker its life: it is planned alone, so
    that it cannot keep others from their turn.
    """
    if most < 1 or first.plan_lease_until is not None:
        return []
    same = Q(bridge__erp=first.bridge.erp_id, plan_lease_until__isnull=True)
    return _take(_due(now).filter(same)[:most], now)


def give_back(rmas: Sequence[Rma]) -> None:
    """End claims of returns that were not looked at; they stay due."""
    if rmas:
        Rma.objects.filter(pk__in=[rma.pk for rma in rmas]).update(plan_lease_until=None)


def _due(now: Any) -> QuerySet[Rma]:
    return (
        Rma.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(plan_due_at__lte=now)
        .filter(Q(plan_lease_until__isnull=True) | Q(plan_lease_until__lt=now))
        .order_by("plan_due_at", "pk")
        .only("pk")
    )


def _take(due: Iterable[Rma], now: datetime) -> list[Rma]:
    """The rows as they were found: `plan_lease_until` is the claim before this one, if any."""
    # Mostly nothing is due, and rows with all that belongs to them are then read for nothing.
    ids = [row.pk for row in due]
    if not ids:
        return []
    taken = _WHOLE.rows(ids=ids)
    _LEASE.run(ids=ids, until=now + LEASE)
    return taken


_FIRST_DUE = Select(lambda now: _due(now)[:1])
_WHOLE = Select(
    lambda ids: (
        Rma.objects.filter(is_one_of("pk", ids))
        .select_related("bridge__erp", "bridge__source", "sales_order")
        .order_by("plan_due_at", "pk")
    )
)
_LEASE = Update(
    lambda ids, until: (Rma.objects.filter(is_one_of("pk", ids)), {"plan_lease_until": until})
)
