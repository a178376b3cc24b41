"""Where a form plans the first returns only, all of them are planned in the background."""

from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from exceptions_app.models import Bulk, Case, Fix
from exceptions_app.selectors import bulk as bulk_selector
from exceptions_app.services import (
    bulk_drafts,
    bulk_running,
    doubts,
    fix_edits,
    fixes,
    previews,
    whole_previews,
)
from tests.cast import make_user
from tests.world import make_unit, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monkeypatch):
    """Three open returns of one typo."""
    monkeypatch.setattr(previews, "PLANNED_CAP", 1)
    world = make_world()
    for number in range(3):
        world.add_order(f"SO-{number}")
        unit = make_unit(f"500{number}-1", sku="TEE-BLAK-M")
        world.add_return(f"500{number}", order_name=f"SO-{number}", items=[unit])
    world.carry()
    return world


def effect(world, sku="TEE-BLK-M"):
    return previews.effect(rma=None, **change(world, sku), now=world.clock.now)


def change(world, sku="TEE-BLK-M"):
    return {
        "bridge": world.bridge,
        "kind": "sku_alias",
        "source_value": "TEE-BLAK-M",
        "payload": {"sku": sku},
    }


def begun(world, sku="TEE-BLK-M", who="mira"):
    return whole_previews.begin(**change(world, sku), actor=make_user(who), now=world.clock.now)


def ask(world, sku="TEE-BLK-M"):
    case = Case.objects.filter(type="SKU_UNKNOWN").order_by("pk").first()
    given = change(world, sku)
    return fixes.request(
        **given, actor=make_user("mira"), now=world.clock.now, case=case, note="Typo"
    )


def plan_all(world, now=None):
    while bulk_running.run_next(now=now or world.clock.now):
        pass


def figures(stored):
    names = ("planned", "touched", "healed_returns", "healed_cases")
    counts = tuple(stored[name] for name in names)
    return (*counts, Decimal(stored["freed"]), stored["newly_broken"])


def test_the_figures_of_all_are_those_the_form_would_show_if_it_planned_them_all(
    world, monkeypatch
):
    first = effect(world)
    assert (first.healed_returns, first.touched, first.is_partial) == (1, 3, True)

    bulk = begun(world)
    assert whole_previews.exact(first, bulk) == first
    plan_all(world)
    bulk.refresh_from_db()
    exact = whole_previews.exact(first, bulk)

    monkeypatch.setattr(previews, "PLANNED_CAP", 50)
    whole = effect(world)
    names = ("healed_cases", "healed_returns", "freed", "still_blocked", "newly_broken", "is_idle")
    assert [getattr(exact, name) for name in names] == [getattr(whole, name) for name in names]
    assert (exact.planned, exact.is_partial, exact.freed) == (3, False, Decimal(60))


def test_the_same_question_is_planned_once_and_another_answer_stops_it(world):
    first = begun(world)

    assert begun(world) == first
    other = begun(world, "TEE-BLK-L")

    first.refresh_from_db()
    assert (first.state, other.state) == ("stopped", "running")
    assert begun(world, who="mona").pk not in (first.pk, other.pk)
    assert bulk_selector.latest() == []


def test_a_request_is_told_the_figures_when_they_are_there(world):
    fix = ask(world)
    assert (fix.effect["healed_returns"], fix.effect["touched"], fix.effect["planned"]) == (1, 3, 0)

    plan_all(world)

    fix.refresh_from_db()
    assert figures(fix.effect) == (3, 3, 3, 3, Decimal(60), 0)
    assert Bulk.objects.count() == 1


def test_a_request_after_the_preview_has_them_at_once(world):
    begun(world)
    plan_all(world)

    fix = ask(world)

    assert figures(fix.effect) == (3, 3, 3, 3, Decimal(60), 0)
    assert Bulk.objects.get().given["fix"] == fix.pk


def test_an_edit_asks_anew_and_figures_of_what_was_asked_before_are_not_told(world):
    fix = ask(world)

    fix_edits.edit(
        fix_id=fix.pk,
        seen_hash=fix.payload_hash,
        payload={"sku": "TEE-BLK-L"},
        actor=make_user("mona"),
        now=world.clock.now,
        why="It was the large one",
    )
    plan_all(world)

    fix = Fix.objects.get()
    assert (fix.effect["planned"], fix.effect["healed_returns"]) == (3, 0)
    assert Bulk.objects.count() == 2


def test_what_breaks_beyond_the_first_is_told_to_whoever_approves(world, monkeypatch):
    fix = ask(world)
    assert doubts.all_of_request(fix) == ()
    first = whole_previews.hindsight.tried
    broken = iter((False, True, False))

    def breaking(**asked):
        found = first(**asked)
        return whole_previews.replace(found, breaks=next(broken))

    monkeypatch.setattr(whole_previews.hindsight, "tried", breaking)
    plan_all(world)

    fix.refresh_from_db()
    assert fix.effect["newly_broken"] == 1
    assert "newly breaks 1 return" in doubts.all_of_request(fix)[0]


def test_the_form_shows_progress_and_then_the_figures_of_all(world, client):
    client.force_login(make_user("mira"))
    case = Case.objects.filter(type="SKU_UNKNOWN").order_by("pk").first()
    answers = {"kind": "sku_alias", "choice": "other", "sku": "TEE-BLK-M", "note": "Typo"}
    address = reverse("fix-preview", args=[case.pk])

    before = client.post(address, answers).text
    plan_all(world, timezone.now())
    during = client.get(reverse("bulk", args=[Bulk.objects.get().pk])).text
    after = client.post(address, answers).text

    assert "All 3 returns are being planned" in before
    assert "The first 1 of 3 returns were planned" in before
    assert "All 3 returns were planned." in during
    assert "3 returns</dd>" in during
    assert "All 3 returns were planned." in after
    assert "being planned" not in after
    assert not Fix.objects.exists()


def test_the_page_of_a_request_says_so_until_it_knows(world, client):
    fix = ask(world)
    client.force_login(make_user("mona"))
    page = reverse("fix-detail", args=[fix.pk])

    before = client.get(page).text
    plan_all(world)
    after = client.get(page).text

    assert "All 3 returns are being planned" in before
    assert "All 3 returns were planned." in after
    assert "The first 1 of" not in after


def test_a_change_planned_whole_at_once_begins_nothing(world, monkeypatch):
    monkeypatch.setattr(previews, "PLANNED_CAP", 50)

    ask(world)

    assert not Bulk.objects.exists()


def test_a_value_that_no_return_holds_begins_nothing(world):
    given = {**change(world), "source_value": "NOBODY-SENT-IT"}

    found = whole_previews.begin(**given, actor=make_user("mira"), now=world.clock.now)

    assert found is None
    assert not Bulk.objects.exists()


def test_figures_that_do_not_speak_for_all_say_so(world, client, monkeypatch):
    monkeypatch.setattr(bulk_drafts, "MOST_TRIED", 2)
    fix = ask(world)
    plan_all(world)
    client.force_login(make_user("mona"))

    page = client.get(reverse("fix-detail", args=[fix.pk])).text

    fix.refresh_from_db()
    assert figures(fix.effect)[:3] == (2, 3, 2)
    assert "2 returns were planned, and not all it touches." in page
    assert "All 2 returns" not in page
