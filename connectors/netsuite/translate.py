"""A draft as the body NetSuite is sent, and the path it is sent to.

Documented: transforms, `?replace=item`, the fields of each record. Assumed: that a line's amount
and tax stand as sent beside its rate and code, and how an override of SuiteTax is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from connectors.errors import Rejected, RejectionCode
from connectors.netsuite import lines
from connectors.netsuite.lines import Part
from connectors.netsuite.memory import OpenLine
from connectors.netsuite.options import Options
from connectors.types import DocumentDraft, DocumentKind, DraftLine

_RATE_PLACES = Decimal("0.00001")
_LONGEST_MEMO = 999
# From where and of which type the sale's lines are, by what SuiteQL calls it.
_SALES = {"CustInvc": "invoice", "CashSale": "cashSale"}

Body = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Write:
    """One POST: `record` made from `source` with its id, or inserted where there is none."""

    record: str
    body: Mapping[str, Any]
    source: str = ""
    source_id: str = ""
    replaces: tuple[str, ...] = ()


class Lines(Protocol):
    """Where lines of documents are read (`lines.LineBook`)."""

    def of(
        self, transaction_type: str, document_id: str, *, is_receipt: bool = False
    ) -> tuple[OpenLine, ...]: ...

    def sale_of(self, order_id: str) -> tuple[str, str]: ...


class Writer:
    """Builds what a draft asks for; raises Rejected where it lacks what NetSuite needs."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def write(self, draft: DocumentDraft, book: Lines) -> Write:
        match draft.kind:
            case DocumentKind.RETURN_AUTHORISATION:
                return self._authorisation(draft, book)
            case DocumentKind.STOCK_RECEIPT:
                return self._receipt(draft, book)
            case DocumentKind.CREDIT_MEMO:
                return self._credit(draft, book)
            case DocumentKind.REFUND_RECORD:
                return self._refund(draft)
            case DocumentKind.STOCK_MOVE:
                return self._move(draft)
            case DocumentKind.WRITE_OFF:
                return self._write_off(draft)

    # --- what is made from another document ---------------------------------------------------

    def _authorisation(self, draft: DocumentDraft, book: Lines) -> Write:
        order_id = _needed(draft.order_erp_id, "order_erp_id", RejectionCode.UNKNOWN_ORDER)
        parts = lines.of_order(draft, book.of("SalesOrd", order_id))
        body = {
            **_head(draft),
            "otherRefNum": draft.rma_number,
            "orderStatus": {"id": "B"},
            **_reference("location", draft.warehouse),
            **self._money_lines(draft, parts, order_id),
        }
        return Write("returnAuthorization", body, "salesOrder", order_id, ("item",))

    def _receipt(self, draft: DocumentDraft, book: Lines) -> Write:
        based_on = _based_on(draft, DocumentKind.RETURN_AUTHORISATION)
        found = book.of("RtnAuth", based_on, is_receipt=True)
        parts = lines.of_document(draft, found, is_receipt=True)
        rows = self._by_status(parts) if self._options.has_status_places else self._by_place(parts)
        for row in rows:
            row.setdefault("location", {"id": draft.warehouse})
        body = {**_head(draft), "item": {"items": rows}}
        return Write("itemReceipt", body, "returnAuthorization", based_on, ("item",))

    def _by_status(self, parts: list[Part]) -> list[Body]:
        """One row per line, its units by inventory status."""
        rows: dict[str, Body] = {}
        for part in parts:
            row = rows.setdefault(_line_of(part), {**_received(part), "quantity": 0})
            row["quantity"] += part.quantity
            status = self._options.places.get(part.wanted.bucket)
            if status is not None:
                detail = row.setdefault("inventoryDetail", {"inventoryAssignment": {"items": []}})
                detail["inventoryAssignment"]["items"].append(
                    {"inventoryStatus": {"id": status}, "quantity": part.quantity}
                )
        return list(rows.values())

    def _by_place(self, parts: list[Part]) -> list[Body]:
        """One row per line; its units can come to one location only."""
        rows: dict[str, Body] = {}
        for part in parts:
            place = self._place_of_receipt(part.wanted)
            row = {**_received(part), "quantity": part.quantity}
            row.update(_reference("location", place))
            known = rows.setdefault(_line_of(part), row)
            if known is row:
                continue
            if known.get("location") != row.get("location"):
                raise Rejected(
                    f"{part.wanted.sku} came back in several conditions on one line, and NetSuite"
                    " receives a line into one location. Tell the conditions by inventory status,"
                    " or receive them in separate documents.",
                    code=RejectionCode.UNCLASSIFIED,
                    field="bucket",
                    value=part.wanted.bucket,
                )
            known["quantity"] += part.quantity
        return list(rows.values())

    def _place_of_receipt(self, line: DraftLine) -> str:
        """Units for repair wait where others do: a move of their own follows, and takes them from
        there."""
        bucket = "quarantine" if line.bucket == "repair" else line.bucket
        return self._options.places.get(bucket, "")

    def _credit(self, draft: DocumentDraft, book: Lines) -> Write:
        based_on = draft.based_on.get(DocumentKind.RETURN_AUTHORISATION.value, "")
        source, of_type, is_cash = "returnAuthorization", "RtnAuth", self._options.is_cash_sale
        if not based_on:
            order_id = _needed(draft.order_erp_id, "order_erp_id", RejectionCode.UNKNOWN_ORDER)
            of_type, based_on = book.sale_of(order_id)
            source, is_cash = _SALES[of_type], of_type == "CashSale"
        has_goods = any(line.component == "item" for line in draft.lines)
        found = book.of(of_type, based_on) if has_goods else ()
        parts = lines.of_document(draft, found, is_receipt=False)
        body = {
            **_head(draft),
            # Open invoices would eat a credit that is about to be paid out.
            **({} if is_cash else {"autoApply": False}),
            **self._shipping(draft),
            **self._money_lines(draft, parts, based_on),
        }
        if not self._options.has_advanced_receiving:
            for row in body["item"]["items"]:
                row.update(_reference("location", draft.warehouse))
        record = "cashRefund" if is_cash else "creditMemo"
        return Write(record, body, source, based_on, ("item",))

    def _refund(self, draft: DocumentDraft) -> Write:
        based_on = _based_on(draft, DocumentKind.CREDIT_MEMO)
        method = next((line.charge_code for line in draft.lines if line.charge_code), "")
        applied = {"doc": {"id": based_on}, "apply": True, "amount": draft.gross}
        body = {
            **_head(draft),
            # Recorded only: the money moved where the customer paid.
            "handlingMode": {"id": "SAVE_ONLY"},
            **_reference("paymentOption", method),
            **_reference("account", self._options.refund_account),
            "apply": {"items": [applied]},
        }
        if draft.reference:
            body["memo"] = f"{draft.note} ({draft.reference})"[:_LONGEST_MEMO]
        return Write("customerRefund", body, "creditMemo", based_on, ("apply",))

    # --- what stands alone --------------------------------------------------------------------

    def _move(self, draft: DocumentDraft) -> Write:
        """From where they wait, else from the shelf, to the shelf or the bucket's own place."""
        source = self._options.places.get("quarantine", draft.warehouse)
        targets = {self._target_of(draft, line) for line in draft.lines}
        if len(targets) != 1 or targets == {source}:
            raise Rejected(
                "A transfer in NetSuite goes from one location to one other: give each condition"
                " a place of its own, or move them in separate documents.",
                code=RejectionCode.UNCLASSIFIED,
                field="bucket",
            )
        ends = (source, targets.pop())
        rows = [{**_item(line), "adjustQtyBy": line.quantity} for line in draft.lines]
        body = {
            **_head(draft),
            **_reference("subsidiary", draft.division),
            "location": {"id": ends[0]},
            "transferLocation": {"id": ends[1]},
            "inventory": {"items": rows},
        }
        return Write("inventoryTransfer", body)

    def _target_of(self, draft: DocumentDraft, line: DraftLine) -> str:
        if line.bucket == "saleable":
            return draft.warehouse
        place = self._options.places.get(line.bucket, "")
        return _needed(place, "bucket", RejectionCode.UNKNOWN_WAREHOUSE)

    def _write_off(self, draft: DocumentDraft) -> Write:
        """Taken from where the receipt brought it."""
        rows = []
        for line in draft.lines:
            place = draft.warehouse
            if not self._options.has_status_places:
                place = self._options.places.get(line.bucket, place)
            row = {**_item(line), "location": {"id": place}, "adjustQtyBy": -line.quantity}
            status = self._options.places.get(line.bucket)
            if self._options.has_status_places and status is not None:
                taken = {"inventoryStatus": {"id": status}, "quantity": -line.quantity}
                row["inventoryDetail"] = {"inventoryAssignment": {"items": [taken]}}
            rows.append(row)
        body = {
            **_head(draft),
            **_reference("subsidiary", draft.division),
            "account": {"id": self._options.adjustment_account},
            "adjLocation": {"id": draft.warehouse},
            "inventory": {"items": rows},
        }
        return Write("inventoryAdjustment", body)

    # --- money --------------------------------------------------------------------------------

    def _money_lines(self, draft: DocumentDraft, parts: list[Part], document_id: str) -> Body:
        """The `item` sublist, and the taxes beside it where SuiteTax keeps them."""
        rows = [_sold(part, document_id) for part in parts]
        wanted = [part.wanted for part in parts]
        amounts = [(part.share(part.wanted.net), part.share(part.wanted.tax)) for part in parts]
        for line in draft.lines:
            if line.component != "item" and not self._is_header_shipping(line):
                rows.append(_charge(line))
                wanted.append(line)
                amounts.append((line.net, line.tax))
        taxes: list[Body] = []
        if any(net or tax for net, tax in amounts):
            for number, (row, line, (net, tax)) in enumerate(
                zip(rows, wanted, amounts, strict=True), start=1
            ):
                row.update(rate=(net / row["quantity"]).quantize(_RATE_PLACES), amount=net)
                self._add_tax(row, line, net, tax, f"L{number}", taxes)
        body: Body = {"item": {"items": rows}}
        if taxes:
            body.update(taxDetailsOverride=True, taxDetails={"items": taxes})
        return body

    def _add_tax(
        self, row: Body, line: DraftLine, net: Decimal, tax: Decimal, name: str, taxes: list[Body]
    ) -> None:
        if not self._options.is_suitetax:
            # Without a code of its own a line keeps the order's.
            row.update(_reference("taxCode", line.tax_code), tax1Amt=tax)
            return
        row["taxDetailsReference"] = name
        whole = [(part.code, part.amount) for part in line.taxes]
        for code, each in whole or [(line.tax_code, line.tax)]:
            share = each if line.tax == tax else each * tax / line.tax
            taxes.append(
                {
                    "taxDetailsReference": name,
                    **_reference("taxCode", code),
                    "taxBasis": net,
                    "taxAmount": share.quantize(Decimal("0.01")) if share != each else each,
                }
            )

    def _shipping(self, draft: DocumentDraft) -> Body:
        """Shipping without a charge item goes into the credit's own field for it."""
        found = [line for line in draft.lines if self._is_header_shipping(line)]
        if not found:
            return {}
        return {
            "shippingCost": sum((line.net for line in found), Decimal(0)),
            **_reference("shippingTaxCode", found[0].tax_code),
        }

    def _is_header_shipping(self, line: DraftLine) -> bool:
        return line.component == "shipping" and not line.charge_code


