"""Where candidates are offered: nothing typed is dropped, and of equals none is ticked."""

import pytest
from django.utils import timezone

from exceptions_app.forms.kinds import FORMS
from exceptions_app.models import Fix
from tests.cast import make_user
from tests.factories import (
    CaseFactory,
    CauseGroupFactory,
    ItemFactory,
    RmaFactory,
    RmaLineFactory,
    SalesOrderFactory,
    SalesOrderLineFactory,
)

pytestmark = pytest.mark.django_db

FIELDS = {"sku_alias": ("sku", "item"), "link_order": ("order_number", "order")}


@pytest.fixture
def case():
    """An exception with one candidate of each kind: TEES-BLK-M and the order SO-1."""
    rma = RmaFactory()
    rma.sales_order = SalesOrderFactory(connection=rma.bridge.erp, number="SO-OWN")
    rma.save(update_fields=["sales_order"])
    RmaLineFactory(rma=rma, sku="TEES_BLK_M", sku_key="tees_blk_m")
    for sku in ("TEES-BLK-M", "HAT-RED"):
        ItemFactory(connection=rma.bridge.erp, sku=sku, description=f"Name of {sku}", barcode="")
    _ordered(rma, "SO-1", "TEES_BLK_M")
    _ordered(rma, "SO-9", "HAT-RED")
    group = CauseGroupFactory(bridge=rma.bridge, type="SKU_UNKNOWN")
    return CaseFactory(rma=rma, group=group, type="SKU_UNKNOWN", facts={"sku": "TEES_BLK_M"})


def _ordered(rma, number, sku):
    order = SalesOrderFactory(connection=rma.bridge.erp, number=number)
    SalesOrderLineFactory(order=order, sku=sku)
    return order


def _form(case, kind, answers=None):
    return FORMS[kind](answers, kind=kind, case=case, now=timezone.now())


@pytest.mark.parametrize(
    ("kind", "listed", "typed"),
    [("sku_alias", "TEES-BLK-M", "HAT-RED"), ("link_order", "SO-1", "SO-9")],
)
def test_typed_text_beside_another_ticked_candidate_is_refused_at_the_field(
    case, kind, listed, typed
):
    field, _ = FIELDS[kind]

    form = _form(case, kind, {"choice": listed, field: typed, "note": "x"})

    assert not form.is_valid()
    assert form.errors == {
        field: [
            f"{listed} is ticked above, but this says {typed}."
            ' Tick "None of these" to use this, or empty the field.'
        ]
    }
    assert form.payload == {}


@pytest.mark.parametrize(
    ("kind", "listed", "typed"),
    [("sku_alias", "TEES-BLK-M", "HAT-RED"), ("link_order", "SO-1", "SO-9")],
)
def test_what_is_typed_counts_when_no_candidate_is_ticked(case, kind, listed, typed):
    field, _ = FIELDS[kind]

    alone = _form(case, kind, {field: typed, "note": "x"})
    same = _form(case, kind, {"choice": listed, field: listed.lower(), "note": "x"})

    assert alone.is_valid(), alone.errors
    assert alone.payload == {field: typed}
    assert same.is_valid(), same.errors
    assert same.payload == {field: listed}


@pytest.mark.parametrize("kind", ["sku_alias", "link_order"])
def test_no_answer_is_asked_for_where_it_belongs(case, kind):
    field, noun = FIELDS[kind]

    none_of_these = _form(case, kind, {"choice": "other", "note": "x"})
    nothing = _form(case, kind, {"note": "x"})

    assert none_of_these.errors == {field: [f"Say which {noun} it is."]}
    assert nothing.errors == {"choice": [f"Tick one, or type another {noun} below."]}


def test_the_page_refuses_the_contradiction_and_names_the_change_otherwise(client, case):
    client.force_login(make_user("mira"))
    given = {"kind": "sku_alias", "choice": "TEES-BLK-M", "sku": "HAT-RED"}

    refused = client.post(f"/exceptions/{case.pk}/preview/", given)
    shown = client.post(f"/exceptions/{case.pk}/preview/", {**given, "choice": "other"})

    assert refused.status_code == 422
    assert "TEES-BLK-M is ticked above, but this says HAT-RED." in refused.text
    assert "TEES_BLK_M becomes HAT-RED: what it would do" in shown.text
    assert not Fix.objects.exists()


def test_the_best_candidate_is_ticked_but_none_of_two_equals(case):
    alone = _form(case, "sku_alias")
    ItemFactory(connection=case.rma.bridge.erp, sku="TEES BLK M", description="Tee", barcode="77")

    tied = _form(case, "sku_alias")

    assert alone.initial["choice"] == "TEES-BLK-M"
    assert tied.initial["choice"] == ""
    assert {each["value"]: each["text"].partition("Not on")[2] for each in tied.described} == {
        "TEES BLK M": " the order. Tee. Barcode 77",
        "TEES-BLK-M": " the order. Name of TEES-BLK-M. No barcode",
    }


def _sold(case, sku, description):
    ItemFactory(connection=case.rma.bridge.erp, sku=sku, description="", barcode="")
    SalesOrderLineFactory(order=case.rma.sales_order, sku=sku, description=description, quantity=2)


