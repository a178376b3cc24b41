"""Say on an exception that the month which holds its document back is open again."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from exceptions_app import errors, permissions
from exceptions_app.forms.months import MonthOpenForm
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import months, months_waiting
from exceptions_app.services import periods
from exceptions_app.views import case_months, case_page


@permissions.required("open_month")
@permissions.sent_from("case-detail", "case_id")
def open_again(request: HttpRequest, case_id: int) -> HttpResponse:
    if not permissions.may_open_month(request.user):
        raise PermissionDenied("open_month")
    case = get_object_or_404(cases_selector.detail(case_id))
    now, refusal, month = timezone.now(), "", months.noted_month(case)
    erp = case.bridge.erp if month and case.bridge else None
    waiting = months_waiting.of(erp=erp, month=month) if erp else None
    form = MonthOpenForm(request.POST, month=month)
    if form.is_valid():
        try:
            periods.open_again(
                case_id=case.pk,
                reason=form.cleaned_data["reason"],
                actor=permissions.actor_of(request),
                now=now,
            )
        except errors.DeskError as error:
            refusal = str(error)
            form.add_error(None, refusal)
        else:
            after = f" {case_months.after(waiting)}" if waiting else ""
            messages.success(request, f"{form.month} is open again.{after}")
            return redirect("case-detail", case_id=case.pk)
    late = "" if months.noted_month(case) else refusal
    return case_page.show(request, case, now=now, month_form=form, refusal=late, status=422)
