"""Mappings tried on returns of the past before an admin, or a file, puts them in force."""

from decimal import Decimal

import pytest

from exceptions_app import errors
from exceptions_app.models import Bulk, Case, Mapping, Posting
from exceptions_app.selectors import bulk as bulk_selector
from exceptions_app.services import bulk, bulk_freezing, bulk_running, mapping_imports
from tests.cast import make_user
from tests.world import add_mapping, make_unit, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    """A settled return by an alias in force, and an open one with two typos in it."""
    world = make_world()
    add_mapping(world, "sku_alias", "TEE-OLD", {"sku": "TEE-BLK-M"})
    for number, skus in enumerate((["TEE-OLD"], ["TEE-BLAK-M", "TEE-BLACK-M"])):
        world.add_order(f"SO-{number}")
        units = [make_unit(f"500{number}-{sku}", sku=sku) for sku in skus]
        refunded = Decimal(20 * len(units))
        world.add_return(f"500{number}", order_name=f"SO-{number}", items=units, refunded=refunded)
    world.carry()
    assert world.open_types() == ["SKU_UNKNOWN", "SKU_UNKNOWN"]
    return world


def checked(world, text):
    return mapping_imports.check(
        bridge=world.bridge,
        kind="sku_alias",
        file_name="season.csv",
        content=f"value,sku\n{text}".encode(),
        reason="Typos",
        actor=make_user("ada"),
        now=world.clock.now,
    )


def tried_file(world, found, days=30):
    ada, now = make_user("ada"), world.clock.now
    return run(world, bulk_freezing.freeze_file(found=found, days=days, actor=ada, now=now))


def tried_one(world, value, sku, who="ada", **values):
    given = {
        "bridge": world.bridge,
        "kind": "sku_alias",
        "source_value": value,
        "target": {"sku": sku},
        "reason": "Typo",
        "days": 30,
        "actor": make_user(who),
        "now": world.clock.now,
    }
    return run(world, bulk_freezing.freeze_mapping(**given | values))


def run(world, found):
    bulk.start(bulk_id=found.pk, given={}, actor=found.asked_by, now=world.clock.now)
    while bulk_running.run_next(now=world.clock.now):
        pass
    return found


def told(found):
    rows = bulk_selector.verdicts(found)
    return {row["verdict"]: (row["number"], row["sums"][0].amount) for row in rows}


def kept():
    return (
        list(Mapping.objects.order_by("pk").values()),
        list(Case.objects.order_by("pk").values()),
        list(Posting.objects.order_by("pk").values()),
    )


def test_all_rows_of_a_file_are_tried_together_and_nothing_is_changed(world):
    found = checked(world, "TEE-BLAK-M,TEE-BLK-M\nTEE-BLACK-M,TEE-BLK-M\n")
    before = kept()

    one, file = tried_one(world, "TEE-BLAK-M", "TEE-BLK-M"), tried_file(world, found)

    assert told(one) == {"otherwise": (1, Decimal(40))}
    assert told(file) == {"healed": (1, Decimal(40))}
    assert kept() == before
    assert one.words.startswith("Map the SKU TEE-BLAK-M to TEE-BLK-M; returns of the last 30 days")
    assert file.words.startswith("2 SKU mappings of season.csv; returns of the last 30 days")


def test_a_settled_return_of_those_days_is_among_them_and_told_as_it_would_be(world):
    old = {"TEE-OLD": "TEE-BLK-L"}
    found = checked(world, "".join(f"{value},{sku}\n" for value, sku in old.items()))

    (by_file,) = told(tried_file(world, found))
    (by_hand,) = told(tried_one(world, "TEE-OLD", "TEE-BLK-L"))

    assert (by_file, by_hand) == ("broken", "broken")
    world.clock.advance(days=60)
    with pytest.raises(errors.InvalidChoice, match="nothing to act on"):
        tried_one(world, "TEE-OLD", "TEE-BLK-L")


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"days": 7}, errors.InvalidChoice, "one of the times offered"),
        ({"target": {"sku": "NO-SUCH"}}, errors.InvalidChoice, "NO-SUCH"),
        ({"who": "aud"}, errors.FixNotAllowed, "Your role may not"),
    ],
)
def test_a_mapping_that_cannot_be_tried_is_refused(world, change, error, text):
    with pytest.raises(error, match=text):
        tried_one(world, "TEE-BLAK-M", "TEE-BLK-M", **change)

    assert not Bulk.objects.exists()


def test_a_file_is_tried_while_it_waits_and_only_what_it_changes(world):
    same = checked(world, "TEE-OLD,TEE-BLK-M\n")
    applied = checked(world, "TEE-BLAK-M,TEE-BLK-M\n")
    mapping_imports.apply(import_id=applied.pk, actor=make_user("ada"), now=world.clock.now)
    applied.refresh_from_db()

    with pytest.raises(errors.InvalidChoice, match="nothing to act on"):
        tried_file(world, same)
    with pytest.raises(errors.FixAlreadyDecided, match="is applied"):
        tried_file(world, applied)

    assert not Bulk.objects.exists()
