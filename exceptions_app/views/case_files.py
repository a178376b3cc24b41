"""The queue of exceptions as rows of a file: the columns of the screen, and totals per currency."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import QuerySet

from exceptions_app.models import Case
from exceptions_app.selectors import causes
from exceptions_app.views import exports, penny

EXPORT_CHUNK = 500


def one_by_one(rows: QuerySet[Case]) -> Iterator[list[exports.Cell]]:
    """One row per exception, then the total of each currency."""
    yield [
        "Exception",
        "What",
        "Return",
        "Severity",
        "State",
        "Team",
        "Value at risk",
        "Currency",
        "Opened",
        "Due",
        "Assigned to",
        "Why refund and credit differ",
    ]
    whole = exports.Totals()
    for case in rows.iterator(chunk_size=EXPORT_CHUNK):
        whole.add(case.currency, [case.value])
        yield [
            f"EX-{case.pk}",
            case.title,
            str(case.rma or ""),
            case.get_severity_display(),
            case.get_status_display(),
            case.get_team_display(),
            case.value,
            case.currency,
            exports.moment(case.opened_at),
            exports.moment(case.due_at),
            case.assignee.get_full_name() or case.assignee.get_username() if case.assignee else "",
            penny.in_words([case]),
        ]
    for currency, figures in whole.rows():
        cells = whole.cells(figures, currency)
        yield [f"Total {currency}", "", "", "", "", "", *cells, currency, "", "", "", ""]


def by_cause(rows: Iterable[causes.Cause]) -> Iterator[list[exports.Cell]]:
    """One row per cause and currency, then the totals; counts stand on a cause's first row."""
    yield [
        "Cause",
        "Bridge",
        "Severity",
        "Exceptions",
        "Value at risk",
        "Currency",
        "Customers waiting",
        "Oldest",
        "Newest",
        "Owner",
        "Team",
        "7 days",
    ]
    whole = exports.Totals()
    for row in rows:
        for place, (currency, value) in enumerate(exports.per_currency(row.values)):
            whole.add(currency, [value])
            yield [
                row.title,
                row.bridge,
                row.severity.capitalize(),
                "" if place else row.count,
                *whole.cells([value], currency),
                currency,
                "" if place else row.waiting,
                exports.moment(row.oldest),
                exports.moment(row.newest),
                row.owner or "Nobody yet",
                row.team,
                row.trend.words if row.trend else "",
            ]
    for currency, figures in whole.rows():
        cells = whole.cells(figures, currency)
        yield [f"Total {currency}", "", "", "", *cells, currency, "", "", "", "", "", ""]
