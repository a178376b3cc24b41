"""What the samples of /styleguide/ are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

# Moments of the samples, so that ages on the page never change.
AT = datetime(2026, 5, 27, 8, 12, tzinfo=UTC)
EARLIER = AT - timedelta(days=6)
LONG = (
    "Organic cotton crew-neck T-shirt with contrast stitching, Aubergine/Midnight, size 14–16"
    " Petite, replaces AW24-ORGANIC-CREWNECK-AUBERGINE-MIDNIGHT-14-16P"
)
# What a fragment stands in: a padded panel, a bare panel, a list of chips, a row, a table's head.
Frame = str


@dataclass(frozen=True, slots=True)
class Sample:
    """One state. `context` is data, or makes it where each showing needs its own."""

    state: str
    context: Mapping[str, Any] | Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Component:
    """One fragment with its states; `note` says where it is shown when not below its name."""

    name: str
    samples: tuple[Sample, ...] = ()
    frame: Frame = "padded"
    note: str = ""

    @property
    def template(self) -> str:
        return f"partials/_{self.name}.html"
