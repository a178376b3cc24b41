"""Refund records: customer payments out, against the sales credit."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors import errors
from connectors.brightpearl import payments, reading
from connectors.brightpearl.client import BrightpearlClient, id_sets
from connectors.brightpearl.courier import (
    Courier,
    Message,
    Outcomes,
    id_receipt,
    rendered,
    settled,
)
from connectors.brightpearl.credit_desk import credit_of
from connectors.brightpearl.reference import Reference
from connectors.types import DocumentDraft, DocumentRef, DocumentState

_PATH = "/accounting-service/customer-payment"


class PaymentDesk:
    def __init__(
        self, *, client: BrightpearlClient, courier: Courier, reference: Reference
    ) -> None:
        self._client = client
        self._courier = courier
        self._reference = reference

    def pay(self, drafts: Sequence[DocumentDraft]) -> Outcomes:
        """One call."""

        def render(draft: DocumentDraft) -> Message:
            credit_id = credit_of(draft.based_on)
            if credit_id is None:
                raise errors.Rejected(
                    "Brightpearl books a refund against a sales credit, and it has none of"
                    f" {draft.rma_number}.",
                    code=errors.RejectionCode.UNCLASSIFIED,
                    field="credit_memo",
                )
            self._reference.check_open(draft.date)
            return Message(draft.key, "POST", _PATH, payments.body(draft, credit_id))

        prepared = rendered(drafts, render)
        ready = [row for row in prepared.values() if isinstance(row, Message)]
        answers = {**prepared, **self._courier.send("create_payment", ready)}
        return settled(
            drafts, answers, lambda _, response: id_receipt(response, self._client), self._paid
        )

    def preview(self, draft: DocumentDraft) -> dict[str, Any]:
        return payments.body(draft, credit_of(draft.based_on) or 0)

    def find(
        self, keys: Sequence[str], refs: Mapping[str, DocumentRef] | None
    ) -> list[DocumentState]:
        """One search per 200 credits; one per key whose credit is not known.

        A payment keyed by hand bears no key of ours: it is found by its id.
        """
        known = refs or {}
        credit_ids, lost = [], []
        for key in keys:
            credit_id = credit_of(known.get(key, DocumentRef()).based_on)
            if credit_id is None:
                lost.append(key)
            else:
                credit_ids.append(credit_id)
        rows = [
            row
            for filters in (
                *(("orderId", ids_text) for ids_text in id_sets(credit_ids)),
                *(("transactionRef", key) for key in lost),
            )
            for row in self._search(filters)
        ]
        wanted = set(keys)
        states = [
            payments.state(row, self._client.last_evidence)
            for row in rows
            if reading.text(row, "transactionRef") in wanted
            and reading.text(row, "paymentType") == "PAYMENT"
        ]
        there = {state.key for state in states}
        return [*states, *self._keyed_by_hand([key for key in keys if key not in there], known)]

    def _keyed_by_hand(
        self, keys: Sequence[str], refs: Mapping[str, DocumentRef]
    ) -> Iterator[DocumentState]:
        numbers = {
            int(refs[key].number): key for key in keys if key in refs and refs[key].number.isdigit()
        }
        for ids_text in id_sets(numbers):
            for row in self._search(("paymentId", ids_text)):
                is_out = reading.text(row, "paymentType") == "PAYMENT"
                if is_out and reading.text(row, "transactionRef") not in refs:
                    state = payments.state(row, self._client.last_evidence)
                    yield dataclasses.replace(state, key=numbers[int(state.external_id)])

    def _paid(self, drafts: Sequence[DocumentDraft]) -> frozenset[str]:
        refs = {draft.key: DocumentRef(based_on=draft.based_on) for draft in drafts}
        return frozenset(state.key for state in self.find(list(refs), refs))

    def _search(self, only: tuple[str, str]) -> list[dict[str, Any]]:
        return self._client.search(
            "find_payments",
            f"{_PATH}-search",
            columns=payments.COLUMNS,
            filters=[only],
            sort="paymentId",
        )
