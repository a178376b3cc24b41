"""One decision about a return's money at a time (R099): asked for, and again when it is decided."""

from __future__ import annotations

from exceptions_app import errors
from exceptions_app.choices import MONEY_FIXES, FixKind, FixStatus
from exceptions_app.models import Fix, Rma
from exceptions_app.services import audit


def refuse_second(*, kind: str, rma: Rma | None) -> None:
    """Refuse to ask while another decision about this return's money is asked for or held.

    To be called where requests of one bridge wait for each other.

    Raises:
        FixAlreadyDecided: whose it is, and what.
    """
    if kind not in MONEY_FIXES or rma is None:
        return
    under_way = Fix.objects.filter(
        rma=rma, kind__in=MONEY_FIXES, status__in=(FixStatus.REQUESTED, FixStatus.HELD)
    )
    other = under_way.select_related("requested_by").order_by("pk").first()
    if other is not None:
        raise errors.FixAlreadyDecided(
            f"{audit.name_of(other.requested_by)} has already asked for this return's money: "
            f"“{FixKind(other.kind).label}”. It is under way; one decision at a time."
        )


def check_still(*, fix: Fix) -> None:
    """Refuse to decide what another decision about the same money has overtaken.

    Of two that are decided at once the second waits here, and is told.

    Raises:
        FixAlreadyDecided: another decision came into force since this was asked for.
    """
    if fix.kind not in MONEY_FIXES or fix.rma_id is None:
        return
    Rma.objects.select_for_update(no_key=True).get(pk=fix.rma_id)
    in_force = Fix.objects.filter(
        rma=fix.rma_id,
        kind__in=MONEY_FIXES,
        status__in=(FixStatus.HELD, FixStatus.APPLIED),
        decided_at__gte=fix.requested_at,
    ).exclude(pk=fix.pk)
    other = in_force.order_by("-pk").first()
    if other is not None:
        raise errors.FixAlreadyDecided(
            f"“{FixKind(other.kind).label}” of this return came into force since this was asked "
            "for. Both together would count the difference twice: refuse this request."
        )
