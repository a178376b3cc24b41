"""Operations: connections, inbox, documents with every try, and what can be done about them."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from connectors.errors import ConnectorError
from exceptions_app import errors, permissions
from exceptions_app.choices import POSTING_UNSENT, PostingKind, SavedPage
from exceptions_app.models import Connection, InboundEvent, Posting
from exceptions_app.rules import unreadable
from exceptions_app.selectors import doubt, exchange, paging, stopped
from exceptions_app.selectors import messages as inbox_selector
from exceptions_app.selectors import operations as selector
from exceptions_app.selectors.policy_words import maker_words, rounding_words
from exceptions_app.services import calls, events
from exceptions_app.services import operations as acts
from exceptions_app.templatetags.desk import changed_query
from exceptions_app.views import exports
from exceptions_app.views import views as saved_views
from exceptions_app.views.returns import posting_tone

NEWEST = ("-id",)
EVENT_FILTERS = ("state", "topic", "connection")
POSTING_FILTERS = ("status", "kind", "bridge", "hold")
EVENT_TONES = {
    "processed": "good",
    "quiet": "calm",
    "parked": "bad",
    "refused": "bad",
    "given_up": "mild",
}


@require_safe
@permissions.required("view_operations")
def overview(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    rows = selector.connections(now=now)
    needing = [row for row in rows if selector.needs_somebody(row, now=now)]
    context = {
        "now": now,
        "rows": [*needing, *(row for row in rows if row not in needing)],
        "needing": needing,
        "stuck": [{"row": row, "count": paging.shown(row.count)} for row in selector.stuck()],
        "per_return": selector.per_return(rows=rows, now=now),
        "by_kind": selector.calls_by_kind(now=now),
        "backlog": [
            {"row": row, "count": paging.shown(row.count)} for row in selector.backlog(now=now)
        ],
        "beats": selector.heartbeats(now=now),
    }
    return render(request, "operations/overview.html", context)


@permissions.required("manage_connections")
@permissions.sent_from("operations")
def check(request: HttpRequest, connection_id: int) -> HttpResponse:
    connection = get_object_or_404(Connection, pk=connection_id)
    try:
        text = acts.check_connection(
            connection_id=connection.pk, actor=permissions.actor_of(request), now=timezone.now()
        )
    except (errors.DeskError, ConnectorError) as error:
        messages.error(request, str(error))
    else:
        messages.info(request, text)
    return _back(request, connection)


@permissions.required("manage_connections")
@permissions.sent_from("operations")
def read_locations(request: HttpRequest, connection_id: int) -> HttpResponse:
    connection = get_object_or_404(Connection, pk=connection_id)
    try:
        text = acts.read_locations(
            connection_id=connection.pk, actor=permissions.actor_of(request), now=timezone.now()
        )
    except (errors.DeskError, ConnectorError) as error:
        messages.error(request, str(error))
    else:
        messages.info(request, text)
    return redirect("admin:connection-history", connection_id=connection.pk)


@permissions.required("manage_connections")
@permissions.sent_from("operations")
def read_items(request: HttpRequest, connection_id: int) -> HttpResponse:
    connection = get_object_or_404(Connection, pk=connection_id)
    try:
        text = acts.read_all_items(
            connection_id=connection.pk, actor=permissions.actor_of(request), now=timezone.now()
        )
    except errors.DeskError as error:
        messages.error(request, str(error))
    else:
        messages.info(request, text)
    return redirect("admin:connection-history", connection_id=connection.pk)


def _back(request: HttpRequest, connection: Connection) -> HttpResponse:
    """To the connection's own page where the act was asked for there, else to all of them."""
    if request.POST.get("from") == "connection":
        return redirect("admin:connection-history", connection_id=connection.pk)
    return redirect("operations")


@permissions.required("manage_connections")
@permissions.sent_from("operations")
def resume(request: HttpRequest, connection_id: int) -> HttpResponse:
    connection = get_object_or_404(Connection, pk=connection_id)
    acts.resume(
        connection_id=connection.pk, actor=permissions.actor_of(request), now=timezone.now()
    )
    messages.info(request, f"{connection.name}: the next call leaves as a probe.")
    return redirect("operations")


# --- Inbox -----------------------------------------------------------------------------------


