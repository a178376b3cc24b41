import threading
from datetime import timedelta

import pytest
from django.db import connection

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Fix, Mapping, MappingImport, Rma
from exceptions_app.services import fixes, mapping_imports, mapping_reversals, setup
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


def alias(bridge, value, sku, **values):
    return factories.MappingFactory(
        bridge=bridge, kind="sku_alias", source_value=value, target={"sku": sku}, **values
    )


def applied(bridge, *values, name="season.csv"):
    found = mapping_imports.check(
        bridge=bridge,
        kind="sku_alias",
        file_name=name,
        content=("value,sku\n" + "".join(f"{value},TEE-BLK-M\n" for value in values)).encode(),
        reason="New season",
        actor=make_user("ada"),
        now=NOW,
    )
    return mapping_imports.apply(import_id=found.pk, actor=make_user("ada"), now=NOW)


def take_back(found, **values):
    given = {
        "import_id": found.pk,
        "actor": make_user("ada"),
        "reason": "Wrong season",
        "now": NOW,
        "seen": mapping_reversals.of_file(found=found).stamp,
    }
    return mapping_reversals.take_back(**given | values)


def withdraw(bridge, value, **values):
    reversal = mapping_reversals.of_value(bridge=bridge, kind="sku_alias", value=value)
    given = {
        "bridge": bridge,
        "kind": "sku_alias",
        "source_value": value,
        "actor": make_user("ada"),
        "reason": "Wrong colour",
        "now": NOW,
        "seen": reversal.stamp,
    }
    return mapping_reversals.withdraw(**given | values)


def map_by_hand(bridge, value, sku):
    return setup.map_directly(
        bridge=bridge,
        kind="sku_alias",
        source_value=value,
        target={"sku": sku},
        actor=make_user("ada"),
        reason="Better",
        now=NOW,
    )


def waiting_return(bridge, sku):
    rma = factories.RmaFactory(bridge=bridge)
    factories.RmaLineFactory(rma=rma, sku=sku)
    factories.CaseFactory(rma=rma, type="SKU_UNKNOWN")
    return rma


def in_force():
    rows = Mapping.objects.filter(status="active").order_by("source_key")
    return [(row.source_value, row.version, row.target["sku"]) for row in rows]


def state():
    return (
        list(Mapping.objects.order_by("pk").values_list("pk", "version", "status", "ended_at")),
        list(MappingImport.objects.order_by("pk").values_list("pk", "status")),
        list(Rma.objects.order_by("pk").values_list("pk", "plan_due_at")),
        AuditEntry.objects.count(),
    )


def test_each_version_knows_its_file_or_what_was_shown_for_it(bridge):
    waiting_return(bridge, "B")
    found = applied(bridge, "A")
    by_hand = map_by_hand(bridge, "B", "TEE-BLK-S")

    assert Mapping.objects.get(source_value="A").file == found
    by_hand.refresh_from_db()
    assert by_hand.file is None
    assert (by_hand.effect["touched"], by_hand.effect["planned"]) == (1, 1)


def test_a_file_taken_back_leaves_what_was_before_it_in_one_act(bridge):
    alias(bridge, "Old", "TEE-BLK-S")
    new, old = waiting_return(bridge, "new"), waiting_return(bridge, "old")
    other = waiting_return(bridge, "other")
    found = applied(bridge, "New", "Old")
    Rma.objects.update(plan_due_at=None)
    entries = AuditEntry.objects.count()

    take_back(found)

    assert in_force() == [("Old", 1, "TEE-BLK-S")]
    assert Mapping.objects.get(source_value="Old", version=1).ended_at is None
    ended = Mapping.objects.filter(file=found).values_list("status", "ended_at")
    assert list(ended) == [("withdrawn", NOW)] * 2
    assert AuditEntry.objects.count() == entries + 1
    entry = AuditEntry.objects.latest("pk")
    assert (entry.act, entry.text) == (
        "mapping_import.take_back",
        "SKU mappings of Alder UK from season.csv taken back: 1 as before, 1 mapped no more, "
        "0 left. Wrong season",
    )
    found.refresh_from_db()
    assert found.status == "reverted"
    due = dict(Rma.objects.values_list("pk", "plan_due_at"))
    assert (due[new.pk], due[old.pk], due[other.pk]) == (NOW, NOW, None)


