"""ReturnGO as a `ports.Source`.

Polling is the truth: the list is asked for what changed, then each return is read whole. List
rows carry no date, so the caller's watermark is the moment its poll began. There are no idempotency
keys; every write reads first.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

from requests.adapters import BaseAdapter

from connectors.errors import Misconfigured, NotFound, Rejected, RejectionCode, UnreadableReply
from connectors.http import Reply, Session
from connectors.ports import Pacer
from connectors.returngo import kind, transitions, translate, webhooks
from connectors.returngo.client import MAX_PAGE_SIZE, ReturnGoClient
from connectors.returngo.reading import Drift, Reader
from connectors.types import (
    ConnectionCheck,
    ConnectionConfig,
    RefundPage,
    RmaPage,
    SourceCapabilities,
    SourceRma,
    WebhookNudge,
)

T = TypeVar("T")

# A return of 20,000 units is about a kilobyte per unit; the session's own cap is for less.
MAX_REPLY_BYTES = 64 * 1024 * 1024
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def build(
    config: ConnectionConfig, pacer: Pacer, transport: BaseAdapter | None = None
) -> ReturnGoSource:
    """Raises Misconfigured when the key or the shop is missing or cannot stand in a header."""
    session = Session(
        config=config,
        pacer=pacer,
        headers={
            "x-api-key": _header_value(config.secrets, "api_key"),
            "x-shop-name": _header_value(config.settings, "shop_name"),
        },
        transport=transport,
        max_reply_bytes=MAX_REPLY_BYTES,
    )
    return ReturnGoSource(config=config, session=session)


class ReturnGoSource:
    """One shop of one ReturnGO owner."""

    def __init__(self, *, config: ConnectionConfig, session: Session) -> None:
        self._config = config
        self._client = ReturnGoClient(session=session)
        self.capabilities = SourceCapabilities(
            has_webhooks=True,
            has_refund_feed=True,
            daily_call_limit=_daily_call_limit(config.settings),
            max_page_size=MAX_PAGE_SIZE,
            can_comment=True,
            can_set_shipment_status=True,
        )

    def check(self) -> ConnectionCheck:
        """One call: lists a single return. Refused credentials are a result here, not an error."""
        shop = self._config.settings.get("shop_name", "")
        try:
            reply = self._client.list_rmas(updated_since=_LONG_AGO, page_size=1)
        except Misconfigured as error:
            return ConnectionCheck(is_ok=False, text=error.text, details={"shop": shop})
        rows = _read(reply, translate.rma_page).rows
        return ConnectionCheck(
            is_ok=True,
            text="ReturnGO answers for this shop.",
            details={"shop": shop, "newest_return": rows[0].external_id if rows else ""},
        )

    def changed_rmas(self, *, since: datetime, cursor: str = "") -> RmaPage:
        """One call, up to 500 rows.

        Order is the platform's: its cursor walks record ids, newest first, whatever order is asked
        for. A return that changes while the pages are read may have been on a page already read,
        so the next poll must overlap.
        """
        return _read(self._client.list_rmas(updated_since=since, cursor=cursor), translate.rma_page)

    def rma(self, external_id: str) -> SourceRma:
        """One call."""
        return _read(self._client.rma(external_id), translate.rma)

    def changed_refunds(self, *, since: datetime, cursor: str = "") -> RefundPage:
        """One call, up to 500 rows; the rows name units, not returns."""
        return _read(
            self._client.list_transactions(updated_since=since, cursor=cursor),
            translate.refund_page,
        )

    def parse_webhook(self, *, headers: Mapping[str, str], body: bytes) -> WebhookNudge:
        """No call. The headers prove nothing: ReturnGO is not known to sign."""
        return webhooks.parse(body)

    def comment(self, *, rma_external_id: str, text: str, marker: str) -> None:
        """One or two calls. The note ends with the marker in square brackets, which is looked for.

        The brackets keep the marker "rb-1" from being found in "rb-12".
        """
        token = f"[{marker}]"
        found = _read(self._client.rma(rma_external_id), lambda raw: _has_comment_with(raw, token))
        if found:
            return
        body = "<br>".join(html.escape(line) for line in text.splitlines())
        self._client.add_comment(rma_external_id, html_text=f"{body} {html.escape(token)}")

    def set_shipment_status(self, *, rma_external_id: str, shipment_id: str, status: str) -> None:
        """One call when the shipment has the status already or may not get it, else two.

        Raises NotFound when the return has no such shipment, Rejected (`transition`) when the
        move is not in the vendor's table, or the vendor refuses it all the same.
        """
        rma = self.rma(rma_external_id)
        current = next(
            (row.status for row in rma.shipments if row.external_id == shipment_id), None
        )
        if current is None:
            raise NotFound(f"Return {rma_external_id} has no shipment {shipment_id}.")
        if current == status:
            return
        if not transitions.is_allowed(current=current, target=status):
            raise Rejected(
                f"ReturnGO does not move a shipment from {current} to {status}.",
                code=RejectionCode.TRANSITION,
                field="shipment_status",
                value=status,
            )
        self._client.set_shipment_status(shipment_id, status=status)


def _read(reply: Reply, translator: Callable[[object], T]) -> T:
    """Translate, and give an unreadable reply's evidence along."""
    try:
        return translator(reply.json())
    except UnreadableReply as error:
        error.evidence = error.evidence or reply.evidence
        raise


def _has_comment_with(raw: object, token: str) -> bool:
    top = Reader.of(raw, place="", drift=Drift())
    return any(token in html.unescape(row.text("htmlText")) for row in top.children("comments"))


def _header_value(values: Mapping[str, str], name: str) -> str:
    value = values.get(name, "").strip()
    if not value:
        raise Misconfigured(f"The ReturnGO connection has no {name}.")
    if not (value.isascii() and value.isprintable()):
        raise Misconfigured(f"The {name} of the ReturnGO connection is not plain text.")
    return value


def _daily_call_limit(settings: Mapping[str, str]) -> int:
    text = settings.get("daily_call_limit", "").strip()
    if not text:
        return kind.DAILY_CALL_LIMIT
    if not (text.isascii() and text.isdigit()):
        raise Misconfigured("The daily_call_limit of the ReturnGO connection is no whole number.")
    return int(text)
