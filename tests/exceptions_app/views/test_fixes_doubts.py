"""What the checks let through and nobody can check: told, ticked, and read by the approver."""

import pytest
from django.urls import reverse
from django.utils import timezone

from exceptions_app.forms.kinds import FORMS
from exceptions_app.models import Fix
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

IN_USE = [
    ("Arrived damaged", "DMG"),
    ("Faulty", "DMG"),
    ("Broken", "DMG"),
    ("Torn", "DMG"),
    ("Too small", "FIT"),
]


@pytest.fixture
def reason(client):
    """A return whose reason nobody mapped, on a bridge that uses the codes DMG and FIT."""
    rma = RmaFactory()
    for value, code in IN_USE:
        MappingFactory(bridge=rma.bridge, kind="reason", source_value=value, target={"code": code})
    MappingFactory(
        bridge=rma.bridge,
        kind="reason",
        source_value="Old",
        target={"code": "OLD"},
        status="superseded",
    )
    group = CauseGroupFactory(bridge=rma.bridge, type="REASON_UNMAPPED")
    client.force_login(make_user("wanda"))
    return CaseFactory(
        rma=rma,
        group=group,
        type="REASON_UNMAPPED",
        team="warehouse",
        facts={"source_value": "Moth holes"},
    )


def _ask(client, case, **answers):
    """Preview, then ask with the sign of that preview and the same answers."""
    shown = client.post(reverse("fix-preview", args=[case.pk]), answers)
    assert shown.status_code == 200, shown.text
    sent = next(each for each in shown.context["offers"] if each.preview).preview.digest
    asked = reverse("fix-request", args=[case.pk])
    return shown, client.post(asked, {**answers, "previewed": sent})


def test_the_form_offers_the_codes_in_use_with_what_each_stands_for(reason):
    form = FORMS["reason"](kind="reason", case=reason, now=timezone.now())

    assert form.described == [
        {"value": "DMG", "text": "Stands for Arrived damaged, Broken, Faulty and 1 more"},
        {"value": "FIT", "text": "Stands for Too small"},
    ]
    assert not form.initial.get("choice")


def test_without_codes_in_use_there_is_only_the_field_to_type_one():
    rma = RmaFactory()
    case = CaseFactory(rma=rma, group=CauseGroupFactory(bridge=rma.bridge), facts={})

    form = FORMS["reason"]({"code": ""}, kind="reason", case=case, now=timezone.now())

    assert list(form.fields) == ["previewed", "note", "code"]
    assert form.fields["code"].label == "The ERP's reason code"
    assert form.errors == {"code": ["Say which code it is."]}


def test_a_code_that_no_mapping_uses_is_asked_for_only_with_the_tick(client, reason):
    answers = {"kind": "reason", "choice": "other", "code": "NOSUCHCODE"}
    erp = reason.bridge.erp.name

    shown, refused = _ask(client, reason, **answers)

    doubt = f"No mapping uses NOSUCHCODE; we cannot check it in {erp}."
    assert doubt in shown.text
    assert refused.status_code == 422
    assert "Nothing was asked for. Tick the box below" in refused.text
    assert not Fix.objects.exists()
    _ask(client, reason, **answers, in_spite="1")
    fix = Fix.objects.get()
    assert fix.payload == {"code": "NOSUCHCODE"}
    assert doubt in client.get(reverse("fix-detail", args=[fix.pk])).text


def test_a_code_written_in_other_letters_leads_to_the_one_in_use(client, reason):
    _, refused = _ask(client, reason, kind="reason", choice="other", code="dmg")

    assert "DMG is in use; did you mean that?" in refused.text
    assert not Fix.objects.exists()


def test_a_code_in_use_needs_no_tick(client, reason):
    _, asked = _ask(client, reason, kind="reason", choice="DMG", code="")

    assert asked.status_code == 302
    assert Fix.objects.get().payload == {"code": "DMG"}


