"""The door for webhooks: check the secret, keep the raw body, say yes at once (reliability B.6)."""

import hashlib
import re

import structlog
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from connectors.errors import ConnectorError
from connectors.types import WebhookNudge
from exceptions_app import errors
from exceptions_app.models import Connection
from exceptions_app.services import connections, events

log = structlog.get_logger(__name__)

_DELIVERY_HEADERS = ("X-Delivery-Id", "X-Webhook-Id")
_KEPT_HEADERS = ("Content-Type", "User-Agent", *_DELIVERY_HEADERS)
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
# A digest no secret has; compared with where none is kept.
_NOBODY = "0" * 64
_LONGEST_ID = 120


@csrf_exempt
@require_POST
def receive(request: HttpRequest, code: str, secret: str) -> HttpResponse:
    """401 for an unknown connection or secret, 413 for too much, else 202: kept or a repeat."""
    connection = Connection.objects.filter(code=code.replace("\0", "")).first()
    if connection is None or not _knows(connection, secret):
        return _refuse("webhook_refused", code, 401)
    try:
        body = _body(request)
    except UnreadablePostError:
        return _refuse("webhook_cut_off", code, 400)
    if len(body) > events.MAX_BODY_BYTES:
        return _refuse("webhook_too_large", code, 413)
    nudge = _nudge(connection, request, body)
    events.receive(
        connection=connection,
        external_id=_external_id(request, body),
        topic=nudge.topic,
        origin="webhook",
        body=body,
        now=timezone.now(),
        subject_id=nudge.rma_external_id,
        headers=_headers(request),
    )
    return HttpResponse(status=202)


def _knows(connection: Connection, secret: str) -> bool:
    """Whether the secret is the connection's. Without one kept, nothing fits."""
    kept = connection.webhook_secret_hash if connection.is_active else ""
    is_same = constant_time_compare(connections.webhook_digest(secret), kept or _NOBODY)
    return bool(kept) and is_same


def _refuse(what: str, code: str, status: int) -> HttpResponse:
    """Refuse without keeping a row; the log names the connection and never the address."""
    log.warning(what, connection=_printable(code)[:40])
    response = HttpResponse(status=status)
    # Django would log the address itself, and the secret is a part of it.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def _body(request: HttpRequest) -> bytes:
    """The raw body, one byte more than we take when it is too long."""
    announced = request.META.get("CONTENT_LENGTH") or ""
    most = events.MAX_BODY_BYTES + 1
    if announced.isascii() and announced.isdigit() and int(announced[:18]) >= most:
        return bytes(most)
    return request.read(most)


def _nudge(connection: Connection, request: HttpRequest, body: bytes) -> WebhookNudge:
    """What the message says of itself. A connection we cannot use now still keeps its messages."""
    try:
        source = connections.source(connection=connection, reason="webhook")
    except (ConnectorError, errors.DeskError):
        return WebhookNudge(topic="", rma_external_id="")
    return source.parse_webhook(headers=dict(request.headers), body=body)


def _external_id(request: HttpRequest, body: bytes) -> str:
    """The sender's delivery id; without one the content is its own, and a repeat is a repeat."""
    for name in _DELIVERY_HEADERS:
        given = _printable(request.headers.get(name, "")).strip()
        if given:
            is_short = len(given) <= _LONGEST_ID
            return given if is_short else hashlib.sha256(given.encode()).hexdigest()
    return hashlib.sha256(body).hexdigest()


def _headers(request: HttpRequest) -> dict[str, str]:
    kept = ((name, request.headers.get(name, "")) for name in _KEPT_HEADERS)
    return {name: _printable(value)[:200] for name, value in kept if value}


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub("", text)
