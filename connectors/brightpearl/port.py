"""Brightpearl as a `ports.Gateway` that writes in batches and tells receipts and periods.

Source: the vendor's API reference and help centre; docs/systems/brightpearl.md says of every step
what is documented and what is assumed, and counts the calls.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from requests.adapters import BaseAdapter

from connectors import errors, types
from connectors.brightpearl import access, account, envelope, memory, orders, reading
from connectors.brightpearl.account import Account
from connectors.brightpearl.client import BrightpearlClient, id_sets
from connectors.brightpearl.courier import Courier
from connectors.brightpearl.credit_desk import CreditDesk
from connectors.brightpearl.kind import LABEL, MAX_IDS, MAX_MESSAGES
from connectors.brightpearl.memory import Memory
from connectors.brightpearl.payment_desk import PaymentDesk
from connectors.brightpearl.reference import Reference, months_until
from connectors.brightpearl.release_desk import ReleaseDesk
from connectors.brightpearl.stock_desk import StockDesk
from connectors.brightpearl.write_off_desk import WriteOffDesk
from connectors.http import Session
from connectors.ports import Pacer, SecretKeeper
from connectors.types import DocumentDraft, DocumentKind, DocumentRef, DocumentState

T = TypeVar("T")

# Which way this release speaks, kept with every posting it makes.
PROFILE = "brightpearl 1"
# Not published; to be measured. A write that answered late was never seen later than this.
_SETTLE_SECONDS = 300
_MAX_SKUS = 20
# Changes are asked for from a little before the watermark: a stamp may be older than its commit.
_OVERLAP = timedelta(minutes=5)


def build(
    config: types.ConnectionConfig, pacer: Pacer, transport: BaseAdapter | None = None
) -> BrightpearlGateway:
    """Raises Misconfigured when a setting or a credential is missing or unusable."""
    settings = account.read(config)
    remembered = memory.of_connection(config, transport)
    session = Session(
        config=config,
        pacer=pacer,
        headers={},
        transport=transport,
        quota_wait=envelope.quota_wait,
    )
    client = BrightpearlClient(
        session=session,
        account=settings,
        access=access.of(
            config, settings, remembered, pacer if isinstance(pacer, SecretKeeper) else None
        ),
        pacer=pacer,
    )
    return BrightpearlGateway(config=config, account=settings, client=client, memory=remembered)


class BrightpearlGateway:
    """One account. `ports.BatchGateway`, `ports.ReceiptReader` and `ports.PeriodReader`."""

    def __init__(
        self,
        *,
        config: types.ConnectionConfig,
        account: Account,
        client: BrightpearlClient,
        memory: Memory,
    ) -> None:
        self._config = config
        self._account = account
        self._client = client
        self._memory = memory
        self._reference = Reference(client=client, memory=memory, account=account)
        courier = Courier(client=client, memory=memory)
        self._credits = CreditDesk(
            client=client, courier=courier, reference=self._reference, account=account
        )
        self._stock = StockDesk(
            client=client,
            courier=courier,
            reference=self._reference,
            credit_desk=self._credits,
        )
        self._write_offs = WriteOffDesk(client=client, courier=courier, reference=self._reference)
        self._releases = ReleaseDesk(client=client, courier=courier, reference=self._reference)
        self._payments = PaymentDesk(client=client, courier=courier, reference=self._reference)
        self.capabilities = types.GatewayCapabilities(
            creates=dict.fromkeys(DocumentKind, types.OperationSupport.SUPPORTED),
            can_find_by_key=True,
            is_staged=True,
            settle_seconds=_SETTLE_SECONDS,
            max_orders_per_read=MAX_IDS,
            max_items_per_read=_MAX_SKUS,
            max_documents_per_read=MAX_IDS,
            profile=PROFILE,
            timezone=account.timezone,
            max_documents_per_write=MAX_MESSAGES,
            authorisation_is_credit=True,
            can_read_receipts=True,
            can_read_periods=True,
        )

    # --- reads --------------------------------------------------------------------------------

    def check(self) -> types.ConnectionCheck:
        """One call. What is wrong with the set-up is told, not raised; `RetryLater` is raised."""
        details = {"account": self._account.code, "mode": self._config.mode.value}
        try:
            found = self._reference.configuration()
            details["currency"] = reading.text(found, "baseCurrencyCode")
            details["tax_scheme"] = reading.text(found, "taxSchemeCode")
        except (errors.Misconfigured, errors.UnreadableReply, errors.NotFound) as error:
            return types.ConnectionCheck(is_ok=False, text=error.text, details=details)
        return types.ConnectionCheck(
            is_ok=True, text="Brightpearl answers for this account.", details=details
        )

    def list_locations(self) -> tuple[types.ErpLocation, ...]:
        """Every warehouse, one call."""
        return self._told(self._reference.locations)

    def changed_items(self, *, since: str, cursor: str = "") -> types.ItemPage:
        """One page of 500, one call. Keep `watermark` only once the cursor is empty."""
        first, newest = _position(cursor)
        page, is_last = self._told(
            lambda: self._reference.changed_items(since=_overlapped(since), first=first)
        )
        newest = max([newest or since, *(stamp for _, stamp in page)], key=_moment)
        return types.ItemPage(
            rows=tuple(item for item, _ in page),
            next_cursor="" if is_last else f"{first + len(page)}|{newest}",
            watermark=newest,
        )

    def find_items(self, skus: Sequence[str]) -> tuple[types.ErpItem, ...]:
        """One call per SKU, and one for all that were found."""
        return self._told(lambda: self._reference.items(_distinct(skus)))

    def find_orders(self, numbers: Sequence[str]) -> tuple[types.ErpOrder, ...]:
        """Two calls per 200 numbers; a cancelled order is not told."""
        wanted = _distinct(numbers)
        found: list[types.ErpOrder] = []
        for start in range(0, len(wanted), MAX_IDS):
            batch = wanted[start : start + MAX_IDS]
            found.extend(self._told(functools.partial(self._orders, batch)))
        return tuple(found)

    def _orders(self, numbers: Sequence[str]) -> list[types.ErpOrder]:
        nominals = self._reference.nominals()
        rows = self._client.search(
            "find_orders",
            "/order-service/sales-order-search",
            columns=("salesOrderId", "customerRef"),
            filters=[("customerRefs", ",".join(numbers))],
            sort="salesOrderId",
        )
        ids = [
            reading.whole(row, "salesOrderId")
            for row in rows
            if reading.text(row, "customerRef") in numbers
        ]
        found = []
        for ids_text in id_sets(ids):
            answer = self._client.read("read_orders", f"/order-service/sales-order/{ids_text}")
            for raw in reading.rows(answer, "sales orders"):
                order = orders.read(raw, nominals)
                for product_id, sku in order.skus.items():
                    if not self._memory.sku(product_id):
                        self._memory.learn_sku(product_id, sku)
                if order.order.number in numbers and not order.is_cancelled:
                    found.append(order.order)
        return found

    def receipts(self, authorisation_ids: Sequence[str]) -> tuple[types.ErpReceipt, ...]:
        """Goods-in notes against these sales credits; `place` is "default" or "quarantine" of
        whichever warehouse, else a location's id."""
        return self._told(lambda: self._stock.receipts(authorisation_ids))

    def closed_periods(self) -> tuple[str, ...]:
        """One call: the last months wholly under the lock. Without a lock none is closed."""
        return self._told(lambda: months_until(self._reference.locked_until(is_fresh=True)))

    # --- documents ----------------------------------------------------------------------------

    def create(self, draft: DocumentDraft) -> types.Receipt:
        """See `create_many`; a single document is a plain call."""
        (outcome,) = self.create_many([draft])
        if isinstance(outcome, errors.ConnectorError):
            raise outcome
        return outcome

    def create_many(
        self, drafts: Sequence[DocumentDraft]
    ) -> tuple[types.Receipt | errors.ConnectorError, ...]:
        """One writing call for drafts of one kind; what it must know first is read in sets.

        A read before the write that cannot be understood is raised as unreadable: nothing was sent.
        """
        if not drafts:
            return ()
        acts: Mapping[
            DocumentKind,
            Callable[[Sequence[DocumentDraft]], tuple[types.Receipt | errors.ConnectorError, ...]],
        ] = {
            DocumentKind.RETURN_AUTHORISATION: self._credits.authorise,
            DocumentKind.CREDIT_MEMO: self._credits.close,
            DocumentKind.STOCK_RECEIPT: self._stock.receive,
            DocumentKind.STOCK_MOVE: self._releases.release,
            DocumentKind.WRITE_OFF: self._write_offs.write_off,
            DocumentKind.REFUND_RECORD: self._payments.pay,
        }
        return self._told(lambda: acts[drafts[0].kind](drafts))

    def find_documents(
        self,
        kind: DocumentKind,
        keys: Sequence[str],
        refs: Mapping[str, DocumentRef] | None = None,
    ) -> tuple[DocumentState, ...]:
        """One call per 200 where `refs` tell the sales credit; see the desks for what else."""
        finders: Mapping[
            DocumentKind,
            Callable[[Sequence[str], Mapping[str, DocumentRef] | None], list[DocumentState]],
        ] = {
            DocumentKind.RETURN_AUTHORISATION: self._credits.find_authorisations,
            DocumentKind.CREDIT_MEMO: self._credits.find_memos,
            DocumentKind.STOCK_RECEIPT: self._stock.find_receipts,
            DocumentKind.STOCK_MOVE: self._releases.find_releases,
            DocumentKind.WRITE_OFF: self._write_offs.find,
            DocumentKind.REFUND_RECORD: self._payments.find,
        }
        return tuple(self._told(lambda: finders[kind](_distinct(keys), refs)))

    def manual_task(self, draft: DocumentDraft) -> types.ManualTask:
        """The draft as labels and values, in the order Brightpearl's screens ask for them."""
        fields = (
            ("Our key", draft.key),
            ("Customer", draft.customer_code),
            ("Reference", draft.rma_number),
            ("Original order", draft.order_number),
            ("Tax date", draft.date.isoformat()),
            ("Warehouse", draft.warehouse),
            ("Currency", draft.currency),
            ("Note", draft.note),
        )
        return types.ManualTask(
            title=f"{draft.kind.value.replace('_', ' ').capitalize()} in {LABEL}",
            fields=tuple((label, value) for label, value in fields if value),
            lines=tuple(
                tuple(
                    (label, value)
                    for label, value in (
                        ("SKU", line.sku),
                        ("Name", line.description),
                        ("Quantity", str(line.quantity)),
                        ("Net", f"{line.net:f}"),
                        ("Tax", f"{line.tax:f}"),
                        ("Tax code", line.tax_code),
                        ("Nominal code", line.charge_code),
                        ("Into", line.bucket),
                    )
                    if value
                )
                for line in draft.lines
            ),
        )

    def preview(self, draft: DocumentDraft) -> str:
        """The body `create` would send, indented; what only a read can tell is named in words."""
        try:
            return json.dumps(self._preview(draft), indent=2, ensure_ascii=False)
        except errors.Rejected as error:
            return error.text

    def _preview(self, draft: DocumentDraft) -> object:
        if draft.kind is DocumentKind.STOCK_RECEIPT:
            return self._stock.preview_receipt(draft)
        if draft.kind is DocumentKind.WRITE_OFF:
            return self._write_offs.preview(draft)
        if draft.kind is DocumentKind.STOCK_MOVE:
            return [
                {
                    "productId": line.item_erp_id,
                    "quantity": line.quantity,
                    "toLocationId": "default",
                }
                for line in draft.lines
            ]
        if draft.kind is DocumentKind.REFUND_RECORD:
            return self._payments.preview(draft)
        return self._credits.preview(draft)

    def _told(self, act: Callable[[], T]) -> T:
        """What `act` gives; an unreadable reply is given its evidence along."""
        try:
            return act()
        except errors.UnreadableReply as error:
            error.evidence = error.evidence or self._client.last_evidence
            raise


def _distinct(values: Sequence[str]) -> list[str]:
    """The values that are not blank, each once, in their order."""
    return list(dict.fromkeys(value.strip() for value in values if value.strip()))


def _position(cursor: str) -> tuple[int, str]:
    first, _, newest = cursor.partition("|")
    return (int(first), newest) if first else (1, "")


def _moment(text: str) -> float:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0


def _overlapped(since: str) -> str:
    if not since:
        return ""
    try:
        return f"{datetime.fromisoformat(since) - _OVERLAP:%Y-%m-%dT%H:%M:%S%z}"
    except ValueError:
        return since
