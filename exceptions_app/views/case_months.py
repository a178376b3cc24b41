"""What an exception says of a month noted as closed: what that holds back, who may open it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from exceptions_app import permissions
from exceptions_app.forms.months import MonthOpenForm
from exceptions_app.models import Case
from exceptions_app.selectors import months, months_waiting
from exceptions_app.templatetags.amounts import money


def beside(request: HttpRequest, case: Case, form: MonthOpenForm | None) -> dict[str, Any]:
    """`month`, `month_frees` and, for whoever may say that it is open, `month_form`.

    `month_openers` are the people to ask, for everybody else. {} where no noted month holds it.
    """
    month = months.noted_month(case)
    if not month or case.bridge is None:
        return {}
    waiting = months_waiting.of(erp=case.bridge.erp, month=month)
    shown = {"month": waiting, "month_frees": frees(waiting)}
    own = form or MonthOpenForm(month=month)
    if permissions.may_open_month(request.user):
        return {**shown, "month_form": own}
    return {**shown, "month_name": own.month, "month_openers": months_waiting.openers()}


def frees(waiting: months_waiting.Waiting) -> str:
    """ "2 documents (£209.00) that wait for nothing else go on. 1 document waits for more." """
    sums = ", ".join(money(each.amount, each.currency) for each in waiting.values)
    told = f"{_documents(waiting.documents)}{f' ({sums})' if sums else ''}"
    told = told if waiting.documents else "No document"
    one = waiting.documents <= 1
    text = (
        f"{told} that {'waits' if one else 'wait'} for nothing else {'goes' if one else 'go'} on."
    )
    if waiting.others:
        more = "waits" if waiting.others == 1 else "wait"
        text += f" {_documents(waiting.others)} {more} for something else too."
    return text


def after(waiting: months_waiting.Waiting) -> str:
    """The same of a month that was just said to be open: it is planned next."""
    count = waiting.case_count
    ended = "1 exception" if count == 1 else f"{count:,} exceptions"
    return f"{frees(waiting)} That ends {ended}, as soon as it is planned anew."


def _documents(count: int) -> str:
    return f"{count:,} document{'' if count == 1 else 's'}"
