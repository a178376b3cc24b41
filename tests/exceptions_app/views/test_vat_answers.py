"""The decision on a customer's VAT setting: what each answer credits, and why one cannot."""

from decimal import Decimal

import pytest
from django.urls import reverse

from exceptions_app.models import Case, Fix, SalesOrder
from tests.cast import make_user
from tests.world import make_order_line, make_unit, make_world

pytestmark = pytest.mark.django_db


def make_case(*, tax):
    world = make_world()
    world.erp.load({"customers": [{"code": "B2B", "name": "B", "vat_setting": "EU business"}]})
    world.add_order(
        customer="B2B",
        tenders=[{"kind": "account", "amount": "40.00"}],
        lines=[make_order_line(net="40.00", tax=tax, tax_code="S")],
    )
    world.add_return(items=[make_unit("5001-1", tax_included=False)])
    world.carry()
    return Case.objects.get(type="VAT_SETTING")


def see(client, case):
    client.force_login(make_user("finn"))
    return client.get(reverse("case-detail", args=[case.pk]))


def labels(response):
    (offer,) = [each for each in response.context["offers"] if each.kind == "vat"]
    return [label for _, label in offer.form.fields["treatment"].choices]


def test_each_answer_says_what_it_credits_and_which_one_the_invoice_denies(client):
    response = see(client, make_case(tax="8.00"))

    assert labels(response) == [
        "Prices include VAT. Credits £20.00 and £4.00 of VAT: £24.00",
        "VAT comes on top. Credits £20.00 and £4.00 of VAT: £24.00",
        "No VAT at all. Stays blocked: the order was charged £4.00 of VAT",
        "Reverse charge: the customer accounts for VAT. Stays blocked: the order was charged £4.00"
        " of VAT",
    ]
    assert "Net and tax are those the order was sold with" in response.text


def test_where_no_vat_was_charged_every_answer_can_be_credited(client):
    response = see(client, make_case(tax="0.00"))

    assert all("Credits £20.00 and £0.00 of VAT: £20.00" in label for label in labels(response))


def test_the_preview_of_an_answer_the_invoice_denies_says_why_it_stays_blocked(client):
    case = make_case(tax="8.00")
    see(client, case)

    response = client.post(
        reverse("fix-preview", args=[case.pk]), {"kind": "vat", "treatment": "reverse_charge"}
    )

    assert "The order was charged £4.00 of VAT on what came back" in response.text
    assert not Fix.objects.exists()


def test_the_order_is_named_with_its_invoice_and_what_was_charged(client):
    case = make_case(tax="8.00")
    SalesOrder.objects.update(invoice_number="INV-77", shipping_net=Decimal(0))

    first = see(client, case).context["steps"][0]

    assert first["note"] == "Order SO-1, invoice INV-77: £40.00 and £8.00 of VAT."
    assert client.get(first["url"]).status_code == 200
