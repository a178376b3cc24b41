"""The rooms' lists as files: what the filters find, all of it, no formula, rights as the page."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
import tablib
from django.utils import timezone

from exceptions_app.choices import Role
from exceptions_app.selectors import paging
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    client.force_login(make_user("boss", *Role.values))


@pytest.fixture
def bridge():
    return factories.BridgeFactory()


def exported(client, path):
    answer = client.get(path)
    assert answer["Content-Type"].startswith("text/csv")
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def workbook(client, path):
    return tablib.Dataset().load(client.get(path).content, format="xlsx").dict


def test_differences_are_the_causes_of_the_page_with_their_direction(client, boss, bridge):
    group = factories.CauseGroupFactory(
        bridge=bridge, type="REFUND_CM_MISMATCH", title='=HYPERLINK("x")'
    )
    for difference, currency in (("3.20", "GBP"), ("-2.00", "EUR")):
        factories.CaseFactory(
            group=group,
            bridge=bridge,
            team="finance",
            severity="high",
            currency=currency,
            facts={"difference": difference},
            value=abs(Decimal(difference)),
        )
    factories.CaseFactory(team="finance")

    rows = exported(client, f"/finance/export.csv?bridge={bridge.code}")

    figures = ("Exceptions", "Refunds are more by", "Credits are more by", "At risk", "Currency")
    assert [(row["Cause"], *(row[name] for name in figures)) for row in rows] == [
        ('\'=HYPERLINK("x")', "2", "0.00", "2.00", "2.00", "EUR"),
        ('\'=HYPERLINK("x")', "", "3.20", "0.00", "3.20", "GBP"),
        ("Total EUR", "", "0.00", "2.00", "2.00", "EUR"),
        ("Total GBP", "", "3.20", "0.00", "3.20", "GBP"),
    ]
    assert [row["Difference"] for row in rows[:2]] == [
        "the credit is €2.00 more",
        "the refund is £3.20 more",
    ]
    assert {row["Severity"] for row in rows[:2]} == {"High"}
    causes = [row for row in exported(client, "/finance/export.csv") if row["Severity"]]
    assert len({row["Cause"] for row in causes}) == 2


def test_money_of_a_workbook_is_numbers_with_a_total_per_currency(client, boss, bridge):
    group = factories.CauseGroupFactory(bridge=bridge)
    for value, currency in (("3.20", "GBP"), ("2.00", "EUR"), ("1.30", "GBP")):
        factories.CaseFactory(group=group, bridge=bridge, currency=currency, value=Decimal(value))

    causes = workbook(client, "/exceptions/export.xlsx")
    gaps = workbook(client, "/merchandising/export.xlsx")

    assert [(row["Value at risk"], row["Currency"], row["Exceptions"]) for row in causes] == [
        (2, "EUR", 3),
        (4.5, "GBP", None),
        (2, "EUR", None),
        (4.5, "GBP", None),
    ]
    assert [(row["At risk"], row["Currency"]) for row in gaps] == [
        (2, "EUR"),
        (4.5, "GBP"),
        (2, "EUR"),
        (4.5, "GBP"),
    ]


def test_every_run_and_every_credit_of_one_are_in_their_files(client, boss, bridge, monkeypatch):
    monkeypatch.setattr(paging, "FILE_SIZE", 2)
    runs = [factories.CreditRunFactory(bridge=bridge) for _ in range(5)]
    made = [
        factories.PostingFactory(
            rma=factories.RmaFactory(bridge=bridge), run=runs[0], number=f"CM-{number}"
        )
        for number in range(3)
    ]

    listed = exported(client, "/finance/runs/export.csv")
    credits_of = exported(client, f"/finance/runs/{runs[0].pk}/export.csv")

    assert [row["Run"] for row in listed] == [f"Credit run {run.pk}" for run in reversed(runs)]
    assert listed[-1]["Confirmed"] == "3"
    assert [row["Credit"] for row in credits_of] == [posting.key for posting in made]
    assert [row["ERP number"] for row in credits_of] == ["CM-0", "CM-1", "CM-2"]
    assert client.get(f"/finance/runs/{runs[-1].pk + 1}/export.csv").status_code == 404


def test_gaps_and_what_was_mapped_lately_follow_the_tab_and_the_bridge(client, boss, bridge):
    group = factories.CauseGroupFactory(bridge=bridge)
    factories.CaseFactory(group=group, bridge=bridge, facts={"candidates": "TEE-BLK-M"})
    factories.CaseFactory()
    mapping = factories.MappingFactory(
        bridge=bridge,
        kind="sku_alias",
        source_value="@tee",
        target={"sku": "TEE-BLK-M"},
        activated_at=timezone.now() - timedelta(days=1),
    )
    factories.FixFactory(
        bridge=bridge, mapping=mapping, status="applied", requested_by=make_user("mira")
    )

    gap, total = exported(client, f"/merchandising/export.csv?bridge={bridge.code}")
    (mapped,) = exported(client, "/merchandising/export.csv?view=recent")

    assert (gap["Gap"], gap["Suggestion"]) == (group.title, "TEE-BLK-M")
    assert (mapped["Value"], mapped["Now means"]) == ("'@tee", "TEE-BLK-M")
    assert exported(client, "/merchandising/export.csv?view=mapping") == []
    assert (total["Gap"], total["At risk"]) == ("Total GBP", gap["At risk"])
    assert len(exported(client, "/merchandising/export.csv")) == 3


def test_each_list_of_the_warehouse_has_its_own_columns(client, boss, bridge, monkeypatch):
    monkeypatch.setattr(paging, "FILE_SIZE", 1)
    now = timezone.now()
    factories.MappingFactory(
        bridge=bridge, kind="disposition", source_value="torn", target={"bucket": "quarantine"}
    )
    waiting = [
        factories.RmaFactory(
            bridge=bridge, inspection="not_inspected", received_at=now - timedelta(hours=hours)
        )
        for hours in (9, 5)
    ]
    for rma in waiting:
        factories.RmaLineFactory(rma=rma, inspection="not_inspected", disposition="", quantity=2)
    graded = factories.RmaFactory(bridge=bridge, received_at=now - timedelta(hours=4))
    factories.RmaLineFactory(
        rma=graded, sku="MUG", disposition="torn", disposition_at=now - timedelta(hours=2)
    )
    for status, slot in (("failed", "#1"), ("confirmed", "#2")):
        factories.PostingFactory(
            rma=graded,
            kind="stock_receipt",
            slot=f"stock_receipt:10/WH1{slot}",
            status=status,
            units=3,
            created_at=now - timedelta(hours=2),
            confirmed_at=now - timedelta(hours=1),
        )
    place = factories.CaseFactory(
        rma=graded,
        bridge=bridge,
        group__type="LOCATION_MISSING",
        team="warehouse",
        facts={"units": "2", "sku": "MUG"},
    )

    def rows(view):
        return exported(client, f"/warehouse/export.csv?view={view}&bridge={bridge.code}")

    assert [(row["Return"], row["Units"]) for row in rows("grade")] == [
        (str(rma), "2") for rma in waiting
    ]
    assert [(row["Cause"], row["Return"], row["Item"], row["Units"]) for row in rows("place")] == [
        (place.group.title, str(graded), "MUG", "2")
    ]
    assert [(row["Place"], row["Units"], row["Why"]) for row in rows("book")] == [
        ("10/WH1", "3", "The ERP refused it")
    ]
    (decide,) = rows("decide")
    assert (decide["SKU"], decide["Bucket"], decide["Grade"]) == ("MUG", "Quarantine", "torn")
    assert (decide["Decide in"], decide["Its id"]) == (bridge.source.name, graded.external_id)
    assert [(row["Place"], row["Half within"]) for row in rows("time")] == [
        ("10/WH1", "3 h"),
        ("", "3 h"),
    ]
    assert exported(client, "/warehouse/export.csv?view=nonsense") == rows("grade")
    assert exported(client, "/warehouse/export.csv?view=decide&bucket=saleable") == []
    workbook = client.get("/warehouse/export.xlsx?view=grade")
    assert f'"warehouse-to-grade-{timezone.localdate()}.xlsx"' in workbook["Content-Disposition"]
    arrived = tablib.Dataset().load(workbook.content, format="xlsx")["Arrived"][0]
    assert arrived == timezone.localtime(waiting[0].received_at).replace(
        second=0, microsecond=0, tzinfo=None
    )
    assert tablib.Dataset().load(workbook.content, format="xlsx").height == 2


@pytest.mark.parametrize("page", ["/finance/", "/finance/runs/", "/merchandising/", "/warehouse/"])
def test_each_page_leads_to_its_own_files_with_its_filters(client, boss, page):
    text = client.get(f"{page}?bridge=uk").text

    assert f'href="{page}export.csv' in text
    assert f'href="{page}export.xlsx' in text
    if page != "/finance/runs/":
        assert f'href="{page}export.csv?bridge=uk"' in text
