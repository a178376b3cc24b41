"""What the playbook of an item master out of date tells: who answers, and when it is compared."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse

from exceptions_app import permissions
from exceptions_app.catalogue import Step
from exceptions_app.models import Case, Connection, ConnectionHealth, Watermark
from exceptions_app.selectors import held_up, item_feeds
from exceptions_app.services.reference import CHECKS_FEED
from exceptions_app.templatetags.desk import when

CASE_TYPE = "ELIGIBILITY_STALE"


def of_step(step: Step, case: Case, request: HttpRequest) -> dict[str, str]:
    """What stands below the step, with a link that this reader may open; {} for the others."""
    connection = case.connection
    if connection is None:
        return {}
    if step.link == "connection":
        return _reached(connection, request)
    if step.link == "feeds":
        return {"note": _compared(connection)}
    if step.link == "items_anew" and permissions.can(request.user, "manage_connections"):
        address = reverse("admin:connection-history", args=[connection.pk])
        return {"url": f"{address}#locations", "url_label": f"Open {connection.name}"}
    return {}


def _reached(connection: Connection, request: HttpRequest) -> dict[str, str]:
    found = held_up.of(connection)
    if found is not None:
        since = f" since {when(found.since)}" if found.since else ""
        first = f" (EX-{found.case.pk})" if found.case else ""
        told = {"note": f"It {found.why}{since}{first}."}
    else:
        health = ConnectionHealth.objects.filter(connection=connection).first()
        last = health.last_ok_at if health else None
        told = {"note": f"It answers, last {when(last)}." if last else "Nothing was asked of it."}
    if permissions.can(request.user, "view_operations"):
        return told | {"url": reverse("operations"), "url_label": "Open Operations"}
    if permissions.can(request.user, "view_merchandising"):
        address = f"{reverse('stock-confidence')}#feeds"
        return told | {"url": address, "url_label": "See when it was read"}
    return told


def _compared(connection: Connection) -> str:
    """When items were read, and when those that differ are asked for again."""
    rows = Watermark.objects.filter(connection=connection, feed__in=(item_feeds.FEED, CHECKS_FEED))
    marks = {row.feed: row for row in rows}
    read, checks = marks.get(item_feeds.FEED), marks.get(CHECKS_FEED)
    told = f"All changes were read {when(read.read_at)}. " if read and read.read_at else ""
    if checks is None or checks.next_at is None:
        return f"{told}Items are compared with the next reading."
    return (
        f"{told}Items are compared again with the first reading after {when(checks.next_at)}, or as"
        " soon as all of them are read anew."
    )
