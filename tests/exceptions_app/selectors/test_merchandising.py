"""Gaps by money with what is suggested, and what a mapping healed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from exceptions_app.models import MappingImport
from exceptions_app.selectors import merchandising
from exceptions_app.selectors.sums import Amount
from tests import factories
from tests.cast import make_user
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def gaps(types=merchandising.SKU_TYPES, **values):
    return merchandising.gaps(merchandising.open_gaps(types, now=NOW, **values)).rows


def test_the_gap_with_most_money_stands_first_with_its_returns_and_oldest():
    small = factories.CaseFactory(value=Decimal(5))
    group = factories.CauseGroupFactory()
    rma = factories.RmaFactory()
    first = factories.CaseFactory(group=group, rma=rma, opened_at=NOW - timedelta(days=3))
    factories.CaseFactory(group=group, rma=rma, value=Decimal(3))
    factories.CaseFactory(group=group, value=Decimal(2), currency="EUR")

    large, other = gaps()

    assert (large.group_id, large.case_id) == (group.pk, first.pk)
    assert (large.count, large.returns) == (3, 2)
    assert large.values == (Amount(Decimal(2), "EUR"), Amount(Decimal(23), "GBP"))
    assert large.oldest == NOW - timedelta(days=3)
    assert other.group_id == small.group_id


def test_a_suggestion_comes_with_what_it_rests_on():
    factories.CaseFactory(facts={"candidates": "TEE-BLK-M"})

    (row,) = gaps()

    assert row.suggestion == "TEE-BLK-M"
    assert row.why == "on the order, and no other line of the return claims it"


def test_a_suggestion_says_what_speaks_against_it():
    against = "the return says navy, this is black"
    factories.CaseFactory(facts={"candidates": "TEE-BLK-M", "against": against})

    (row,) = gaps()

    assert row.why == f"on the order, and no other line of the return claims it, but {against}"


def test_an_inactive_sku_is_not_suggested_to_itself():
    factories.CaseFactory(group__type="SKU_INACTIVE", facts={"candidates": "OLD-HAT"})

    (row,) = gaps()

    assert (row.suggestion, row.why) == ("", "")


def test_skus_and_mappings_are_told_apart_and_resolved_or_put_off_ones_left_out():
    factories.CaseFactory()
    factories.CaseFactory(group__type="REASON_UNMAPPED", team="warehouse")
    factories.CaseFactory(status="resolved", resolved_at=NOW)
    factories.CaseFactory(snoozed_until=NOW + timedelta(hours=1))

    assert [row.type for row in gaps()] == ["SKU_UNKNOWN"]
    assert [row.type for row in gaps(merchandising.MAPPING_TYPES)] == ["REASON_UNMAPPED"]
    assert not gaps(bridge="nobody")


def test_the_tally_counts_all_gaps():
    group = factories.CauseGroupFactory()
    factories.CaseFactory.create_batch(2, group=group, value=Decimal(4))
    factories.CaseFactory(value=Decimal(1), currency="EUR")

    kinds = {"sku": merchandising.SKU_TYPES, "mapping": merchandising.MAPPING_TYPES}
    with CaptureQueriesContext(database) as captured:
        found = merchandising.tallies(kinds, now=NOW)

    assert found == {
        "sku": merchandising.Tally(
            causes=2,
            count=3,
            returns=3,
            values=(Amount(Decimal(1), "EUR"), Amount(Decimal(8), "GBP")),
        ),
        "mapping": merchandising.Tally(causes=0, count=0, returns=0, values=()),
    }
    assert len(captured) == 1


def make_mapped(bridge, key, *, ago):
    mapping = factories.MappingFactory(
        bridge=bridge,
        kind="sku_alias",
        source_value=key.upper(),
        target={"sku": "TEE-BLK-M"},
        created_by="Mira",
        approved_by="Mona",
        activated_at=NOW - ago,
    )
    factories.FixFactory(
        bridge=bridge, mapping=mapping, status="applied", requested_by=make_user("mira")
    )
    return mapping


def test_what_a_mapping_healed_is_what_was_closed_by_proof_after_it():
    bridge = factories.BridgeFactory()
    mapping = make_mapped(bridge, "tee-blak-m", ago=timedelta(days=1))
    group = factories.CauseGroupFactory(bridge=bridge, cause="tee-blak-m")

    def close(**values):
        factories.CaseFactory(
            **{
                "group": group,
                "status": "resolved",
                "closure": "proof",
                "resolved_at": NOW,
                "value": Decimal(20),
                **values,
            }
        )

    close()
    close(value=Decimal(5))
    close(resolved_at=NOW - timedelta(days=2))
    close(closure="by_hand")
    close(group=factories.CauseGroupFactory(bridge=bridge, cause="another"))
    close(group=factories.CauseGroupFactory(bridge=bridge, cause="tee-blak-m", type="VAT_SETTING"))

    (row,) = merchandising.recently_mapped(now=NOW).rows

    assert (row.mapping, row.target, row.healed) == (mapping, "TEE-BLK-M", 2)
    assert row.values == (Amount(Decimal(25), "GBP"),)


def test_what_was_healed_is_added_up_by_the_database_and_currencies_stay_apart():
    bridge = factories.BridgeFactory()
    make_mapped(bridge, "tee-blak-m", ago=timedelta(days=1))
    make_mapped(bridge, "mug", ago=timedelta(days=1))
    for cause, currency in (("tee-blak-m", "GBP"), ("tee-blak-m", "EUR"), ("mug", "GBP")):
        group = factories.CauseGroupFactory._meta.model.objects.filter(cause=cause).first()
        for _ in range(3):
            case = factories.CaseFactory(
                group=group or factories.CauseGroupFactory(bridge=bridge, cause=cause),
                status="resolved",
                closure="proof",
                resolved_at=NOW,
                currency=currency,
                value=Decimal(2),
            )
            group = case.group

    with CaptureQueriesContext(database) as captured:
        mug, tee = merchandising.recently_mapped(now=NOW).rows

    assert (tee.healed, tee.values) == (6, (Amount(Decimal(6), "EUR"), Amount(Decimal(6), "GBP")))
    assert (mug.healed, mug.values) == (3, (Amount(Decimal(6), "GBP"),))
    (read,) = [each["sql"] for each in captured if 'FROM "exceptions_app_case"' in each["sql"]]
    assert read.count("GROUP BY") == 2


def test_mappings_of_a_preset_and_old_ones_are_not_news():
    bridge = factories.BridgeFactory()
    factories.MappingFactory(bridge=bridge, activated_at=NOW)
    make_mapped(bridge, "old", ago=timedelta(days=31))

    assert merchandising.recently_mapped(now=NOW).rows == ()


def test_what_an_admin_or_a_file_put_in_force_is_news_too_and_pages_follow():
    bridge = factories.BridgeFactory()
    values = {"bridge": bridge, "kind": "sku_alias", "target": {"sku": "TEE-BLK-M"}}
    ada = make_user("ada")
    file = MappingImport.objects.create(
        bridge=bridge,
        kind="sku_alias",
        status="applied",
        file_name="season.csv",
        uploaded_by=ada,
        uploaded_at=NOW,
    )
    for number in range(3):
        factories.MappingFactory(
            **values, source_value=f"file-{number}", activated_at=NOW, file=file
        )
    factories.MappingFactory(
        **values, source_value="direct", activated_at=NOW - timedelta(days=1), effect={"freed": "0"}
    )

    first = merchandising.recently_mapped(now=NOW, size=2)
    second = merchandising.recently_mapped(now=NOW, size=2, cursor=first.older)

    assert [row.mapping.source_value for row in first.rows] == ["file-2", "file-1"]
    assert [row.mapping.source_value for row in second.rows] == ["file-0", "direct"]
    assert first.rows[0].mapping.file.file_name == "season.csv"
    assert second.older == ""


def test_a_gap_says_who_has_it():
    group = factories.CauseGroupFactory()
    factories.CaseFactory(group=group, assignee=make_user("mira"), status="assigned")
    factories.CaseFactory(group=group)
    factories.CaseFactory(value=Decimal(1))

    shared, nobodys = gaps()

    assert (shared.owner, shared.assigned, shared.count) == ("Mira", 1, 2)
    assert (nobodys.owner, nobodys.assigned) == ("", 0)


def test_the_reads_cost_the_same_for_few_and_for_many():
    bridge = factories.BridgeFactory()
    rma = factories.RmaFactory(bridge=bridge)

    def cost():
        with CaptureQueriesContext(database) as captured:
            cases = merchandising.open_gaps(merchandising.SKU_TYPES, now=NOW)
            merchandising.tallies({"sku": merchandising.SKU_TYPES}, now=NOW)
            merchandising.gaps(cases)
            merchandising.recently_mapped(now=NOW)
        return len(captured)

    def add(count, mapped):
        groups = factories.CauseGroupFactory.create_batch(min(count, 60), bridge=bridge)
        factories.CaseFactory._meta.model.objects.bulk_create(
            factories.CaseFactory.build(rma=rma, bridge=bridge, group=groups[number % len(groups)])
            for number in range(count)
        )
        for number in range(mapped):
            make_mapped(bridge, f"{count}-{number}", ago=timedelta(hours=1))

    add(10, mapped=2)
    few = cost()
    add(1_000, mapped=10)

    assert cost() == few
