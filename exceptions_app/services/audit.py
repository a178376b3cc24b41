"""History, written by the act itself in its own transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Model

from exceptions_app.models import AuditEntry

SYSTEM = "Returnsbridge"


def record(
    *,
    actor: User | None,
    act: str,
    subject: Model,
    text: str,
    now: datetime,
    rma_id: int | None = None,
    case_id: int | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write one entry; `actor` None is the system itself. Never give secrets or personal data."""
    row = entry(
        actor=actor,
        act=act,
        subject=subject,
        text=text,
        now=now,
        rma_id=rma_id,
        case_id=case_id,
        before=before,
        after=after,
    )
    row.save(force_insert=True)
    return row


def record_all(entries: Iterable[AuditEntry]) -> None:
    """Write what `entry` made for many subjects of one act, in sets."""
    AuditEntry.objects.bulk_create(entries, batch_size=1_000)


def entry(
    *,
    actor: User | None,
    act: str,
    subject: Model,
    text: str,
    now: datetime,
    rma_id: int | None = None,
    case_id: int | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    """An entry not written yet; see `record`."""
    return AuditEntry(
        at=now,
        actor=name_of(actor),
        actor_user_id=actor.pk if actor is not None else None,
        act=act,
        subject_kind=subject._meta.model_name or "",
        subject_id=subject.pk,
        subject_label=str(subject)[:200],
        rma_id=rma_id,
        case_id=case_id,
        text=text[:500],
        before=before,
        after=after,
    )


def note_export(*, actor: User, what: str, now: datetime) -> AuditEntry:
    """Customers' names left the desk as a file; `what` names the list, never whom it found."""
    text = f"Exported with customers' names: {what}"
    return record(actor=actor, act="export", subject=actor, text=text, now=now)


def name_of(actor: User | None) -> str:
    """How a person is called on screens and in the trail."""
    if actor is None:
        return SYSTEM
    return actor.get_full_name() or actor.get_username()
