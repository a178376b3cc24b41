"""What the page of an exception about an item shows of both sides, and whom it points to."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils.html import escape

from exceptions_app.models import RmaLine, SalesOrder
from exceptions_app.views import case_items
from tests.cast import make_user
from tests.factories import (
    CaseFactory,
    CauseGroupFactory,
    ItemFactory,
    MappingFactory,
    RmaFactory,
    RmaLineFactory,
    SalesOrderFactory,
    SalesOrderLineFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    """A free bag came back with a shirt; the ERP has no item for the bag."""
    rma = RmaFactory(currency="GBP")
    order = SalesOrderFactory(connection=rma.bridge.erp, number="SO-7", currency="GBP")
    rma.sales_order = order
    rma.save(update_fields=["sales_order"])
    RmaLineFactory(
        rma=rma, line_no=1, sku="BAG", sku_key="bag", name="Free bag", unit_price=Decimal(0)
    )
    rows = (("1", "TEE", "T-shirt", "33.34", "6.66", 2), ("2", "BAG", "Bag", "0", "0", 1))
    for line_id, sku, name, net, tax, quantity in rows:
        SalesOrderLineFactory(
            order=order,
            line_id=line_id,
            sku=sku,
            description=name,
            quantity=quantity,
            net=Decimal(net),
            tax=Decimal(tax),
        )
    group = CauseGroupFactory(bridge=rma.bridge, type="PROMO_SKU")
    return CaseFactory(rma=rma, group=group, type="PROMO_SKU", facts={"sku": "BAG"})


def _rows(case):
    return {row["label"]: (row["theirs"], row["ours"]) for row in case_items.sides(case)}


def test_both_sides_tell_each_sold_line_with_its_price_beside_what_came_back(case):
    rows = _rows(case)

    assert rows["SKU"] == ("BAG", "Not in its item master")
    assert rows["Name"] == ("Free bag", "Not in its item master")
    assert rows["Line 1 of the order"] == (
        "Not on this return under that SKU",
        "TEE, T-shirt: 2 for £40.00, tax included",
    )
    assert rows["Line 2 of the order"] == (
        "1 came back, paid £0.00 each",
        "BAG, Bag: 1 for £0.00, tax included",
    )
    assert "Stands for" not in rows


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ({"sku": "TOTE"}, "TOTE, Canvas tote (in use)"),
        ({"sku": "(no item)"}, "No item: a gift that is not booked"),
    ],
)
def test_a_mapped_sku_tells_the_item_it_stands_for_now(case, target, told):
    ItemFactory(connection=case.rma.bridge.erp, sku="TOTE", description="Canvas tote")
    MappingFactory(bridge=case.rma.bridge, kind="sku_alias", source_value="BAG", target=target)

    assert _rows(case)["Stands for"] == ("By the mapping in force", told)


def test_the_step_says_what_a_missing_item_is_created_with_and_no_decision_is_ticked(case, client):
    RmaLine.objects.filter(rma=case.rma).update(barcode="5012345678900")
    SalesOrder.objects.update(division="10")
    client.force_login(make_user("mira"))

    page = client.get(reverse("case-detail", args=[case.pk]))

    told = page.context["item_there"]["new"]
    assert told == (
        "Create it with the code BAG, the name “Free bag”, the barcode 5012345678900, the division"
        " 10, the order's own, and in use."
    )
    assert escape(told) in page.text
    (offer,) = page.context["offers"]
    assert offer.form.initial["choice"] == ""
