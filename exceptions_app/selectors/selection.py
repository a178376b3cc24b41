"""Which exceptions an act is about: those ticked, those of ticked causes, or all that match.

A selection is frozen as ids with the version each row had, so that what arrives later does not
join it and what changes meanwhile is noticed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from exceptions_app.models import Case
from exceptions_app.models.statements import Select
from exceptions_app.selectors.cases import QUEUE_ORDER
from exceptions_app.selectors.sums import Amount, per_currency

MOST = 500


@dataclass(frozen=True, slots=True)
class Selection:
    """`rows` are (id, version seen), at most MOST; `is_cut` when more were asked for."""

    rows: tuple[tuple[int, str], ...]
    is_cut: bool = False


def newest_id() -> int:
    """The highest id of all cases now; a list frozen here holds nothing above it."""
    return _NEWEST.first() or 0


_NEWEST = Select(lambda: Case.objects.order_by("-pk").values_list("pk", flat=True)[:1])


def of_picks(picks: Collection[tuple[int, str]]) -> Selection:
    rows = tuple(dict(picks).items())
    return Selection(rows[:MOST], is_cut=len(rows) > MOST)


def of_list(
    cases: QuerySet[Case], *, newest: int, group_ids: Collection[int] | None = None
) -> Selection:
    """All of the list up to id `newest`, or those of some of its causes, in its order."""
    found = cases.filter(pk__lte=newest)
    if group_ids is not None:
        found = found.filter(group__in=group_ids)
    shown = list(found.order_by(*QUEUE_ORDER)[: MOST + 1])
    rows = tuple((case.pk, case.version) for case in shown[:MOST])
    return Selection(rows, is_cut=len(shown) > MOST)


def joined(first: Selection, second: Selection) -> Selection:
    """Both, each case once, as the first one saw it."""
    rows = tuple({**dict(second.rows), **dict(first.rows)}.items())
    return Selection(rows[:MOST], is_cut=first.is_cut or second.is_cut or len(rows) > MOST)


def cases_of(selection: Selection) -> list[Case]:
    """The cases in the order of the selection, with what a row shows."""
    known = Case.objects.select_related("rma", "assignee").in_bulk([pk for pk, _ in selection.rows])
    return [known[pk] for pk, _ in selection.rows if pk in known]


def whole_causes(ids: Collection[int], *, causes: Mapping[int, int]) -> frozenset[int]:
    """Of `causes` (id to how many the list holds) those whose every exception is in `ids`."""
    if not ids:
        return frozenset()
    picked: QuerySet[Case, tuple[int, int]] = (
        Case.objects.filter(pk__in=ids, group__in=causes)
        .order_by()
        .values("group")
        .annotate(count=Count("pk"))
        .values_list("group", "count")
    )
    return frozenset(group for group, count in picked if count >= causes[group])


def titles_of(ids: Collection[int]) -> dict[int, str]:
    return dict(Case.objects.filter(pk__in=ids).values_list("pk", "title"))


def sums(cases: Sequence[Case]) -> tuple[Amount, ...]:
    return per_currency((case.currency, case.value) for case in cases)
