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
)

pytestmark = pytest.mark.django_db

FIELDS = {"sku_alias": ("sku", "item"), "link_order": ("order_number", "order")}


@pytest.fixture
def case(monkeypatch):
    """An exception with one candidate of each kind: TEES-BLK-M and the order SO-1."""
    rma = RmaFactory()
    rma.sales_order = SalesOrderFactory(connection=rma.bridge.erp)
    rma.save(update_fields=["sales_order"])
    RmaLineFactory(rma=rma, sku="TEES_BLK_M", sku_key="tees_blk_m")
    for sku in ("TEES-BLK-M", "HAT-RED"):
        ItemFactory(connection=rma.bridge.erp, sku=sku, description=f"Name of {sku}", barcode="")
    monkeypatch.setattr(
        "exceptions_app.services.previews.order_candidates", lambda *, case: (("SO-1", "alike"),)
    )
    group = CauseGroupFactory(bridge=rma.bridge, type="SKU_UNKNOWN")
    return CaseFactory(rma=rma, group=group, type="SKU_UNKNOWN", facts={"sku": "TEES_BLK_M"})


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

    form = _form(case, kind, {"choice": listed, field: typed})

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

    alone = _form(case, kind, {field: typed})
    same = _form(case, kind, {"choice": listed, field: listed.lower()})

    assert alone.is_valid(), alone.errors
    assert alone.payload == {field: typed}
    assert same.is_valid(), same.errors
    assert same.payload == {field: listed}


@pytest.mark.parametrize("kind", ["sku_alias", "link_order"])
def test_no_answer_is_asked_for_where_it_belongs(case, kind):
    field, noun = FIELDS[kind]

    none_of_these = _form(case, kind, {"choice": "other"})
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
    assert {each["value"]: each["text"].partition("not on")[2] for each in tied.described} == {
        "TEES BLK M": " the order. Tee. barcode 77",
        "TEES-BLK-M": " the order. Name of TEES-BLK-M. no barcode",
    }
