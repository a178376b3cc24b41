"""The order of one return's documents: a step is ready only when those before it are finished."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from exceptions_app.choices import POSTING_FINISHED, PostingStatus
from exceptions_app.models import Posting
from exceptions_app.models.statements import Update, is_one_of


def promote_next(*, rma_ids: list[int], now: datetime) -> int:
    """Make planned postings ready that no longer follow an unfinished one; returns how many."""
    return _PROMOTE.run(rmas=rma_ids, now=now)


_EARLIER = (
    Posting.objects.filter(rma_id=OuterRef("rma_id"))
    .exclude(status__in=POSTING_FINISHED)
    .filter(
        Q(sequence__lt=OuterRef("sequence"))
        | Q(sequence=OuterRef("sequence"), pk__lt=OuterRef("pk"))
    )
)
_PROMOTE = Update(
    lambda rmas, now: (
        Posting.objects.filter(
            is_one_of("rma_id", rmas), ~Exists(_EARLIER), status=PostingStatus.PLANNED
        ),
        {"status": PostingStatus.READY, "not_before": now},
    )
)
