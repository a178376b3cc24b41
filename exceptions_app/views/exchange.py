"""Files exchanged with partners: what left and what was answered, what came and what became."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from connectors.errors import ConnectorError
from exceptions_app import errors, permissions
from exceptions_app.models import ExchangeBatch, ExchangeFile
from exceptions_app.selectors import exchange as selector
from exceptions_app.selectors import paging
from exceptions_app.services import exchange_files
from exceptions_app.services.exchange_files import told_words
from exceptions_app.templatetags.desk import changed_query
from exceptions_app.views import exports

NEWEST = ("-id",)
FILTERS = ("state", "connection")
TABS = (("batch", "exchange-batches", "Files sent"), ("file", "exchange-files", "Files received"))
# What is not here waits.
TONES = {
    "posted": "good",
    "accepted": "good",
    "read": "good",
    "rejected": "bad",
    "part_rejected": "bad",
    "overdue": "bad",
    "quarantined": "bad",
    "withdrawn": "calm",
    "duplicate": "calm",
}


@require_safe
@permissions.required("view_operations")
def batches(request: HttpRequest) -> HttpResponse:
    """Files that left, newest first."""
    chosen = _chosen(request)
    page = paging.page(
        selector.batches(**chosen), order=NEWEST, cursor=request.GET.get("cursor", "")
    )
    rows = [{"batch": row, "tone": _tone(row.state), "sums": _sums(row)} for row in page.rows]
    context = {**_list(request, page, chosen, "batch"), "rows": rows}
    return render(request, "operations/batches.html", context)


def _batch_lines(request: HttpRequest) -> Iterator[Sequence[exports.Cell]]:
    yield [
        "File",
        "Connection",
        "Name",
        "Kind",
        "State",
        "Documents",
        "Units",
        "Currency",
        "Amount",
        "Made",
        "Delivered",
        "Acknowledged",
        "Late after",
        "Ended",
    ]
    rows = selector.batches(**_chosen(request))
    for row in paging.every(
        lambda cursor: paging.page(rows, order=NEWEST, cursor=cursor, size=paging.FILE_SIZE)
    ):
        for each in _sums(row) or [{"currency": "", "amount": ""}]:
            yield [
                row.number,
                row.connection.name,
                row.name,
                row.get_kind_display(),
                row.get_state_display(),
                row.documents,
                row.units,
                each["currency"],
                each["amount"],
                exports.moment(row.made_at),
                exports.moment(row.delivered_at),
                exports.moment(row.acknowledged_at),
                exports.moment(row.due_by),
                exports.moment(row.ended_at),
            ]


batches_export, batches_export_xlsx = exports.doors(
    capability="view_operations", name="files-sent", lines=_batch_lines
)


@require_safe
@permissions.required("view_operations")
def batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    """One file that left: its documents with the answer to each, and what it held."""
    may_read = permissions.can(request.user, "view_raw_messages")
    found = _batch(batch_id, has_content=may_read)
    context = {
        "batch": found,
        "tone": _tone(found.state),
        "sums": _sums(found),
        "lines": [{"line": line, "tone": _tone(line.result)} for line in selector.lines_of(found)],
        "cases": selector.open_cases(found),
        "may_read": may_read,
        "content": _text(bytes(found.content)) if may_read else "",
        "now": timezone.now(),
    }
    return render(request, "operations/batch.html", context)


def _line_rows(request: HttpRequest, batch_id: int) -> Iterator[Sequence[exports.Cell]]:
    yield [
        "Line",
        "Key",
        "Return",
        "Answer",
        "Number",
        "Code",
        "Field",
        "The partner's words",
        "Units",
        "Amount",
        "Currency",
        "Answered",
    ]
    for line in selector.lines_of(_batch(batch_id, has_content=False)):
        yield [
            line.line_no,
            line.key,
            str(line.posting.rma) if line.posting else "Not known",
            line.get_result_display(),
            line.number,
            line.code,
            line.field,
            line.text,
            line.units,
            exports.amount(line.gross, line.currency) if line.gross is not None else "",
            line.currency,
            exports.moment(line.answered_at),
        ]


batch_export, batch_export_xlsx = exports.doors(
    capability="view_operations", name="file-lines", lines=_line_rows
)


@require_safe
@permissions.required("view_raw_messages")
def batch_content(request: HttpRequest, batch_id: int) -> HttpResponse:
    """The very bytes that left. What a spreadsheet could run in them was made harmless then."""
    found = _batch(batch_id, has_content=True)
    return _download(found.name, bytes(found.content))


@require_safe
@permissions.required("view_operations")
def files(request: HttpRequest) -> HttpResponse:
    """Files that came, newest first."""
    chosen = _chosen(request)
    page = paging.page(selector.files(**chosen), order=NEWEST, cursor=request.GET.get("cursor", ""))
    rows = [
        {"file": row, "tone": _tone(row.state), "told": _told(row), "kinds": _kinds(row)}
        for row in page.rows
    ]
    context = {**_list(request, page, chosen, "file"), "rows": rows}
    return render(request, "operations/came.html", context)


def _file_lines(request: HttpRequest) -> Iterator[Sequence[exports.Cell]]:
    yield ["File", "Connection", "State", "Why", "Holds", "Told", "Size", "First seen", "Read"]
    rows = selector.files(**_chosen(request))
    for row in paging.every(
        lambda cursor: paging.page(rows, order=NEWEST, cursor=cursor, size=paging.FILE_SIZE)
    ):
        yield [
            row.name,
            row.connection.name,
            row.get_state_display(),
            row.why,
            _kinds(row),
            _told(row),
            row.size,
            exports.moment(row.seen_at),
            exports.moment(row.read_at),
        ]


files_export, files_export_xlsx = exports.doors(
    capability="view_operations", name="files-received", lines=_file_lines
)


@require_safe
@permissions.required("view_operations")
def file(request: HttpRequest, file_id: int) -> HttpResponse:
    """One file that came: what became of it and why."""
    may_read = permissions.can(request.user, "view_raw_messages")
    found = _file(file_id, has_content=may_read)
    context = {
        "file": found,
        "tone": _tone(found.state),
        "told": _told(found),
        "kinds": _kinds(found),
        "cases": selector.open_cases(found),
        "reads": selector.reads_again_of(found),
        "may_read": may_read,
        "content": _text(bytes(found.content)) if may_read else "",
        "now": timezone.now(),
    }
    return render(request, "operations/came_file.html", context)


@require_safe
@permissions.required("view_raw_messages")
def file_content(request: HttpRequest, file_id: int) -> HttpResponse:
    """The file as it came, as text that no program opens by itself."""
    found = _file(file_id, has_content=True)
    return _download(f"{found.name}.txt", bytes(found.content))


@permissions.required("replay_event")
@permissions.sent_from("exchange-file", "file_id")
def read_again(request: HttpRequest, file_id: int) -> HttpResponse:
    get_object_or_404(ExchangeFile.objects.only("pk"), pk=file_id)
    try:
        found = exchange_files.read_again(
            file_id=file_id, actor=permissions.actor_of(request), now=timezone.now()
        )
    except (errors.DeskError, ConnectorError) as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"{found.name} is read. It told: {_told(found)}.")
    return redirect("exchange-file", file_id=file_id)


def _batch(batch_id: int, *, has_content: bool) -> ExchangeBatch:
    try:
        return selector.batch(batch_id=batch_id, has_content=has_content)
    except ExchangeBatch.DoesNotExist as error:
        raise Http404 from error


def _file(file_id: int, *, has_content: bool) -> ExchangeFile:
    try:
        return selector.file(file_id=file_id, has_content=has_content)
    except ExchangeFile.DoesNotExist as error:
        raise Http404 from error


def _chosen(request: HttpRequest) -> dict[str, str]:
    """A NUL can be in no stored text and is no text for PostgreSQL."""
    return {name: request.GET.get(name, "").replace("\0", "") for name in FILTERS}


def _list(
    request: HttpRequest, page: paging.Page, chosen: dict[str, str], what: str
) -> dict[str, Any]:
    """What both lists show around their rows."""
    options = selector.options()
    selects = (
        ("state", "State", options[what]),
        ("connection", "Connection", options["connection"]),
    )
    return {
        "tabs": [
            {"url": reverse(name), "label": label, "is_current": each == what}
            for each, name, label in TABS
        ],
        "newer": page.newer,
        "older": page.older,
        "selects": [
            {"name": name, "label": label, "options": values, "value": chosen[name]}
            for name, label, values in selects
        ],
        "query": changed_query(request.GET, {}),
        "now": timezone.now(),
    }


def _tone(state: str) -> str:
    return TONES.get(state, "wait")


def _sums(row: ExchangeBatch) -> list[dict[str, Any]]:
    return [
        {"currency": each["currency"], "amount": Decimal(each["amount"])}
        for each in row.sums
        if each["currency"]
    ]


def _told(row: ExchangeFile) -> str:
    return told_words(row.told)


def _kinds(row: ExchangeFile) -> str:
    words = {
        "acknowledgement": "Acknowledgement",
        "arrivals": "Receipts of goods",
        "regrades": "Changed conditions",
        "credit_advice": "Credit advice",
        "authorisations": "Authorisations",
    }
    return ", ".join(words.get(kind, kind) for kind in row.kinds)


def _text(content: bytes) -> str:
    return content.decode("utf-8", errors="replace")


def _download(name: str, content: bytes) -> HttpResponse:
    if not content:
        raise Http404("Nothing is kept of it any more.")
    response = HttpResponse(content, content_type="application/octet-stream")
    safe = "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in name)
    response["Content-Disposition"] = f'attachment; filename="{safe}"'
    return response
