"""Every component in every state, for those who build pages; only on a development server.

A new fragment of templates/partials enters `COMPONENTS` with its samples; a test fails for one
that is missing. Nothing of them is read from the database.
"""

import re
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.template import engines
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from exceptions_app import permissions
from exceptions_app.choices import Theme
from exceptions_app.views.styleguide_acts import ACTS
from exceptions_app.views.styleguide_figures import FIGURES
from exceptions_app.views.styleguide_parts import Component, Sample

COMPONENTS = FIGURES + ACTS

_HEAD_LINE = re.compile(
    r"\{#\s*partials/_\w+\.html — (?P<purpose>.*?)(?: Context: (?P<context>.*?))?\s*#\}"
)
_SYMBOL = re.compile(r'<symbol id="i-([\w-]+)"')


@require_safe
@permissions.required("view_desk")
def index(request: HttpRequest) -> HttpResponse:
    """404 outside a development server: the samples are nobody's figures."""
    if not settings.DEBUG:
        raise Http404
    messages.success(request, "3 credits were approved. They leave in 60 s.")
    messages.warning(request, "Nothing was changed. Fiona Reid was faster.")
    theme = request.GET.get("theme", "")
    theme = theme if theme in Theme.values else ""
    context = {
        "theme": theme,
        "themes": [
            {"url": f"?theme={code}", "label": label, "is_current": code == theme}
            for code, label in Theme.choices
        ],
        "rising": (3, 9, 14, 20, 25, 31, 37),
        "falling": (24, 23, 24, 21, 20, 19, 18),
        "components": [_shown(component, request) for component in COMPONENTS],
    }
    return render(request, "styleguide/index.html", context)


def _shown(component: Component, request: HttpRequest) -> dict[str, Any]:
    source = engines["django"].get_template(component.template).template.source  # type: ignore[attr-defined]
    head = _HEAD_LINE.match(source)
    return {
        "name": component.name,
        "frame": component.frame,
        "note": component.note,
        "purpose": head.group("purpose") if head else "",
        "takes": (head.group("context") if head else "") or "",
        "icons": _SYMBOL.findall(source) if component.frame == "icons" else [],
        "samples": [
            {"state": sample.state, "html": _rendered(component, sample, request)}
            for sample in component.samples
        ],
    }


def _rendered(component: Component, sample: Sample, request: HttpRequest) -> SafeString:
    context = sample.context() if callable(sample.context) else sample.context
    # With `request=` each sample would read the navigation and its counts again.
    around = {"request": request, "csrf_token": get_token(request)}
    return render_to_string(component.template, {**around, **context})
