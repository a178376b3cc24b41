"""Facts read from an ERP's records, as the canonical types of the border."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors import errors, types

Facts = Mapping[str, Any]

_KEY_PART = "key_parts."


def location(facts: Facts) -> types.ErpLocation:
    return types.ErpLocation(
        code=facts["code"],
        name=facts.get("name", ""),
        division=facts.get("division", ""),
        is_active=facts.get("is_active", True),
    )


def item(facts: Facts) -> types.ErpItem:
    """An item whose flags the profile does not place counts as active and returnable."""
    return types.ErpItem(
        erp_id=facts["erp_id"],
        sku=facts.get("sku", ""),
        barcode=facts.get("barcode", ""),
        description=facts.get("description", ""),
        division=facts.get("division", ""),
        is_active=facts.get("is_active", True),
        is_returnable=facts.get("is_returnable", True),
        unit_cost=facts.get("unit_cost"),
        key_parts={
            name.removeprefix(_KEY_PART): value
            for name, value in facts.items()
            if name.startswith(_KEY_PART)
        },
    )


def order(facts: Facts, lines: tuple[types.ErpOrderLine, ...]) -> types.ErpOrder:
    return types.ErpOrder(
        erp_id=facts["erp_id"],
        number=facts["number"],
        customer_code=facts["customer_code"],
        customer_name=facts.get("customer_name", ""),
        vat_setting=facts.get("vat_setting", ""),
        currency=facts["currency"],
        division=facts.get("division", ""),
        warehouse=facts.get("warehouse", ""),
        invoice_number=facts.get("invoice_number", ""),
        ordered_at=facts["ordered_at"],
        lines=lines,
        shipping_net=facts.get("shipping_net", Decimal(0)),
        shipping_tax=facts.get("shipping_tax", Decimal(0)),
        shipping_tax_code=facts.get("shipping_tax_code", ""),
        tenders=facts.get("tenders", ()),
        prices_include_tax=facts.get("prices_include_tax"),
        shipping_discount=facts.get("shipping_discount", Decimal(0)),
    )


def order_line(facts: Facts, evidence: types.Evidence | None) -> types.ErpOrderLine:
    """A line as sold.

    Raises:
        UnreadableReply: its taxes or discounts do not sum to what the line says of them.
    """
    _check_sum(facts, "taxes", "tax", evidence)
    _check_sum(facts, "discounts", "discount", evidence)
    return types.ErpOrderLine(
        line_id=facts["line_id"],
        sku=facts["sku"],
        description=facts.get("description", ""),
        quantity=facts["quantity"],
        unit_price=facts["unit_price"],
        discount=facts.get("discount", Decimal(0)),
        net=facts["net"],
        tax=facts["tax"],
        tax_code=facts.get("tax_code", ""),
        taxes=facts.get("taxes", ()),
        discounts=facts.get("discounts", ()),
        parent_line_id=facts.get("parent_line_id", ""),
        duty=facts.get("duty", Decimal(0)),
    )


def _check_sum(facts: Facts, parts: str, whole: str, evidence: types.Evidence | None) -> None:
    told = facts.get(parts, ())
    if not told:
        return
    found = sum((part.amount for part in told), Decimal(0))
    expected = facts.get(whole, Decimal(0))
    if found != expected:
        raise errors.UnreadableReply(
            f"Line {facts['line_id']}: its {parts} sum to {found}, and its {whole} is {expected}.",
            field=parts,
            evidence=evidence,
        )


def document_state(
    kind: types.DocumentKind, facts: Facts, evidence: types.Evidence | None
) -> types.DocumentState:
    """A document as read; its refusal code is still the ERP's own.

    Only credits and refunds have money.

    Raises:
        UnreadableReply: its status is none of ours, so the profile's table is wrong.
    """
    has_money = kind in (types.DocumentKind.CREDIT_MEMO, types.DocumentKind.REFUND_RECORD)
    return types.DocumentState(
        kind=kind,
        key=facts["key"],
        external_id=facts["external_id"],
        number=facts.get("number", ""),
        status=_status(facts["status"], evidence),
        units=facts["units"],
        gross=facts.get("gross") if has_money else None,
        currency=facts.get("currency", "") if has_money else "",
        tax=facts.get("tax") if has_money else None,
        taxes=facts.get("taxes", ()) if has_money else (),
        open_amount=facts.get("open_amount") if has_money else None,
        warehouse=facts.get("warehouse", ""),
        division=facts.get("division", ""),
        posted_at=facts.get("posted_at"),
        url="",
        refusal_code=facts.get("refusal_code", ""),
        refusal_field=facts.get("refusal_field", ""),
        refusal_text=facts.get("refusal_text", ""),
        evidence=evidence,
    )


def _status(text: str, evidence: types.Evidence | None) -> types.DocumentStatus:
    try:
        return types.DocumentStatus(text)
    except ValueError:
        raise errors.UnreadableReply(
            f"'{text}' is no document status we know.", field="status", evidence=evidence
        ) from None
