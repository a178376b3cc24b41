"""A request edited while it waits: the approvals it had are void, all it needs is asked anew."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors
from exceptions_app.choices import CASE_OPEN, MappingKind
from exceptions_app.models import Fix, FixEdit
from exceptions_app.services import (
    accept_terms,
    audit,
    doubts,
    fix_payloads,
    fix_steps,
    fixes,
    mappings,
    whole_previews,
)


@transaction.atomic
def edit(
    *,
    fix_id: int,
    seen_hash: str,
    payload: dict[str, Any],
    actor: User,
    now: datetime,
    why: str,
    reason_code: str = "",
    in_spite: bool = True,
) -> Fix:
    """Ask for something else in a request that waits; what was asked for before is kept.

    The editor becomes a party to it and cannot approve it. Effect and approvals needed follow
    from the new content. A request never loses the approval it once needed by an edit.

    Raises:
        FixNotAllowed: the actor could not have asked for it.
        FixAlreadyDecided: decided meanwhile, or edited by another since it was shown.
        CaseAlreadyClosed: its exception was closed meanwhile.
        InvalidChoice: no reason, nothing different, or a fact that is not usable.
        InDoubt: without `in_spite`, what asking for it anew would need a tick for.
    """
    fix = fix_steps.lock(fix_id)
    fix_steps.check_undecided(fix)
    fix_steps.check_seen(fix, seen_hash)
    fixes.check_right(actor, fix.kind)
    if fix.case is not None and fix.case.status not in CASE_OPEN:
        raise errors.CaseAlreadyClosed(f"Its exception was closed meanwhile: {fix.case.proof}")
    if not why.strip():
        raise errors.InvalidChoice("Say what you changed and why; whoever approves reads it.")
    reason_code = reason_code or fix.reason_code
    fix_payloads.check_reason(kind=fix.kind, reason_code=reason_code, case=fix.case)
    given = accept_terms.complete(
        kind=fix.kind,
        payload={**_kept(fix), **payload},
        case=fix.case,
        asked_by=fix.requested_by,
    )
    clean = fixes.clean(fix.kind, fix.bridge, fix.rma, fix.source_value, given, now)
    before = _told(fix)
    if (clean, reason_code) == (fix.payload, fix.reason_code):
        raise errors.InvalidChoice("Nothing differs from what was asked for.")
    terms = _weighed(fix, clean, now)
    if not in_spite:
        _refuse_doubt(fix, clean, terms)
    voided = [audit.name_of(row.approver) for row in fix_steps.approvals_of(fix)]
    _change(fix, clean, terms, reason_code, actor, now, why)
    row = FixEdit.objects.create(
        fix=fix,
        editor=actor,
        at=now,
        why=why[:500],
        before=before,
        after=_told(fix),
        voided=voided,
    )
    _record(fix, row, actor, now)
    fix_steps.tell_waits(fix, now)
    return fix


def _weighed(fix: Fix, clean: dict[str, Any], now: datetime) -> fixes.Terms:
    return fixes.weigh(
        kind=fix.kind,
        bridge=fix.bridge,
        case=fix.case,
        rma=fix.rma,
        source_value=fix.source_value,
        payload=clean,
        now=now,
    )


def _refuse_doubt(fix: Fix, clean: dict[str, Any], terms: fixes.Terms) -> None:
    doubts.refuse(
        kind=fix.kind,
        bridge=fix.bridge,
        rma=fix.rma or (fix.case.rma if fix.case else None),
        payload=clean,
        found=terms.found,
        source_value=fix.source_value,
    )


def _change(
    fix: Fix,
    clean: dict[str, Any],
    terms: fixes.Terms,
    reason_code: str,
    actor: User,
    now: datetime,
    why: str,
) -> None:
    if fix.kind in MappingKind.values and fix.mapping is not None:
        mappings.withdraw(mapping=fix.mapping, actor=actor, now=now, why="the request was edited")
        fix.mapping = mappings.propose(
            bridge=fix.bridge,
            kind=fix.kind,
            source_value=fix.source_value,
            target=clean,
            actor=actor,
            reason=why,
            now=now,
        )
    fix.payload = clean
    fix.reason_code = reason_code
    fix.effect = terms.effect
    if terms.level == "finance":
        fix.level = terms.level
    fix.approvals_needed = max(terms.approvals_needed, 1)
    fix.payload_hash = fix_steps.payload_hash(
        fix.kind,
        fix.source_value,
        clean,
        edits=fix.edits.count() + 1,
        reason_code=reason_code,
    )
    fix.save(
        update_fields=[
            "mapping",
            "payload",
            "reason_code",
            "effect",
            "level",
            "approvals_needed",
            "payload_hash",
        ]
    )
    whole_previews.attach(fix=fix, found=terms.found, actor=actor, now=now)


def _kept(fix: Fix) -> dict[str, Any]:
    """What an edit that says nothing of it leaves as it is."""
    return {name: fix.payload[name] for name in ("owner", "cause") if name in fix.payload}


def _told(fix: Fix) -> dict[str, Any]:
    reason = dict(fix_payloads.MONEY_REASONS).get(fix.reason_code, fix.reason_code)
    return {"payload": fix.payload, "reason": reason}


def _record(fix: Fix, row: FixEdit, actor: User, now: datetime) -> None:
    void = f"; void: the approval of {' and of '.join(row.voided)}" if row.voided else ""
    audit.record(
        actor=actor,
        act="fix.edit",
        subject=fix,
        text=f"Edited{void}: {fix}. {row.why}",
        now=now,
        rma_id=fix.rma_id,
        case_id=fix.case_id,
        before=row.before,
        after=row.after,
    )
