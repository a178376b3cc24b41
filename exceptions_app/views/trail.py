"""The audit trail: every act with its person, its thing and what differs since."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.models import AuditEntry
from exceptions_app.selectors import paging, trail
from exceptions_app.services import connections

# Where a thing has its page, and who may open it.
_PAGES = {
    "case": ("case-detail", "view_desk"),
    "rma": ("return-detail", "view_desk"),
    "fix": ("fix-detail", "view_desk"),
    "posting": ("posting-detail", "view_operations"),
    "inboundevent": ("event-detail", "view_operations"),
    "connection": ("admin:connection-history", "view_operations"),
    "creditrun": ("run-detail", "view_finance"),
    "mappingimport": ("admin:mapping-import", "view_mappings"),
    "bridge": ("admin:bridge-policy", "view_mappings"),
    "user": ("person", "manage_users"),
}


@require_safe
@permissions.required("view_audit")
def index(request: HttpRequest) -> HttpResponse:
    """Newest first; one thing or one person has its own address."""
    asked = ("kind", "number", "person")
    chosen = {name: request.GET.get(name, "").replace("\0", "") for name in asked}
    if not chosen["kind"]:
        chosen["number"] = ""
    found = trail.entries(**chosen)
    page = paging.page(found, order=trail.ORDER, cursor=request.GET.get("cursor", ""))
    context = {
        "rows": [{"row": _row(each), "url": _url(request, each)} for each in page.rows],
        "newer": page.newer,
        "older": page.older,
        "chosen": chosen,
        "only": page.rows[0].subject_label if page.rows else chosen["number"],
        "selects": [
            _select("kind", "About", list(trail.KINDS.items()), chosen["kind"]),
            _select("person", "By", trail.people(), chosen["person"]),
        ],
        "now": timezone.now(),
    }
    return render(request, "trail/index.html", context)


def _select(name: str, label: str, options: list[tuple[str, str]], value: str) -> dict[str, object]:
    return {"name": name, "label": label, "options": options, "value": value}


def _row(entry: AuditEntry) -> trail.Row:
    system = (entry.after or {}).get("kind", "") if entry.subject_kind == "connection" else ""
    return trail.row_of(entry, connections.labels_of(system))


def _url(request: HttpRequest, entry: AuditEntry) -> str:
    """The page of what an entry is about; empty where there is none for this reader."""
    name, capability = _PAGES.get(entry.subject_kind, ("", "view_desk"))
    if not name or not permissions.can(request.user, capability):
        return ""
    return reverse(name, args=[entry.subject_id])
