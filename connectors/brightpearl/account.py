"""The settings of a connection, read once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.errors import Misconfigured
from connectors.types import ConnectionConfig

_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")


@dataclass(frozen=True, slots=True)
class Account:
    """`instance_id` is the installed integration's; the codes are "" where the account's own
    defaults apply."""

    code: str
    instance_id: int
    channel_id: int | None
    credit_status_id: int | None
    sales_nominal: str
    shipping_nominal: str
    discount_nominal: str
    untaxed_code: str
    timezone: str

    @property
    def root(self) -> str:
        return f"/public-api/{self.code}"


def read(config: ConnectionConfig) -> Account:
    """Raises Misconfigured when a setting is missing or is not what it should be."""
    settings = config.settings
    code = settings.get("account", "").strip()
    if not _CODE.fullmatch(code):
        raise Misconfigured("The Brightpearl connection has no account code.")
    instance = _whole(settings, "instance_id")
    if instance is None:
        raise Misconfigured("The Brightpearl connection has no instance id.")
    return Account(
        code=code,
        instance_id=instance,
        channel_id=_whole(settings, "channel_id"),
        credit_status_id=_whole(settings, "credit_status_id"),
        sales_nominal=settings.get("sales_nominal", "").strip(),
        shipping_nominal=settings.get("shipping_nominal", "").strip(),
        discount_nominal=settings.get("discount_nominal", "").strip(),
        untaxed_code=settings.get("untaxed_code", "").strip(),
        timezone=settings.get("timezone", "").strip() or "UTC",
    )


def _whole(settings: Mapping[str, str], name: str) -> int | None:
    text = settings.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        raise Misconfigured(f"The {name} of the Brightpearl connection is no whole number.")
    return int(text)
