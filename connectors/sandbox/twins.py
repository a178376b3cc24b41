"""The simulated systems there are; a new twin is one line here."""

from __future__ import annotations

from functools import cache

from connectors.sandbox.base import Twin
from connectors.sandbox.bluecherry import BlueCherryTwin
from connectors.sandbox.brightpearl import BrightpearlTwin
from connectors.sandbox.file_partner import FilePartnerTwin
from connectors.sandbox.netsuite import NetSuiteTwin
from connectors.sandbox.prima import PrimaTwin
from connectors.sandbox.returngo import ReturnGoTwin
from connectors.sandbox.reveni import ReveniTwin
from connectors.sandbox.shopify import ShopifyTwin

TWINS: tuple[type[Twin], ...] = (
    BlueCherryTwin,
    BrightpearlTwin,
    FilePartnerTwin,
    NetSuiteTwin,
    PrimaTwin,
    ReturnGoTwin,
    ReveniTwin,
    ShopifyTwin,
)


def new_twins() -> dict[str, Twin]:
    """A fresh twin of every system, by name."""
    return {twin.name: twin() for twin in TWINS}


@cache
def all_twins() -> dict[str, Twin]:
    """This process's twins, by name; their state lasts as long as the process."""
    return new_twins()
