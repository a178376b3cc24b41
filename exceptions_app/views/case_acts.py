"""One exception: its page, and each act of a person on it as a plain form."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from connectors.errors import ConnectorError
from exceptions_app import errors, permissions
from exceptions_app.forms.cases import AssignForm, CaseSnoozeForm, CloseForm
from exceptions_app.forms.notes import TellingNoteForm
from exceptions_app.models import Case, Fix
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import closing as closing_selector
from exceptions_app.services import closing, notes, operations, triage
from exceptions_app.templatetags.desk import when
from exceptions_app.views import case_page

# Another was faster: what is told, and what was typed, come back together.
CONFLICT = 409


@require_safe
@permissions.required("view_desk")
def detail(request: HttpRequest, case_id: int) -> HttpResponse:
    case = get_object_or_404(cases_selector.detail(case_id))
    return case_page.show(request, case, now=timezone.now())


@permissions.required("assign_case")
@permissions.sent_from("case-detail", "case_id")
def assign(request: HttpRequest, case_id: int) -> HttpResponse:
    case = get_object_or_404(cases_selector.detail(case_id))
    actor, now = permissions.actor_of(request), timezone.now()
    given = request.POST.copy()
    if given.get("assignee") == "me":
        given["assignee"] = str(actor.pk)
    form = AssignForm(given, case=case, user=actor)
    if not form.is_valid():
        return case_page.show(request, case, now=now, assign_form=form, status=422)
    person = form.cleaned_data["assignee"]
    act = partial(triage.assign, assignee=person, actor=actor, now=now)
    if person is None:
        return _done(request, case, form, act, f"EX-{case.pk} is back with the team.")
    who = "you" if person == actor else person.get_full_name() or person.get_username()
    return _done(request, case, form, act, f"EX-{case.pk} is with {who}.")


@permissions.required("read_locations")
@permissions.sent_from("case-detail", "case_id")
def read_locations(request: HttpRequest, case_id: int) -> HttpResponse:
    """Read the warehouses of the exception's ERP now, so that one just created can be chosen."""
    case = get_object_or_404(cases_selector.detail(case_id))
    if case.bridge is None:
        messages.warning(request, "This exception belongs to no bridge; there is nothing to read.")
        return redirect("case-detail", case_id=case.pk)
    try:
        text = operations.read_locations(
            connection_id=case.bridge.erp_id,
            actor=permissions.actor_of(request),
            now=timezone.now(),
        )
    except (errors.DeskError, ConnectorError) as error:
        messages.error(request, str(error))
    else:
        messages.info(request, text)
    return redirect(f"{reverse('case-detail', args=[case.pk])}#playbook")


@permissions.required("assign_case")
@permissions.sent_from("case-detail", "case_id")
def snooze(request: HttpRequest, case_id: int) -> HttpResponse:
    case = get_object_or_404(cases_selector.detail(case_id))
    actor, now = permissions.actor_of(request), timezone.now()
    must = triage.is_late_of_others(case, actor=actor, now=now)
    form = CaseSnoozeForm(request.POST, case=case, now=now, must_say_why=must)
    if not form.is_valid():
        return case_page.show(request, case, now=now, snooze_form=form, status=422)
    act = partial(triage.snooze, **form.given, actor=actor, now=now)
    words = f"EX-{case.pk} is out of the queue until {when(form.until)}."
    return _done(request, case, form, act, words)


@permissions.required("write_note")
@permissions.sent_from("case-detail", "case_id")
def note(request: HttpRequest, case_id: int) -> HttpResponse:
    """Words in the history; nothing about the exception changes, so nobody can be faster."""
    case = get_object_or_404(cases_selector.detail(case_id))
    actor, now = permissions.actor_of(request), timezone.now()
    form = TellingNoteForm(request.POST)
    if not form.is_valid():
        return case_page.show(request, case, now=now, note_form=form, status=422)
    try:
        notes.about_case(
            case_id=case.pk,
            text=form.cleaned_data["note"],
            to=form.cleaned_data["to"],
            actor=actor,
            now=now,
        )
    except errors.DeskError as error:
        form.add_error("note", str(error))
        return case_page.show(request, case, now=now, note_form=form, status=422)
    messages.success(request, f"The note stands in the history of EX-{case.pk}.")
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return redirect(f"{reverse('case-detail', args=[case.pk])}{query}#story")


@permissions.required("assign_case")
@permissions.sent_from("case-detail", "case_id")
def wake(request: HttpRequest, case_id: int) -> HttpResponse:
    case = get_object_or_404(cases_selector.detail(case_id))
    act = partial(triage.wake, actor=permissions.actor_of(request), now=timezone.now())
    return _done(request, case, None, act, f"EX-{case.pk} is back in the queue.")


@permissions.required("close_case")
@permissions.sent_from("case-detail", "case_id")
def close(request: HttpRequest, case_id: int) -> HttpResponse:
    case = get_object_or_404(cases_selector.detail(case_id))
    if not closing_selector.may_close(case, roles=permissions.roles_of(request.user)):
        raise PermissionDenied(closing_selector.refusal(case))
    form = CloseForm(request.POST, case=case)
    now = timezone.now()
    if not form.is_valid():
        return case_page.show(request, case, now=now, close_form=form, status=422)
    act = partial(
        closing.close,
        reason=form.cleaned_data["reason"],
        note=form.cleaned_data["note"],
        actor=permissions.actor_of(request),
        now=now,
    )
    words = f"EX-{case.pk} is closed by hand. It can be opened again here."
    return _done(request, case, form, act, words)


@permissions.required("close_case")
@permissions.sent_from("case-detail", "case_id")
def reopen(request: HttpRequest, case_id: int) -> HttpResponse:
    case = get_object_or_404(cases_selector.detail(case_id))
    actor, now = permissions.actor_of(request), timezone.now()

    def act(*, case_id: int, seen: str) -> Case:
        return closing.reopen(case_id=case_id, actor=actor, now=now)

    return _done(request, case, None, act, f"EX-{case.pk} is open again.")


def _done(
    request: HttpRequest,
    case: Case,
    form: forms.Form | None,
    act: Callable[..., Case | Fix | None],
    words: str,
) -> HttpResponse:
    """Do it and come back; refused, the page as it stands now with every answer kept."""
    try:
        asked = act(case_id=case.pk, seen=request.POST.get("seen", ""))
    except errors.DeskError as error:
        return _refused(request, case.pk, form, error)
    if isinstance(asked, Fix):
        words = f"Asked for: EX-{case.pk} is closed by hand once another person approves."
    messages.success(request, words)
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return redirect(f"{reverse('case-detail', args=[case.pk])}{query}")


def _refused(
    request: HttpRequest, case_id: int, form: forms.Form | None, error: errors.DeskError
) -> HttpResponse:
    is_late = isinstance(error, errors.CaseChanged | errors.CaseAlreadyClosed)
    if form is not None and not is_late:
        form.add_error(None, str(error))
    case = get_object_or_404(cases_selector.detail(case_id))
    return case_page.show(
        request,
        case,
        now=timezone.now(),
        assign_form=form if isinstance(form, AssignForm) else None,
        close_form=form if isinstance(form, CloseForm) else None,
        snooze_form=form if isinstance(form, CaseSnoozeForm) else None,
        refusal=str(error) if is_late or form is None else "",
        status=CONFLICT if is_late else 422,
    )
