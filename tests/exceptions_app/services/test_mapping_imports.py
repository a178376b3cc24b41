import threading

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from exceptions_app import errors
from exceptions_app.choices import MappingKind
from exceptions_app.models import AuditEntry, Mapping, MappingImport, Rma
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import mapping_coverage
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.services import fixes, mapping_files, mapping_imports, setup
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db

NOW = factories.NOW


@pytest.fixture
def bridge():
    bridge = factories.BridgeFactory()
    for sku in ("TEE-BLK-M", "TEE-BLK-S"):
        factories.ItemFactory(connection=bridge.erp, sku=sku)
    return bridge


def check(bridge, text, *, kind="sku_alias", reason="New season"):
    return mapping_imports.check(
        bridge=bridge,
        kind=kind,
        file_name="aliases.csv",
        content=text.encode(),
        reason=reason,
        actor=make_user("ada"),
        now=NOW,
    )


def apply(found):
    return mapping_imports.apply(import_id=found.pk, actor=make_user("ada"), now=NOW)


def alias(bridge, value, sku, **values):
    return factories.MappingFactory(
        bridge=bridge, kind="sku_alias", source_value=value, target={"sku": sku}, **values
    )


def acts(found):
    return [(row["line"], row["act"]) for row in found.rows]


def state():
    return (
        list(Mapping.objects.order_by("pk").values_list("pk", "version", "status", "target")),
        list(Rma.objects.order_by("pk").values_list("pk", "plan_due_at")),
        AuditEntry.objects.count(),
    )


def test_each_row_is_added_changed_the_same_or_wrong(bridge):
    alias(bridge, "Old", "TEE-BLK-S")
    alias(bridge, "Kept", "TEE-BLK-M")
    before = state()

    found = check(
        bridge, "value,sku\nNew,TEE-BLK-M\nOLD,TEE-BLK-M\nkept,tee-blk-m\nBad,TEE-BLAK-M\n"
    )

    assert acts(found) == [(2, "add"), (3, "change"), (4, "same"), (5, "error")]
    assert found.rows[1]["before"] == {"sku": "TEE-BLK-S"}
    assert found.rows[2]["target"] == {"sku": "TEE-BLK-M"}
    assert "TEE-BLAK-M is not in the item master" in found.rows[3]["error"]
    assert "Closest: TEE-BLK-M" in found.rows[3]["error"]
    assert state() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("value,sku\nA,TEE-BLK-M\na ,TEE-BLK-S\n", "The same value stands in line 2"),
        ("value,sku\n,TEE-BLK-M\n", "The value is empty"),
        ("value,sku\nA,\n", "An empty SKU"),
        ("value,sku\nTEE-BLK-M,tee-blk-m\n", "cannot stand for itself"),
        (f"value,sku\n{'x' * 201},TEE-BLK-M\n", "at most 200 characters"),
    ],
)
def test_a_wrong_row_says_what_to_do(bridge, text, words):
    found = check(bridge, text)

    assert words in found.rows[-1]["error"]


def test_nothing_changes_while_one_row_is_wrong(bridge):
    found = check(bridge, "value,sku\nA,TEE-BLK-M\nB,NOPE\n")
    before = state()

    with pytest.raises(errors.InvalidChoice, match="Nothing was changed"):
        apply(found)

    found.refresh_from_db()
    assert found.status == "checked"
    assert state() == before


def test_a_file_is_one_act_with_a_version_per_changed_row(bridge):
    old = alias(bridge, "Old", "TEE-BLK-S")
    kept = alias(bridge, "Kept", "TEE-BLK-M")
    rma = factories.RmaFactory(bridge=bridge)
    factories.RmaLineFactory(rma=rma, sku="new")
    factories.CaseFactory(rma=rma, type="SKU_UNKNOWN")
    other = factories.RmaFactory(bridge=bridge)
    found = check(bridge, "value,sku,reason\nNew,TEE-BLK-M,Typo\nOld,TEE-BLK-M,\nKept,TEE-BLK-M,\n")

    apply(found)

    rows = Mapping.objects.exclude(pk__in=[old.pk, kept.pk]).order_by("source_key")
    assert [
        (row.source_value, row.target["sku"], row.version, row.status, row.reason, row.created_by)
        for row in rows
    ] == [
        ("New", "TEE-BLK-M", 1, "active", "Typo", "Ada"),
        ("Old", "TEE-BLK-M", 2, "active", "New season", "Ada"),
    ]
    old.refresh_from_db()
    assert (old.status, old.ended_at) == ("superseded", NOW)
    entry = AuditEntry.objects.get()
    assert entry.act == "mapping_import.apply"
    assert entry.text == (
        "SKU mappings of Alder UK from aliases.csv: 1 added, 1 changed, 1 as they were"
    )
    assert entry.after["sha256"] == found.file_hash
    rma.refresh_from_db()
    other.refresh_from_db()
    assert (rma.plan_due_at, other.plan_due_at) == (NOW, None)


