"""To key by hand: documents that no confirmed call can make, taken and numbered by a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from connectors.errors import ConnectorError
from exceptions_app import errors, permissions
from exceptions_app.choices import HoldReason, PostingKind, PostingStatus, Team
from exceptions_app.forms.keying import CouldNotKeyForm, KeyByHandForm
from exceptions_app.models import Posting
from exceptions_app.rules.keying import KEPT_FOR
from exceptions_app.selectors import keying as selector
from exceptions_app.selectors import paging, rooms
from exceptions_app.services import keying
from exceptions_app.templatetags.desk import changed_query
from exceptions_app.views import exports

VIEWS = {"waiting": "To key", "unproved": "Keyed, not verified"}
TEAMS = {Team.WAREHOUSE: "key_stock", Team.FINANCE: "key_money"}
FILTERS = ("team", "bridge", "kind")


@require_safe
@permissions.required("key_by_hand")
def index(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    view, chosen = _view(request.GET), _chosen(request.GET)
    rows = _rows(request)
    page = _PAGES[view](rows, now, request.GET.get("cursor", ""))
    is_one_page = not page.newer and not page.older
    context = {
        "now": now,
        "view": view,
        "tabs": [
            {
                "url": changed_query(QueryDict(), {"view": code, **chosen}),
                "label": label,
                "is_current": code == view,
            }
            for code, label in VIEWS.items()
        ],
        "rows": page.rows,
        "newer": page.newer,
        "older": page.older,
        "count": paging.shown(len(page.rows) if is_one_page else paging.count(rows)),
        "minutes": int(KEPT_FOR.total_seconds() // 60),
        "me": request.user.pk,
        "selects": [
            *_team_select(request, chosen["team"]),
            _select("kind", "Document", _kinds(request, chosen["team"]), chosen["kind"]),
            _select("bridge", "Bridge", rooms.bridges(), chosen["bridge"]),
        ],
        "query": changed_query(request.GET, {"cursor": ""}),
    }
    return render(request, "keying/index.html", context)


def _waiting_page(rows: QuerySet[Posting], now: datetime, cursor: str) -> paging.Page:
    return selector.tasks(rows, now=now, cursor=cursor)


def _unproved_page(rows: QuerySet[Posting], now: datetime, cursor: str) -> paging.Page:
    return selector.keyed(rows, cursor=cursor)


_PAGES: dict[str, Callable[[QuerySet[Posting], datetime, str], paging.Page]] = {
    "waiting": _waiting_page,
    "unproved": _unproved_page,
}


def _rows(request: HttpRequest) -> QuerySet[Posting]:
    chosen = _chosen(request.GET)
    kinds = own_kinds(request, chosen["team"])
    find = selector.waiting if _view(request.GET) == "waiting" else selector.unproved
    return find(kinds=kinds, bridge=chosen["bridge"], kind=chosen["kind"])


def own_kinds(request: HttpRequest, team: str = "") -> tuple[str, ...]:
    """The kinds the reader may key, of one team where one is named."""
    return tuple(
        kind
        for code, capability in TEAMS.items()
        if permissions.can(request.user, capability) and team in ("", code)
        for kind in selector.KINDS_OF[code]
    )


def _team_select(request: HttpRequest, team: str) -> list[dict[str, Any]]:
    """Only for whoever keys for both: others have one team's work."""
    own = [
        (code, code.label) for code, door in TEAMS.items() if permissions.can(request.user, door)
    ]
    return [_select("team", "Team", own, team)] if len(own) > 1 else []


def _kinds(request: HttpRequest, team: str) -> list[tuple[str, str]]:
    return [(kind, PostingKind(kind).label) for kind in own_kinds(request, team)]


def _lines(request: HttpRequest) -> Iterator[list[exports.Cell]]:
    now, rows = timezone.now(), _rows(request)
    is_waiting = _view(request.GET) == "waiting"
    last = ["To key since", "Due", "Taken by"] if is_waiting else ["State", "Keyed"]
    yield [
        "Document",
        "Key",
        "Bridge",
        "ERP",
        "Return",
        "Number",
        "Units",
        "Amount",
        "Currency",
        *last,
    ]
    if is_waiting:
        for task in paging.every(
            lambda cursor: selector.tasks(rows, now=now, cursor=cursor, size=paging.FILE_SIZE)
        ):
            taken = (
                task.claim.person.get_full_name() or task.claim.person.username
                if task.claim
                else ""
            )
            times = [exports.moment(task.since), exports.moment(task.due_at), taken]
            yield [*_document(task.posting), *times]
        return
    for posting in paging.every(
        lambda cursor: selector.keyed(rows, cursor=cursor, size=paging.FILE_SIZE)
    ):
        yield [*_document(posting), posting.state_label, exports.moment(posting.posted_at)]


def _document(posting: Posting) -> list[exports.Cell]:
    return [
        posting.get_kind_display(),
        posting.key,
        posting.bridge.name,
        posting.connection.name,
        str(posting.rma),
        posting.number or "None yet",
        posting.units,
        exports.amount(posting.gross, posting.currency) if posting.gross else "",
        posting.currency,
    ]


