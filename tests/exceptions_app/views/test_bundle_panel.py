"""A bundle’s price beside its parts, as a return, an exception and the API show it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from tests import factories
from tests.cast import make_user
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def rma():
    """One mug of a box of a cap and two mugs, sold for 59.90."""
    bridge = factories.BridgeFactory()
    order = factories.SalesOrderFactory(
        connection=bridge.erp, ordered_at=NOW - timedelta(days=9), prices_include_tax=True
    )
    box = {"order": order, "net": Decimal("49.92"), "tax": Decimal("9.98")}
    factories.SalesOrderLineFactory(line_id="1", sku="BOX", unit_price=Decimal("59.90"), **box)
    none = {"order": order, "net": Decimal(0), "tax": Decimal(0), "parent_line_id": "1"}
    factories.SalesOrderLineFactory(line_id="2", sku="CAP", unit_price=Decimal("30.00"), **none)
    factories.SalesOrderLineFactory(
        line_id="3", sku="MUG", unit_price=Decimal("15.00"), quantity=2, **none
    )
    for sku in ("BOX", "CAP", "MUG"):
        factories.ItemFactory(connection=bridge.erp, sku=sku)
    rma = factories.RmaFactory(bridge=bridge, sales_order=order)
    factories.RmaLineFactory(rma=rma, sku="MUG")
    return rma


def test_the_return_and_its_exception_show_the_same_figures(client, rma):
    case = factories.CaseFactory(rma=rma, bridge=rma.bridge, type="BUNDLE_PARTIAL")
    client.force_login(make_user("mira"))

    whole = client.get(reverse("return-detail", args=[rma.pk])).text
    about = client.get(reverse("case-detail", args=[case.pk])).text

    for page in (whole, about):
        assert "Bundle BOX" in page
        assert "Adds up to the cent" in page
        assert "The shares add up to the bundle’s £59.90" in page
        for figure in ("£29.95", "£14.98", "£14.97", "£44.92", "50.0%"):
            assert figure in page


def test_an_exception_about_something_else_asks_nothing_of_bundles(client, rma):
    case = factories.CaseFactory(rma=rma, bridge=rma.bridge, type="SKU_UNKNOWN")
    client.force_login(make_user("mira"))

    page = client.get(reverse("case-detail", args=[case.pk]))

    assert page.context["bundles"] == ()
    assert "Adds up to the cent" not in page.text


def test_the_api_tells_the_same(client, rma):
    client.force_login(make_user("mira"))

    told = client.get(reverse("api-return-detail", args=[rma.pk])).json()["bundles"]

    (bundle,) = told
    assert bundle["charged"] == {"amount": "59.90", "currency": "GBP"}
    assert bundle["is_exact"] is True
    assert bundle["rows"][2] == {
        "sku": "MUG",
        "is_bundle": False,
        "sold": 2,
        "units_before": 0,
        "units_now": 1,
        "price": "29.95",
        "before": "0.00",
        "now": "14.98",
        "left": "14.97",
    }


def test_a_return_without_a_bundle_has_no_panel(client):
    rma = factories.RmaFactory()
    client.force_login(make_user("mira"))

    assert "Bundle" not in client.get(reverse("return-detail", args=[rma.pk])).text
    assert client.get(reverse("api-return-detail", args=[rma.pk])).json()["bundles"] == []
