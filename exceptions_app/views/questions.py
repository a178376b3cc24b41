"""Questions between teams: a page to ask, and one to answer or withdraw."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from exceptions_app import errors, permissions
from exceptions_app.choices import CASE_OPEN, Team
from exceptions_app.forms.talking import AnswerForm, QuestionForm
from exceptions_app.models import Question
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import talking
from exceptions_app.selectors.today import teams_of
from exceptions_app.services import questions as service


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("write_note")
def ask(request: HttpRequest, case_id: int) -> HttpResponse:
    case = get_object_or_404(cases_selector.detail(case_id))
    is_sent = request.method == "POST"
    begun = {name: request.GET[name] for name in ("team", "text") if request.GET.get(name)}
    form = QuestionForm(request.POST if is_sent else None, own_team=case.team, initial=begun)
    now = timezone.now()
    if is_sent and form.is_valid():
        given = form.cleaned_data
        try:
            service.ask(
                case_id=case.pk,
                team=given["team"],
                text=given["text"],
                hours=given["hours"],
                actor=permissions.actor_of(request),
                now=now,
            )
        except errors.DeskError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{Team(given['team']).label} sees the question on Today.")
            return redirect(f"{reverse('case-detail', args=[case.pk])}#questions")
    context = {
        "now": now,
        "case": case,
        "form": form,
        "is_open": case.status in CASE_OPEN,
        "is_late": case.due_at <= now,
    }
    return render(request, "questions/ask.html", context, status=422 if form.errors else 200)


@require_safe
@permissions.required("view_desk")
def detail(request: HttpRequest, question_id: int) -> HttpResponse:
    return _show(request, get_object_or_404(talking.question(question_id)), AnswerForm())


@permissions.required("write_note")
@permissions.sent_from("question", "question_id")
def answer(request: HttpRequest, question_id: int) -> HttpResponse:
    question = get_object_or_404(talking.question(question_id))
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _show(request, question, form, status=422)
    text, actor = form.cleaned_data["answer"], permissions.actor_of(request)
    try:
        service.answer(question_id=question.pk, text=text, actor=actor, now=timezone.now())
    except errors.DeskError as error:
        form.add_error(None, str(error))
        return _show(request, get_object_or_404(talking.question(question_id)), form, status=422)
    messages.success(request, "Answered. Who asked finds it on their Today.")
    return redirect("question", question_id=question.pk)


@permissions.required("write_note")
@permissions.sent_from("question", "question_id")
def withdraw(request: HttpRequest, question_id: int) -> HttpResponse:
    question = get_object_or_404(talking.question(question_id))
    actor = permissions.actor_of(request)
    try:
        service.withdraw(question_id=question.pk, actor=actor, now=timezone.now())
    except errors.DeskError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "The question is withdrawn.")
    return redirect("question", question_id=question.pk)


def _show(
    request: HttpRequest, question: Question, form: AnswerForm, *, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    own = teams_of(permissions.roles_of(request.user))
    is_mine = question.asked_by_id == request.user.pk or question.case.team in own
    may_write = permissions.can(request.user, "write_note") and question.ended_at is None
    context = {
        "now": now,
        "question": question,
        "form": form,
        "waited": service.waited(question, now=now),
        "is_late": question.ended_at is None and question.due_at < now,
        "may_answer": may_write and question.team in own,
        "may_withdraw": may_write and is_mine,
    }
    return render(request, "questions/detail.html", context, status=status)
