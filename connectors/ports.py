"""The doors to the outside, as Protocols. A connector implements one; services know only these.

Every method makes as few calls as it can and says so; every method may raise the errors of
`connectors.errors`. Reads raise `RetryLater`, `Misconfigured`, `NotFound` or `UnreadableReply`;
writes raise `RetryLater` only when the other side surely did nothing, else `OutcomeUnknown`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from typing import Protocol, runtime_checkable

from connectors import errors, storefront, types


class Pacer(Protocol):
    """Asked before every call; counts it, and may raise `RetryLater` instead of letting it
    leave."""

    def before(self, *, operation: str, is_write: bool) -> None: ...

    def after(self, *, operation: str, status: int | None, headers: Mapping[str, str]) -> None:
        """Told of every answer (status None: none came), so quota headers can correct the
        budget."""
        ...


@runtime_checkable
class CostPacer(Pacer, Protocol):
    """A pacer that heeds the meter of a system which counts what a call costs, not calls."""

    def note_meter(
        self, *, cost: Decimal, available: Decimal, restored_per_second: Decimal
    ) -> None:
        """What the last call cost, what is left, and how fast it comes back; all in points."""
        ...


class HeldSecret(Protocol):
    """A credential while nobody else may use it up."""

    @property
    def value(self) -> str:
        """What is in force now: as last replaced, else as a person entered it."""
        ...

    def replace(self, value: str) -> None:
        """Keep what the other side gave in its place, before anything else is done with it."""
        ...


@runtime_checkable
class SecretKeeper(Protocol):
    """Keeps credentials that the other side replaces as they are used, for all workers and for
    good. A pacer may be one."""

    def hold(self, name: str) -> AbstractContextManager[HeldSecret]:
        """The secret `name`, for one worker at a time.

        Raises:
            RetryLater: another worker uses it at this moment; nothing was sent.
        """
        ...


class Source(Protocol):
    """A returns platform (ReturnGO, Reveni)."""

    capabilities: types.SourceCapabilities

    def check(self) -> types.ConnectionCheck: ...

    def changed_rmas(self, *, since: datetime, cursor: str = "") -> types.RmaPage:
        """One page (one call) of returns changed at or after `since`; empty `next_cursor` ends."""
        ...

    def rma(self, external_id: str) -> types.SourceRma: ...

    def changed_refunds(self, *, since: datetime, cursor: str = "") -> types.RefundPage: ...

    def parse_webhook(self, *, headers: Mapping[str, str], body: bytes) -> types.WebhookNudge:
        """Read an untrusted message; never raises, an unreadable one has an empty topic."""
        ...

    def comment(self, *, rma_external_id: str, text: str, marker: str) -> None:
        """Put a note on the return's timeline once: reads first, writes only if `marker` is not
        there."""
        ...

    def set_shipment_status(self, *, rma_external_id: str, shipment_id: str, status: str) -> None:
        """Move a shipment; `Rejected(code="transition")` before any call when the move is not
        allowed."""
        ...


class BatchSource(Source, Protocol):
    """A source that reads several returns in one call (`max_rmas_per_read` > 1)."""

    def rmas(self, external_ids: Sequence[str]) -> tuple[types.SourceRma, ...]:
        """One call for at most `max_rmas_per_read` returns; unknown ones are absent.

        Raises:
            ReadInPart: some needed a further call, which has to wait; it carries the others.
        """
        ...


class SigningSource(Source, Protocol):
    """A source whose messages prove who sent them (`signs_webhooks`)."""

    def is_genuine(self, *, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the message is the platform's own and for this shop; never raises."""
        ...


class Gateway(Protocol):
    """An ERP (BlueCherry, Prima, Brightpearl, NetSuite)."""

    capabilities: types.GatewayCapabilities

    def check(self) -> types.ConnectionCheck: ...

    def list_locations(self) -> tuple[types.ErpLocation, ...]: ...

    def changed_items(self, *, since: str, cursor: str = "") -> types.ItemPage:
        """One page of the item master changed after the watermark text `since` ("" reads all)."""
        ...

    def find_items(self, skus: Sequence[str]) -> tuple[types.ErpItem, ...]:
        """Every item whose SKU or barcode is in `skus`; unknown ones are simply absent."""
        ...

    def find_orders(self, numbers: Sequence[str]) -> tuple[types.ErpOrder, ...]:
        """Orders by the shop's order name, with lines; unknown ones are absent."""
        ...

    def create(self, draft: types.DocumentDraft) -> types.Receipt: ...

    def find_documents(
        self,
        kind: types.DocumentKind,
        keys: Sequence[str],
        refs: Mapping[str, types.DocumentRef] | None = None,
    ) -> tuple[types.DocumentState, ...]:
        """Read documents back by our key. One key may yield several: that is a duplicate to
        report. `refs` tells by key what else is known of them."""
        ...

    def manual_task(self, draft: types.DocumentDraft) -> types.ManualTask:
        """The same draft as a task for a person, for operations whose support is `MANUAL`."""
        ...

    def preview(self, draft: types.DocumentDraft) -> str:
        """The exact body `create` would send, as text (secrets are in headers, never here)."""
        ...


class BatchGateway(Gateway, Protocol):
    """A gateway that creates several documents in one call (`max_documents_per_write` > 1)."""

    def create_many(
        self, drafts: Sequence[types.DocumentDraft]
    ) -> tuple[types.Receipt | errors.ConnectorError, ...]:
        """One call for drafts of one kind, at most `max_documents_per_write`; one outcome each.

        Outcomes come in the order of the drafts. An error that concerns the whole call is raised
        instead: it holds for every draft.
        """
        ...


class ReceiptReader(Protocol):
    """An ERP whose own staff check goods in (`can_read_receipts`)."""

    def receipts(self, authorisation_ids: Sequence[str]) -> tuple[types.ErpReceipt, ...]:
        """Every receipt against these authorisations, by the ERP's ids; one call per set."""
        ...


class PeriodReader(Protocol):
    """An ERP that tells which accounting periods are closed (`can_read_periods`)."""

    def closed_periods(self) -> tuple[str, ...]:
        """Months no document may be dated in any more, as "2026-04"."""
        ...


class Storefront(Protocol):
    """A shop: its orders, its stock by state, its payouts, and what it lets come back."""

    storefront_capabilities: storefront.StorefrontCapabilities

    def list_locations(self) -> tuple[types.ErpLocation, ...]: ...

    def find_orders(self, numbers: Sequence[str]) -> tuple[types.ErpOrder, ...]:
        """Orders by name, with lines, allocations and taxes; unknown ones are absent."""
        ...

    def stock(self, skus: Sequence[str]) -> tuple[storefront.StockState, ...]:
        """Units by item, place and state; unknown SKUs are absent."""
        ...

    def change_stock(self, change: storefront.StockChange) -> types.Receipt: ...

    def eligibility(self, skus: Sequence[str]) -> tuple[storefront.Eligibility, ...]: ...

    def payouts(self, *, since: datetime, cursor: str = "") -> storefront.PayoutPage:
        """One page of payouts issued at or after `since`, oldest first."""
        ...

    def payout_rows(self, payout_id: str, *, cursor: str = "") -> storefront.PayoutRowPage: ...
