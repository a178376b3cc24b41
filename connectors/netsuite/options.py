"""A NetSuite connection's settings, read once: what differs from one account to the next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from connectors.errors import Misconfigured

KIND: Final = "netsuite"
LABEL: Final = "NetSuite"
ORDER_FIELDS: Final = ("otherrefnum", "externalid", "tranid")
ITEM_FIELDS: Final = ("itemid", "externalid", "upccode")
# What the connection form asks for: code, label and help. One way to sign in is enough.
CREDENTIALS: Final = (
    ("client_id", "Client ID", "OAuth 2.0: of the integration record."),
    ("certificate_id", "Certificate ID", "OAuth 2.0: of the client credentials mapping."),
    ("private_key", "Private key", "OAuth 2.0: the certificate's own, as PEM."),
    ("consumer_key", "Consumer key", "Token-based, where no private key is given."),
    ("consumer_secret", "Consumer secret", "Token-based."),
    ("token_id", "Token ID", "Token-based."),
    ("token_secret", "Token secret", "Token-based."),
)
# The settings: code, label, help and default.
FIELDS: Final = (
    ("account", "Account", "Its id, such as 123456_SB1; read from the address if left empty.", ""),
    (
        "order_fields",
        "Order number in",
        "Where the shop's order name stands, in this order of trust.",
        ",".join(ORDER_FIELDS),
    ),
    ("sku_field", "SKU in", "itemid, externalid or upccode.", "itemid"),
    ("tax_engine", "Tax", "legacy or suitetax.", "legacy"),
    ("advanced_receiving", "Advanced Receiving", "yes, or no: then credits receive goods.", "yes"),
    ("sale_kind", "Sales are", "invoice, or cash_sale: then a cash refund is all.", "invoice"),
    (
        "quarantine_by",
        "Conditions told by",
        "location, or status where the account uses inventory statuses.",
        "location",
    ),
    (
        "bucket_places",
        "Places of conditions",
        "Ids of locations or statuses by bucket, such as quarantine=12, damaged=13.",
        "",
    ),
    ("adjustment_account", "Write-off account", "Its id; without it write-offs are manual.", ""),
    ("refund_account", "Refund account", "Its id; NetSuite's own choice if left empty.", ""),
    (
        "concurrent_calls",
        "Calls at once",
        "How many of the account's simultaneous calls are ours, over all workers.",
        "4",
    ),
    ("timezone", "Time zone", "Of the user who signs in, such as Europe/London.", "UTC"),
)
_API_HOST: Final = ".suitetalk.api.netsuite.com"
_PLACE = re.compile(r"([a-z_]+)\s*=\s*(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Options:
    """`places` are, by bucket, the ids of locations or of inventory statuses, as `places_are` says.

    `order_fields` are searched for a shop's order name; what the first finds counts.
    """

    account: str
    order_fields: tuple[str, ...]
    sku_field: str
    is_suitetax: bool
    has_advanced_receiving: bool
    is_cash_sale: bool
    places_are: str
    places: Mapping[str, str]
    adjustment_account: str
    refund_account: str
    timezone: str

    @property
    def has_status_places(self) -> bool:
        return self.places_are == "status"


def read(settings: Mapping[str, str], base_url: str) -> Options:
    """Raises Misconfigured when a setting has a value it cannot have."""
    places_are = _one_of(settings, "quarantine_by", ("location", "status"))
    return Options(
        account=settings.get("account", "").strip() or account_of(base_url),
        order_fields=_order_fields(settings.get("order_fields", "")),
        sku_field=_one_of(settings, "sku_field", ITEM_FIELDS),
        is_suitetax=_one_of(settings, "tax_engine", ("legacy", "suitetax")) == "suitetax",
        has_advanced_receiving=_one_of(settings, "advanced_receiving", ("yes", "no")) == "yes",
        is_cash_sale=_one_of(settings, "sale_kind", ("invoice", "cash_sale")) == "cash_sale",
        places_are=places_are,
        places=_places(settings.get("bucket_places", "")),
        adjustment_account=settings.get("adjustment_account", "").strip(),
        refund_account=settings.get("refund_account", "").strip(),
        timezone=settings.get("timezone", "").strip() or "UTC",
    )


def account_of(base_url: str) -> str:
    """The account id as signatures spell it, from the API's host: 123-sb1 is 123_SB1."""
    host = urlsplit(base_url).hostname or ""
    if not host.endswith(_API_HOST):
        return ""
    return host.removesuffix(_API_HOST).replace("-", "_").upper()


def _one_of(settings: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = settings.get(name, "").strip().lower() or allowed[0]
    if value not in allowed:
        raise Misconfigured(f"The setting {name} is one of {', '.join(allowed)}, not '{value}'.")
    return value


def _order_fields(text: str) -> tuple[str, ...]:
    named = tuple(part.strip().lower() for part in text.split(",") if part.strip())
    unknown = [name for name in named if name not in ORDER_FIELDS]
    if unknown:
        raise Misconfigured(
            f"The setting order_fields names {', '.join(ORDER_FIELDS)}, not '{unknown[0]}'."
        )
    return named or ORDER_FIELDS


def _places(text: str) -> dict[str, str]:
    places = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = _PLACE.fullmatch(part)
        if found is None:
            raise Misconfigured(
                f"The setting bucket_places is written as 'quarantine=12, damaged=13': '{part}'."
            )
        places[found[1]] = found[2]
    return places
