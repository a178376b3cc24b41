"""Amounts of the simulated shop as GraphQL tells them, and what is made of amounts alone."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.sandbox.shopify_store import decimal, gid

View = dict[str, Any]


def points(value: object) -> str:
    """An amount as Shopify writes it: as text, with trailing zeros dropped but one."""
    text = format(decimal(value).normalize() + Decimal(0), "f")
    return text if "." in text else f"{text}.0"


def money(value: object, currency: str) -> View:
    return {"amount": points(value), "currencyCode": currency}


def bag(value: object, currency: str) -> View:
    one = money(value, currency)
    return {"shopMoney": one, "presentmentMoney": one}


def allocation(row: Mapping[str, Any], number: int, currency: str) -> View:
    return {
        "allocatedAmountSet": bag(row["amount"], currency),
        "discountApplication": {
            "__typename": "ManualDiscountApplication",
            "index": number,
            "allocationMethod": row.get("method", "ACROSS"),
            "targetSelection": "ALL",
            "targetType": "LINE_ITEM",
            "title": row.get("title", "Discount"),
        },
    }


def tax(row: Mapping[str, Any], currency: str) -> View:
    rate = float(decimal(row.get("rate")))
    return {
        "title": row.get("title", "VAT"),
        "rate": rate,
        "ratePercentage": rate * 100,
        "source": row.get("source"),
        "channelLiable": row.get("channel_liable", False),
        "priceSet": bag(row.get("amount"), currency),
    }


def duty(row: Mapping[str, Any], currency: str) -> View:
    return {
        "id": gid("Duty", row.get("id", 1)),
        "price": bag(row["amount"], currency),
        "taxLines": [tax(each, currency) for each in row.get("taxes") or ()],
        "harmonizedSystemCode": None,
        "countryCodeOfOrigin": None,
    }


def adjustment(row: Mapping[str, Any], currency: str) -> View:
    return {
        "id": gid("OrderAdjustment", row.get("id", 1)),
        "reason": row.get("reason"),
        "amountSet": bag(row["amount"], currency),
        "taxAmountSet": bag(row.get("tax"), currency),
    }