def test_applying_twice_does_nothing_more(bridge):
    found = check(bridge, "value,sku\nA,TEE-BLK-M\n")
    apply(found)
    before = state()

    with pytest.raises(errors.FixAlreadyDecided, match="had been applied already"):
        apply(found)

    assert state() == before


def test_a_discarded_file_is_never_applied(bridge):
    found = check(bridge, "value,sku\nA,TEE-BLK-M\n")
    mapping_imports.discard(import_id=found.pk, actor=make_user("ada"), now=NOW)

    with pytest.raises(errors.FixAlreadyDecided, match="was discarded"):
        apply(found)

    assert not Mapping.objects.exists()


def test_a_mapping_changed_meanwhile_stops_the_file_and_is_shown(bridge):
    found = check(bridge, "value,sku\nA,TEE-BLK-M\nB,TEE-BLK-M\n")
    alias(bridge, "B", "TEE-BLK-S")
    before = state()

    with pytest.raises(errors.InvalidChoice, match="Line 3 is not as shown any more"):
        apply(found)

    assert state() == before
    found.refresh_from_db()
    assert acts(found) == [(2, "add"), (3, "change")]
    assert found.rows[1]["before"] == {"sku": "TEE-BLK-S"}
    assert apply(found).status == "applied"


def test_an_item_gone_meanwhile_stops_the_file(bridge):
    found = check(bridge, "value,sku\nA,TEE-BLK-M\n")
    bridge.erp.items.update(is_active=False)

    with pytest.raises(errors.InvalidChoice, match="not as shown any more"):
        apply(found)

    found.refresh_from_db()
    assert acts(found) == [(2, "error")]
    assert not Mapping.objects.exists()


def test_a_value_somebody_asked_to_change_waits_for_that_decision(bridge):
    fixes.request(
        kind="sku_alias",
        bridge=bridge,
        actor=make_user("mira"),
        now=NOW,
        payload={"sku": "TEE-BLK-S"},
        source_value="A",
        note="Typo",
    )

    found = check(bridge, "value,sku\na,TEE-BLK-M\n")

    assert "Mira has asked for a change" in found.rows[0]["error"]


@pytest.mark.parametrize("kind", ["vat", "fee"])
def test_no_file_brings_in_what_changes_money(bridge, kind):
    with pytest.raises(errors.FixNotAllowed, match="Someone of finance"):
        check(bridge, "value,treatment\nx,exempt\n", kind=kind)
    with pytest.raises(errors.FixNotAllowed, match="Someone of finance"):
        setup.map_directly(
            bridge=bridge,
            kind=kind,
            source_value="x",
            target={"treatment": "exempt", "component": "fee", "erp_code": "F"},
            actor=make_user("ada"),
            reason="because",
            now=NOW,
        )

    assert not MappingImport.objects.exists()
    assert not Mapping.objects.exists()


@pytest.mark.parametrize(
    ("kind", "text", "target"),
    [
        ("disposition", "value,bucket\nTorn,Damaged\n", {"bucket": "damaged"}),
        ("disposition", "value,bucket\nKept,no stock effect\n", {"bucket": "none"}),
        ("reason", "value,code\nToo small,SIZE\n", {"code": "SIZE"}),
        (
            "location",
            "value,division,warehouse\nLeeds DC,10,WH1\n",
            {"division": "10", "warehouse": "WH1"},
        ),
        ("status", "value,axis\nOnHold,Requested\n", {"axis": "requested"}),
    ],
)
def test_every_other_kind_comes_in_as_a_file(bridge, kind, text, target):
    factories.ErpLocationFactory(connection=bridge.erp)

    apply(check(bridge, text, kind=kind))

    row = Mapping.objects.get()
    assert (row.kind, row.target) == (kind, target)


def test_the_export_of_what_is_in_force_changes_nothing_when_it_comes_back(bridge):
    alias(bridge, "=risky", "TEE-BLK-M", reason="-dash")
    alias(bridge, "00123", "TEE-BLK-S")
    rows = mappings_selector.exported(bridge=bridge, kind="sku_alias", is_history=False)
    content = mapping_files.written(
        heads=mapping_files.columns("sku_alias"),
        rows=[[row.source_value, row.target["sku"], "", "", row.reason] for row in rows],
        file_format="xlsx",
    )

    found = mapping_imports.check(
        bridge=bridge,
        kind="sku_alias",
        file_name="back.xlsx",
        content=content,
        reason="",
        actor=make_user("ada"),
        now=NOW,
    )

    assert [row["act"] for row in found.rows] == ["same", "same"]


def queries_of(act):
    with CaptureQueriesContext(connection) as caught:
        act()
    return len(caught)


