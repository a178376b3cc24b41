"""The audit trail: every act with its person, its thing and what differs since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.forms.operations import TrailForm
from exceptions_app.models import AuditEntry
from exceptions_app.selectors import paging, trail
from exceptions_app.services import connections
from exceptions_app.templatetags.desk import changed_query
from exceptions_app.views import exports

# Where a thing has its page, and who may open it.
_PAGES = {
    "case": ("case-detail", "view_desk"),
    "causegroup": ("cause-about", "view_desk"),
    "rma": ("return-detail", "view_desk"),
    "fix": ("fix-detail", "view_desk"),
    "fixbatch": ("fix-batch", "view_desk"),
    "posting": ("posting-detail", "view_operations"),
    "inboundevent": ("event-detail", "view_operations"),
    "connection": ("admin:connection-history", "view_operations"),
    "creditrun": ("run-detail", "view_finance"),
    "mappingimport": ("admin:mapping-import", "view_mappings"),
    "returnfile": ("return-file", "import_returns"),
    "exchangefile": ("exchange-file", "view_operations"),
    "bridge": ("admin:bridge-policy", "view_mappings"),
    "user": ("person", "manage_users"),
    "messageplace": ("message-place", "lead_team"),
}


@require_safe
@permissions.required("view_audit")
def index(request: HttpRequest) -> HttpResponse:
    """Newest first; one thing, one person or some days have their own address."""
    form = TrailForm(request.GET)
    chosen = _chosen(request, form)
    page = _read(_found(chosen, form), request.GET.get("cursor", ""), paging.PAGE_SIZE)
    context = {
        "rows": [{"row": row, "url": _url(request, row)} for row in page.rows],
        "newer": page.newer,
        "older": page.older,
        "chosen": chosen,
        "only": page.rows[0].entry.subject_label if page.rows else chosen["number"],
        "selects": [
            _select("kind", "About", list(trail.KINDS.items()), chosen["kind"]),
            _select("person", "By", trail.people(), chosen["person"]),
        ],
        "form": form,
        "dates": [
            {"name": "since", "label": "From", "value": form["since"].value()},
            {"name": "until", "label": "To", "value": form["until"].value()},
        ],
        "query": changed_query(request.GET, {}),
        "now": timezone.now(),
    }
    return render(request, "trail/index.html", context)


def _chosen(request: HttpRequest, form: TrailForm) -> dict[str, str]:
    asked = ("kind", "number", "person")
    chosen = {name: request.GET.get(name, "").replace("\0", "") for name in asked}
    if not chosen["kind"]:
        chosen["number"] = ""
    return chosen


def _found(chosen: dict[str, str], form: TrailForm) -> QuerySet[AuditEntry]:
    """Both days are whole ones of the reader; with a wrong day nothing is found."""
    if not form.is_valid():
        return AuditEntry.objects.none()
    first, last = form.cleaned_data["since"], form.cleaned_data["until"]
    return trail.entries(
        **chosen,
        since=_start(first) if first else None,
        before=_start(last + timedelta(days=1)) if last else None,
    )


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _lines(request: HttpRequest) -> Iterator[list[exports.Cell]]:
    yield [
        "When",
        "Who",
        "About",
        "Kind",
        "Bridge",
        "What",
        "Why",
        "What differs",
        "Number",
    ]
    form = TrailForm(request.GET)
    found = _found(_chosen(request, form), form)
    for row in paging.every(lambda cursor: _read(found, cursor, paging.FILE_SIZE)):
        yield _line(row)


def _line(row: trail.Row) -> list[exports.Cell]:
    entry, place = row.entry, row.place
    return [
        exports.moment(entry.at),
        entry.actor,
        entry.subject_label,
        row.kind,
        place.bridge.name if place else "",
        entry.text,
        place.reason if place else "",
        "; ".join(f"{each.label}: {each.before} → {each.after}" for each in row.changes),
        entry.subject_id,
    ]


export, export_xlsx = exports.doors(capability="view_audit", name="trail", lines=_lines)


def _select(name: str, label: str, options: list[tuple[str, str]], value: str) -> dict[str, object]:
    return {"name": name, "label": label, "options": options, "value": value}


def _read(found: QuerySet[AuditEntry], cursor: str, size: int) -> paging.Page:
    """A page of the trail as its rows."""
    page = paging.page(found, order=trail.ORDER, cursor=cursor, size=size)
    return paging.Page(tuple(_rows(page.rows)), page.newer, page.older)


def _rows(entries: Sequence[AuditEntry]) -> Iterator[trail.Row]:
    places = trail.places_of(entries)
    for entry in entries:
        after = entry.after or {}
        system = after.get("kind", "") if entry.subject_kind == "connection" else ""
        yield trail.row_of(entry, connections.labels_of(system), places)


def _url(request: HttpRequest, row: trail.Row) -> str:
    """The page of what an entry is about; empty where there is none for this reader."""
    entry, place = row.entry, row.place
    if place is not None and place.value and permissions.can(request.user, "view_mappings"):
        address = reverse("admin:mapping-history", args=[place.bridge.pk, place.kind])
        return f"{address}?{urlencode({'value': place.value})}"
    name, capability = _PAGES.get(entry.subject_kind, ("", "view_desk"))
    if not name or not permissions.can(request.user, capability):
        return ""
    return reverse(name, args=[entry.subject_id])
