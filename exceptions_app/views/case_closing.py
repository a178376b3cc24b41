"""Closing one exception by hand, as its page offers it: the form, who must agree, or who may."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from exceptions_app import permissions
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import FixKind
from exceptions_app.forms.cases import CloseForm
from exceptions_app.models import Case
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import closing as selector


@dataclass(frozen=True, slots=True)
class Closing:
    """How an exception is closed by hand: by the reader with `form`, else by `closers`.

    `approvers` are people who may agree where `needed` of them must.
    """

    form: CloseForm | None
    needed: int = 0
    level: str = "none"
    approvers: tuple[str, ...] = ()
    teams: str = ""
    closers: tuple[str, ...] = ()
    ask_url: str = ""


def of(
    request: HttpRequest, case: Case, form: CloseForm | None, taken: Container[str]
) -> Closing | None:
    """None where only proof closes it, or a closing is under way; one query where others count."""
    entry = catalogue_entry(case.type, case.facts)
    if not entry.close_reasons or FixKind.CLOSE in taken:
        return None
    if not selector.may_close(case, roles=permissions.roles_of(request.user)):
        return Closing(
            form=None,
            teams=selector.teams(entry),
            closers=selector.names(case),
            ask_url=_question(request, case),
        )
    level, needed = selector.agreement(case)
    return Closing(
        form=form or CloseForm(case=case),
        needed=needed,
        level=level,
        approvers=cases_selector.approvers(
            kind=FixKind.CLOSE,
            level=level,
            requester_id=request.user.pk or 0,
            case_type=case.type,
        ),
    )


def _question(request: HttpRequest, case: Case) -> str:
    """The form that asks the exception's team; "" for who may not ask."""
    if not permissions.can(request.user, "write_note"):
        return ""
    begun = urlencode({"team": case.team, "text": "I think this can be closed, because "})
    return f"{reverse('case-ask', args=[case.pk])}?{begun}"
