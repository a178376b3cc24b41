"""Systems that take and give several of everything in one call, over the simulated ones.

What one message does is the twin's business; how many calls it took is counted here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from connectors.errors import ConnectorError, NotFound
from connectors.types import DocumentDraft, ErpReceipt, Receipt, SourceRma
from exceptions_app.services import connections

Answers = tuple[Receipt | ConnectorError, ...]


@dataclass
class Script:
    """`sets` are the keys of every call that carried several documents; `reads` what was read.

    `after` is told of a call that was carried out and may raise as a lost reply would; `instead`
    answers in its place, and then nothing was done.
    """

    most: int = 10
    sets: list[list[str]] = field(default_factory=list)
    reads: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    after: Callable[[Answers], Answers] = lambda answers: answers
    instead: Callable[[Sequence[DocumentDraft]], Answers] | None = None
    receipts: list[ErpReceipt] = field(default_factory=list)
    periods: tuple[str, ...] = ()


class BatchErp:
    """The connection's own gateway, with calls for sets and the facts an ERP tells by itself."""

    def __init__(self, inner: Any, script: Script) -> None:
        self._inner, self._script = inner, script
        self.capabilities = replace(
            inner.capabilities,
            max_documents_per_write=script.most,
            max_orders_per_read=script.most,
            max_items_per_read=script.most,
            can_read_receipts=True,
            can_read_periods=True,
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def create_many(self, drafts: Sequence[DocumentDraft]) -> Answers:
        self._script.sets.append([draft.key for draft in drafts])
        if self._script.instead is not None:
            return self._script.instead(drafts)
        return self._script.after(tuple(map(self._create, drafts)))

    def _create(self, draft: DocumentDraft) -> Receipt | ConnectorError:
        try:
            return self._inner.create(draft)  # type: ignore[no-any-return]
        except ConnectorError as error:
            return error

    def find_orders(self, numbers: Sequence[str]) -> Any:
        self._script.reads.append(("orders", tuple(numbers)))
        return self._inner.find_orders(numbers)

    def find_items(self, skus: Sequence[str]) -> Any:
        self._script.reads.append(("items", tuple(skus)))
        return self._inner.find_items(skus)

    def receipts(self, authorisation_ids: Sequence[str]) -> tuple[ErpReceipt, ...]:
        self._script.reads.append(("receipts", tuple(authorisation_ids)))
        wanted = set(authorisation_ids)
        return tuple(row for row in self._script.receipts if row.authorisation_id in wanted)

    def closed_periods(self) -> tuple[str, ...]:
        self._script.reads.append(("periods", ()))
        return self._script.periods


class BatchPlatform:
    """The connection's own source, telling several returns in one call."""

    def __init__(self, inner: Any, script: Script) -> None:
        self._inner, self._script = inner, script
        self.capabilities = replace(inner.capabilities, max_rmas_per_read=script.most)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def rma(self, external_id: str) -> SourceRma:
        self._script.reads.append(("rma", (external_id,)))
        return self._inner.rma(external_id)  # type: ignore[no-any-return]

    def rmas(self, external_ids: Sequence[str]) -> tuple[SourceRma, ...]:
        self._script.reads.append(("rmas", tuple(external_ids)))
        found = []
        for external_id in external_ids:
            with contextlib.suppress(NotFound):
                found.append(self._inner.rma(external_id))
        return tuple(found)


def speak_in_sets(monkeypatch: pytest.MonkeyPatch, **values: Any) -> Script:
    """Let every system of this test take sets; returns what was told and asked of it."""
    script, real, platform = Script(**values), connections.gateway, connections.source

    def gateway(**named: Any) -> BatchErp:
        return BatchErp(real(**named), script)

    def source(**named: Any) -> BatchPlatform:
        return BatchPlatform(platform(**named), script)

    monkeypatch.setattr(connections, "gateway", gateway)
    monkeypatch.setattr(connections, "source", source)
    return script