def _returned(name, **facts):
    """An exception about NVY-1, which came back under `name`; its order sold nothing yet."""
    rma = RmaFactory()
    rma.sales_order = SalesOrderFactory(connection=rma.bridge.erp)
    rma.save(update_fields=["sales_order"])
    RmaLineFactory(rma=rma, sku="NVY-1", sku_key="nvy-1", name=name)
    group = CauseGroupFactory(bridge=rma.bridge, type="SKU_UNKNOWN")
    return CaseFactory(rma=rma, group=group, type="SKU_UNKNOWN", facts={"sku": "NVY-1", **facts})


def test_a_candidate_tells_the_sale_and_what_speaks_against_it_and_is_not_ticked():
    case = _returned("Organic cotton T-shirt, navy, M", candidates="TEE-BLK-M")
    _sold(case, "TEE-BLK-M", "Organic cotton T-shirt, black, M")

    form = _form(case, "sku_alias")

    assert form.described == [
        {
            "value": "TEE-BLK-M",
            "badge": "Possible",
            "tone": "calm",
            "text": (
                "On the order, and no other line of the return claims it. Description 79% alike."
                " The return says navy, this is black. Sold: 2 for £20.00, tax included."
                " Organic cotton T-shirt, black, M. No barcode"
            ),
        }
    ]
    assert form.initial["choice"] == ""


def test_the_line_that_was_sold_under_the_same_name_is_ticked_and_one_claimed_stands_behind():
    case = _returned("Ribbed cardigan, black, S", candidates="CRD-BLK-S")
    _sold(case, "LIN-BLK-S", "Ribbed trousers, black, S")
    _sold(case, "CRD-BLK-S", "Ribbed cardigan, black, S")

    form = _form(case, "sku_alias")

    assert [(row["value"], row["badge"]) for row in form.described] == [
        ("CRD-BLK-S", "Strong match"),
        ("LIN-BLK-S", "Possible"),
    ]
    assert form.described[1]["text"].startswith(
        "On the order, but another line of the return claims it."
    )
    assert form.initial["choice"] == "CRD-BLK-S"


def test_of_what_the_order_sold_alone_nothing_is_ticked():
    case = _returned("", candidates="XYZ-9")
    _sold(case, "XYZ-9", "")

    form = _form(case, "sku_alias")

    assert [(row["value"], row["badge"]) for row in form.described] == [("XYZ-9", "Possible")]
    assert form.initial["choice"] == ""


def test_an_sku_is_not_offered_for_itself():
    case = _returned("Canvas tote", candidates="")
    _sold(case, "NVY-1", "Canvas tote")

    form = _form(case, "sku_alias")

    assert form.described == []
    assert "choice" not in form.fields


def test_words_that_are_no_code_are_looked_for_and_what_fits_is_listed_to_tick(case):
    ItemFactory(connection=case.rma.bridge.erp, sku="HAT-OLD", description="Red", is_active=False)
    ItemFactory(sku="HAT-AWAY", description="Name of another ERP")
    text = {"choice": "other", "sku": "name of hat"}

    asked = _form(case, "sku_alias", text)
    ticked = _form(case, "sku_alias", {**text, "choice": "HAT-RED"})

    assert not asked.is_valid()
    assert asked.errors == {"choice": ["Tick the item that “name of hat” means, it is listed now."]}
    assert [row["value"] for row in asked.described] == ["TEES-BLK-M", "HAT-RED"]
    assert asked.described[1]["text"] == "Name of HAT-RED. No barcode"
    assert ticked.is_valid(), ticked.errors
    assert ticked.payload == {"sku": "HAT-RED"}
    suggested = _form(case, "sku_alias", {"choice": "TEES-BLK-M", "sku": "name of tees"})
    assert suggested.is_valid(), suggested.errors
    nothing = _form(case, "sku_alias", {"choice": "other", "sku": "velvet"})
    assert nothing.errors == {
        "sku": [
            f"No item in use of {case.bridge.erp.name} has “velvet” as its code or barcode, or in"
            " its name. Try other words, or have it created there first."
        ]
    }


def test_only_a_gift_may_stand_for_no_item_and_the_answer_says_so_in_words(case, client):
    other = _form(case, "sku_alias")
    case.type = case.group.type = "PROMO_SKU"
    case.group.save(update_fields=["type"])
    case.save(update_fields=["type"])

    form = _form(case, "sku_alias", {"choice": "(no item)"})

    assert "(no item)" not in dict(other.fields["choice"].choices)
    assert _form(case, "sku_alias", {}).described[-1]["value"] == "(no item)"
    assert form.is_valid(), form.errors
    assert form.payload == {"sku": "(no item)"}
    assert form.headline == "TEES_BLK_M becomes No item: a gift that is not booked"
    client.force_login(make_user("mira"))
    shown = client.post(
        f"/exceptions/{case.pk}/preview/", {"kind": "sku_alias", "choice": "(no item)"}
    )
    assert shown.status_code == 200
    assert "is not on order" not in shown.content.decode()


def test_a_character_that_no_text_holds_is_refused_at_the_field(client, case):
    client.force_login(make_user("mira"))
    answers = {"kind": "sku_alias", "choice": "other", "sku": "HAT\0RED"}

    page = client.post(f"/exceptions/{case.pk}/preview/", answers)

    assert (page.status_code, "Null characters are not allowed." in page.text) == (422, True)
