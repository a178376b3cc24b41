"""However many orders we know: only those that could be the one are looked at."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from exceptions_app.models import SalesOrder, SalesOrderLine
from exceptions_app.selectors import order_candidates
from tests import plans
from tests.factories import NOW, RmaFactory, RmaLineFactory

pytestmark = pytest.mark.django_db
ORDERS = 3_000


def test_candidates_are_found_without_a_walk_over_all_orders():
    rma = RmaFactory()
    RmaLineFactory(rma=rma, sku="HAT-RARE", sku_key="hat-rare")
    orders = SalesOrder.objects.bulk_create(
        SalesOrder(
            connection=rma.bridge.erp,
            erp_id=f"E{number}",
            number=f"SO-{number}",
            customer_code=f"C-{number}",
            currency="GBP",
            ordered_at=NOW - timedelta(hours=number),
            read_at=NOW,
        )
        for number in range(ORDERS)
    )
    SalesOrderLine.objects.bulk_create(
        SalesOrderLine(
            order=order,
            line_id="1",
            sku="HAT-RARE" if place % 1_000 == 5 else f"TEE-{place % 50}",
            quantity=1,
            unit_price=20,
            net=20,
        )
        for place, order in enumerate(orders)
    )
    plans.analyse()

    found, read = {}, {}
    for search in ("", "so-299", "C-77", "2026-05-20"):
        with CaptureQueriesContext(database) as asked:
            found[search] = len(order_candidates.of(rma, search=search).rows)
        own = [row["sql"] for row in asked.captured_queries if "salesorder" in row["sql"]]
        read[search] = plans.rows_read(own)

    assert found == {"": 3, "so-299": 5, "C-77": 1, "2026-05-20": 5}
    assert max(read.values()) < ORDERS / 5, read