def test_a_large_file_asks_the_database_no_more_than_a_small_one(bridge):
    small = "value,sku\n" + "".join(f"S{n},TEE-BLK-M\n" for n in range(10))
    large = "value,sku\n" + "".join(f"L{n},TEE-BLK-M\n" for n in range(2_000))
    check(bridge, "value,sku\nwarm,TEE-BLK-M\n")
    found = {}

    few = queries_of(lambda: found.update(small=check(bridge, small)))
    many = queries_of(lambda: found.update(large=check(bridge, large)))
    assert many == few
    few = queries_of(lambda: apply(found["small"]))
    many = queries_of(lambda: apply(found["large"]))
    # Two thousand versions are written a thousand at a time.
    assert many <= few + 1


@pytest.mark.django_db(transaction=True)
def test_two_who_apply_at_once_have_one_effect(bridge):
    found = check(bridge, "value,sku\nA,TEE-BLK-M\n")
    ada = make_user("ada")
    start = threading.Barrier(2)
    said = []

    def act():
        try:
            start.wait(10)
            mapping_imports.apply(import_id=found.pk, actor=ada, now=NOW)
            said.append("applied")
        except errors.FixAlreadyDecided:
            said.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=act) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said) == ["applied", "refused"]
    assert Mapping.objects.count() == 1
    assert AuditEntry.objects.count() == 1


HARD = "Zu  groß"
FOLDED = "ZU GROSS"


def holding(bridge, kind, text):
    """A return with an open exception that holds `text` where `kind` maps."""
    rma = factories.RmaFactory(bridge=bridge, status_raw=text if kind == "status" else "open")
    line = {
        "sku_alias": {"sku": text},
        "fee": {"fees": [{"kind": text, "amount": "1.00"}]},
    }.get(kind, {kind: text} if kind in ("disposition", "reason", "location") else {})
    factories.RmaLineFactory(rma=rma, **line)
    if kind == "vat":
        rma.sales_order = factories.SalesOrderFactory(connection=bridge.erp, vat_setting=text)
        rma.save()
    factories.CaseFactory(rma=rma, type="REASON_UNMAPPED")
    return rma


@pytest.mark.parametrize("kind", MappingKind.values)
def test_the_way_a_value_is_written_hides_no_return(bridge, kind):
    rma = holding(bridge, kind, HARD)
    holding(bridge, kind, "Zu klein")

    found = mappings_selector.touched_by(bridge=bridge, kind=kind, keys={normalise(FOLDED)})

    assert list(found) == [rma]


def test_a_location_set_by_hand_is_found_however_it_is_written(bridge):
    rma = holding(bridge, "reason", "x")
    factories.FixFactory(
        bridge=bridge,
        rma=rma,
        kind="set_location",
        status="applied",
        payload={"location": HARD},
        requested_by=make_user("ada"),
    )

    found = mappings_selector.touched_by(bridge=bridge, kind="location", keys={normalise(FOLDED)})

    assert list(found) == [rma]


def test_an_import_wakes_what_it_was_shown_to_heal_and_the_value_is_known(bridge):
    rma = holding(bridge, "reason", HARD)
    assert [row.value for row in mapping_coverage.unknowns(bridge=bridge, kind="reason")] == [HARD]

    found = check(bridge, f"value,code\n{FOLDED},TL\n", kind="reason")
    apply(found)

    assert found.effect["touched"] == 1
    rma.refresh_from_db()
    assert rma.plan_due_at == NOW
    assert mapping_coverage.unknowns(bridge=bridge, kind="reason") == []
    ((covered,),) = [
        [each for each in row.kinds if each.kind == "reason"]
        for row in mapping_coverage.coverage([bridge])
    ]
    assert (covered.seen, covered.known) == (1, 1)


def test_a_row_that_brings_what_was_refused_says_by_whom_and_so_does_the_trail(bridge):
    values = {"bridge": bridge, "status": "rejected", "requested_by": make_user("mira")}
    factories.FixFactory(
        **values,
        source_value="TEE BLACK",
        payload={"sku": "TEE-BLK-M"},
        decided_by=make_user("mona"),
        decision_note="Other size.",
    )
    factories.FixFactory(**values, source_value="TEE S", payload={"sku": "TEE-BLK-M"})

    found = check(bridge, "value,sku\ntee black,TEE-BLK-M\nTEE S,TEE-BLK-S\n")
    done = apply(found)

    assert [row.get("refused") for row in found.rows] == ["Mona refused this: Other size.", None]
    assert done.status == "applied"
    text = AuditEntry.objects.get(act="mapping_import.apply").text
    assert text.endswith("2 added, 0 changed, 0 as they were. 1 refused before: tee black")


def test_a_row_that_changes_nothing_overrides_nothing(bridge):
    alias(bridge, "TEE BLACK", "TEE-BLK-M")
    factories.FixFactory(
        bridge=bridge,
        status="rejected",
        source_value="TEE BLACK",
        payload={"sku": "TEE-BLK-M"},
        requested_by=make_user("mira"),
    )

    (row,) = check(bridge, "value,sku\nTEE BLACK,TEE-BLK-M\n").rows

    assert (row["act"], row.get("refused")) == ("same", None)
