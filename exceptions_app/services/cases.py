"""Cases follow findings: opened when new, refreshed while they persist, closed when gone, with
proof."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.catalogue import render
from exceptions_app.catalogue.entry import Entry
from exceptions_app.choices import (
    CASE_OPEN,
    SEVERITY_RANK,
    CaseStatus,
    Closure,
    EscalationStep,
    FixStatus,
)
from exceptions_app.models import (
    AuditEntry,
    Case,
    Fix,
    Posting,
)
from exceptions_app.models.cause_rules import cause_of, caused
from exceptions_app.models.statements import Select
from exceptions_app.rules import accepting, severity
from exceptions_app.rules.facts import Finding
from exceptions_app.selectors import fixes as fixes_selector
from exceptions_app.services import (
    assigning,
    audit,
    clocks,
    moments,
    placing,
    putting_off,
    replacing,
    severities,
)
from exceptions_app.services.subjects import Subject

_OF_SUBJECT = Select(
    lambda subject: (
        Case.objects.select_for_update(of=("self",))
        .select_related("group", "behind")
        .filter(subject=subject)
        .order_by("pk")
    )
)


@transaction.atomic
def sync(
    *,
    subject: Subject,
    findings: Sequence[Finding],
    now: datetime,
    proof: str = "",
    prove: Callable[[Case], str] | None = None,
    postings: dict[str, Posting] | None = None,
) -> tuple[Case, ...]:
    """Make the open cases of `subject` equal to `findings`; returns those now open.

    Repeatable: the same findings again change nothing but the time they were last seen. `proof`
    is what closes those that are gone, or what `prove` says of each; where neither does, the
    sentence of its catalogue entry. Of what is leaving nobody is told anew.
    """
    known = {case.fingerprint: case for case in _OF_SUBJECT.rows(subject=subject.key)}
    still = {fingerprint for fingerprint, case in known.items() if case.status in CASE_OPEN}
    findings = [
        row for row in findings if not row.is_leaving or _fingerprint(subject, row) in still
    ]
    current = []
    # What rules may give to a person: opened, come back, or graver than before.
    moved = []
    promises = severity.promises_among(finding.type for finding in findings)
    for finding in findings:
        fingerprint = _fingerprint(subject, finding)
        posting = (postings or {}).get(finding.subject.removeprefix("posting:"))
        case = known.pop(fingerprint, None)
        was = (case.status, case.severity) if case is not None else None
        if case is None:
            case = _open(subject, finding, fingerprint, posting, promises, now)
        else:
            case = _refresh(case, subject, finding, posting, promises, now)
        current.append(case)
        if case.assignee_id is None and _has_moved(case, was):
            moved.append(case)
    for case in known.values():
        if case.status in CASE_OPEN:
            told = prove(case) if prove else proof
            _close_by_proof(case, replacing.named(told, current), now)
    if subject.rma is not None:
        placing.in_order(findings, current)
    assigning.place(cases=moved, now=now)
    return tuple(current)


def _has_moved(case: Case, was: tuple[str, str] | None) -> bool:
    """Opened, come back, or graver than it was."""
    if was is None:
        return True
    is_back = was[0] == CaseStatus.RESOLVED and case.status in CASE_OPEN
    return is_back or case.severity != was[1]


def _open(
    subject: Subject,
    finding: Finding,
    fingerprint: str,
    posting: Posting | None,
    promises: frozenset[str],
    now: datetime,
) -> Case:
    entry = catalogue_entry(finding.type, finding.facts)
    facts = _facts(subject, finding)
    own, group = placing.groups(
        finding, facts, bridge=subject.bridge, connection=subject.connection, now=now
    )
    others = severities.count_open(group_id=group.pk)
    grounds = severities.of_finding(
        finding,
        subject.bridge,
        promises,
        others + 1,
        now,
        calendars=subject.calendars,
        currency=subject.currency,
    )
    level = severity.of(grounds)
    case = Case.objects.create(
        fingerprint=fingerprint,
        type=finding.type,
        team=entry.team,
        severity=level,
        severity_rank=SEVERITY_RANK[level],
        rank=entry.rank,
        status=CaseStatus.OPEN,
        group=group,
        own_group=own if own.pk != group.pk else None,
        bridge=subject.bridge,
        rma=subject.rma,
        posting=posting,
        connection=subject.connection,
        event=subject.event,
        subject=subject.key,
        subject_part=finding.subject[:160],
        title=render(entry.title, facts)[:300],
        facts=facts,
        value=finding.value,
        currency=subject.currency,
        value_formula=finding.value_formula[:300],
        opened_at=now,
        seen_at=now,
        **_clock(subject, finding, entry, now),
    )
    record(case, "case.open", f"Opened: {case.title}", now)
    severities.raise_crowd(group_id=group.pk, count=others + 1, now=now)
    return case


def _refresh(
    case: Case,
    subject: Subject,
    finding: Finding,
    posting: Posting | None,
    promises: frozenset[str],
    now: datetime,
) -> Case:
    facts = _facts(subject, finding)
    entry = catalogue_entry(finding.type, finding.facts)
    changed: dict[str, object] = {"seen_at": now}
    if case.closure == Closure.BY_HAND and facts == case.facts:
        # A person closed exactly this with a coded reason: it stays closed until facts change.
        return case
    is_taken_back = case.status == CaseStatus.RESOLVED and _is_taken_back(case)
    failed = ""
    if case.status == CaseStatus.RESOLVED:
        failed = "" if is_taken_back else _failed(case)
        clock = partial(_clock, subject, finding, entry, now)
        changed |= _opened_again(case, clock, is_taken_back=is_taken_back)
    if facts != case.facts or finding.value != case.value:
        changed |= {
            "facts": facts,
            "value": finding.value,
            "value_formula": finding.value_formula[:300],
            "title": render(entry.title, facts)[:300],
            **placing.anew(case, facts),
        }
    count = severities.count_with(case)
    grounds = severities.of_finding(
        finding,
        subject.bridge,
        promises,
        count,
        now,
        calendars=subject.calendars,
        currency=subject.currency,
    )
    changed |= severities.rise(case, grounds)
    if posting is not None and case.posting_id != posting.pk:
        changed["posting"] = posting
    if subject.event is not None and case.event_id != subject.event.pk:
        changed["event"] = subject.event
    changed |= putting_off.ended_by(case, changed)
    for name, value in changed.items():
        setattr(case, name, value)
    case.save(update_fields=list(changed))
    if "snoozed_until" in changed:
        record(case, "case.wake", "Back in the queue: its facts changed", now)
    if "closure" in changed:
        _record_opened(case, failed, now, is_taken_back=is_taken_back)
        severities.raise_crowd(group_id=case.group_id, count=count, now=now)
    if "severity" in changed:
        severities.record(case, grounds, now)
    return case


def _clock(subject: Subject, finding: Finding, entry: Entry, now: datetime) -> dict[str, Any]:
    return clocks.started(
        finding=finding,
        bridge=subject.bridge,
        calendar=subject.calendars.of(entry.team),
        hours=entry.clock_hours,
        now=now,
    )


def _opened_again(
    case: Case, clock: Callable[[], dict[str, Any]], *, is_taken_back: bool
) -> dict[str, object]:
    """A cause that came back starts its clock anew; one that was never gone keeps it."""
    changed: dict[str, object] = {
        **back_in_queue(case),
        "closure": Closure.NONE,
        "resolved_at": None,
        "proof": "",
    }
    if is_taken_back:
        return changed
    anew = {"paused_until": None, "escalated": EscalationStep.NONE}
    return {**changed, **anew, **clock(), "reopened_count": case.reopened_count + 1}


def back_in_queue(case: Case) -> dict[str, object]:
    """The state of a case that opens again: with whoever had it, or free where they have left.

    Whoever leaves keeps what was closed as theirs; open, nobody would ever be given it.
    """
    if case.assignee is not None and case.assignee.is_active:
        return {"status": CaseStatus.ASSIGNED}
    return {"status": CaseStatus.OPEN, "assignee": None}


def _failed(case: Case) -> str:
    """The change after which a case closed that is back now, in words; "" where there was none."""
    if case.closure != Closure.PROOF or case.resolved_at is None:
        return ""
    fix = fixes_selector.settled_by(case, closed_at=case.resolved_at)
    if fix is None:
        return ""
    since = moments.written(fix.decided_at) if fix.decided_at else ""
    return f". It had closed after {fixes_selector.named_with_version(fix)}, decided {since}"


def _record_opened(case: Case, failed: str, now: datetime, *, is_taken_back: bool) -> None:
    if is_taken_back:
        record(case, "case.taken_back", "Open as before: what closed it was taken back", now)
    else:
        why = f". {case.facts[accepting.TOLD]}" if accepting.TOLD in case.facts else failed
        record(case, "case.reopen", f"The cause came back: {case.title}{why}", now)


def _is_taken_back(case: Case) -> bool:
    """What closed it was a change that left nothing and was taken back: its clock never stopped."""
    closed_by = caused(path="case__", pk=cause_of(case))
    if case.rma_id:
        closed_by |= Q(rma=case.rma_id)
    return Fix.objects.filter(
        closed_by,
        status=FixStatus.UNDONE,
        decided_at__lte=case.resolved_at,
        ended_at__gte=case.resolved_at,
    ).exists()


def _close_by_proof(case: Case, proof: str, now: datetime) -> None:
    case.status = CaseStatus.RESOLVED
    case.closure = Closure.PROOF
    case.resolved_at = now
    stated = render(catalogue_entry(case.type, case.facts).closes_by, case.facts)
    case.proof = (proof or stated[:1].upper() + stated[1:])[:500]
    case.waiting_for, case.behind = "", None
    case.save(update_fields=["status", "closure", "resolved_at", "proof", "waiting_for", "behind"])
    lead = "Closed by proof: " if replacing.number_in(case.proof) is None else ""
    record(case, "case.resolve", f"{lead}{case.proof}", now)


def tell_waits(*, cases: Sequence[Case], now: datetime) -> None:
    """Let open cases, which the caller has locked, say what they wait for or that they are open.

    As many statements for a thousand as for one."""
    waits = fixes_selector.waits_of(cases)
    alike: dict[tuple[str, str], list[Case]] = defaultdict(list)
    for case in cases:
        status, text = waits[case.pk]
        if case.status in CASE_OPEN and (case.status, case.waiting_for) != (status, text[:200]):
            case.status, case.waiting_for = status, text[:200]
            alike[status, text].append(case)
    for (status, text), rows in alike.items():
        found = Case.objects.filter(pk__in=[case.pk for case in rows])
        found.update(status=status, waiting_for=text[:200])
        told = f"Waits for: {text}" if text else "Waits no longer"
        audit.record_all(_entry(case, "case.wait", told, now) for case in rows)


def _facts(subject: Subject, finding: Finding) -> dict[str, str]:
    return {
        **dict(subject.names),
        "value": f"{finding.value}",
        "currency": subject.currency,
        **finding.facts,
    }


def _fingerprint(subject: Subject, finding: Finding) -> str:
    text = "\x1f".join([subject.key, finding.type, finding.subject, finding.cause])
    return hashlib.sha256(text.encode()).hexdigest()


def record(case: Case, act: str, text: str, now: datetime, actor: User | None = None) -> None:
    """One entry in the trail of `case` and of its return."""
    audit.record_all([_entry(case, act, text, now, actor)])


def _entry(case: Case, act: str, text: str, now: datetime, actor: User | None = None) -> AuditEntry:
    return audit.entry(
        actor=actor, act=act, subject=case, text=text, now=now, rma_id=case.rma_id, case_id=case.pk
    )
