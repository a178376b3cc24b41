"""What people write down about a return or an exception, without doing anything to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Case, Rma
from exceptions_app.services import audit, mentions

ACT = "note"
MOST = 400


@transaction.atomic
def about_case(
    *,
    case_id: int,
    text: str,
    actor: User,
    now: datetime,
    to: str = "",
    has_told: bool = False,
) -> AuditEntry:
    """Keep `text` in the history of an exception, open or closed, and of its return.

    Whoever it names, or `to` names, sees it on their Today. `has_told` is for the further rows of
    one note about many: those it names were told with the first.

    Raises:
        InvalidChoice: nothing was written, more than MOST characters, or a name is nobody's who
            may read it.
    """
    case = Case.objects.get(pk=case_id)
    people = () if has_told else mentions.found(text=text, to=to)
    entry = audit.record(
        actor=actor,
        act=ACT,
        subject=case,
        text=_written(text, to, people),
        now=now,
        rma_id=case.rma_id,
        case_id=case.pk,
    )
    mentions.tell(entry=entry, people=people, actor=actor)
    return entry


@transaction.atomic
def about_return(*, rma_id: int, text: str, actor: User, now: datetime, to: str = "") -> AuditEntry:
    """Keep `text` in the history of a return; its exceptions show it too.

    Raises:
        InvalidChoice: as for `about_case`.
    """
    rma = Rma.objects.get(pk=rma_id)
    people = mentions.found(text=text, to=to)
    written = _written(text, to, people)
    entry = audit.record(actor=actor, act=ACT, subject=rma, text=written, now=now, rma_id=rma.pk)
    mentions.tell(entry=entry, people=people, actor=actor)
    return entry


def _written(text: str, to: str, people: Sequence[int]) -> str:
    words = " ".join(text.replace("\0", "").split())
    if not words:
        raise errors.InvalidChoice("Write the note first.")
    if len(words) > MOST:
        raise errors.InvalidChoice(f"A note has at most {MOST} characters.")
    return f"Note to {mentions.names_of(people)}: {words}" if to.strip() else f"Note: {words}"
