"""NetSuite as a `ports.Gateway`, a `ports.PeriodReader` and a `ports.ReceiptReader`.

A return is a chain of transforms, each one call whose answer names the new record's id, so nothing
is read between steps but the lines of the document before, and those of many at once.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence

from requests.adapters import BaseAdapter

from connectors import types
from connectors.errors import (
    ConnectorError,
    Misconfigured,
    NotFound,
    OutcomeUnknown,
    Rejected,
    RejectionCode,
    RetryLater,
    UnreadableReply,
)
from connectors.http import Redactor, Reply, Session
from connectors.netsuite import items, memory, options, orders, reading, suiteql, tasks
from connectors.netsuite.auth import ClientCredentials, Signer, TokenBased
from connectors.netsuite.client import NetSuiteClient
from connectors.netsuite.lines import LineBook, LinesNotKnown
from connectors.netsuite.memory import Memory
from connectors.netsuite.translate import Write, Writer
from connectors.ports import Pacer
from connectors.redaction import PERSONAL_FIELDS
from connectors.types import DocumentKind, OperationSupport

# A request may run for 15 minutes before NetSuite gives it up (documented).
SETTLE_SECONDS = 900
# The signed assertion is good for minutes; the token in its answer is masked by its own name.
_SECRET_FIELDS = PERSONAL_FIELDS | {"clientassertion"}
# What books something: an authorisation does not, so no period concerns it.
_POSTING = frozenset(DocumentKind) - {DocumentKind.RETURN_AUTHORISATION}
_RECORDS = {
    DocumentKind.RETURN_AUTHORISATION: "returnAuthorization",
    DocumentKind.STOCK_RECEIPT: "itemReceipt",
    DocumentKind.CREDIT_MEMO: "creditMemo",
    DocumentKind.REFUND_RECORD: "customerRefund",
    DocumentKind.STOCK_MOVE: "inventoryTransfer",
    DocumentKind.WRITE_OFF: "inventoryAdjustment",
}


def build(
    config: types.ConnectionConfig, pacer: Pacer, transport: BaseAdapter | None = None
) -> NetSuiteGateway:
    """OAuth 2.0 where a private key is given, else token-based authentication.

    Raises:
        Misconfigured: neither is complete, or a setting has a value it cannot have.
    """
    chosen = options.read(config.settings, config.base_url)
    identity = sorted([config.base_url, chosen.account, *config.secrets.values()])
    name = hashlib.sha256("\n".join(identity).encode()).hexdigest()
    kept = memory.of(name, transport)
    redactor = Redactor(secrets=tuple(config.secrets.values()), fields=_SECRET_FIELDS)
    signer: Signer
    if config.secrets.get("private_key", "").strip():
        session = Session(
            config=config, pacer=pacer, headers={}, transport=transport, redactor=redactor
        )
        signer = ClientCredentials(
            secrets=config.secrets, base_url=config.base_url, session=session, memory=kept
        )
    else:
        signer = TokenBased(secrets=config.secrets, account=chosen.account)
    session = Session(
        config=config,
        pacer=pacer,
        # An unknown name is a mistake of ours; by default NetSuite would only warn of it.
        headers={"X-NetSuite-PropertyNameValidation": "Error"},
        transport=transport,
        redactor=redactor,
        sign=signer.headers,
        # Some transforms run scripts of the account's own.
        read_timeout_seconds=60,
        total_timeout_seconds=75,
    )
    client = NetSuiteClient(session=session, signer=signer)
    return NetSuiteGateway(client=client, options=chosen, memory=kept, base_url=config.base_url)


class NetSuiteGateway:
    """One account."""

    def __init__(
        self, *, client: NetSuiteClient, options: options.Options, memory: Memory, base_url: str
    ) -> None:
        self._client = client
        self._options = options
        self._memory = memory
        self._base_url = base_url
        self._writer = Writer(options)
        self._book = LineBook(client=client, memory=memory)
        self.capabilities = types.GatewayCapabilities(
            creates=_creates(options),
            can_find_by_key=True,
            is_staged=False,
            settle_seconds=SETTLE_SECONDS,
            max_orders_per_read=100,
            max_items_per_read=suiteql.MOST_VALUES,
            max_documents_per_read=100,
            timezone=options.timezone,
            can_read_receipts=True,
            can_read_periods=True,
        )

    def check(self) -> types.ConnectionCheck:
        """One call, and one for a token. What is wrong is told, not raised; `RetryLater` is
        raised."""
        details = {"account": self._options.account}
        try:
            rows, _, _ = self._client.page("check_connection", suiteql.CHECK)
        except (Misconfigured, UnreadableReply, NotFound) as error:
            return types.ConnectionCheck(is_ok=False, text=error.text, details=details)
        details["subsidiaries"] = ", ".join(row.get("name", "") for row in rows)[:200]
        return types.ConnectionCheck(is_ok=True, text="NetSuite answered.", details=details)

    def list_locations(self) -> tuple[types.ErpLocation, ...]:
        """Every location with its subsidiary as division; one call for a thousand."""
        rows = self._client.rows("list_locations", suiteql.LOCATIONS)
        return tuple(reading.location(row) for row, _ in rows)

    def changed_items(self, *, since: str, cursor: str = "") -> types.ItemPage:
        """One page, one call; a page begins after the greatest id of the one before, so items that
        come or go meanwhile shift nothing."""
        position = items.Position.parse(cursor, since)
        query = suiteql.changed_items(
            self._options, since=items.overlapped(since), after_id=position.after_id
        )
        rows, has_more, reply = self._client.page("changed_items", query)
        return items.page(rows, reply, position, has_more=has_more)

    def find_items(self, skus: Sequence[str]) -> tuple[types.ErpItem, ...]:
        """By the chosen SKU field or the UPC code; one call for 200."""
        found: dict[str, types.ErpItem] = {}
        for names in _sets(skus, suiteql.MOST_VALUES):
            for row, reply in self._client.rows("find_items", suiteql.items(self._options, names)):
                item = items.item(row, reply)
                if reading.is_asked((item.sku, item.barcode), names, reply):
                    found[item.erp_id] = item
        return tuple(found.values())

    def find_orders(self, numbers: Sequence[str]) -> tuple[types.ErpOrder, ...]:
        """With lines, kits with their members; one call for 100, and for each thousand lines."""
        found: list[types.ErpOrder] = []
        for names in _sets(numbers, self.capabilities.max_orders_per_read):
            answers = list(self._client.rows("find_orders", suiteql.orders(self._options, names)))
            found.extend(orders.read(answers, names, self._options))
            self._memory.keep_lines(orders.open_lines(answers))
        return tuple(found)

    def create(self, draft: types.DocumentDraft) -> types.Receipt:
        """One call, and one more for lines or closed months that this process does not know yet.

        Raises `Rejected` before any write when the month is closed or the draft lacks what NetSuite
        needs, and `Misconfigured` when the document is made by hand or not at all.
        """
        support = self.capabilities.creates.get(draft.kind, OperationSupport.UNSUPPORTED)
        if support is not OperationSupport.SUPPORTED:
            raise Misconfigured(f"'{draft.kind.value}' is {support.value} in this account.")
        self._check_month(draft)
        write = self._write_of(draft)
        try:
            external_id, reply = self._send(write, draft.kind)
        except Rejected as refusal:
            if refusal.code == RejectionCode.DUPLICATE_KEY:
                self._look_before_refusing(write.record, draft, refusal)
            raise
        finally:
            if draft.kind is DocumentKind.STOCK_RECEIPT:
                self._memory.note_received(write.source_id)
        return types.Receipt(
            external_id=external_id,
            number="",
            status=types.DocumentStatus.POSTED,
            url=tasks.page_of(self._base_url, write.record, external_id),
            evidence=reply.evidence,
        )

    def find_documents(
        self,
        kind: DocumentKind,
        keys: Sequence[str],
        refs: Mapping[str, types.DocumentRef] | None = None,
    ) -> tuple[types.DocumentState, ...]:
        """By external id; one call for 100 documents of up to a thousand lines together.

        What a person keyed has none: it is found by its number, in one call more.
        """
        found: list[types.DocumentState] = []
        for names in _sets(keys, self.capabilities.max_documents_per_read):
            answers = self._client.rows("find_documents", suiteql.documents(kind, names))
            for state, reply in reading.document_states(kind, answers, self._options):
                if reading.is_asked((state.key,), names, reply):
                    url = self._page(kind, state.external_id)
                    found.append(dataclasses.replace(state, url=url))
        known = {state.key for state in found}
        numbers = {
            ref.number: key
            for key, ref in (refs or {}).items()
            if ref.number and key in keys and key not in known
        }
        return (*found, *self._keyed_by_hand(kind, numbers))

    def _keyed_by_hand(
        self, kind: DocumentKind, numbers: Mapping[str, str]
    ) -> Iterator[types.DocumentState]:
        """Documents by number, under the key each is asked for; those of another key are others."""
        for names in _sets(list(numbers), self.capabilities.max_documents_per_read):
            asked = suiteql.documents(kind, names, field="tranid")
            answers = self._client.rows("find_documents", asked)
            for state, reply in reading.document_states(kind, answers, self._options):
                if reading.is_asked((state.number,), names, reply) and not state.key:
                    url = self._page(kind, state.external_id)
                    yield dataclasses.replace(state, key=numbers[state.number], url=url)

    def receipts(self, authorisation_ids: Sequence[str]) -> tuple[types.ErpReceipt, ...]:
        found: list[types.ErpReceipt] = []
        for some in _sets(suiteql.ids(authorisation_ids), suiteql.MOST_VALUES):
            answers = self._client.rows("read_receipts", suiteql.receipts(self._options, some))
            found.extend(reading.receipts(answers, self._options))
        return tuple(found)

    def closed_periods(self) -> tuple[str, ...]:
        """Months that are closed, or locked for receivables or for all; one call."""
        rows = self._client.rows("read_periods", suiteql.PERIODS)
        months = reading.closed_months(row for row, _ in rows)
        self._memory.periods.put(months, seconds=memory.PERIODS_SECONDS)
        return months

    def manual_task(self, draft: types.DocumentDraft) -> types.ManualTask:
        return tasks.manual(draft)

    def preview(self, draft: types.DocumentDraft) -> str:
        """The body as it would be sent, without a call: where lines of the document before are
        not known yet it says that they are read first. Raises what `create` would refuse."""
        support = self.capabilities.creates.get(draft.kind, OperationSupport.UNSUPPORTED)
        if support is not OperationSupport.SUPPORTED:
            return ""
        try:
            return tasks.indented(self._writer.write(draft, self._book.as_known()).body)
        except LinesNotKnown:
            told = {"externalId": draft.key, "tranDate": draft.date.isoformat()}
            return tasks.indented({**told, "item": "Lines are read from NetSuite first."})

    def _check_month(self, draft: types.DocumentDraft) -> None:
        """Raises Rejected when the draft's month is known to be closed.

        A role may lack the right to see periods; then the posting goes and NetSuite judges.
        """
        if draft.kind not in _POSTING:
            return
        months = self._memory.periods.get()
        if months is None:
            try:
                months = self.closed_periods()
            except (NotFound, UnreadableReply):
                self._memory.periods.put((), seconds=memory.PERIODS_SECONDS)
                return
        month = draft.date.strftime("%Y-%m")
        if month in months:
            raise Rejected(
                f"The accounting period {month} is closed in NetSuite.",
                code=RejectionCode.PERIOD_CLOSED,
                field="date",
                value=draft.date.isoformat(),
            )

    def _write_of(self, draft: types.DocumentDraft) -> Write:
        """What to send. Nothing was written yet, so a read that fails only means later."""
        try:
            return self._writer.write(draft, self._book)
        except NotFound as error:
            raise Rejected(
                error.text, code=RejectionCode.UNKNOWN_ORDER, field="order_erp_id"
            ) from error
        except UnreadableReply as error:
            raise RetryLater(error.text, evidence=error.evidence) from error

    def _send(self, write: Write, kind: DocumentKind) -> tuple[str, Reply]:
        operation = f"create_{kind.value}"
        if not write.source:
            return self._client.insert(operation, write.record, write.body)
        return self._client.transform(
            operation,
            write.source,
            write.source_id,
            write.record,
            write.body,
            replaces=write.replaces,
        )

    def _look_before_refusing(
        self, record: str, draft: types.DocumentDraft, refusal: Rejected
    ) -> None:
        """Raise `OutcomeUnknown` when a document has our key, or when that cannot be seen now."""
        try:
            self._client.id_of(record, draft.key)
        except NotFound:
            return
        except ConnectorError:
            pass
        raise OutcomeUnknown(
            f"NetSuite may hold this document already: {refusal.text}", evidence=refusal.evidence
        ) from refusal

    def _page(self, kind: DocumentKind, external_id: str) -> str:
        record = _RECORDS[kind]
        return tasks.page_of(self._base_url, record, external_id)


def _creates(chosen: options.Options) -> dict[DocumentKind, OperationSupport]:
    """What this account's settings allow. A change of inventory status has no REST record that is
    known, so it is keyed by hand, as is what lacks its place or its account."""
    yes, no = OperationSupport.SUPPORTED, OperationSupport.UNSUPPORTED
    by_hand = OperationSupport.MANUAL
    has_places = bool(chosen.places) and not chosen.has_status_places
    return {
        DocumentKind.RETURN_AUTHORISATION: yes,
        # Without Advanced Receiving the credit itself brings the goods in.
        DocumentKind.STOCK_RECEIPT: yes if chosen.has_advanced_receiving else no,
        DocumentKind.STOCK_MOVE: yes if has_places else by_hand,
        DocumentKind.WRITE_OFF: yes if chosen.adjustment_account else by_hand,
        DocumentKind.CREDIT_MEMO: yes,
        # A cash refund is credit and refund in one.
        DocumentKind.REFUND_RECORD: no if chosen.is_cash_sale else yes,
    }


def _sets(values: Sequence[str], size: int) -> Iterator[list[str]]:
    """The values that are not blank, each once, in sets of at most `size`."""
    wanted = list(dict.fromkeys(value.strip() for value in values if value.strip()))
    for at in range(0, len(wanted), size):
        yield wanted[at : at + size]
