"""What happened in a list of exceptions since a page was drawn: told beside it, never put in.

By the numbers of the exceptions and of the trail's acts, and never by the clock, as `looks` does.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet, Subquery

from exceptions_app.models import AuditEntry, Case
from exceptions_app.models.statements import Select
from exceptions_app.selectors import paging

# A page asks every half minute; one left open for days is told that more happened than this.
SPAN = 5_000
BACK = ("case.reopen",)
WOKE = ("case.wake",)
CLOSED = ("case.resolve", "case.close")


@dataclass(frozen=True, slots=True)
class Mark:
    """The highest number of an exception and of an act there was; what is above came later."""

    case_id: int = 0
    act_id: int = 0


@dataclass(frozen=True, slots=True)
class News:
    """How many joined the list, came back to it, woke, or were closed; capped as `paging.count`.

    `is_cut`: more acts followed than are looked at, so the last three are the least it can be.
    """

    new: int
    back: int
    woke: int
    closed: int
    is_cut: bool = False

    @property
    def words(self) -> str:
        """ "2 new, 1 came back"; "" where nothing happened."""
        told = (
            (self.new, "new"),
            (self.back, "came back"),
            (self.woke, "woke"),
            (self.closed, "closed"),
        )
        some = ", ".join(f"{paging.shown(count)} {what}" for count, what in told if count)
        return f"{some}, and more" if some and self.is_cut else some


def mark() -> Mark:
    """What a page drawn now knows. One query."""
    found = _NEWEST.first()
    return Mark(*(each or 0 for each in found)) if found else Mark()


def told(*, listed: QuerySet[Case], closed: QuerySet[Case], mark: Mark) -> News:
    """What happened since `mark` to the list `listed`, and in `closed`, its closed ones.

    One query, which reads as many acts as followed and no further than SPAN.
    """
    known = listed.filter(pk__lte=mark.case_id)
    gone = closed.filter(pk__lte=mark.case_id)
    found = paging.answers(
        counted={
            "new": listed.filter(pk__gt=mark.case_id),
            "back": known.filter(pk__in=_acted(BACK, mark)),
            "woke": known.filter(pk__in=_acted(WOKE, mark)),
            "closed": gone.filter(pk__in=_acted(CLOSED, mark)),
        },
        single={"last": AuditEntry.objects.order_by("-id").values("id")[:1]},
    )
    is_cut = (found.pop("last") or 0) - mark.act_id > SPAN
    return News(**{key: count or 0 for key, count in found.items()}, is_cut=is_cut)


def _acted(acts: tuple[str, ...], mark: Mark) -> QuerySet[AuditEntry, int | None]:
    """The exceptions of such acts after `mark`: by number, so that no older act is walked past.

    None where the page knew no act: one drawn by older code does not say what it knew.
    """
    if not mark.act_id:
        return AuditEntry.objects.none().values_list("case_id", flat=True)
    later = AuditEntry.objects.filter(subject_kind="case", id__gt=mark.act_id)
    few = later.filter(id__lte=mark.act_id + SPAN)
    return few.filter(act__in=acts, case_id__isnull=False).values_list("case_id", flat=True)


_NEWEST = Select(
    lambda: Case.objects.order_by("-pk").values_list(
        "pk", Subquery(AuditEntry.objects.order_by("-id").values("id")[:1])
    )[:1]
)
