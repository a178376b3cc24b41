"""Return authorisation and credit memo: one sales credit, created, brought up to date and closed.

Keys: a credit we create bears our key in `externalRef`. Where the authorisation made the credit,
the memo has no document of its own: it is found by the authorisation's id, and its own key stands
nowhere. It counts as there once it has an invoice; before that, closing again does no harm
(documented: it may be repeated until accounting succeeded, and is refused afterwards).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors import errors
from connectors.brightpearl import reading, salescredits
from connectors.brightpearl.account import Account
from connectors.brightpearl.client import BrightpearlClient, id_sets
from connectors.brightpearl.courier import (
    Courier,
    Message,
    Outcomes,
    id_receipt,
    rendered,
    settled,
)
from connectors.brightpearl.reference import Reference
from connectors.brightpearl.salescredits import Credit, Row
from connectors.types import (
    DocumentDraft,
    DocumentKind,
    DocumentRef,
    DocumentState,
    DocumentStatus,
    Receipt,
)

AUTHORISATION = DocumentKind.RETURN_AUTHORISATION.value
MEMO = DocumentKind.CREDIT_MEMO.value
_NO_REFS: Mapping[str, DocumentRef] = {}
_SALES_CREDIT_TYPE = "3"


class CreditDesk:
    def __init__(
        self,
        *,
        client: BrightpearlClient,
        courier: Courier,
        reference: Reference,
        account: Account,
    ) -> None:
        self._client = client
        self._courier = courier
        self._reference = reference
        self._account = account

    # --- authorisation ------------------------------------------------------------------------

    def authorise(self, drafts: Sequence[DocumentDraft]) -> Outcomes:
        """One call; one more per product that only its SKU names."""
        answers = self._post(drafts)
        return settled(
            drafts,
            answers,
            lambda _draft, response: id_receipt(response, self._client),
            lambda doubted: frozenset(self._by_key([draft.key for draft in doubted])),
        )

    def preview(self, draft: DocumentDraft) -> dict[str, Any]:
        """The sales credit as it would be created; a product not looked up yet is 0."""
        rows = salescredits.wanted(draft, self._account, _told_product)
        return salescredits.body(draft, rows, self._account)

    def _post(self, drafts: Sequence[DocumentDraft]) -> dict[str, Any | errors.ConnectorError]:
        self._reference.tax_codes()
        prepared = rendered(drafts, self._message)
        ready = [row for row in prepared.values() if isinstance(row, Message)]
        answers = self._courier.send("create_sales_credit", ready)
        return {**prepared, **answers}

    def _message(self, draft: DocumentDraft) -> Message:
        rows = self._rows(draft)
        body = salescredits.body(draft, rows, self._account)
        return Message(draft.key, "POST", "/order-service/sales-credit", body)

    def _rows(self, draft: DocumentDraft) -> tuple[Row, ...]:
        rows = salescredits.wanted(draft, self._account, self._reference.product_id)
        self._reference.check_tax_codes(row.tax_code for row in rows)
        return rows

    # --- memo ---------------------------------------------------------------------------------

    def close(self, drafts: Sequence[DocumentDraft]) -> Outcomes:
        """One read of the credits, one call to close them; more where rows have to change.

        Without an authorisation the credit is created first, under the memo's key.
        """
        outcomes: dict[str, Any | errors.ConnectorError] = {}
        ids: dict[str, int] = {}
        for draft in drafts:
            try:
                self._reference.check_open(draft.date)
                credit_id = _authorised(draft.based_on)
                if credit_id is not None:
                    ids[draft.key] = credit_id
            except errors.Rejected as error:
                outcomes[draft.key] = error
        own = [draft for draft in drafts if draft.key not in ids and draft.key not in outcomes]
        made = self._own_credits(own, outcomes)
        ids.update(made)
        try:
            standing = self._read(ids.values())
        except errors.ConnectorError as error:
            if not made:
                raise
            raise _left_open(error) from error
        messages = [
            Message(draft.key, "POST", _close_path(credit.credit_id), _close_body(draft))
            for draft in drafts
            if draft.key in ids
            and (
                credit := self._converged(
                    draft, standing.get(ids[draft.key]), outcomes, is_new=draft.key in made
                )
            )
        ]
        outcomes.update(self._close_all(messages, has_written=bool(made)))
        return settled(
            drafts, outcomes, lambda draft, _: self._staged(ids[draft.key]), self._closed_among
        )

    def _own_credits(
        self, drafts: Sequence[DocumentDraft], outcomes: dict[str, Any | errors.ConnectorError]
    ) -> dict[str, int]:
        """The credits of memos without an authorisation: created, or found where they are."""
        if not drafts:
            return {}
        answers = self._post(drafts)
        ids: dict[str, int] = {}
        refused = []
        for draft in drafts:
            answer = answers[draft.key]
            receipt = answer
            if not isinstance(answer, errors.ConnectorError):
                receipt = id_receipt(answer, self._client)
            if isinstance(receipt, Receipt):
                ids[draft.key] = int(receipt.external_id)
            else:
                outcomes[draft.key] = receipt
                if isinstance(answer, errors.Rejected) and answer.evidence is not None:
                    refused.append(draft.key)
        if refused:
            # One that an earlier try left open is gone on with.
            found = self._by_key(refused)
            for key in found:
                ids[key] = found[key][0]
                outcomes.pop(key)
        return ids

    def _converged(
        self,
        draft: DocumentDraft,
        credit: Credit | None,
        outcomes: dict[str, Any | errors.ConnectorError],
        *,
        is_new: bool,
    ) -> Credit | None:
        """The credit with the draft's rows, ready to be closed; None puts the reason in
        `outcomes`."""
        has_written = is_new
        try:
            if credit is None:
                raise errors.Rejected(
                    "Brightpearl has no sales credit of this return any more.",
                    code=errors.RejectionCode.UNCLASSIFIED,
                    field="return_authorisation",
                    evidence=self._client.last_evidence,
                )
            rows = self._rows(draft)
            changes = salescredits.changes(credit, rows)
            if changes and credit.invoice:
                raise errors.Rejected(
                    f"Sales credit {credit.credit_id} is invoiced as {credit.invoice} with other"
                    " rows.",
                    code=errors.RejectionCode.TRANSITION,
                    field="status",
                    evidence=self._client.last_evidence,
                )
            if changes:
                has_written = True
                credit = self._change(credit, changes)
                salescredits.check_equal(credit, rows)
        except errors.Rejected as error:
            outcomes[draft.key] = error
            return None
        except errors.ConnectorError as error:
            outcomes[draft.key] = _left_open(error) if has_written else error
            return None
        return credit

    def _change(self, credit: Credit, changes: salescredits.Changes) -> Credit:
        """Change the rows, one call each, and read what stands there then.

        A row is found by what it says, so that a try cut short is gone on with by the next.
        """
        path = f"/order-service/order/{credit.credit_id}/row"
        for have, want in changes.patches:
            body = salescredits.patch_body(have, want)
            self._client.write("change_row", "PATCH", f"{path}/{have.row_id}", body)
        for row in changes.removed:
            self._client.write("remove_row", "DELETE", f"{path}/{row.row_id}", None)
        for row in changes.added:
            self._client.write("add_row", "POST", path, salescredits.order_row_body(row))
        found = self._read([credit.credit_id]).get(credit.credit_id)
        if found is None:
            raise errors.OutcomeUnknown("The sales credit cannot be read after it was changed.")
        return found

    def _close_all(
        self, messages: Sequence[Message], *, has_written: bool
    ) -> dict[str, Any | errors.ConnectorError]:
        try:
            return self._courier.send("close_sales_credit", messages)
        except errors.RetryLater as error:
            if has_written:
                raise _left_open(error) from error
            raise

    def _staged(self, credit_id: int) -> Receipt:
        return Receipt(str(credit_id), "", DocumentStatus.STAGED, "", self._client.last_evidence)

    def _closed_among(self, drafts: Sequence[DocumentDraft]) -> frozenset[str]:
        refs = {draft.key: DocumentRef(based_on=draft.based_on) for draft in drafts}
        return frozenset(state.key for state in self.find_memos(list(refs), refs))

    # --- read back ----------------------------------------------------------------------------

    def find_authorisations(
        self, keys: Sequence[str], refs: Mapping[str, DocumentRef] | None
    ) -> list[DocumentState]:
        """One call per 200 whose ids are known; one search more per key that is all we have.

        A credit keyed by hand bears no key: it is found by its id.
        """
        known = refs or _NO_REFS
        ids = {key: [found] for key in keys if (found := _id_of(known.get(key, DocumentRef())))}
        ids.update(self._by_key([key for key in keys if key not in ids]))
        by_hand = _numbered(keys, known, ids)
        ids.update(by_hand)
        standing = self._read(credit_id for found in ids.values() for credit_id in found)
        return [
            salescredits.state(
                credit,
                kind=DocumentKind.RETURN_AUTHORISATION,
                key=key,
                status=DocumentStatus.POSTED,
                evidence=self._client.last_evidence,
            )
            for key, found in ids.items()
            for credit_id in found
            if (credit := standing.get(credit_id)) is not None
            and credit.external_ref == ("" if key in by_hand else key)
        ]

    def find_memos(
        self, keys: Sequence[str], refs: Mapping[str, DocumentRef] | None
    ) -> list[DocumentState]:
        """One call per 200; one search more per key without an authorisation or an id.

        Without an invoice a memo is there only when its create was accepted: it waits for
        accounting, as long as that takes.
        """
        known = refs or _NO_REFS
        ids: dict[str, list[int]] = {}
        for key in keys:
            ref = known.get(key, DocumentRef())
            found = _id_of(ref) or _authorised(ref.based_on)
            if found is not None:
                ids[key] = [found]
        ids.update(self._by_key([key for key in keys if key not in ids]))
        ids.update(_numbered(keys, known, ids))
        standing = self._read(credit_id for found in ids.values() for credit_id in found)
        states = []
        for key, found_ids in ids.items():
            for credit in (standing.get(credit_id) for credit_id in found_ids):
                is_accepted = bool(known.get(key, DocumentRef()).external_id)
                if credit is None or not (credit.invoice or is_accepted):
                    continue
                is_done = bool(credit.invoice)
                states.append(
                    salescredits.state(
                        credit,
                        kind=DocumentKind.CREDIT_MEMO,
                        key=key,
                        status=DocumentStatus.POSTED if is_done else DocumentStatus.STAGED,
                        evidence=self._client.last_evidence,
                    )
                )
        return states

    def read_credits(self, ids: Sequence[int]) -> dict[int, Credit]:
        """Sales credits by id, one call per 200; those that are not there are absent."""
        return self._read(ids)

    def _read(self, ids: Any) -> dict[int, Credit]:
        found: dict[int, Credit] = {}
        for ids_text in id_sets(ids):
            rows = self._client.read("read_sales_credits", f"/order-service/order/{ids_text}")
            for row in reading.rows(rows, "orders"):
                # A number keyed by hand may be that of another kind of order.
                if reading.text(row, "orderTypeCode", "SC") == "SC":
                    credit = salescredits.read(row)
                    found[credit.credit_id] = credit
        return found

    def _by_key(self, keys: Sequence[str]) -> dict[str, list[int]]:
        """The ids of the credits that bear a key of ours; one search per key."""
        found: dict[str, list[int]] = {}
        for key in keys:
            rows = self._client.search(
                "find_sales_credit",
                "/order-service/order-search",
                columns=("orderId", "externalRef", "installedIntegrationInstanceId"),
                filters=[("orderTypeId", _SALES_CREDIT_TYPE), ("externalRef", key)],
                sort="orderId",
            )
            ids = [
                reading.whole(row, "orderId")
                for row in rows
                if reading.text(row, "externalRef") == key and self._is_ours(row)
            ]
            if ids:
                found[key] = ids
        return found

    def _is_ours(self, row: Mapping[str, Any]) -> bool:
        instance = reading.optional_whole(row, "installedIntegrationInstanceId")
        return instance in (None, self._account.instance_id)


def credit_of(based_on: Mapping[str, str]) -> int | None:
    """The sales credit of a return: its authorisation, else its memo."""
    for kind in (AUTHORISATION, MEMO):
        text = based_on.get(kind, "")
        if text.isascii() and text.isdigit():
            return int(text)
    return None


def _authorised(based_on: Mapping[str, str]) -> int | None:
    """The authorisation's credit, unless an earlier memo has closed it: then a further one is a
    credit of its own."""
    text = based_on.get(AUTHORISATION, "")
    is_used = bool(based_on.get(MEMO)) and based_on.get(MEMO) == text
    return int(text) if text.isascii() and text.isdigit() and not is_used else None


def _id_of(ref: DocumentRef) -> int | None:
    text = ref.external_id
    return int(text) if text.isascii() and text.isdigit() else None


def _numbered(
    keys: Sequence[str], refs: Mapping[str, DocumentRef], found: Mapping[str, object]
) -> dict[str, list[int]]:
    """The ids a person gave for keys that nothing was found for."""
    numbers = {key: refs[key].number for key in keys if key in refs and key not in found}
    return {key: [int(text)] for key, text in numbers.items() if text.isascii() and text.isdigit()}


def _close_path(credit_id: int) -> str:
    return f"/order-service/sales-credit/{credit_id}/close"


def _close_body(draft: DocumentDraft) -> dict[str, str]:
    return {"taxDate": salescredits.at_noon(draft.date)}


def _left_open(error: errors.ConnectorError) -> errors.OutcomeUnknown:
    """Something was written and nothing was booked: the look-up finds no invoice, and the next try
    goes on from there."""
    return errors.OutcomeUnknown(
        f"The sales credit was not closed: {error.text}", evidence=error.evidence
    )


def _told_product(line: Any) -> int:
    text = line.item_erp_id
    return int(text) if text.isascii() and text.isdigit() else 0
