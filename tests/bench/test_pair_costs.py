"""Where an ERP takes sets, ten returns cost few calls more than one: a committed figure."""

import pytest

from tests.bench import pair_costs
from tests.pairs import pairs

pytestmark = pytest.mark.django_db


def test_ten_returns_at_brightpearl_share_their_calls():
    pair = next(pair for pair in pairs.PAIRS if pair.erp == "brightpearl")

    done = pair_costs.run(pair, returns=10)

    theirs = {name: count for (kind, name), count in done.operations.items() if kind != pair.erp}
    ours = {name: count for (kind, name), count in done.operations.items() if kind == pair.erp}
    assert done.lost == 0
    assert theirs["read_rma"] == 10
    assert ours == {
        "find_orders": 1,
        "read_orders": 1,
        "create_sales_credit": 1,
        "read_goods_in": 1,
        # The authorisations, the credits as they stand before they are closed, the invoices, and
        # the rows that the notes of staff are against.
        "read_sales_credits": 4,
        "close_sales_credit": 1,
        "create_payment": 1,
        "find_payments": 1,
        # What lies in quarantine is released return by return.
        "read_order_notes": 2,
        "release_quarantine": 10,
    }
