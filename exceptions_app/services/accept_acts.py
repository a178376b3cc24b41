"""What people do about acceptances: give one to another owner, ask to renew it; and are told."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.catalogue import render
from exceptions_app.choices import CASE_OPEN, AcceptanceState, FixKind
from exceptions_app.models import Acceptance, Case, Fix, Mention
from exceptions_app.selectors import acceptances as selector
from exceptions_app.services import accept_terms, accepting, audit, fixes

# How long before its last day an acceptance's owner is told.
WARNED_BEFORE = timedelta(days=7)
BATCH = 200


@transaction.atomic
def assign(
    *, acceptance_id: int, owner: str, seen_owner_id: int, actor: User, now: datetime, why: str
) -> Acceptance:
    """Give an acceptance to another person of finance; what was agreed to stays as it is.

    Raises:
        InvalidChoice: no reason, or nobody of finance is called so.
        CaseChanged: it was given to somebody else since it was shown.
        FixAlreadyDecided: it does not hold any more.
    """
    row = _locked(acceptance_id)
    if not why.strip():
        raise errors.InvalidChoice("Say why somebody else owns it from now on.")
    _check_holds(row)
    if row.owner_id != seen_owner_id:
        raise errors.CaseChanged(
            f"{audit.name_of(row.owner)} owns it since you opened the page. Look again."
        )
    person = accept_terms.owner_of(owner)
    if person.pk == row.owner_id:
        raise errors.InvalidChoice(f"{audit.name_of(person)} owns it already.")
    before = {"owner": row.owner.get_username()}
    # Whoever owns it now is told as well, where its day is near.
    row.owner, row.warned_at = person, None
    row.save(update_fields=["owner", "warned_at"])
    text = f"Owned by {audit.name_of(person)} from now on: {why.strip()}"
    after = {"owner": person.get_username()}
    accepting.record(row, "acceptance.assign", text, actor, now, before=before, after=after)
    return row


@transaction.atomic
def renew(
    *,
    acceptance_id: int,
    actor: User,
    now: datetime,
    until: date | None,
    cap: str,
    reason_code: str,
    note: str = "",
    owner: str = "",
) -> Fix:
    """Ask to accept the same difference for longer, or up to more: approved as the first was.

    Raises:
        FixAlreadyDecided: it does not hold any more, or something about this money is under way.
        FixNotAllowed, InvalidChoice: as `fixes.request`.
    """
    row = _locked(acceptance_id)
    _check_holds(row)
    payload: dict[str, Any] = {
        "difference": f"{row.fix.payload['difference']}",
        "cap": cap or row.fix.payload.get("cap", ""),
        "until": until.isoformat() if until else "",
        "owner": owner or row.owner.get_username(),
        "cause": row.fix.payload.get("cause", ""),
    }
    return fixes.request(
        kind=FixKind.ACCEPT_DIFFERENCE,
        bridge=row.bridge,
        actor=actor,
        now=now,
        payload=payload,
        case=_open_case(row),
        rma=row.rma,
        reason_code=reason_code,
        note=note,
    )


def warn_due(*, now: datetime) -> int:
    """Tell each owner once that what they own ends soon; returns how many."""
    pks = selector.to_warn(now=now, within=WARNED_BEFORE, limit=BATCH)
    return sum(_warn(pk, now) for pk in pks)


@transaction.atomic
def _warn(pk: int, now: datetime) -> int:
    rows = Acceptance.objects.select_for_update(skip_locked=True, of=("self",))
    row = rows.select_related("rma", "owner", "fix").filter(pk=pk, warned_at__isnull=True).first()
    if row is None or row.state != AcceptanceState.HOLDS or row.until is None:
        return 0
    row.warned_at = now
    row.save(update_fields=["warned_at"])
    facts = {"difference": f"{row.difference:f}", "currency": row.currency}
    told = render("{difference} accepted until {posting_date}", facts | {"posting_date": row.until})
    text = f"{told}: you own it. Renew it, or its exception opens again after that day."
    entry = accepting.record(row, "acceptance.warn", text, None, now)
    Mention.objects.create(entry=entry, person=row.owner)
    return 1


def _locked(pk: int) -> Acceptance:
    rows = Acceptance.objects.select_for_update(of=("self",))
    return rows.select_related("rma", "bridge", "owner", "fix").get(pk=pk)


def _check_holds(row: Acceptance) -> None:
    if row.state != AcceptanceState.HOLDS:
        state = AcceptanceState(row.state).label
        raise errors.FixAlreadyDecided(
            f"It does not hold any more: {state[:1].lower()}{state[1:]}. Decide on the exception of"
            " its return instead."
        )


def _open_case(row: Acceptance) -> Case | None:
    """An open exception of the return that offers to accept its difference, the gravest first."""
    open_cases = Case.objects.filter(rma=row.rma, status__in=CASE_OPEN)
    for case in open_cases.order_by("-severity_rank", "pk"):
        if FixKind.ACCEPT_DIFFERENCE in catalogue_entry(case.type, case.facts).actions:
            return case
    return None
