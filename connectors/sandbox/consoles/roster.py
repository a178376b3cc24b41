"""Which rooms each simulated system has; a new one is one line here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connectors.sandbox.base import Twin
from connectors.sandbox.consoles import bluecherry, ledgers, returngo, reveni, shopify
from connectors.sandbox.consoles.room import Room

# By the name of the twin.
_ROOMS: Mapping[str, Sequence[type[Room]]] = {
    "bluecherry": bluecherry.ROOMS,
    "brightpearl": ledgers.rooms_of(ledgers.BrightpearlLedger()),
    "netsuite": ledgers.rooms_of(ledgers.NetSuiteLedger()),
    "prima": ledgers.rooms_of(ledgers.PrimaLedger()),
    "returngo": returngo.ROOMS,
    "reveni": reveni.ROOMS,
    "shopify": shopify.ROOMS,
}


def rooms(twin: Twin) -> list[Room]:
    """The rooms of `twin`, none where nothing can be changed there by hand."""
    return [kind(twin) for kind in _ROOMS.get(twin.name, ())]
