"""Files of returns coming in: uploaded, columns chosen, shown, and taken in or put away."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from exceptions_app import errors, permissions
from exceptions_app.choices import ReturnFileStatus
from exceptions_app.forms.return_files import ColumnsForm, ReturnFileForm
from exceptions_app.models import ReturnFile
from exceptions_app.permissions import actor_of
from exceptions_app.rules.return_columns import COLUMNS
from exceptions_app.selectors import return_files as selector
from exceptions_app.services import return_files, return_verdicts
from exceptions_app.views import exports

TONES: dict[str, str] = {"open": "wait", "taking": "wait", "taken": "good", "discarded": "calm"}
ACT_WORDS: dict[str, tuple[str, str]] = {
    return_verdicts.NEW: ("New", "good"),
    return_verdicts.CHANGED: ("Changes it", "mild"),
    return_verdicts.SAME: ("As it was", "calm"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("import_returns")
def index(request: HttpRequest) -> HttpResponse:
    """The latest files, and a new one; what it holds is the next page."""
    is_sent = request.method == "POST"
    form = ReturnFileForm(request.POST, request.FILES) if is_sent else ReturnFileForm()
    if is_sent and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            found = return_files.keep(
                connection=form.cleaned_data["connection"],
                file_name=file.name,
                content=file.read(),
                actor=actor_of(request),
                now=timezone.now(),
            )
        except errors.DeskError as error:
            form.add_error("file", str(error))
        else:
            return redirect("return-file", file_id=found.pk)
    rows = [{"file": row, "tone": TONES[row.status]} for row in selector.latest()]
    status = 422 if form.errors else 200
    return render(request, "operations/files.html", {"form": form, "rows": rows}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("import_returns")
def detail(request: HttpRequest, file_id: int) -> HttpResponse:
    """Which column is what, and what each row becomes; a POST chooses the columns."""
    found = _one(file_id)
    form = ColumnsForm(request.POST if request.method == "POST" else None, found=found)
    if request.method == "POST" and form.is_valid():
        try:
            return_files.choose(file_id=file_id, columns=form.chosen, writing=form.writing)
        except errors.DeskError as error:
            form.add_error(None, str(error))
        else:
            return redirect("return-file", file_id=file_id)
    return _show(request, found, form)


@permissions.required("import_returns")
@permissions.sent_from("return-file", "file_id")
def take(request: HttpRequest, file_id: int) -> HttpResponse:
    _one(file_id)
    try:
        return_files.take(
            file_id=file_id,
            seen=request.POST.get("seen", ""),
            leaves_out_wrong=bool(request.POST.get("leave_out")),
            actor=actor_of(request),
            now=timezone.now(),
        )
    except errors.DeskError as error:
        messages.warning(request, str(error))
    return redirect("return-file", file_id=file_id)


@permissions.required("import_returns")
@permissions.sent_from("return-file", "file_id")
def discard(request: HttpRequest, file_id: int) -> HttpResponse:
    found = _one(file_id)
    try:
        return_files.discard(file_id=file_id, actor=actor_of(request), now=timezone.now())
    except errors.DeskError as error:
        messages.warning(request, str(error))
        return redirect("return-file", file_id=file_id)
    messages.success(request, f"{found.file_name} is discarded. Nothing was taken in.")
    return redirect("return-files")


def _wrong(request: HttpRequest, file_id: int) -> Iterator[Sequence[exports.Cell]]:
    found = _one(file_id)
    yield [*found.heads, "line", "error"]
    yield from return_files.wrong_lines(found)


wrong_export, wrong_export_xlsx = exports.doors(
    capability="import_returns", name="wrong-rows", lines=_wrong
)


def _one(file_id: int) -> ReturnFile:
    try:
        return selector.one(file_id=file_id)
    except ReturnFile.DoesNotExist as error:
        raise Http404 from error


def _show(request: HttpRequest, found: ReturnFile, form: ColumnsForm) -> HttpResponse:
    number = found.verdict.get("returns", {})
    right = sum(count for act, count in number.items() if act != return_verdicts.WRONG)
    is_open = found.status == ReturnFileStatus.OPEN
    context: dict[str, Any] = {
        "found": found,
        "tone": TONES[found.status],
        "form": form,
        "is_open": is_open,
        "verdict": found.verdict,
        "number": number,
        "right": right,
        "sums": [
            {"currency": currency, "amount": Decimal(total)}
            for currency, total in found.verdict.get("sums", {}).items()
        ],
        "rows": [_row(row) for row in found.verdict.get("rows", ())],
        "stamp": return_files.stamp(found),
        "columns": _columns(found, form) if is_open else [],
        "earlier": selector.taken_before(found) if is_open else None,
        "waiting": 0 if is_open else selector.waiting(found.connection),
        "now": timezone.now(),
    }
    status = 422 if form.errors else 200
    return render(request, "operations/file.html", context, status=status)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    label, tone = ACT_WORDS[row["act"]]
    price = Decimal(row["price"]) if row["price"] else None
    return {**row, "price": price, "label": label, "tone": tone}


def _columns(found: ReturnFile, form: ColumnsForm) -> list[dict[str, Any]]:
    """Each field of ours with its choice, and what the file has below the chosen head."""
    samples = return_files.samples(found)
    return [
        {
            "column": column,
            "field": form[column.code],
            "sample": "" if column.is_personal else samples.get(form[column.code].value(), ""),
        }
        for column in COLUMNS
    ]
