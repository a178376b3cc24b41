"""A kit fills its twin from plain records, and a whole return reaches the twin's books."""

from decimal import Decimal

import pytest

from connectors.sandbox.kits import roster
from connectors.types import DocumentKind
from tests.pairs.pair_world import PairWorld, make_pair

pytestmark = pytest.mark.django_db

# Presets of the pairs there are; a pair nobody asked for starts from the one of its platform.
_PRESETS = {("bluecherry", "reveni"): "bluecherry+reveni", ("prima", "returngo"): "prima+returngo"}
_PLATFORM_PRESETS = {"returngo": "bluecherry+returngo", "shopify": "netsuite+shopify"}
# What every pair does here alike, whatever its preset says.
_POLICY = {
    "credit_trigger": "refund_confirmed",
    "stock_trigger": "final_disposition",
    "first_bucket": "by_disposition",
    "refund_authority": "platform",
    "record_refund": False,
    "note_to_platform": False,
}


def _mapped(erp: str, platform: str) -> PairWorld:
    preset = _PRESETS.get((erp, platform)) or _PLATFORM_PRESETS[platform]
    world = make_pair(erp, platform, preset=preset, policy=_POLICY)
    world.map("location", "Leeds DC", world.place("Leeds"))
    world.map("reason", "Does not fit", {"code": "FIT"})
    return world


@pytest.mark.parametrize(
    ("erp", "platform"),
    [
        # Files lie in folders: see test_depot_pair.
        *((erp, "returngo") for erp in roster.ERPS if erp != "file_exchange"),
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
