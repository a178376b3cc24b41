"""The pairs of systems a replay can go through, and what a customer of each would have set up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.kits import roster
from connectors.sandbox.kits.kit import ErpKit, PlatformKit

DEFAULT = "bluecherry+returngo"
# Quotas of simulated vendors that would make a year of credits last a year.
_SWITCHES: Mapping[str, Mapping[str, Any]] = {
    "returngo": {"daily_limit": 1_000_000},
    "brightpearl": {"calls_per_minute": 0},
    "shopify": {"bucket_size": 1_000_000_000},
}


@dataclass(frozen=True, slots=True)
class Pair:
    """`mark` keeps the rows of a file's replays through several pairs apart.

    `tender` is how this platform tells what the retailer's refunds were paid with.
    """

    code: str
    mark: str
    policy: Mapping[str, Any] = field(default_factory=dict)
    tender: str = ""

    @property
    def erp(self) -> ErpKit:
        return roster.ERPS[self.code.partition("+")[0]]

    @property
    def platform(self) -> PlatformKit:
        return roster.PLATFORMS[self.code.partition("+")[2]]

    def switches(self, system: str) -> Mapping[str, Any]:
        return _SWITCHES.get(system, {})


_NO_NOTES = {"note_to_platform": False}
PAIRS: Mapping[str, Pair] = {
    pair.code: pair
    for pair in (
        Pair(DEFAULT, "", _NO_NOTES),
        Pair("bluecherry+reveni", "-rv"),
        Pair("prima+returngo", "-pr", _NO_NOTES),
        Pair("brightpearl+returngo", "-bp", _NO_NOTES, tender="ledger"),
        Pair("netsuite+shopify", "-ns", tender="card"),
    )
}
