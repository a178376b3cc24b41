"""In which order the exceptions of one return are solved (decision 0024)."""

from __future__ import annotations

from exceptions_app.choices import CASE_OPEN
from exceptions_app.models import Case, Rma


def of_return(rma: Rma) -> tuple[Case, ...]:
    """Its open exceptions: those that wait for no other first, then the gravest."""
    rows = Case.objects.filter(rma=rma, status__in=CASE_OPEN)
    # Descending, nothing stands before everything.
    ordered = rows.order_by("-behind_id", *Case._meta.ordering or ())
    return tuple(ordered.select_related("assignee", "group"))


def waiting_behind(case: Case) -> list[Case]:
    """The open exceptions that wait for this one."""
    return list(Case.objects.filter(behind=case.pk, status__in=CASE_OPEN).order_by("pk"))
