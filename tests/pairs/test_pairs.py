"""Every pair carries the same returns: into the ERP's own books, or to the person who can help.

What is booked is asked of the ERP's twin; nothing here reads our own idea of it.
"""

import pytest

from tests.pairs import pairs

pytestmark = pytest.mark.django_db

_PLAIN = ("authorised, received, credited 20.00", "")
_STOPPED = {
    pairs.STRANGE: ("", "SKU_UNKNOWN"),
    pairs.NOWHERE: ("authorised", "WAREHOUSE_UNMAPPED"),
}
_COMMON = {
    pairs.WHOLE: _PLAIN,
    pairs.PARTIAL: _PLAIN,
    pairs.BUNDLE: ("authorised, received, credited 8.00", ""),
    # Its outbound order comes with a later release; no money goes back.
    pairs.EXCHANGE: ("authorised, received", ""),
    pairs.BROKEN: ("authorised, received, written off, credited 20.00", ""),
    **_STOPPED,
}
_MOVED = ("authorised, received, moved, credited 20.00, refunded 20.00", "")
EXPECTED = {
    "bluecherry+returngo": _COMMON,
    # Reveni tells of no damage: what is not to be restocked waits in quarantine.
    "bluecherry+reveni": {**_COMMON, pairs.BROKEN: _PLAIN},
    "prima+returngo": _COMMON,
    # Brightpearl's own staff check goods in, wherever the platform says they went. Bundles are
    # credited as sold, so a part of one is worth nothing until the whole is back.
    "brightpearl+returngo": {
        pairs.WHOLE: _MOVED,
        pairs.PARTIAL: _MOVED,
        pairs.BUNDLE: ("authorised, received, moved", "REFUND_OVER_LINE"),
        pairs.EXCHANGE: ("authorised, received, moved", ""),
        pairs.BROKEN: ("authorised, received, written off, credited 20.00, refunded 20.00", ""),
        pairs.STRANGE: ("", "SKU_UNKNOWN"),
        pairs.NOWHERE: _MOVED,
    },
    # Goods lie in quarantine first; what may not be restocked stays there.
    "netsuite+shopify": {
        pairs.WHOLE: _MOVED,
        pairs.PARTIAL: _MOVED,
        pairs.BUNDLE: ("authorised, received, moved, credited 8.00, refunded 8.00", ""),
        pairs.EXCHANGE: ("authorised, received, moved", ""),
        pairs.BROKEN: ("authorised, received, credited 20.00, refunded 20.00", ""),
        **_STOPPED,
    },
}


@pytest.mark.parametrize("pair", pairs.PAIRS, ids=lambda pair: pair.preset)
def test_a_mix_of_returns_reaches_the_books_or_the_right_person(pair):
    world = pairs.set_up(pair)
    pairs.load_mix(world)
    world.carry()
    world.check_in()
    mix = {rma_id: pairs.outcome(world, rma_id) for rma_id in EXPECTED[pair.preset]}

    pairs.load_after_the_close(world)
    world.carry()
    world.check_in()
    booked, cases = pairs.outcome(world, pairs.LATE)

    assert mix == EXPECTED[pair.preset]
    assert "credited" not in booked
    assert cases == "PERIOD_CLOSED"
