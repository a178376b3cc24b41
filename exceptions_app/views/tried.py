"""The way from a change that was tried on history to the page that puts it in force."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from exceptions_app import permissions
from exceptions_app.choices import BulkKind
from exceptions_app.models import Bulk
from exceptions_app.rules.change_words import TARGET_FIELDS
from exceptions_app.services import hindsight, setup


def source(bulk: Bulk, request: HttpRequest) -> dict[str, str]:
    """Address and label; {} where nothing was tried, or the page is not for the reader."""
    given = bulk.given
    if bulk.kind != BulkKind.PREVIEW:
        return {}
    if "fix" in given:
        return {"url": reverse("fix-detail", args=[given["fix"]]), "label": "The request"}
    if given["kind"] == hindsight.POLICY:
        if not permissions.can(request.user, "manage_connections"):
            return {}
        page = reverse("admin:bridge-policy", args=[given["bridge"]])
        return {"url": f"{page}?tried={bulk.pk}", "label": "The policy with these values"}
    if not permissions.can(request.user, "view_mappings"):
        return {}
    if "file" in given:
        page = reverse("admin:mapping-import", args=[given["file"]])
        return {"url": page, "label": "The file"}
    if not setup.may_map(actor=request.user, kind=given["kind"]):
        return {}
    names = TARGET_FIELDS[given["kind"]]
    answers = {name: given["payload"].get(name, "") for name in names}
    query = urlencode(
        {"value": given["source_value"], **answers, "reason": given.get("reason", "")}
    )
    page = reverse("admin:mapping-map", args=[given["bridge"], given["kind"]])
    return {"url": f"{page}?{query}", "label": "The mapping, to put in force"}
