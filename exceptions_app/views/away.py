"""Away: who is, from when until when, and who decides for them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import errors, permissions
from exceptions_app.forms.approvals import AwayForm
from exceptions_app.models import Delegation
from exceptions_app.selectors import delegations as selector
from exceptions_app.services import delegations


@require_safe
@permissions.required("view_desk")
def index(request: HttpRequest) -> HttpResponse:
    """Everybody's that is not over, and a form for one's own."""
    return _show(request, None)


@permissions.required("assign_case")
@permissions.sent_from("away")
def name(request: HttpRequest) -> HttpResponse:
    form = _form(request, request.POST)
    if not form.is_valid():
        return _show(request, form)
    try:
        delegations.name(
            actor=permissions.actor_of(request),
            delegate=form.cleaned_data["delegate"],
            starts_at=form.starts_at,
            ends_at=form.ends_at,
            now=form.now,
            note=form.cleaned_data["note"],
        )
    except errors.DeskError as error:
        form.add_error(None, str(error))
        return _show(request, form)
    told = "They see it under Approvals." if form.cleaned_data["delegate"] else "Nobody decides."
    messages.success(request, f"You are marked as away. {told}")
    return redirect("away")


def _form(request: HttpRequest, answers: QueryDict | None) -> AwayForm:
    now, actor = timezone.now(), permissions.actor_of(request)
    people = selector.possible(actor, roles=permissions.roles_of(actor))
    return AwayForm(answers, people=people, now=now, initial={"first": timezone.localdate(now)})


def _show(request: HttpRequest, form: AwayForm | None) -> HttpResponse:
    form = form or _form(request, None)
    actor, now = permissions.actor_of(request), form.now
    manages = permissions.can(actor, "manage_users")
    context = {
        "now": now,
        "form": form,
        "rows": [
            {
                "row": row,
                "is_now": row.starts_at <= now,
                "may_end": row.person_id == actor.pk or manages,
            }
            for row in selector.to_come(now=now)
        ],
        "has_people": form.has_people,
    }
    return render(request, "fixes/away.html", context, status=422 if form.errors else 200)


@permissions.required("assign_case")
@permissions.sent_from("away")
def end(request: HttpRequest, delegation_id: int) -> HttpResponse:
    row = get_object_or_404(Delegation, pk=delegation_id)
    try:
        delegations.end(
            delegation_id=row.pk, actor=permissions.actor_of(request), now=timezone.now()
        )
    except errors.DeskError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "Ended. What was approved for them stands.")
    return redirect("away")