@pytest.fixture
def unknown(client):
    """A return of order SO-4020, which sold TEE-BLK-M; the ERP has LMP-OAK as well."""
    rma = RmaFactory()
    rma.sales_order = SalesOrderFactory(connection=rma.bridge.erp, number="SO-4020")
    rma.save(update_fields=["sales_order"])
    SalesOrderLineFactory(order=rma.sales_order, sku="E-77")
    ItemFactory(connection=rma.bridge.erp, sku="TEE-BLK-M", erp_id="E-77")
    ItemFactory(connection=rma.bridge.erp, sku="LMP-OAK", erp_id="E-78")
    group = CauseGroupFactory(bridge=rma.bridge, type="SKU_UNKNOWN")
    client.force_login(make_user("mira"))
    return CaseFactory(rma=rma, group=group, type="SKU_UNKNOWN", facts={"sku": "TEE-OLD"})


def test_an_item_that_the_order_never_sold_is_asked_for_only_with_the_tick(client, unknown):
    answers = {"kind": "sku_alias", "choice": "other", "sku": "LMP-OAK"}

    shown, refused = _ask(client, unknown, **answers)

    assert "LMP-OAK is not on order SO-4020." in shown.text
    assert refused.status_code == 422
    assert not Fix.objects.exists()
    _ask(client, unknown, **answers, in_spite="1")
    fix = Fix.objects.get()
    assert fix.payload == {"sku": "LMP-OAK"}
    assert (
        "LMP-OAK is not on order SO-4020." in client.get(reverse("fix-detail", args=[fix.pk])).text
    )


def test_an_item_that_the_order_names_by_its_key_needs_no_tick(client, unknown):
    _, asked = _ask(client, unknown, kind="sku_alias", choice="other", sku="TEE-BLK-M")

    assert asked.status_code == 302
    assert Fix.objects.get().payload == {"sku": "TEE-BLK-M"}


def test_an_item_of_another_colour_is_asked_for_and_approved_only_with_the_tick(client, unknown):
    RmaLineFactory(rma=unknown.rma, sku="TEE-OLD", sku_key="tee-old", name="T-shirt, navy, M")
    answers = {"kind": "sku_alias", "choice": "other", "sku": "TEE-BLK-M"}
    doubt = (
        "Attention: the return says navy, this item is black. On order SO-4020. Match: possible."
    )

    shown, refused = _ask(client, unknown, **answers)

    assert doubt in shown.text
    assert refused.status_code == 422
    assert not Fix.objects.exists()
    _ask(client, unknown, **answers, in_spite="1")
    fix = Fix.objects.get()
    client.force_login(make_user("mona", "merchandising"))
    assert doubt in client.get(reverse("fix-detail", args=[fix.pk])).text
    seen = {"payload_hash": fix.payload_hash}
    assert client.post(reverse("fix-approve", args=[fix.pk]), seen).status_code == 422
    asked = reverse("api-fix-approve", args=[fix.pk])
    told = client.post(asked, seen, content_type="application/json")
    assert (told.status_code, doubt in told.text) == (422, True)
    assert Fix.objects.get().status == "requested"
    client.post(asked, {**seen, "in_spite": True}, content_type="application/json")
    assert Fix.objects.get().status == "held"


def test_an_sku_that_came_back_as_two_colours_says_so_on_form_approval_and_mappings(
    client, unknown
):
    RmaLineFactory(rma=unknown.rma, sku="TEE-OLD", name="T-shirt, black, M", quantity=9)
    other = RmaFactory(bridge=unknown.bridge)
    RmaLineFactory(rma=other, sku="tee-old", name="T-shirt, oat, M")
    told = "This SKU came back as black (9) and as oat (1). One mapping cannot serve them all."

    shown, refused = _ask(client, unknown, kind="sku_alias", choice="other", sku="TEE-BLK-M")
    assert (refused.status_code, Fix.objects.count()) == (422, 0)
    digest = next(each for each in shown.context["offers"] if each.preview).preview.digest
    answers = {"kind": "sku_alias", "choice": "other", "sku": "TEE-BLK-M", "in_spite": "1"}
    client.post(reverse("fix-request", args=[unknown.pk]), {**answers, "previewed": digest})
    fix = Fix.objects.get()
    client.force_login(make_user("mona"))
    approval = client.get(reverse("fix-detail", args=[fix.pk]))
    about = [unknown.bridge_id, "sku_alias"]
    listed = client.get(reverse("admin:mapping-kind", args=about))
    form = client.get(reverse("admin:mapping-map", args=about), {"value": "TEE-OLD"})

    for page in (shown, refused, approval, listed, form):
        assert told in page.text
