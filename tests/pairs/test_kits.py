"""A kit fills its twin from plain records, and a whole return reaches the twin's books."""

from decimal import Decimal

import pytest

from connectors.sandbox.kits import roster
from connectors.types import DocumentKind
from exceptions_app.models import ErpLocation
from tests.pairs.pair_world import PairWorld, make_pair

pytestmark = pytest.mark.django_db

# What Reveni's words mean until its own preset says so.
_RENAMED = {
    "reveni": (
        ("status", "ACCEPTED", {"axis": "closed"}),
        ("disposition", "ACCEPTED/RESTOCK", {"bucket": "saleable"}),
    )
}


def _mapped(erp: str, platform: str) -> PairWorld:
    world = make_pair(
        erp, platform, preset="bluecherry+returngo", policy={"note_to_platform": False}
    )
    division = ErpLocation.objects.get(code="WH1").division
    world.map("location", "Leeds DC", {"division": division, "warehouse": "WH1"})
    world.map("reason", "Does not fit", {"code": "FIT"})
    for kind, source_value, target in _RENAMED.get(platform, ()):
        world.map(kind, source_value, target)
    return world


@pytest.mark.parametrize(
    ("erp", "platform"),
    [
        *((erp, "returngo") for erp in roster.ERPS),
        *(("bluecherry", platform) for platform in roster.PLATFORMS if platform != "returngo"),
    ],
)
def test_a_plain_return_reaches_the_books_of_any_erp_from_any_platform(erp, platform):
    world = _mapped(erp, platform)
    world.add_order("SO-1")
    world.add_return("5001")

    world.carry()

    assert world.open_types() == []
    assert world.unconfirmed() == []
    assert [(row.kind, row.units, row.gross, row.is_final) for row in world.booked()] == [
        (DocumentKind.RETURN_AUTHORISATION, 1, Decimal(0), True),
        (DocumentKind.STOCK_RECEIPT, 1, Decimal(0), True),
        (DocumentKind.CREDIT_MEMO, 1, Decimal("20.00"), True),
    ]
