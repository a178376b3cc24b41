"""The door for webhooks: check the secret, keep the raw body, say yes at once (reliability B.6)."""

import hashlib
import re
from typing import cast

import structlog
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from connectors.errors import ConnectorError
from connectors.ports import SigningSource, Source
from connectors.types import WebhookNudge
from exceptions_app import errors
from exceptions_app.models import Connection
from exceptions_app.services import connections, events, webhook_addresses

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
    """401 for an unknown connection, secret or signature, 413 for too much, else 202: kept or a
    repeat."""
    connection = _connection(code)
    if connection is None or not _knows(connection, secret):
        return _refuse("webhook_refused", code, 401)
    return _take_in(request, connection, _source(connection))


@csrf_exempt
@require_POST
def receive_signed(request: HttpRequest, code: str) -> HttpResponse:
    """The same for platforms whose messages prove themselves: the address holds no secret.

    503 while their signature cannot be checked: the platform sends the message again.
    """
    connection = _connection(code)
    if connection is None or not connection.is_active:
        return _refuse("webhook_refused", code, 401)
    source = _source(connection)
    if source is None:
        return _refuse("webhook_not_checked", code, 503)
    if not source.capabilities.signs_webhooks:
        return _refuse("webhook_refused", code, 401)
    return _take_in(request, connection, source)


def _take_in(request: HttpRequest, connection: Connection, source: Source | None) -> HttpResponse:
    try:
        body = _body(request)
    except UnreadablePostError:
        return _refuse("webhook_cut_off", connection.code, 400)
    if len(body) > events.MAX_BODY_BYTES:
        return _refuse("webhook_too_large", connection.code, 413)
    headers = dict(request.headers)
    if not _is_genuine(source, headers, body):
        return _refuse("webhook_forged", connection.code, 401)
    _keep(request, connection, _nudge(source, headers, body), body)
    return HttpResponse(status=202)


def _keep(request: HttpRequest, connection: Connection, nudge: WebhookNudge, body: bytes) -> None:
    now = timezone.now()
    external_id = nudge.delivery_id or _external_id(request, body)
    if nudge.privacy is not None:
        events.receive_privacy(
            connection=connection, external_id=external_id, request=nudge.privacy, now=now
        )
        return
    known_as = events.known_as(
        connection=connection,
        topic=nudge.topic,
        subject_id=nudge.rma_external_id,
        cause_id=nudge.cause_id,
        body=body,
    )
    cause = {events.CAUSE_HEADER: nudge.cause_id} if nudge.cause_id else {}
    events.receive(
        connection=connection,
        external_id=known_as or external_id,
        topic=nudge.topic,
        origin="webhook",
        body=body,
        now=now,
        subject_id=nudge.rma_external_id,
        headers={**_headers(request), **cause},
    )


def _connection(code: str) -> Connection | None:
    return Connection.objects.filter(code=code.replace("\0", "")).first()


def _knows(connection: Connection, secret: str) -> bool:
    """Whether the secret is the connection's. Without one kept, nothing fits."""
    kept = connection.webhook_secret_hash if connection.is_active else ""
    is_same = constant_time_compare(webhook_addresses.digest(secret), kept or _NOBODY)
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


def _source(connection: Connection) -> Source | None:
    try:
        return connections.source(connection=connection, reason="webhook")
    except (ConnectorError, errors.DeskError):
        return None


def _is_genuine(source: Source | None, headers: dict[str, str], body: bytes) -> bool:
    """Whether nothing speaks against the message: most platforms do not sign."""
    if source is None or not source.capabilities.signs_webhooks:
        return True
    return cast(SigningSource, source).is_genuine(headers=headers, body=body)


def _nudge(source: Source | None, headers: dict[str, str], body: bytes) -> WebhookNudge:
    """What the message says of itself. A connection we cannot use now still keeps its messages."""
    if source is None:
        return WebhookNudge(topic="", rma_external_id="")
    return source.parse_webhook(headers=headers, body=body)


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