@require_safe
@permissions.required("view_operations")
def inbox(request: HttpRequest) -> HttpResponse:
    chosen = _chosen(request.GET, EVENT_FILTERS)
    page = stopped.events(
        inbox_selector.events(**chosen), order=NEWEST, cursor=request.GET.get("cursor", "")
    )
    options = selector.states()
    context = {
        "rows": [
            {
                "event": each.row,
                "about": inbox_selector.about(each.row),
                "tone": EVENT_TONES.get(each.row.state, "wait"),
                "stop": each.stop,
            }
            for each in page.rows
        ],
        "newer": page.newer,
        "older": page.older,
        "chosen": chosen,
        "selects": [
            _select("state", "State", options["state"], chosen),
            _select("connection", "Connection", options["connection"], chosen),
        ],
        "query": changed_query(request.GET, {}),
        "saved": saved_views.shown(request, page=SavedPage.INBOX, count=_counted_events),
        "now": timezone.now(),
    }
    return render(request, "operations/inbox.html", context)


def _counted_events(query: QueryDict, request: HttpRequest) -> Any:
    return inbox_selector.events(**_chosen(query, EVENT_FILTERS))


def _event_lines(request: HttpRequest) -> Iterator[list[exports.Cell]]:
    yield [
        "Message",
        "Connection",
        "Came by",
        "Id there",
        "About",
        "State",
        "Why",
        "In words",
        "Exception",
        "Exception's page",
        "Since",
        "Copies",
        "Differing copies",
        "Tries",
        "Received",
    ]
    rows = inbox_selector.events(**_chosen(request.GET, EVENT_FILTERS))
    for each in paging.every(
        lambda cursor: stopped.events(rows, order=NEWEST, cursor=cursor, size=paging.FILE_SIZE)
    ):
        event, stop = each.row, each.stop
        yield [
            event.topic or "Not readable",
            event.connection.name,
            event.get_origin_display(),
            event.external_id,
            inbox_selector.about(event) or "Not told",
            event.get_state_display(),
            stop.reason,
            stop.message,
            *_exceptions(request, stop),
            exports.moment(stop.since),
            event.copies,
            event.differing_copies,
            event.attempts,
            exports.moment(event.received_at),
        ]


def _exceptions(request: HttpRequest, stop: stopped.Stop) -> tuple[str, str]:
    """The open exceptions by number, and where the first of them is; empty where there is none."""
    if not stop.cases:
        return "", ""
    url = request.build_absolute_uri(reverse("case-detail", args=[stop.cases[0]]))
    return ", ".join(f"EX-{number}" for number in stop.cases), url


inbox_export, inbox_export_xlsx = exports.doors(
    capability="view_operations", name="inbox", lines=_event_lines
)


@require_safe
@permissions.required("view_operations")
def event_detail(request: HttpRequest, event_id: int) -> HttpResponse:
    may_read = permissions.can(request.user, "view_raw_messages")
    try:
        event = inbox_selector.event(event_id=event_id, has_body=may_read)
    except InboundEvent.DoesNotExist as error:
        raise Http404 from error
    context = {
        "event": event,
        "tone": EVENT_TONES.get(event.state, "wait"),
        "rma": inbox_selector.return_of(event),
        "about": inbox_selector.about(event),
        "why": stopped.words_of(event),
        "cases": inbox_selector.open_cases_of_event(event),
        "replays": inbox_selector.replays_of(event),
        "ending": inbox_selector.ending_of(event),
        "told": unreadable.shown(event.error_facts),
        "entries": unreadable.entries(event.error_facts),
        "may_read": may_read,
        "body": bytes(event.body).decode("utf-8", errors="replace") if may_read else "",
        "headers": sorted(event.headers.items()) if may_read else [],
        "now": timezone.now(),
    }
    return render(request, "operations/event.html", context)


@permissions.required("replay_event")
@permissions.sent_from("event-detail", "event_id")
def replay(request: HttpRequest, event_id: int) -> HttpResponse:
    get_object_or_404(InboundEvent.objects.only("pk"), pk=event_id)
    try:
        events.replay(event_id=event_id, actor=permissions.actor_of(request), now=timezone.now())
    except errors.DeskError as error:
        messages.warning(request, str(error))
    else:
        messages.success(
            request,
            "Queued: the message is handled again by itself. Refresh this page in a minute; what"
            " came of it then stands below, under Facts.",
        )
    return redirect("event-detail", event_id=event_id)


