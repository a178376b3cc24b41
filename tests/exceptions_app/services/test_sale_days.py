"""A SKU means what it meant when it was sold: aliases with days, in their own company (R036)."""

from datetime import UTC, datetime

import pytest

from exceptions_app import errors
from exceptions_app.models import Item, ItemMiss, Mapping, Rma
from exceptions_app.rules import checks, planning
from exceptions_app.rules.change_words import shown_target
from exceptions_app.rules.mapping import meant_at_sale
from exceptions_app.rules.resolving import resolve
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.services import mapping_imports, mappings, plan_reads, previews
from tests import factories
from tests.cast import make_user
from tests.factories import NOW

pytestmark = pytest.mark.django_db

MAY, JUNE = datetime(2026, 5, 3, 10, tzinfo=UTC), datetime(2026, 6, 2, 10, tzinfo=UTC)
CODE = "4006381333931"
UNTIL_MAY = {"sku": "TEE-4711", "valid_until": "2026-05-31"}


@pytest.fixture
def bridge():
    """TEE-BLK-M is item 5822 today; sold before June it was item 4711."""
    bridge = factories.BridgeFactory()
    for erp_id, sku in (("4711", "TEE-4711"), ("5822", "TEE-BLK-M")):
        factories.ItemFactory(connection=bridge.erp, erp_id=erp_id, sku=sku)
    factories.MappingFactory(
        bridge=bridge, kind="status", source_value="Approved", target={"axis": "authorised"}
    )
    return bridge


def alias(bridge, value="TEE-BLK-M", target=UNTIL_MAY, **values):
    return factories.MappingFactory(
        bridge=bridge, kind="sku_alias", source_value=value, target=target, **values
    )


def returned(bridge, sold_at=None, sold="TEE-4711", sku="TEE-BLK-M"):
    order = None
    if sold_at is not None:
        order = factories.SalesOrderFactory(connection=bridge.erp, ordered_at=sold_at)
        factories.SalesOrderLineFactory(order=order, sku=sold)
    rma = factories.RmaFactory(bridge=bridge, sales_order=order, status_raw="Approved")
    factories.RmaLineFactory(rma=rma, sku=sku)
    return Rma.objects.select_related("bridge__erp", "sales_order").get(pk=rma.pk)


def read(rma):
    return resolve(facts_selector.for_plan(rma, now=NOW))


def item_of(rma):
    item = read(rma).lines[0].item
    return item.erp_id if item else None


def test_a_sku_that_was_given_anew_is_the_item_that_was_sold(bridge):
    alias(bridge)

    assert item_of(returned(bridge, MAY)) == "4711"
    assert item_of(returned(bridge, JUNE, sold="TEE-BLK-M")) == "5822"


def test_the_day_of_sale_is_that_of_the_books(bridge):
    alias(bridge)
    bridge.timezone = "Europe/Paris"
    bridge.save()
    # An hour before midnight in London's winter time, and the first of June in Paris.
    late = datetime(2026, 5, 31, 22, 30, tzinfo=UTC)

    assert item_of(returned(bridge, late)) == "5822"


def test_without_an_order_the_sku_means_what_it_means_today_and_that_is_said(bridge):
    alias(bridge, target={"sku": "TEE-4711", "valid_from": "2026-05-01"})
    rma = returned(bridge)

    resolved = read(rma)

    assert resolved.lines[0].item.erp_id == "4711"
    told = dict(checks.passed(resolved, ()))["sale_day"]
    assert told.startswith("The day of sale is not known, so the SKU is read as of today: TEE-BLK")


def test_what_it_meant_is_kept_with_the_checks_of_each_document(bridge):
    alias(bridge)

    told = dict(checks.passed(read(returned(bridge, MAY)), ()))

    assert told["sale_day"] == (
        "Sold on 3 May 2026: TEE-BLK-M stands for TEE-4711 (until 31 May 2026)"
    )


def test_an_alias_without_days_answers_always_as_before(bridge):
    alias(bridge, target={"sku": "TEE-4711"})
    resolved = read(returned(bridge, JUNE))

    assert resolved.lines[0].item.erp_id == "4711"
    assert "sale_day" not in dict(checks.passed(resolved, ()))
    assert meant_at_sale(resolved.facts.mappings, "TEE-BLK-M") == ""


