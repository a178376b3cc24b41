"""What people write down about a return or an exception, without doing anything to it."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Case, Rma
from exceptions_app.services import audit

ACT = "note"
MOST = 400


@transaction.atomic
def about_case(*, case_id: int, text: str, actor: User, now: datetime) -> AuditEntry:
    """Keep `text` in the history of an exception, open or closed, and of its return.

    Raises:
        InvalidChoice: nothing was written, or more than MOST characters.
    """
    case = Case.objects.get(pk=case_id)
    return audit.record(
        actor=actor,
        act=ACT,
        subject=case,
        text=_written(text),
        now=now,
        rma_id=case.rma_id,
        case_id=case.pk,
    )


@transaction.atomic
def about_return(*, rma_id: int, text: str, actor: User, now: datetime) -> AuditEntry:
    """Keep `text` in the history of a return; its exceptions show it too.

    Raises:
        InvalidChoice: nothing was written, or more than MOST characters.
    """
    rma = Rma.objects.get(pk=rma_id)
    return audit.record(
        actor=actor, act=ACT, subject=rma, text=_written(text), now=now, rma_id=rma.pk
    )


def _written(text: str) -> str:
    words = " ".join(text.replace("\0", "").split())
    if not words:
        raise errors.InvalidChoice("Write the note first.")
    if len(words) > MOST:
        raise errors.InvalidChoice(f"A note has at most {MOST} characters.")
    return f"Note: {words}"
