"""People named in a note: found by name, told on their Today, and read by an act of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Q

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Mention
from exceptions_app.rules import mentions
from exceptions_app.selectors import talking


def found(*, text: str, to: str = "") -> tuple[int, ...]:
    """Ids of those whom a note names, in its text or, without the @, in `to`.

    Raises:
        InvalidChoice: a name is nobody's who may read it, or several people's.
    """
    asked = f"@{to.strip().lstrip('@')}" if to.strip() else ""
    if not asked and not mentions.has_any(text):
        return ()
    people = talking.people(talking.names())
    named = mentions.named(text, people)
    also = mentions.named(asked, people)
    for word in (*named.several, *also.several):
        raise errors.InvalidChoice(f"Several people are called {word}. Write the whole name.")
    for word in named.unknown:
        raise errors.InvalidChoice(f"Nobody who may read this is called @{word}.")
    if also.unknown:
        raise errors.InvalidChoice(f"Nobody who may read this is called {to.strip()}.")
    return tuple(dict.fromkeys((*named.people, *also.people)))


def names_of(people: Sequence[int]) -> str:
    """ "Finn Ashworth, Mira Castell", in the order given."""
    rows = User.objects.in_bulk(list(people))
    return ", ".join(rows[pk].get_full_name() or rows[pk].get_username() for pk in people)


def tell(*, entry: AuditEntry, people: Sequence[int], actor: User) -> int:
    """Put a note on the Today of those named, but for who wrote it; returns how many."""
    if not people:
        return 0
    rows = [Mention(entry=entry, person_id=pk) for pk in people if pk != actor.pk]
    Mention.objects.bulk_create(rows)
    return len(rows)


def read(*, person: User, now: datetime, mention_id: int | None = None) -> int:
    """Take one note, or all of them, off the reader's own Today; returns how many."""
    one = Q(pk=mention_id) if mention_id is not None else Q()
    return Mention.objects.filter(one, person=person, read_at__isnull=True).update(read_at=now)