def test_an_alias_of_one_company_never_answers_in_another(bridge):
    other = factories.BridgeFactory(name="Alder EU", erp=bridge.erp)
    alias(other, target={"sku": "TEE-4711"})

    assert item_of(returned(bridge, MAY)) == "5822"
    assert item_of(returned(other, MAY)) == "4711"
    far = factories.BridgeFactory(name="Alder US")
    alias(far, target={"sku": "TEE-4711"})
    # The same code is an item of the other company's ERP alone.
    assert item_of(returned(far, MAY)) is None


def test_a_changed_variant_says_what_was_sold_when_and_what_the_sku_means_now(bridge):
    # The code that was sold is the barcode of another item today.
    Item.objects.filter(erp_id="5822").update(barcode=CODE, sku="TEE-5822", sku_key="tee-5822")
    rma = returned(bridge, MAY, sold=CODE, sku=CODE)
    alias(bridge, CODE, {"sku": "TEE-4711", "valid_from": "2026-06-01"})

    found = planning.plan(facts_selector.for_plan(rma, now=NOW)).findings

    (told,) = [each.facts for each in found if each.type == "VARIANT_CHANGED"]
    assert (told["sold_on"], told["expected"]) == ("2026-05-03", CODE)
    assert told["told"] == (
        "leads to item TEE-5822 today; then, by its alias, it stands for itself"
        " (for TEE-4711 from 1 Jun 2026)"
    )


def test_the_preview_of_an_alias_with_days_heals_only_what_was_sold_in_them(bridge):
    early = returned(bridge, MAY, sku="GONE")
    late = returned(bridge, JUNE, sku="GONE")
    for rma in (early, late):
        factories.CaseFactory(rma=rma, bridge=bridge, type="SKU_UNKNOWN", facts={"sku": "GONE"})

    effect = previews.effect(
        bridge=bridge,
        kind="sku_alias",
        source_value="GONE",
        payload=UNTIL_MAY,
        rma=None,
        now=NOW,
    )

    lost = {row.rma_id: "SKU_UNKNOWN" in row.after for row in effect.rows}
    assert lost == {early.pk: False, late.pk: True}


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"valid_from": "1 June"}, "1 June is no day. Write it as 2026-06-01"),
        ({"valid_until": "2026-06-31"}, "2026-06-31 is no day."),
        (
            {"valid_from": "2026-06-02", "valid_until": "2026-06-01"},
            "The first day of sale is after the last one.",
        ),
    ],
)
def test_days_that_cannot_be_are_refused_and_nothing_is_kept(bridge, target, words):
    with pytest.raises(errors.InvalidChoice, match=words):
        mappings.propose(
            bridge=bridge,
            kind="sku_alias",
            source_value="GONE",
            target={"sku": "TEE-4711", **target},
            actor=None,
            reason="",
            now=NOW,
        )

    assert not Mapping.objects.filter(kind="sku_alias").exists()


def test_days_are_said_wherever_a_target_is_shown():
    target = {"sku": "TEE", "valid_from": "2026-06-01", "valid_until": "2026-07-31"}

    assert shown_target("sku_alias", target) == "TEE, sold from 1 Jun 2026 until 31 Jul 2026"
    assert shown_target("sku_alias", {"sku": "TEE", "valid_from": ""}) == "TEE"
    assert shown_target("sku_alias", {"sku": "TEE", "valid_from": "soon"}) == "TEE, sold soon"


def test_both_meanings_of_a_sku_are_looked_for_in_the_erp(bridge):
    alias(bridge, "GONE", {"sku": "NOWHERE", "valid_from": "2026-06-01"})
    rma = returned(bridge, MAY, sku="GONE")

    assert set(plan_reads._missing_skus(rma, NOW)) == {"gone", "nowhere"}
    ItemMiss.objects.create(connection=bridge.erp, sku_key="gone", asked_at=NOW)
    assert set(plan_reads._missing_skus(rma, NOW)) == {"nowhere"}


def test_a_file_brings_days_and_tells_which_are_none(bridge):
    content = (
        b"value,sku,valid_from,valid_until\n"
        b"A,TEE-4711,,2026-05-31\nB,TEE-4711,,\nC,TEE-4711,then,\n"
    )

    found = mapping_imports.check(
        bridge=bridge,
        kind="sku_alias",
        content=content,
        file_name="a.csv",
        actor=make_user("ada"),
        reason="New codes",
        now=NOW,
    )

    by_value = {row["source_value"]: row for row in found.rows}
    assert by_value["A"]["target"] == UNTIL_MAY
    assert by_value["B"]["target"] == {"sku": "TEE-4711"}
    assert by_value["C"]["error"].startswith("then is no day.")