def test_what_changed_since_is_left_and_named(bridge):
    found = applied(bridge, "A", "B", "C", "D")
    map_by_hand(bridge, "B", "TEE-BLK-S")
    withdraw(bridge, "C")
    fixes.request(
        kind="sku_alias",
        bridge=bridge,
        actor=make_user("mira"),
        now=NOW,
        payload={"sku": "TEE-BLK-S"},
        source_value="D",
        note="Typo",
    )

    done, reversal = take_back(found)

    assert done.status == "reverted"
    assert [row.source_value for row, _ in reversal.going] == ["A"]
    assert [(each.row.source_value, each.why) for each in reversal.left] == [
        ("B", "Changed since"),
        ("C", "Taken back before"),
        ("D", "Mira has asked for a change"),
    ]
    assert in_force() == [("B", 2, "TEE-BLK-S"), ("D", 1, "TEE-BLK-M")]


def test_a_file_taken_back_never_comes_back_behind_a_later_version(bridge):
    alias(bridge, "A", "TEE-BLK-S")
    found = applied(bridge, "A", "B")
    map_by_hand(bridge, "A", "TEE-BLK-S")
    take_back(found)

    withdraw(bridge, "A")

    assert in_force() == [("A", 1, "TEE-BLK-S")]


def test_the_later_of_two_files_goes_back_to_the_earlier(bridge):
    first = applied(bridge, "A", name="first.csv")
    Mapping.objects.filter(source_value="A").update(target={"sku": "TEE-BLK-S"})
    second = applied(bridge, "A", name="second.csv")

    assert not mapping_reversals.of_file(found=first).going
    with pytest.raises(errors.InvalidChoice, match="nothing of the file is in force"):
        take_back(first)
    take_back(second)

    assert in_force() == [("A", 1, "TEE-BLK-S")]
    take_back(first)
    assert in_force() == []


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"reason": " "}, errors.InvalidChoice),
        ({"seen": ""}, errors.MappingChanged),
        ({"seen": "x" * 64}, errors.MappingChanged),
    ],
)
def test_nothing_is_taken_back_without_a_reason_or_unseen(bridge, given, error):
    found = applied(bridge, "A")
    before = state()

    with pytest.raises(error):
        take_back(found, **given)
    with pytest.raises(error):
        withdraw(bridge, "A", **given)

    assert state() == before


def test_a_change_after_the_look_stops_the_whole(bridge):
    found = applied(bridge, "A", "B")
    seen = mapping_reversals.of_file(found=found).stamp
    map_by_hand(bridge, "B", "TEE-BLK-S")
    before = state()

    with pytest.raises(errors.MappingChanged, match="Nothing was changed"):
        take_back(found, seen=seen)

    assert state() == before


def test_a_file_is_taken_back_once_and_only_when_applied(bridge):
    found = applied(bridge, "A")
    take_back(found)
    before = state()
    with pytest.raises(errors.FixAlreadyDecided, match=r"season\.csv is taken back"):
        take_back(found)
    with pytest.raises(errors.FixAlreadyDecided, match="was taken back"):
        mapping_imports.apply(import_id=found.pk, actor=make_user("ada"), now=NOW)
    with pytest.raises(errors.FixAlreadyDecided, match="was taken back"):
        mapping_imports.discard(import_id=found.pk, actor=make_user("ada"), now=NOW)

    assert state() == before


def test_a_value_somebody_asked_to_change_is_not_withdrawn(bridge):
    alias(bridge, "A", "TEE-BLK-S")
    fixes.request(
        kind="sku_alias",
        bridge=bridge,
        actor=make_user("mira"),
        now=NOW,
        payload={"sku": "TEE-BLK-M"},
        source_value="A",
        note="Typo",
    )
    before = state()

    with pytest.raises(errors.FixAlreadyDecided, match="Mira has asked for a change"):
        withdraw(bridge, "a")

    assert state() == before


def test_the_effect_of_taking_back_is_what_waits_again(bridge):
    factories.MappingFactory(
        bridge=bridge, kind="status", source_value="Validated", target={"axis": "authorised"}
    )
    waiting_return(bridge, "A")
    found = applied(bridge, "A")
    reversal = mapping_reversals.of_file(found=found)

    effect = mapping_reversals.effect_of(
        bridge=bridge, kind="sku_alias", reversal=reversal, now=NOW
    )

    assert effect is not None
    assert (effect.touched, effect.newly_broken, effect.healed_returns) == (1, 1, 0)
    assert "SKU_UNKNOWN" in effect.rows[0].after