# --- Postings --------------------------------------------------------------------------------


@require_safe
@permissions.required("view_operations")
def list_postings(request: HttpRequest) -> HttpResponse:
    chosen = _chosen(request.GET, POSTING_FILTERS)
    page = stopped.postings(
        selector.postings(**chosen), order=NEWEST, cursor=request.GET.get("cursor", "")
    )
    options = selector.states()
    context = {
        "rows": [
            {
                "posting": each.row,
                "tone": posting_tone(each.row),
                "stop": each.stop,
            }
            for each in page.rows
        ],
        "newer": page.newer,
        "older": page.older,
        "selects": [
            _select("status", "State", options["status"], chosen),
            _select("kind", "Kind", list(PostingKind.choices), chosen),
            _select("hold", "Held because", options["hold"], chosen),
            _select("bridge", "Bridge", options["bridge"], chosen),
        ],
        "query": changed_query(request.GET, {}),
        "saved": saved_views.shown(
            request, page=SavedPage.POSTINGS, count=_counted_postings, money="gross"
        ),
        "now": timezone.now(),
    }
    return render(request, "operations/postings.html", context)


def _counted_postings(query: QueryDict, request: HttpRequest) -> Any:
    return selector.postings(**_chosen(query, POSTING_FILTERS))


def _posting_lines(request: HttpRequest) -> Iterator[list[exports.Cell]]:
    yield [
        "Document",
        "Key",
        "Bridge",
        "Connection",
        "Return",
        "Number",
        "State",
        "Why",
        "The ERP's message",
        "Exception",
        "Exception's page",
        "Since",
        "Tries",
        "Amount",
        "Currency",
    ]
    rows = selector.postings(**_chosen(request.GET, POSTING_FILTERS))
    for each in paging.every(
        lambda cursor: stopped.postings(rows, order=NEWEST, cursor=cursor, size=paging.FILE_SIZE)
    ):
        posting, stop = each.row, each.stop
        yield [
            posting.get_kind_display(),
            posting.key,
            posting.bridge.name,
            posting.connection.name,
            str(posting.rma),
            posting.number or "None yet",
            posting.state_label,
            stop.reason,
            stop.message,
            *_exceptions(request, stop),
            exports.moment(stop.since),
            posting.attempts,
            exports.amount(posting.gross, posting.currency) if posting.gross else "",
            posting.currency,
        ]


posting_export, posting_export_xlsx = exports.doors(
    capability="view_operations", name="postings", lines=_posting_lines
)


@require_safe
@permissions.required("view_operations")
def posting_detail(request: HttpRequest, posting_id: int) -> HttpResponse:
    try:
        posting = selector.posting(posting_id=posting_id)
    except Posting.DoesNotExist as error:
        raise Http404 from error
    context: dict[str, Any] = {
        "posting": posting,
        "tone": posting_tone(posting),
        "in_file": exchange.lines_by_posting([posting]).get(posting.pk),
        "attempts": list(posting.attempt_rows.all()),
        # Each try is kept before its call leaves (R103); those of long ago may be gone by now.
        "begun": posting.sent_at if posting.open_type == "JOB_STUCK" else None,
        "cases": selector.open_cases_of(posting),
        "blockers": stopped.blockers_of(posting),
        "maker": maker_words(posting.made_by),
        "rounding": rounding_words(posting.rounding) if posting.rounding else "",
        "doubt": doubt.of(posting),
        "now": timezone.now(),
    }
    if posting.status in POSTING_UNSENT:
        try:
            context["waiting"] = calls.waiting(posting=posting)
        except (errors.DeskError, ConnectorError) as error:
            context["problem"] = str(error)
    return render(request, "operations/posting.html", context)


def _chosen(query: QueryDict, names: tuple[str, ...]) -> dict[str, str]:
    """A NUL can be in no stored text and is no text for PostgreSQL."""
    return {name: query.get(name, "").replace("\0", "") for name in names}


def _select(
    name: str, label: str, options: list[tuple[str, str]], chosen: dict[str, str]
) -> dict[str, Any]:
    return {"name": name, "label": label, "options": options, "value": chosen[name]}
