"""Mark what changed as read, up to what the page had shown."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors
from exceptions_app.choices import Team
from exceptions_app.models import LastLook
from exceptions_app.selectors import looks


@transaction.atomic
def mark(
    *, page: str, team: str, entry: int, drawn_at: datetime, actor: User, now: datetime
) -> bool:
    """Move the reader's mark to what the page drawn at `drawn_at` knew; False if it was further.

    Never further than what there is. How far somebody has read is no act on the books: the trail
    holds none of it.

    Raises:
        InvalidChoice: a page or a team that keeps no such mark.
    """
    if page not in LastLook.Page.values or (team and team not in Team.values):
        raise errors.InvalidChoice("What changed there is not kept.")
    reached = {
        "entry": max(0, min(entry, looks.newest_entry())),
        "seen_at": min(drawn_at, now),
    }
    look, is_new = LastLook.objects.get_or_create(
        user=actor, page=page, team=team, defaults=reached
    )
    behind = LastLook.objects.filter(pk=look.pk, entry__lte=reached["entry"])
    return is_new or behind.filter(seen_at__lte=reached["seen_at"]).update(**reached) == 1
