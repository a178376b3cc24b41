"""Any returns platform that a profile describes; it knows profiles, and no vendor.

In live mode what nobody confirmed is not called: a write that is only inferred, and a read whose
address is a placeholder, since what an invented address answers proves nothing.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from connectors import errors, types, wire_json
from connectors.http import Reply, Session
from connectors.profiled import reading, source_reading
from connectors.profiled.judging import ReplyJudge
from connectors.profiled.parts import CursorPaging, EvidenceMark, OffsetPaging, Paging
from connectors.profiled.source_load import LoadedSource
from connectors.profiled.source_schema import (
    SOURCE_WRITES,
    Signature,
    SourceOperation,
    SourceProfile,
)
from connectors.profiled.source_schema import SourceOperationName as Name
from connectors.profiled.transports.credentials import Credentials

T = TypeVar("T")

MAX_BODY_BYTES = 1024 * 1024
UNREADABLE = types.WebhookNudge(topic="", rma_external_id="")

_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_TOPIC = re.compile(r"[A-Za-z][A-Za-z0-9_./-]{0,79}")
_PLACE = re.compile(r"[0-9]{1,9}")


class ProfiledSource:
    """`connectors.ports.Source` for one connection, as its profile says."""

    def __init__(
        self,
        *,
        loaded: LoadedSource,
        config: types.ConnectionConfig,
        session: Session,
        who: Credentials,
    ) -> None:
        self._loaded = loaded
        self._who = who
        self._profile = loaded.profile
        self._vendor = loaded.profile.profile.vendor
        self._config = config
        self._session = session
        self._judge = ReplyJudge(loaded.profile, asked=self._vendor)
        self.capabilities = types.SourceCapabilities(
            has_webhooks=loaded.profile.webhook is not None,
            has_refund_feed=self._may_call(Name.LIST_REFUNDS),
            daily_call_limit=None,
            max_page_size=self._page_size(),
            can_comment=self._may_call(Name.ADD_NOTE),
            can_set_shipment_status=False,
            signs_webhooks=self._secret() != "",
            can_list=self._may_call(Name.LIST_RETURNS) and self._may_call(Name.READ_RETURN),
        )

    def check(self) -> types.ConnectionCheck:
        """One call. What is wrong with the set-up is told, not raised; `RetryLater` is raised."""
        details = {"profile": self._loaded.label, "mode": self._config.mode.value}
        try:
            operation = self._operation(Name.CHECK_CONNECTION)
            document, _ = self._ask(Name.CHECK_CONNECTION)
        except (errors.Misconfigured, errors.UnreadableReply, errors.NotFound) as error:
            return types.ConnectionCheck(is_ok=False, text=error.text, details=details)
        path = operation.success.path if operation.success else ""
        found = reading.text_at(path, document)
        if not found:
            text = f"The address answers, but not as {self._vendor} does in this profile."
            return types.ConnectionCheck(is_ok=False, text=text, details=details)
        text = f"{self._vendor} answers."
        if operation.evidence in (EvidenceMark.INFERRED, EvidenceMark.PLACEHOLDER):
            text = f"{text} How it is asked is assumed, not documented."
        return types.ConnectionCheck(is_ok=True, text=text, details={**details, "answer": found})

    def changed_rmas(self, *, since: datetime, cursor: str = "") -> types.RmaPage:
        """One page, one call."""
        rows, next_cursor, reply = self._page(Name.LIST_RETURNS, since, cursor)
        read = (self._told(reply, source_reading.row, row) for row in rows)
        return types.RmaPage(rows=tuple(read), next_cursor=next_cursor)

    def rma(self, external_id: str) -> types.SourceRma:
        """One call; an id that could lead to another path is nobody's."""
        document, reply = self._ask(Name.READ_RETURN, external_id=external_id)
        found = self._told(reply, source_reading.rma, document)
        if found.external_id != external_id:
            raise errors.UnreadableReply(
                f"{self._vendor} answered with return {found.external_id}, not {external_id}.",
                field="external_id",
                evidence=reply.evidence,
            )
        return found

    def changed_refunds(self, *, since: datetime, cursor: str = "") -> types.RefundPage:
        """One page, one call; empty where the profile knows no feed.

        A row that cannot be read is told apart, so that it never holds up the feed.
        """
        if Name.LIST_REFUNDS not in self._profile.operations:
            return types.RefundPage(rows=(), next_cursor="")
        rows, next_cursor, _ = self._page(Name.LIST_REFUNDS, since, cursor)
        read, bad = [], []
        for row in rows:
            try:
                read.append(source_reading.refund(self._profile, row))
            except errors.UnreadableReply as error:
                number = reading.text_at(self._profile.refunds["external_id"].path, row)
                bad.append(types.UnreadableRow(number, error.field, error.text))
        return types.RefundPage(rows=tuple(read), next_cursor=next_cursor, unreadable=tuple(bad))

    def parse_webhook(self, *, headers: Mapping[str, str], body: bytes) -> types.WebhookNudge:
        """No call. Unreadable, or not signed with the connection's secret where it has one."""
        webhook = self._profile.webhook
        if webhook is None or len(body) > MAX_BODY_BYTES:
            return UNREADABLE
        if not self.is_genuine(headers=headers, body=body):
            return UNREADABLE
        try:
            message = wire_json.decode(body.decode())
        except (ValueError, ArithmeticError):
            return UNREADABLE
        topic = reading.text_at(webhook.topic, message)
        external_id = reading.text_at(webhook.external_id, message)
        if not _TOPIC.fullmatch(topic):
            return UNREADABLE
        is_id = _PLAIN_ID.fullmatch(external_id) is not None
        return types.WebhookNudge(topic=topic, rma_external_id=external_id if is_id else "")

    def is_genuine(self, *, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the message is signed with the connection's secret; true without one."""
        signature = self._profile.webhook.signature if self._profile.webhook else None
        secret = self._secret()
        if signature is None or not secret:
            return True
        wanted = signature.header.casefold()
        given = next((text for name, text in headers.items() if name.casefold() == wanted), "")
        digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
        return hmac.compare_digest(digest, _signed_bytes(signature, given))

    def comment(self, *, rma_external_id: str, text: str, marker: str) -> None:
        """One or two calls. The note ends with the marker in square brackets, which is looked for.

        Raises `Misconfigured` when the profile knows no note, or nobody confirmed it for live use.
        """
        operation, note = self._operation(Name.ADD_NOTE), self._profile.note
        assert note is not None, "the schema asks for it"
        token = f"[{marker}]"
        document, _ = self._ask(Name.READ_RETURN, external_id=rma_external_id)
        texts = reading.search(note.texts, document)
        if isinstance(texts, list) and any(token in str(each) for each in texts):
            return
        reply = self._session.call(
            operation=Name.ADD_NOTE.value,
            method=operation.request.method,
            path=self._path(operation, rma_external_id),
            query=self._who.query,
            body={note.field: f"{text} {token}"},
            is_write=True,
        )
        assert operation.success is not None, "the schema asks for it"
        self._judge.accepted(reply, operation.success)

    def set_shipment_status(self, *, rma_external_id: str, shipment_id: str, status: str) -> None:
        """No call: no profile of a source moves shipments."""
        raise errors.Rejected(
            f"{self._vendor} lets nobody move a shipment by API as far as is known.",
            code=errors.RejectionCode.TRANSITION,
            field="shipment_status",
            value=status,
        )

    # --- inside ------------------------------------------------------------------------------

    def _page(
        self, name: Name, since: datetime, cursor: str
    ) -> tuple[list[dict[str, Any]], str, Reply]:
        """Rows of one page, and where the next one begins ("" for nowhere)."""
        operation = self._operation(name)
        document, reply = self._ask(name, since=self._since(since), cursor=cursor)
        rows = reading.rows(operation.rows, document, evidence=reply.evidence)
        following = _next(operation, document, len(rows), cursor)
        if following and following == cursor:
            raise errors.UnreadableReply(
                f"{self._vendor} names the same page again.",
                field="paging",
                evidence=reply.evidence,
            )
        return rows, following, reply

    def _ask(
        self, name: Name, *, external_id: str = "", since: str = "", cursor: str = ""
    ) -> tuple[Any, Reply]:
        operation = self._operation(name)
        values = {"{id}": external_id, "{since}": since}
        query = [
            (parameter, values.get(value, value))
            for parameter, value in operation.request.query.items()
        ]
        reply = self._session.call(
            operation=name.value,
            method=operation.request.method,
            path=self._path(operation, external_id),
            query=[*query, *_paged(operation, cursor), *self._who.query],
        )
        return self._judge.answered(reply), reply

    def _path(self, operation: SourceOperation, external_id: str) -> str:
        path = operation.request.path
        if "{id}" not in path:
            return path
        if not _PLAIN_ID.fullmatch(external_id):
            raise errors.NotFound(f"{external_id!r} is no id {self._vendor} could have.")
        return path.replace("{id}", external_id)

    def _since(self, moment: datetime) -> str:
        """As the platform writes times, rounded down to the second. Raises ValueError if naive."""
        if moment.tzinfo is None:
            raise ValueError("A watermark needs its time zone")
        environment = self._profile.environment
        local = moment.astimezone(ZoneInfo(environment.timezone))
        return local.strftime(environment.datetime_format)

    def _told(
        self, reply: Reply, translator: Callable[[SourceProfile, object], T], raw: object
    ) -> T:
        """Translate, and give an unreadable reply's evidence along."""
        try:
            return translator(self._profile, raw)
        except errors.UnreadableReply as error:
            raise errors.UnreadableReply(
                f"{self._vendor}: {error.text}", field=error.field, evidence=reply.evidence
            ) from None

    def _operation(self, name: Name) -> SourceOperation:
        """What may be called; raises Misconfigured for what the profile lacks or nobody proved."""
        operation = self._profile.operations.get(name)
        if operation is None:
            raise errors.Misconfigured(f"{self._loaded.label} does not know '{name.value}'.")
        if self._is_refused(name, operation):
            raise errors.Misconfigured(
                f"'{name.value}' is {operation.evidence.value} in {self._loaded.label} and may not"
                f" run live. It is confirmed when a named user records which page of"
                f" {self._vendor}'s own reference shows this request."
                f" Known so far: {operation.source}"
            )
        return operation

    def _may_call(self, name: Name) -> bool:
        operation = self._profile.operations.get(name)
        return operation is not None and not self._is_refused(name, operation)

    def _is_refused(self, name: Name, operation: SourceOperation) -> bool:
        if self._config.mode is not types.Mode.LIVE:
            return False
        if name.value in self._config.confirmed_operations:
            return False
        is_guess = operation.evidence is EvidenceMark.INFERRED and name in SOURCE_WRITES
        return is_guess or operation.evidence is EvidenceMark.PLACEHOLDER

    def _secret(self) -> str:
        """What messages are signed with; "" where they are not, as far as is known."""
        webhook = self._profile.webhook
        if webhook is None or webhook.signature is None:
            return ""
        return self._config.secrets.get(webhook.signature.secret, "")

    def _page_size(self) -> int:
        paging = self._profile.operations[Name.LIST_RETURNS].paging
        return paging.size if paging else 1


def _paged(operation: SourceOperation, cursor: str) -> list[tuple[str, str]]:
    paging = operation.paging
    if paging is None:
        return []
    size = [(paging.size_param, str(paging.size))] if paging.size_param else []
    match paging:
        case Paging(page=name):
            return [(name, cursor or "1"), *size]
        case OffsetPaging(offset=name):
            return [(name, cursor or "0"), *size]
        case CursorPaging(cursor=name):
            return [*([(name, cursor)] if cursor else []), *size]


def _next(operation: SourceOperation, document: Any, rows: int, cursor: str) -> str:
    paging = operation.paging
    if isinstance(paging, CursorPaging):
        return reading.text_at(paging.next, document)
    if paging is None or not rows or (paging.stop == "short_rows" and rows < paging.size):
        return ""
    if not _PLACE.fullmatch(cursor or "0"):
        raise errors.Misconfigured(f"'{cursor}' is no cursor of this connector.")
    if isinstance(paging, Paging):
        return str(int(cursor or "1") + 1)
    return str(int(cursor or "0") + rows)


def _signed_bytes(signature: Signature, given: str) -> bytes:
    """The digest a header carries; empty when it is none."""
    text = given.strip().removeprefix(signature.prefix)
    try:
        if signature.encoding == "hex":
            return bytes.fromhex(text)
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""
