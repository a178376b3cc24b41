"""What the shared contract must know of a system to try it: its stage.

To add a system (ten lines):

1. Write `stage_<system>.py` beside this file with `stages()`, a tuple of `GatewayStage` or
   `SourceStage`; one stage for each way of speaking (two schemes of signing in are two stages).
2. `twin(clock)` gives a fresh twin, loaded, on that clock; `make(transport, pacer, is_refused=…)`
   the connector on it, with wrong credentials when `is_refused`.
3. `draft(kind, key, based_on)` gives a draft the ERP accepts. Drafts of different keys stand beside
   each other: never the same units of an order, nor the same control number. `before` names the
   kinds that must be there first; the contract creates them and hands their ids in `based_on`.
4. `write` and `read` are parts of a fault rule that strike only that call (`path`, or `content`
   where one path serves all). What fetches tokens must not match.
5. `crowd(twin)` loads several pages and returns the names all pages must yield; `shifts` are
   records others load between two pages. Both empty: the reason goes to `not_here["paging"]`.
6. What cannot happen at this system goes to `not_here` with its reason: a `RejectionCode` that
   must be tried, or "paging". Nothing else is skipped.
7. Add the file to `roster.py`. Run `pytest tests/connectors/contract -k <name>`: under 3 s.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from connectors import ports
from connectors.sandbox.base import Twin
from connectors.sandbox.wsgi_transport import WsgiTransport
from connectors.types import DocumentDraft, DocumentKind

Rule = Mapping[str, Any]
THROTTLED: Rule = {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}}
START = datetime(2026, 3, 5, 10, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def pass_seconds(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class CountingPacer:
    def __init__(self) -> None:
        self.calls: list[tuple[str, bool]] = []

    def before(self, *, operation: str, is_write: bool) -> None:
        self.calls.append((operation, is_write))

    def after(self, *, operation: str, status: int | None, headers: Mapping[str, str]) -> None:
        pass

    @property
    def writes(self) -> int:
        return sum(is_write for _, is_write in self.calls)


class MakeGateway(Protocol):
    def __call__(
        self, transport: WsgiTransport, pacer: ports.Pacer, *, is_refused: bool = False
    ) -> ports.Gateway: ...


class MakeSource(Protocol):
    def __call__(
        self, transport: WsgiTransport, pacer: ports.Pacer, *, is_refused: bool = False
    ) -> ports.Source: ...


@dataclass(frozen=True)
class Refusal:
    """A draft the ERP must refuse: `change` spoils a good one, `records` are loaded before."""

    kind: DocumentKind
    change: Callable[[DocumentDraft], DocumentDraft] = lambda draft: draft
    records: Mapping[str, Any] = field(default_factory=dict)
    switches: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class GatewayStage:
    """An ERP's twin and the gateway onto it, with what the contract asks them for."""

    name: str
    twin: Callable[[Clock], Twin]
    make: MakeGateway
    # Texts that may stand in no preview and no evidence.
    secrets: tuple[str, ...]
    draft: Callable[[DocumentKind, str, Mapping[str, str]], DocumentDraft]
    write: Mapping[DocumentKind, Rule]
    # By `RejectionCode`; period_closed, unknown_item, unknown_warehouse and quantity at least.
    refusals: Mapping[str, Refusal]
    order_number: str
    sku: str
    inactive_sku: str
    # The line of `order_number` that is a bundle's parent, "" where the ERP has no bundles.
    bundle_line_id: str = ""
    before: Mapping[DocumentKind, tuple[DocumentKind, ...]] = field(default_factory=dict)
    read: Rule = field(default_factory=dict)
    # The call that makes several documents at once, where the gateway has one.
    batch: Rule = field(default_factory=lambda: {"method": "POST"})
    crowd: Callable[[Twin], frozenset[str]] | None = None
    shifts: tuple[Mapping[str, Any], ...] = ()
    throttled: Rule = field(default_factory=lambda: THROTTLED)
    not_here: Mapping[str, str] = field(default_factory=dict)
    mount: str = "/twin"

    def kinds(self) -> list[DocumentKind]:
        """The kinds the gateway creates by itself."""
        return list(self.write)


@dataclass(frozen=True)
class SourceStage:
    """A returns platform's twin and the source onto it."""

    name: str
    twin: Callable[[Clock], Twin]
    make: MakeSource
    secrets: tuple[str, ...]
    # A return that is there, with lines and a refund.
    rma_id: str
    # Records (load schema) that give the return's status, and a reason, a value nobody knows; and
    # the raw texts by which they must come out.
    unknown_values: Mapping[str, Any] = field(default_factory=dict)
    unknown_status: str = ""
    # A message as the system sends it, headers included, and the return it names ("" for none).
    webhook: tuple[Mapping[str, str], bytes] = field(default_factory=lambda: ({}, b""))
    webhook_rma_id: str = ""
    # A read of one return, and of the lists.
    read: Rule = field(default_factory=dict)
    crowd: Callable[[Twin], frozenset[str]] | None = None
    shifts: tuple[Mapping[str, Any], ...] = ()
    throttled: Rule = field(default_factory=lambda: THROTTLED)
    not_here: Mapping[str, str] = field(default_factory=dict)
    mount: str = "/twin"
