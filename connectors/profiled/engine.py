"""The gateway to any ERP that a profile describes; it knows profiles, and no vendor."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors import errors, types
from connectors.http import Reply
from connectors.profiled import canonical, reading, render
from connectors.profiled.documents import ReplyReader
from connectors.profiled.fitting import PATH_FIELDS
from connectors.profiled.judging import ReplyJudge
from connectors.profiled.load import LoadedProfile
from connectors.profiled.operations import OperationBook
from connectors.profiled.paging import ItemCursor, PageReader, Row, Transport, addressed
from connectors.profiled.parts import Operation, OperationName, Request, Success, create_operation
from connectors.profiled.transports import manual
from connectors.redaction import MASK


class ProfiledGateway:
    """`connectors.ports.Gateway` for one connection, as its profile says."""

    def __init__(
        self, *, loaded: LoadedProfile, config: types.ConnectionConfig, transport: Transport
    ) -> None:
        profile = loaded.profile
        self._label = loaded.label
        self._mode = config.mode
        self._profile = profile
        self._transport = transport
        self._judge = ReplyJudge(
            profile, replies=ReplyReader(profile.transport), refusal=profile.refusal
        )
        self._bodies = render.BodyRenderer(
            profile=profile, settings=config.settings, secrets=config.secrets
        )
        self._shown_bodies = render.BodyRenderer(
            profile=profile,
            settings=config.settings,
            secrets=dict.fromkeys(config.secrets, MASK),
        )
        self._pages = PageReader(
            profile=profile, transport=transport, judge=self._judge, bodies=self._bodies
        )
        self._book = OperationBook(loaded=loaded, config=config)
        self.capabilities = self._book.capabilities(
            settle_seconds=profile.idempotency.settle_seconds,
            timezone=profile.environment.timezone,
        )

    def check(self) -> types.ConnectionCheck:
        """One call. What is wrong with the set-up is told, not raised; `RetryLater` is raised."""
        name = OperationName.CHECK_CONNECTION
        details = {"profile": self._label, "mode": self._mode.value}
        try:
            operation, request = self._book.to_read(name)
            document, _ = self._pages.call(name, request, {})
        except (errors.Misconfigured, errors.UnreadableReply, errors.NotFound) as error:
            return types.ConnectionCheck(is_ok=False, text=error.text, details=details)
        found = reading.text_at(_success(operation).path, document)
        if not found:
            text = "The address answers, but not as this profile's system does."
            return types.ConnectionCheck(is_ok=False, text=text, details=details)
        details["answer"] = found
        return types.ConnectionCheck(is_ok=True, text="The system answered.", details=details)

    def list_locations(self) -> tuple[types.ErpLocation, ...]:
        """Every location, one call per page."""
        name = OperationName.LIST_LOCATIONS
        reader = self._reader(name)
        return tuple(
            canonical.location(reader.record(row, evidence=reply.evidence))
            for row, reply in self._rows(name, {})
        )

    def changed_items(self, *, since: str, cursor: str = "") -> types.ItemPage:
        """One page, one call. Keep `watermark` only once the cursor is empty; it covers every page.

        Pass the same `since` with every cursor. Reading starts the profile's overlap before it, so
        an item may come again.
        """
        name = OperationName.CHANGED_ITEMS
        operation, request = self._book.to_read(name)
        at = ItemCursor.parse(cursor)
        values = {"since": self._pages.overlapped(operation, since)}
        found, further, reply = self._pages.page(
            name, operation, request, values, position=at.position
        )
        newest = self._pages.newest(operation, found, at.watermark or since, reply)
        return types.ItemPage(
            rows=tuple(item for row in found for item in self._items(name, row, reply)),
            next_cursor="" if further is None else ItemCursor(further, newest).text(),
            watermark=newest,
        )

    def find_items(self, skus: Sequence[str]) -> tuple[types.ErpItem, ...]:
        """One call per SKU; one more by barcode for a value that looks like one and is no SKU."""
        found: dict[tuple[str, str], types.ErpItem] = {}
        for sku in _distinct(skus):
            items = self._items_by(OperationName.FIND_ITEM, sku)
            if not items and self._book.has(OperationName.FIND_ITEM_BY_BARCODE):
                items = self._items_by(OperationName.FIND_ITEM_BY_BARCODE, sku)
            for item in items:
                found.setdefault((item.erp_id, item.sku), item)
        return tuple(found.values())

    def find_orders(self, numbers: Sequence[str]) -> tuple[types.ErpOrder, ...]:
        """One call per number; an order the ERP holds in parts comes as several orders."""
        name = OperationName.FIND_ORDER
        reader = self._reader(name)
        return tuple(
            self._order(reader, row, reply)
            for number in _distinct(numbers)
            for row, reply in self._rows(name, {"number": number})
            # A system that ignores a filter it does not know answers with everything.
            if reader.record(row, evidence=reply.evidence)["number"] == number
        )

    def create(self, draft: types.DocumentDraft) -> types.Receipt:
        """One call, and one look-up more when the answer is that our key is already there.

        Where nothing at the other side refuses a key twice (`is_looked_up_first`), a look-up goes
        before it. Raises `Rejected` before any call when the draft lacks a value the profile
        needs, and `Misconfigured` when the operation is done by hand or not confirmed for live use.
        """
        name = create_operation(draft.kind)
        operation, _ = self._book.to_write(name)
        request = self.request_for(draft)
        body = self._body(self._bodies, request, draft)
        if self._profile.idempotency.is_looked_up_first:
            self._check_absent(draft)
        reply = self._transport.call(
            operation=name.value,
            request=request,
            body=body,
            is_write=True,
        )
        success = _success(operation)
        try:
            document = self._judge.accepted(reply, success)
        except errors.Rejected as error:
            if error.code == errors.RejectionCode.DUPLICATE_KEY:
                self._look_before_refusing(draft, error)
            raise
        is_staged = operation.finality == "staged"
        number_path = operation.number_path
        return types.Receipt(
            external_id=reading.text_at(success.path, document),
            number=reading.text_at(number_path, document) if number_path else "",
            status=types.DocumentStatus.STAGED if is_staged else types.DocumentStatus.POSTED,
            url="",
            evidence=reply.evidence,
        )

    def find_documents(
        self,
        kind: types.DocumentKind,
        keys: Sequence[str],
        refs: Mapping[str, types.DocumentRef] | None = None,
    ) -> tuple[types.DocumentState, ...]:
        """One call per set of keys; documents under other keys are left out."""
        name = OperationName.FIND_DOCUMENT
        operation, _ = self._book.to_read(name)
        reader = self._reader(name)
        wanted = _distinct(keys)
        states = []
        for start in range(0, len(wanted), operation.batch):
            batch = wanted[start : start + operation.batch]
            for row, reply in self._rows(name, {"kind": kind.value, "keys": batch}):
                facts = reader.record(row, evidence=reply.evidence)
                if facts["key"] in batch:
                    state = canonical.document_state(kind, facts, reply.evidence)
                    states.append(self._with_our_refusal(state))
        return tuple(states)

    def manual_task(self, draft: types.DocumentDraft) -> types.ManualTask:
        """The draft as labels and values to key, whatever the operation's support."""
        return manual.manual_task(profile=self._profile, draft=draft)

    def preview(self, draft: types.DocumentDraft) -> str:
        """What `create` would send, indented, secrets masked; "" for one only keyed by hand."""
        operation = self._profile.operations.get(create_operation(draft.kind))
        if operation is None or operation.request is None:
            return ""
        return self._transport.shown(self._body(self._shown_bodies, operation.request, draft))

    def request_for(self, draft: types.DocumentDraft) -> Request:
        """Method and path of what `create` would send.

        Raises `Rejected` when the path needs a value that the draft lacks, and `Misconfigured`
        when the operation may not be called.
        """
        _, request = self._book.to_write(create_operation(draft.kind))
        return addressed(request, _draft_steps(draft))

    def item_by_barcode(self, barcode: str) -> tuple[types.ErpItem, ...]:
        """One call; empty also for what the profile does not take for a barcode."""
        return tuple(self._items_by(OperationName.FIND_ITEM_BY_BARCODE, barcode))

    def _body(
        self, bodies: render.BodyRenderer, request: Request, draft: types.DocumentDraft
    ) -> render.JsonValue:
        return bodies.body(request.body, draft, wrap_in_array=request.wrap_in_array)

    def _check_absent(self, draft: types.DocumentDraft) -> None:
        """Raise `OutcomeUnknown` when the document is there; nothing has been sent so far."""
        try:
            found = self.find_documents(draft.kind, [draft.key])
        except (errors.UnreadableReply, errors.NotFound) as error:
            raise errors.RetryLater(error.text, evidence=error.evidence) from error
        if found:
            raise errors.OutcomeUnknown(
                "The ERP holds a document of this key already; nothing was sent.",
                evidence=found[0].evidence,
            )

    def _look_before_refusing(self, draft: types.DocumentDraft, refusal: errors.Rejected) -> None:
        """Raise `OutcomeUnknown` when the document is there, or when that cannot be seen now."""
        is_looked_up = self._profile.idempotency.is_duplicate_looked_up
        if not is_looked_up or not self._book.can_read(OperationName.FIND_DOCUMENT):
            return
        try:
            is_there = bool(self.find_documents(draft.kind, [draft.key]))
        except errors.ConnectorError:
            is_there = True
        if is_there:
            raise errors.OutcomeUnknown(
                f"The ERP may hold this document already: {refusal.text}", evidence=refusal.evidence
            ) from refusal

    def _with_our_refusal(self, state: types.DocumentState) -> types.DocumentState:
        if state.status is not types.DocumentStatus.REJECTED:
            return state
        rule = self._judge.refusal_rule(state.refusal_text)
        if rule is not None:
            return dataclasses.replace(state, refusal_code=rule.code, refusal_field=rule.field)
        code = state.refusal_code or errors.RejectionCode.UNCLASSIFIED
        return dataclasses.replace(state, refusal_code=code)

    def _rows(
        self, name: OperationName, values: Mapping[str, render.QueryInput]
    ) -> Iterator[tuple[Row, Reply]]:
        operation, request = self._book.to_read(name)
        try:
            yield from self._pages.all_rows(name, operation, request, values)
        except errors.NotFound:
            if not operation.none_when_not_found:
                raise

    def _reader(self, name: OperationName) -> reading.RecordReader:
        operation, _ = self._book.to_read(name)
        return reading.RecordReader(
            profile=self._profile,
            operation=name.value,
            reading=self._profile.readings[operation.read],
        )

    def _items_by(self, name: OperationName, sku: str) -> list[types.ErpItem]:
        operation, _ = self._book.to_read(name)
        if operation.applies_to and not re.fullmatch(operation.applies_to, sku):
            return []
        return [
            item
            for row, reply in self._rows(name, {"sku": sku})
            for item in self._items(name, row, reply)
            # A header brings all its variants; only the one asked for is an answer.
            if sku in (item.sku, item.barcode)
        ]

    def _items(self, name: OperationName, row: Row, reply: Reply) -> Iterator[types.ErpItem]:
        reader = self._reader(name)
        for line in reader.line_rows(row, evidence=reply.evidence):
            record = {"header": row, "line": line}
            yield canonical.item(reader.record(record, evidence=reply.evidence))

    def _order(self, reader: reading.RecordReader, row: Row, reply: Reply) -> types.ErpOrder:
        facts: dict[str, Any] = reader.record(row, evidence=reply.evidence)
        lines = reader.lines(row, evidence=reply.evidence)
        return canonical.order(
            facts, tuple(canonical.order_line(line, reply.evidence) for line in lines)
        )


def _success(operation: Operation) -> Success:
    if operation.success is None:
        raise errors.Misconfigured("The profile has no success test for this operation.")
    return operation.success


def _draft_steps(draft: types.DocumentDraft) -> dict[str, object]:
    """What the path of a write may name."""
    return {f"draft.{name}": getattr(draft, name) for name in PATH_FIELDS}


def _distinct(values: Sequence[str]) -> list[str]:
    """The values that are not blank, each once, in their order."""
    return list(dict.fromkeys(value.strip() for value in values if value.strip()))