export, export_xlsx = exports.doors(capability="key_by_hand", name="to-key-by-hand", lines=_lines)


# --- One document -----------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@permissions.required("key_by_hand")
def task(request: HttpRequest, posting_id: int) -> HttpResponse:
    """The values to key, and the box for the number the ERP gave."""
    posting = _posting(request, posting_id)
    form = KeyByHandForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            kept = keying.key(
                posting_id=posting.pk,
                number=form.cleaned_data["number"],
                actor=permissions.actor_of(request),
                now=timezone.now(),
            )
        except (errors.DeskError, ConnectorError) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _kept_words(kept))
            return redirect("return-detail", rma_id=posting.rma_id)
    return _show(request, posting, form=form, status=422 if form.errors else 200)


@permissions.required("key_by_hand")
@permissions.sent_from("posting-key", "posting_id")
def take(request: HttpRequest, posting_id: int) -> HttpResponse:
    posting = _posting(request, posting_id)
    try:
        keying.take(posting_id=posting.pk, actor=permissions.actor_of(request), now=timezone.now())
    except errors.DeskError as error:
        messages.warning(request, str(error))
    return redirect("posting-key", posting_id=posting.pk)


@permissions.required("key_by_hand")
@permissions.sent_from("posting-key", "posting_id")
def release(request: HttpRequest, posting_id: int) -> HttpResponse:
    posting = _posting(request, posting_id)
    try:
        keying.release(
            posting_id=posting.pk, actor=permissions.actor_of(request), now=timezone.now()
        )
    except errors.DeskError as error:
        messages.warning(request, str(error))
        return redirect("posting-key", posting_id=posting.pk)
    messages.info(request, f"{posting.key} is given back. Anybody may take it.")
    return redirect("keying")


@permissions.required("key_by_hand")
@permissions.sent_from("posting-key", "posting_id")
def could_not(request: HttpRequest, posting_id: int) -> HttpResponse:
    """The ERP did not take it: an exception follows, as after a refused call."""
    posting = _posting(request, posting_id)
    form = CouldNotKeyForm(request.POST, skus=_skus(posting))
    if form.is_valid():
        try:
            keying.could_not(
                posting_id=posting.pk,
                **form.cleaned_data,
                actor=permissions.actor_of(request),
                now=timezone.now(),
            )
        except errors.DeskError as error:
            form.add_error(None, str(error))
        else:
            messages.info(
                request, f"{posting.key} is kept as refused. An exception says what can be done."
            )
            return redirect("return-detail", rma_id=posting.rma_id)
    return _show(request, posting, could_not_form=form, status=422)


def _show(
    request: HttpRequest,
    posting: Posting,
    *,
    form: KeyByHandForm | None = None,
    could_not_form: CouldNotKeyForm | None = None,
    status: int,
) -> HttpResponse:
    now = timezone.now()
    context: dict[str, Any] = {
        "now": now,
        "posting": posting,
        "is_waiting": posting.status == PostingStatus.HELD
        and posting.hold_reason == HoldReason.MANUAL,
        "form": form or KeyByHandForm(),
        "could_not_form": could_not_form or CouldNotKeyForm(skus=_skus(posting)),
        "row": selector.task(posting, now=now),
        "me": request.user.pk,
        "task": None,
        "problem": "",
    }
    try:
        context["task"] = keying.task(posting=posting)
        context["is_read_back"] = keying.is_read_back(posting=posting)
    except (errors.DeskError, ConnectorError) as error:
        context["problem"] = str(error)
    return render(request, "keying/task.html", context, status=status)


def _posting(request: HttpRequest, posting_id: int) -> Posting:
    """The document, for whoever may key its kind."""
    rows = Posting.objects.select_related("rma", "connection", "bridge")
    posting = get_object_or_404(rows, pk=posting_id)
    capability = permissions.keying_capability(posting.kind)
    if not permissions.can(request.user, capability):
        raise PermissionDenied(capability)
    return posting


def _skus(posting: Posting) -> list[str]:
    return list(dict.fromkeys(str(line["sku"]) for line in posting.draft["lines"] if line["sku"]))


def _kept_words(posting: Posting) -> str:
    kept = f"{posting.get_kind_display()} kept as {posting.number}."
    if posting.status == PostingStatus.POSTED:
        return f"{kept} {posting.connection.name} is asked for it next."
    return f"{kept} It counts as booked on your word."


def _view(query: QueryDict) -> str:
    asked = query.get("view", "")
    return asked if asked in VIEWS else "waiting"


def _chosen(query: QueryDict) -> dict[str, str]:
    """A NUL can be in no stored text and is no text for PostgreSQL."""
    return {name: query.get(name, "").replace("\0", "") for name in FILTERS}


def _select(name: str, label: str, options: Any, value: str) -> dict[str, Any]:
    return {"name": name, "label": label, "options": options, "value": value}
