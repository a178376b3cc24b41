"""Have the ERP asked now for the item that an exception is about."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from exceptions_app import errors, permissions
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.services import item_reading
from exceptions_app.views import case_page


@permissions.required("read_item")
@permissions.sent_from("case-detail", "case_id")
def read(request: HttpRequest, case_id: int) -> HttpResponse:
    """Ask the ERP for the item now; what it said stands above the page."""
    case = get_object_or_404(cases_selector.detail(case_id))
    actor, now = permissions.actor_of(request), timezone.now()
    try:
        text = item_reading.read(case_id=case.pk, actor=actor, now=now)
    except errors.CaseAlreadyClosed as error:
        messages.warning(request, str(error))
    except errors.DeskError as error:
        return case_page.show(request, case, now=now, refusal=str(error), status=422)
    else:
        messages.success(request, text)
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return redirect(f"{reverse('case-detail', args=[case.pk])}{query}")
