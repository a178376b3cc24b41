"""One GraphQL call: pace, send, and say what went wrong by what to do next.

Errors come with HTTP 200 in every capture we know of: on top (`errors`, with a code) or as the
mutation's own `userErrors`. The statuses 402, 404, 423 and 430 are documented for shops that are
frozen, unknown, locked or shielded; 429 is accepted beside THROTTLED.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from connectors import errors, ports
from connectors.http import Reply, Session
from connectors.shopify import documents, kind, meter
from connectors.shopify.reading import Node

_SHOP_SHUT = {
    402: "Shopify has frozen this shop (HTTP 402): its owner has a bill to pay.",
    404: "Shopify knows no shop at this address (HTTP 404).",
    423: "Shopify has locked this shop (HTTP 423); its support can say why.",
}
_SHIELDED = 430
_SHIELD_SECONDS = 60
VERSION_HEADER = "X-Shopify-API-Version"
DEPRECATION_HEADER = "X-Shopify-API-Deprecated-Reason"


class TooDear(errors.UnreadableReply):
    """The query would cost more than Shopify lets one query cost: ask for less of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The `data` of a call without errors, what its headers say of the version, and its price."""

    data: Node
    reply: Reply
    version: str
    deprecation: str
    meter: meter.Reading | None


class ShopifyClient:
    """Calls one shop in one version of the Admin API."""

    def __init__(self, *, session: Session, pacer: ports.Pacer, version: str) -> None:
        self.version = version
        self._session = session
        self._pacer = pacer

    def read(self, name: str, variables: Mapping[str, object] | None = None) -> Answer:
        """One call of a query document.

        Raises:
            RetryLater: throttled, or failed in passing.
            NotFound: an id of a kind Shopify does not have there.
            Misconfigured: token, scope, address or a shut shop.
            TooDear, UnreadableReply: it cannot be answered as asked.
        """
        return self._call(name, variables or {}, is_write=False)

    def write(self, name: str, variables: Mapping[str, object]) -> Answer:
        """One call of a mutation document.

        Raises:
            RetryLater: throttled: nothing was done.
            Rejected: Shopify understood and refused.
            OutcomeUnknown: it may have been done.
            Misconfigured: token, scope, address or a shut shop.
        """
        answer = self._call(name, variables, is_write=True)
        for payload in answer.data.raw.values():
            _refuse_user_errors(payload, answer.reply)
        return answer

    def _call(self, name: str, variables: Mapping[str, object], *, is_write: bool) -> Answer:
        reply = self._session.call(
            operation=name,
            method="POST",
            path=f"/admin/api/{self.version}/graphql.json",
            body={
                "query": documents.text(name),
                "operationName": documents.operation(name),
                "variables": variables,
            },
            is_write=is_write,
        )
        _check_status(reply)
        body = reply.json()
        if not isinstance(body, Mapping):
            raise _odd(reply, "The reply is no object.")
        found = meter.read(body)
        self._note(found)
        if body.get("errors"):
            raise _top_level(body, found, reply)
        if not isinstance(body.get("data"), Mapping):
            raise _odd(reply, "The reply has no data.")
        return Answer(
            data=Node(body["data"], ""),
            reply=reply,
            version=reply.headers.get(VERSION_HEADER, ""),
            deprecation=reply.headers.get(DEPRECATION_HEADER, ""),
            meter=found,
        )

    def _note(self, found: meter.Reading | None) -> None:
        if found is not None and isinstance(self._pacer, ports.CostPacer):
            self._pacer.note_meter(
                cost=found.cost,
                available=found.available,
                restored_per_second=found.restored_per_second,
            )


def _check_status(reply: Reply) -> None:
    if 200 <= reply.status < 300:
        return
    if reply.status in _SHOP_SHUT:
        raise errors.Misconfigured(_SHOP_SHUT[reply.status], evidence=reply.evidence)
    if reply.status == _SHIELDED:
        raise errors.RetryLater(
            "Shopify holds our calls off for a while (HTTP 430).",
            after_seconds=_SHIELD_SECONDS,
            is_throttled=True,
            evidence=reply.evidence,
        )
    text = f"Shopify refused the call (HTTP {reply.status})."
    if reply.is_write:
        raise errors.Rejected(text, code=errors.RejectionCode.UNCLASSIFIED, evidence=reply.evidence)
    raise errors.UnreadableReply(text, evidence=reply.evidence)


def _top_level(
    body: Mapping[str, object], found: meter.Reading | None, reply: Reply
) -> errors.ConnectorError:
    """The first error that decides; its text is for people and is never looked at here."""
    code, text, scope = _first_error(body.get("errors"))
    match code:
        case "THROTTLED":
            return errors.RetryLater(
                "Shopify's call budget is used up for the moment.",
                after_seconds=max(found.wait_seconds, 1) if found else None,
                is_throttled=True,
                evidence=reply.evidence,
            )
        case "ACCESS_DENIED":
            needed = f": {scope}" if scope else "."
            return errors.Misconfigured(
                f"The token may not do this; it lacks an access scope{needed}",
                is_credentials=True,
                evidence=reply.evidence,
            )
        case "MAX_COST_EXCEEDED":
            return TooDear("The query costs more than one query may.", evidence=reply.evidence)
    if reply.is_write:
        return _failed_write(code, text, reply, has_data=bool(body.get("data")))
    if code in ("INTERNAL_SERVER_ERROR", "TIMEOUT"):
        return errors.RetryLater(f"Shopify failed: {text}", evidence=reply.evidence)
    if code == "RESOURCE_NOT_FOUND":
        return errors.NotFound("Shopify has nothing of that id.", evidence=reply.evidence)
    return errors.UnreadableReply(
        f"Shopify could not answer: {text}", field=code, evidence=reply.evidence
    )


def _failed_write(code: str, text: str, reply: Reply, *, has_data: bool) -> errors.ConnectorError:
    """Refused before anything ran, or in the middle of it: only the first is surely nothing."""
    if has_data or code in ("", "INTERNAL_SERVER_ERROR", "TIMEOUT"):
        return errors.OutcomeUnknown(f"Shopify failed: {text}", evidence=reply.evidence)
    return errors.Rejected(
        f"Shopify refused: {text}",
        code=errors.RejectionCode.UNCLASSIFIED,
        field=code,
        evidence=reply.evidence,
    )


def _first_error(found: object) -> tuple[str, str, str]:
    """Code, text and named scope. `errors` is a plain text in answers of the front door."""
    first = found[0] if isinstance(found, list) and found else found
    if isinstance(first, str):
        return "", first[:300], ""
    if not isinstance(first, Mapping):
        return "", "an error nobody can read", ""
    extensions = first.get("extensions")
    code = extensions.get("code") if isinstance(extensions, Mapping) else ""
    scope = extensions.get("requiredAccess") if isinstance(extensions, Mapping) else ""
    return _word(code), _word(first.get("message")) or "no reason given", _word(scope)


def _word(value: object) -> str:
    return value[:300] if isinstance(value, str) else ""


# What refusals of stock changes mean to us; every other code is kept as it is.
_REFUSALS = {
    "INVALID_INVENTORY_ITEM": errors.RejectionCode.UNKNOWN_ITEM,
    "NON_MUTABLE_INVENTORY_ITEM": errors.RejectionCode.INACTIVE_ITEM,
    "INVALID_LOCATION": errors.RejectionCode.UNKNOWN_WAREHOUSE,
    "DIFFERENT_LOCATIONS": errors.RejectionCode.UNKNOWN_WAREHOUSE,
    "CHANGE_FROM_QUANTITY_STALE": errors.RejectionCode.QUANTITY,
    "INVALID_QUANTITY_TOO_LOW": errors.RejectionCode.QUANTITY,
    "INVALID_QUANTITY_TOO_HIGH": errors.RejectionCode.QUANTITY,
    "INVALID_QUANTITY_NEGATIVE": errors.RejectionCode.QUANTITY,
    "IDEMPOTENCY_KEY_PARAMETER_MISMATCH": errors.RejectionCode.DUPLICATE_KEY,
}


def _refuse_user_errors(payload: object, reply: Reply) -> None:
    try:
        found = Node(payload, "payload").rows("userErrors")
        if not found:
            return
        code, text = found[0].text("code"), found[0].text("message")
        field = found[0].raw.get("field")
    except errors.UnreadableReply as error:
        raise errors.OutcomeUnknown(error.text, evidence=reply.evidence) from error
    if code == "IDEMPOTENCY_CONCURRENT_REQUEST":
        # The first sending of this very key is still under way: the same key may go again.
        raise errors.OutcomeUnknown(text, evidence=reply.evidence)
    raise errors.Rejected(
        f"Shopify refused: {text}",
        code=_REFUSALS.get(code, code.lower() or errors.RejectionCode.UNCLASSIFIED),
        field=".".join(map(str, field)) if isinstance(field, list) else "",
        evidence=reply.evidence,
    )


def _odd(reply: Reply, text: str) -> errors.ConnectorError:
    if reply.is_write:
        return errors.OutcomeUnknown(text, evidence=reply.evidence)
    return errors.UnreadableReply(text, evidence=reply.evidence)


def version_of(settings: Mapping[str, str]) -> str:
    """The version to speak. Raises Misconfigured for one our documents were not checked for."""
    version = settings.get("api_version", "").strip() or kind.DEFAULT_VERSION
    if version not in kind.VERSIONS:
        known = ", ".join(kind.VERSIONS)
        raise errors.Misconfigured(f"API version {version} is not one of {known}.")
    return version
