"""Shopify as a `ports.Source`, for shops whose returns live in Shopify itself.

There is no list of returns: the orders that changed are listed, and their returns read in sets.
A return's refunds come with it, so there is no feed of refunds to read beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from requests.adapters import BaseAdapter

from connectors.errors import Misconfigured, NotFound
from connectors.http import Session
from connectors.ports import Pacer
from connectors.redaction import PERSONAL_FIELDS, Redactor
from connectors.shopify import completing, kind, sets, translate, webhooks
from connectors.shopify.client import Answer, ShopifyClient, version_of
from connectors.shopify.paging import Place
from connectors.shopify.reading import Node, gid
from connectors.shopify.shop import ShopFloor
from connectors.types import (
    ConnectionCheck,
    ConnectionConfig,
    RefundPage,
    RmaPage,
    RmaRow,
    SourceCapabilities,
    SourceRma,
    WebhookNudge,
)

MAX_REPLY_BYTES = 64 * 1024 * 1024
ORDERS_PER_PAGE = 100
RETURNS_PER_ORDER = 10
MAX_NOTE_CHARS = 5_000
# What people type into these may be about a person.
_FREE_TEXT = frozenset({"note", "customernote", "returnreasonnote"})
_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]{0,60}\.myshopify\.com")


def build(
    config: ConnectionConfig, pacer: Pacer, transport: BaseAdapter | None = None
) -> ShopifySource:
    """Raises Misconfigured when token, shop or version are missing or cannot be what they say."""
    token = config.secrets.get("access_token", "").strip()
    if not token:
        raise Misconfigured("The Shopify connection has no access token.")
    if not (token.isascii() and token.isprintable()):
        raise Misconfigured("The access token of the Shopify connection is not plain text.")
    domain = config.settings.get("shop_domain", "").strip().lower()
    if not _DOMAIN.fullmatch(domain):
        raise Misconfigured("The shop must be named as example.myshopify.com.")
    session = Session(
        config=config,
        pacer=pacer,
        headers={"X-Shopify-Access-Token": token},
        redactor=Redactor(
            secrets=tuple(config.secrets.values()), fields=PERSONAL_FIELDS | _FREE_TEXT
        ),
        transport=transport,
        max_reply_bytes=MAX_REPLY_BYTES,
    )
    client = ShopifyClient(session=session, pacer=pacer, version=version_of(config.settings))
    return ShopifySource(config=config, client=client, domain=domain)


class ShopifySource(ShopFloor):
    """One shop; `ports.BatchSource`, `ports.SigningSource` and `ports.Storefront` in one."""

    def __init__(self, *, config: ConnectionConfig, client: ShopifyClient, domain: str) -> None:
        super().__init__(client=client, settings=config.settings)
        self._domain = domain
        self._reads_customers = config.settings.get("customer_details", "yes").strip() != "no"
        self._door = webhooks.Door(
            secret=config.secrets.get("api_secret", ""), domain=domain, version=client.version
        )
        self.capabilities = SourceCapabilities(
            has_webhooks=True,
            has_refund_feed=False,
            daily_call_limit=None,
            max_page_size=ORDERS_PER_PAGE,
            can_comment=True,
            can_set_shipment_status=False,
            max_rmas_per_read=_returns_per_read(config.settings),
            signs_webhooks=True,
        )

    def check(self) -> ConnectionCheck:
        """One call. Refused credentials are a result here, not an error."""
        details = {"shop": self._domain, "api_version": self._client.version}
        try:
            answer = self._client.read("shop")
        except Misconfigured as error:
            return ConnectionCheck(is_ok=False, text=error.text, details=details)
        shop = answer.data.required("shop")
        found = shop.required_text("myshopifyDomain").lower()
        scopes = _scopes(answer)
        missing = [scope for scope in kind.SCOPES if scope not in scopes]
        details |= {"answered_by": found, "currency": shop.text("currencyCode")}
        details |= {"missing_scopes": ", ".join(missing)} if missing else {}
        if found != self._domain:
            text = f"This address belongs to {found}, not to {self._domain}."
            return ConnectionCheck(is_ok=False, text=text, details=details)
        text = f"{shop.text('name')} answers. {_told(answer, self._client.version)}"
        if missing:
            text += f" The token lacks: {', '.join(missing)}."
        elif kind.NOTE_SCOPE not in scopes:
            text += f" Notes cannot be written: the token lacks {kind.NOTE_SCOPE}."
        return ConnectionCheck(is_ok=not missing, text=text.strip(), details=details)

    def changed_rmas(self, *, since: datetime, cursor: str = "") -> RmaPage:
        """One call for up to 100 changed orders, and one more for an order of over ten returns.

        Orders without returns are listed too and lead to no row: a filter by return status would
        hide returns that were declined or cancelled.
        """
        place = Place.parse(cursor) if cursor else Place.start(since)
        answer = self._client.read(
            "changed_orders",
            {
                "first": ORDERS_PER_PAGE,
                "after": place.after or None,
                "query": place.query(),
                "returns": RETURNS_PER_ORDER,
            },
        )
        return sets.with_evidence(answer, lambda: self._rma_page(answer, place))

    def rma(self, external_id: str) -> SourceRma:
        """One call, and more only for a return with over fifty lines."""
        found = self.rmas((external_id,))
        if not found:
            raise NotFound(f"Shopify has no return {external_id}.")
        return found[0]

    def rmas(self, external_ids: Sequence[str]) -> tuple[SourceRma, ...]:
        """One call; a set that Shopify finds too dear for one is read in halves.

        Raises:
            ReadInPart: a call beyond the first had to wait; what was read whole is kept.
        """
        ids = [named for each in dict.fromkeys(external_ids) if (named := gid("Return", each))]
        reading = sets.SetReading(self._client, reads_customers=self._reads_customers)
        return reading.whole(ids) if ids else ()

    def changed_refunds(self, *, since: datetime, cursor: str = "") -> RefundPage:
        """No call: a refund changes its order, so it comes with the return."""
        return RefundPage(rows=(), next_cursor="")

    def is_genuine(self, *, headers: Mapping[str, str], body: bytes) -> bool:
        """No call. Signed with the app's secret, and for this shop."""
        return self._door.is_genuine(headers=headers, body=body)

    def parse_webhook(self, *, headers: Mapping[str, str], body: bytes) -> WebhookNudge:
        """No call."""
        return self._door.parse(headers=headers, body=body)

    def comment(self, *, rma_external_id: str, text: str, marker: str) -> None:
        """One or two calls: the note goes below the order's own note, once.

        Shopify has no operation that adds to a note or to the timeline; the whole note is
        written, so a change staff make between the two calls would be lost.
        """
        named = gid("Return", rma_external_id)
        answer = self._client.read("order_note", {"id": named}) if named else None
        node = answer.data.child("node") if answer else None
        if node is None or "order" not in node.raw:
            raise NotFound(f"Shopify has no return {rma_external_id}.")
        order = node.required("order")
        note, token = order.text("note"), f"[{marker}]"
        if token in note:
            return
        added = f"{text} {token}"
        kept = note[: max(MAX_NOTE_CHARS - len(added) - 1, 0)]
        value = {"id": order.required_text("id"), "note": f"{kept}\n{added}".strip()}
        self._client.write("set_order_note", {"input": value})

    def set_shipment_status(self, *, rma_external_id: str, shipment_id: str, status: str) -> None:
        """Not offered (`can_set_shipment_status`): Shopify keeps no state of a return parcel."""
        raise Misconfigured("Shopify keeps no status of a return parcel that could be set.")

    def _rma_page(self, answer: Answer, place: Place) -> RmaPage:
        connection = answer.data.required("orders")
        rows: list[RmaRow] = []
        for order in connection.page():
            if not place.is_known(order):
                rows += self._rows_of(order)
        following = place.following(connection)
        return RmaPage(rows=tuple(rows), next_cursor=following.text() if following else "")

    def _rows_of(self, order: Node) -> tuple[RmaRow, ...]:
        first = order.required("returns").page()
        rest = tuple(completing.rest_of(self._client, "order_returns", order, "returns"))
        return translate.rows((*first, *rest), order_name=order.required_text("name"))


def _scopes(answer: Answer) -> set[str]:
    """What the token may do. Writing includes reading."""
    app = answer.data.required("currentAppInstallation")
    held = {row.required_text("handle") for row in app.rows("accessScopes")}
    return held | {f"read_{scope[6:]}" for scope in held if scope.startswith("write_")}


def _told(answer: Answer, asked: str) -> str:
    """What the answer's headers say of the version."""
    found = []
    if answer.version and answer.version != asked:
        found.append(f"It speaks version {answer.version}; {asked} was asked for.")
    if answer.deprecation:
        found.append("It says that something we ask for will go away.")
    return " ".join(found) or f"Version {asked}."


def _returns_per_read(settings: Mapping[str, str]) -> int:
    text = settings.get("returns_per_read", "").strip() or str(kind.RETURNS_PER_READ)
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:4]) <= 100):
        raise Misconfigured("Returns per read must be a whole number from 1 to 100.")
    return int(text[:4])
