"""Where a return most likely lies whose platform names no place, and what its parcel tells."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from exceptions_app.choices import MappingKind
from exceptions_app.models import ErpLocation, Rma, RmaLine
from exceptions_app.rules.mapping import normalise, place
from exceptions_app.selectors import mappings

# The latest returns of the bridge that are looked at, and the depots named of them.
LOOKED_AT, NAMED = 100, 3


@dataclass(frozen=True, slots=True)
class Depot:
    """A place of the platform, what it is mapped to ("" for nothing), and how many went there."""

    name: str
    place: str
    units: int


@dataclass(frozen=True, slots=True)
class Likely:
    """The depots that most of the latest returns went to, the most used first, of `units` in all.

    `others` are mapped places, for where no return named one yet.
    """

    depots: tuple[Depot, ...]
    units: int
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parcel:
    carrier: str
    number: str
    url: str
    state: str


def likely(*, rma: Rma) -> Likely:
    """Depots by the latest LOOKED_AT returns of the bridge; three queries, each from its index."""
    latest = Rma.objects.filter(bridge=rma.bridge_id).order_by("-id").values("pk")[:LOOKED_AT]
    names = RmaLine.objects.filter(rma__in=list(latest.values_list("pk", flat=True)))
    counted = Counter(name for name in names.values_list("location", flat=True) if name)
    targets = mappings.active_targets(
        bridge=rma.bridge, kind=MappingKind.LOCATION, keys={normalise(name) for name in counted}
    )
    depots = tuple(
        Depot(name, _place(targets.get(normalise(name))), units)
        for name, units in counted.most_common(NAMED)
    )
    others = () if depots else tuple(name for name, _ in mappings.places(bridge=rma.bridge))
    return Likely(depots, counted.total(), others[:NAMED])


def named_lately(*, rma: Rma, location: str) -> tuple[int, int]:
    """How many others of the bridge's latest LOOKED_AT returns name `location`, and of how many."""
    latest = Rma.objects.filter(bridge=rma.bridge_id).order_by("-id").values_list("pk", flat=True)
    others = [pk for pk in latest[:LOOKED_AT] if pk != rma.pk]
    rows = RmaLine.objects.filter(rma__in=others).values_list("rma", "location")
    wanted = normalise(location)
    return len({pk for pk, name in rows if normalise(name) == wanted}), len(others)


def unmapped(rma: Rma | None) -> tuple[str, ...]:
    """Those of the likely depots that are mapped to nothing; queries as `likely`."""
    found = likely(rma=rma).depots if rma is not None else ()
    return tuple(depot.name for depot in found if not depot.place)


def _place(target: dict[str, str] | None) -> str:
    return place(target["division"], target["warehouse"]) if target else ""


def parcels(*, rma: Rma) -> tuple[Parcel, ...]:
    """The parcels to the depot as the platform tells them, oldest first."""
    rows = rma.shipments.filter(is_outbound=False).order_by("pk")
    return tuple(
        Parcel(row.carrier, row.tracking_number, row.tracking_url, row.status_raw) for row in rows
    )


def locations_read_at(*, connection_id: int) -> datetime | None:
    """When the ERP's warehouses were read last."""
    rows = ErpLocation.objects.filter(connection=connection_id).order_by("-read_at")
    return rows.values_list("read_at", flat=True).first()