def _head(draft: DocumentDraft) -> Body:
    return {
        "externalId": draft.key,
        "tranDate": draft.date.isoformat(),
        "memo": draft.note[:_LONGEST_MEMO],
    }


def _sold(part: Part, document_id: str) -> Body:
    line = {} if part.line is None else _origin(part.line, document_id)
    item = _reference("item", part.wanted.item_erp_id)
    if part.line is None and not item:
        _needed("", "sku", RejectionCode.UNKNOWN_ITEM)
    return {**line, **item, "quantity": part.quantity}


def _origin(line: OpenLine, document_id: str) -> Body:
    return {"orderDoc": {"id": document_id}, "orderLine": _number(line.line)}


def _received(part: Part) -> Body:
    assert part.line is not None
    return {"orderLine": _number(part.line.line), "itemReceive": True}


def _line_of(part: Part) -> str:
    return "" if part.line is None else part.line.line


def _number(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def _charge(line: DraftLine) -> Body:
    code = _needed(line.charge_code, "charge_code", RejectionCode.UNKNOWN_ITEM)
    return {
        **_reference("item", code),
        "quantity": max(line.quantity, 1),
        "description": line.description,
    }


def _item(line: DraftLine) -> Body:
    return {"item": {"id": _needed(line.item_erp_id, "sku", RejectionCode.UNKNOWN_ITEM)}}


def _reference(name: str, code: str) -> Body:
    """A record by its id, or by its external id where the code is none; nothing for no code."""
    if not code:
        return {}
    return {name: {"id": code} if code.isdecimal() else {"externalId": code}}


def _based_on(draft: DocumentDraft, kind: DocumentKind) -> str:
    return _needed(draft.based_on.get(kind.value, ""), kind.value, RejectionCode.TRANSITION)


def _needed(value: str, field: str, code: str) -> str:
    if not value:
        raise Rejected(f"NetSuite needs a value for '{field}'.", code=code, field=field)
    return value
