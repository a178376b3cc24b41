"""The data owners' room: SKU and mapping gaps by money, and what was mapped lately."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.selectors import merchandising as selector
from exceptions_app.selectors import rooms
from exceptions_app.templatetags.desk import changed_query

VIEWS = {"sku": ("SKUs", selector.SKU_TYPES), "mapping": ("Mappings", selector.MAPPING_TYPES)}


@require_safe
@permissions.required("view_merchandising")
def index(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    bridge = request.GET.get("bridge", "").replace("\0", "")
    view = request.GET.get("view", "")
    view = view if view in {*VIEWS, "recent"} else "sku"
    tallies = selector.tallies(
        {code: types for code, (_, types) in VIEWS.items()}, now=now, bridge=bridge
    )
    context: dict[str, object] = {
        "now": now,
        "view": view,
        "tabs": [
            {
                "url": changed_query(QueryDict(), {"view": code, "bridge": bridge}),
                "label": label,
                "note": f"{tallies[code].causes} causes, {tallies[code].returns} returns",
                "is_current": code == view,
            }
            for code, (label, _) in VIEWS.items()
        ]
        + [
            {
                "url": changed_query(QueryDict(), {"view": "recent", "bridge": bridge}),
                "label": "Mapped lately",
                "is_current": view == "recent",
            }
        ],
        "selects": [
            {"name": "bridge", "label": "Bridge", "options": rooms.bridges(), "value": bridge}
        ],
    }
    if view == "recent":
        context["mapped"] = selector.recently_mapped(now=now, bridge=bridge)
    else:
        cases = selector.open_gaps(VIEWS[view][1], now=now, bridge=bridge)
        page = selector.gaps(cases, cursor=request.GET.get("cursor", ""))
        context |= {
            "tally": tallies[view],
            "rows": page.rows,
            "newer": page.newer,
            "older": page.older,
        }
    return render(request, "merchandising/index.html", context)
