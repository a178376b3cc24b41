"""The clock of one exception: let it stand still, let it run again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from exceptions_app import errors, permissions
from exceptions_app.forms.clocks import PauseForm
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.services import pausing
from exceptions_app.templatetags.desk import when
from exceptions_app.views import case_page

CONFLICT = 409


@permissions.required("assign_case")
@permissions.sent_from("case-detail", "case_id")
def pause(request: HttpRequest, case_id: int) -> HttpResponse:
    case = get_object_or_404(cases_selector.detail(case_id))
    now = timezone.now()
    form = PauseForm(request.POST, now=now)
    if not form.is_valid():
        return case_page.show(request, case, now=now, pause_form=form, status=422)
    try:
        pausing.pause(
            case_id=case.pk,
            until=form.until,
            reason=form.cleaned_data["reason"],
            note=form.cleaned_data["note"],
            actor=permissions.actor_of(request),
            now=now,
            seen=request.POST.get("seen", ""),
        )
    except errors.DeskError as error:
        return _refused(request, case_id, form, error)
    messages.success(request, f"The clock of EX-{case.pk} stands still until {when(form.until)}.")
    return _back(request, case.pk)


@permissions.required("assign_case")
@permissions.sent_from("case-detail", "case_id")
def resume(request: HttpRequest, case_id: int) -> HttpResponse:
    case = get_object_or_404(cases_selector.detail(case_id))
    try:
        pausing.resume(
            case_id=case.pk,
            actor=permissions.actor_of(request),
            now=timezone.now(),
            seen=request.POST.get("seen", ""),
        )
    except errors.DeskError as error:
        return _refused(request, case_id, None, error)
    messages.success(request, f"The clock of EX-{case.pk} runs.")
    return _back(request, case.pk)


def _refused(
    request: HttpRequest, case_id: int, form: PauseForm | None, error: errors.DeskError
) -> HttpResponse:
    """The page as it stands now, with what was typed."""
    is_late = isinstance(error, errors.CaseChanged | errors.CaseAlreadyClosed)
    if form is not None and not is_late:
        form.add_error(None, str(error))
    case = get_object_or_404(cases_selector.detail(case_id))
    return case_page.show(
        request,
        case,
        now=timezone.now(),
        pause_form=form,
        refusal=str(error) if is_late else "",
        status=CONFLICT if is_late else 422,
    )


def _back(request: HttpRequest, case_id: int) -> HttpResponse:
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return redirect(f"{reverse('case-detail', args=[case_id])}{query}")