@pytest.mark.django_db(transaction=True)
def test_two_who_take_back_at_once_have_one_effect(bridge):
    alias(bridge, "A", "TEE-BLK-S")
    found = applied(bridge, "A")
    seen = mapping_reversals.of_file(found=found).stamp
    ada = make_user("ada")
    start = threading.Barrier(2)
    said = []

    def act():
        try:
            start.wait(10)
            take_back(found, seen=seen, actor=ada)
            said.append("taken back")
        except errors.FixAlreadyDecided:
            said.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=act) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said) == ["refused", "taken back"]
    assert in_force() == [("A", 1, "TEE-BLK-S")]
    assert AuditEntry.objects.filter(act="mapping_import.take_back").count() == 1


def vat(bridge, version=1, **values):
    return factories.MappingFactory(
        bridge=bridge,
        kind="vat",
        source_value="EU-B2C",
        version=version,
        **{"target": {"treatment": "included"}, "activated_at": NOW, **values},
    )


def ask_for_end(bridge, **changes):
    reversal = mapping_reversals.of_value(bridge=bridge, kind="vat", value="EU-B2C")
    values = {
        "bridge": bridge,
        "kind": "vat",
        "source_value": "EU-B2C",
        "actor": make_user("finn"),
        "reason": "Sold nowhere now",
        "now": NOW,
        "seen": reversal.stamp,
        **changes,
    }
    return mapping_reversals.ask_to_withdraw(**values)


def vats():
    rows = Mapping.objects.filter(kind="vat").order_by("version")
    return [(row.version, row.status, row.target) for row in rows]


def test_a_vat_setting_ends_once_another_of_finance_agrees_and_can_be_taken_back():
    bridge = factories.BridgeFactory()
    vat(bridge)

    fix = ask_for_end(bridge)
    asked = vats()
    later = NOW + timedelta(seconds=5)
    fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user("fiona"), now=later)
    ended = vats()
    fixes.undo(fix_id=fix.pk, actor=make_user("fiona"), now=later)

    over = {"withdraw": "yes"}
    assert fix.level == "finance"
    assert asked == [(1, "active", {"treatment": "included"}), (2, "proposed", over)]
    assert ended == [(1, "withdrawn", {"treatment": "included"}), (2, "withdrawn", over)]
    assert vats() == [(1, "active", {"treatment": "included"}), (2, "withdrawn", over)]


def test_nobody_ends_a_vat_setting_alone():
    bridge = factories.BridgeFactory()
    vat(bridge)
    fix = ask_for_end(bridge)

    with pytest.raises(errors.FixNotAllowed):
        fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user("finn"), now=NOW)

    assert vats()[0][1] == "active"


def test_what_was_before_is_asked_for_again_where_there_was_one():
    bridge = factories.BridgeFactory()
    vat(bridge, status="superseded", target={"treatment": "exempt"})
    vat(bridge, version=2)

    fix = ask_for_end(bridge)

    assert fix.payload == {"treatment": "exempt"}


def test_a_later_version_that_ends_brings_nothing_back_that_had_ended():
    bridge = factories.BridgeFactory()
    vat(bridge)
    end = ask_for_end(bridge)
    later = NOW + timedelta(seconds=5)
    fixes.approve(fix_id=end.pk, seen_hash=end.payload_hash, actor=make_user("fiona"), now=later)
    fixes.release_due(now=NOW + timedelta(days=1))
    again = vat(bridge, version=3)

    reversal = mapping_reversals.of_value(bridge=bridge, kind="vat", value="EU-B2C")

    assert reversal.going == ((again, None),)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"reason": " "}, errors.InvalidChoice),
        ({"seen": ""}, errors.MappingChanged),
        ({"source_value": "Other"}, errors.InvalidChoice),
        ({"actor": "mira"}, errors.FixNotAllowed),
    ],
)
def test_an_end_that_may_not_be_asked_for_changes_nothing(change, refusal):
    bridge = factories.BridgeFactory()
    vat(bridge)
    if "actor" in change:
        change = {"actor": make_user(change["actor"])}

    with pytest.raises(refusal):
        ask_for_end(bridge, **change)

    assert len(vats()) == 1
    assert not Fix.objects.exists()
    assert not AuditEntry.objects.exists()
