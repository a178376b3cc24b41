"""The data owners' room: SKU and mapping gaps by money, and what was mapped lately."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.selectors import merchandising as selector
from exceptions_app.selectors import rooms

VIEWS = {"sku": ("SKUs", selector.SKU_TYPES), "mapping": ("Mappings", selector.MAPPING_TYPES)}


@require_safe
@permissions.required("view_merchandising")
def index(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    bridge = request.GET.get("bridge", "").replace("\0", "")
    view = request.GET.get("view", "")
    view = view if view in {*VIEWS, "recent"} else "sku"
    found = {
        code: selector.open_gaps(types, now=now, bridge=bridge)
        for code, (_, types) in VIEWS.items()
    }
    tallies = {code: selector.tally(cases) for code, cases in found.items()}
    context: dict[str, object] = {
        "now": now,
        "view": view,
        "tabs": [
            {
                "url": f"?view={code}",
                "label": label,
                "note": f"{tallies[code].causes} causes, {tallies[code].returns} returns",
                "is_current": code == view,
            }
            for code, (label, _) in VIEWS.items()
        ]
        + [{"url": "?view=recent", "label": "Mapped lately", "is_current": view == "recent"}],
    }
    if view == "recent":
        context["mapped"] = selector.recently_mapped(now=now)
    else:
        page = selector.gaps(found[view], cursor=request.GET.get("cursor", ""))
        context |= {
            "tally": tallies[view],
            "rows": page.rows,
            "newer": page.newer,
            "older": page.older,
            "selects": [
                {
                    "name": "bridge",
                    "label": "Bridge",
                    "options": rooms.bridges(),
                    "value": bridge,
                }
            ],
        }
    return render(request, "merchandising/index.html", context)
