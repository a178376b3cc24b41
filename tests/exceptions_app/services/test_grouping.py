"""Merging and splitting causes: what moves, what stays, and that it can be taken back (R111)."""

import random
from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from exceptions_app import errors
from exceptions_app.choices import CASE_OPEN
from exceptions_app.models import AuditEntry, Case, CauseGroup, CauseRule
from exceptions_app.rules.facts import Finding
from exceptions_app.selectors import causes, counts
from exceptions_app.selectors import grouping as selector
from exceptions_app.services import cases, grouping, subjects
from tests.cast import make_user
from tests.factories import NOW, BridgeFactory, CaseFactory, CauseGroupFactory, RmaFactory

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)


def _find(rma, *skus, now=NOW, name="Tee"):
    """Open what finds these SKUs unknown on a return."""
    findings = [
        Finding(
            type="SKU_UNKNOWN",
            subject=f"line:{sku}",
            cause=sku.casefold(),
            facts={"sku": sku, "name": name},
            value=Decimal(20),
            value_formula="paid for the units",
        )
        for sku in skus
    ]
    return cases.sync(subject=subjects.of_rma(rma), findings=findings, now=now)


@pytest.fixture
def bridge():
    return BridgeFactory()


@pytest.fixture
def mira():
    return make_user("mira")


@pytest.fixture
def pair(bridge):
    """Two causes at one bridge: BLK on two returns, one of them with BLACK as well."""
    first, second = _unpaid(bridge), _unpaid(bridge)
    _find(first, "BLK", "BLACK")
    _find(second, "BLK")
    groups = {group.cause: group for group in CauseGroup.objects.all()}
    return groups["blk"], groups["black"]


def _unpaid(bridge):
    return RmaFactory(bridge=bridge, money="none")


def _merge(group, target, actor, now=LATER):
    return grouping.merge(
        group_id=group.pk, target_id=target.pk, reason="One feed", actor=actor, now=now
    )


def _picture():
    """Where every exception stands, and what the counts say of every cause."""
    places = dict(Case.objects.values_list("pk", "group"))
    rows = causes.counted(counts.Scope(LATER)).rows
    return places, {row.pk: (row.count, row.waiting, row.values) for row in rows}


def _true_counts():
    """As `_picture` counts them, from the exceptions themselves."""
    rows = Case.objects.filter(status__in=CASE_OPEN).values_list(
        "group", "rma", "value", "is_unpaid"
    )
    found = {}
    for group in {row[0] for row in rows}:
        own = [row for row in rows if row[0] == group]
        found[group] = (
            len(own),
            len({row[1] for row in own if row[3]}),
            sum(row[2] for row in own),
        )
    return found


def _counted():
    rows = causes.counted(counts.Scope(LATER)).rows
    return {row.pk: (row.count, row.waiting, row.values[0].amount) for row in rows}


@pytest.mark.lesson(8)
def test_a_merge_moves_what_its_preview_said_and_the_counts_follow(pair, mira):
    group, target = pair
    edge = selector.Edge(group.pk, target.pk)
    foreseen = selector.moved_by(group.pk, [edge])

    _, moved = _merge(group, target, mira)

    assert (foreseen.count, foreseen.closed, foreseen.returns) == (2, 0, 2)
    assert moved == 2
    # Two returns, three exceptions: the return that has both waits once.
    assert _counted() == _true_counts() == {target.pk: (3, 2, Decimal(60))}
    entry = AuditEntry.objects.get(act="cause.merge")
    assert entry.actor == "Mira"
    assert entry.text == f"{group} merged into {target}. 2 exceptions moved: One feed"


@pytest.mark.lesson(8)
def test_what_comes_later_with_a_merged_cause_stands_where_it_was_merged(pair, mira, bridge):
    group, target = pair
    _merge(group, target, mira)

    (case,) = _find(RmaFactory(bridge=bridge), "BLK", now=LATER)

    assert (case.group_id, case.own_group_id) == (target.pk, group.pk)
    assert _counted() == _true_counts()


def test_a_merge_that_is_taken_back_leaves_all_as_it_was(pair, mira):
    group, target = pair
    before = _picture()
    rule, _ = _merge(group, target, mira)

    moved = grouping.take_back(rule_id=rule.pk, reason="Two feeds", actor=mira, now=LATER)

    assert moved == 2
    assert _picture() == before
    assert not Case.objects.filter(own_group__isnull=False).exists()
    with pytest.raises(errors.CauseChanged):
        grouping.take_back(rule_id=rule.pk, reason="Again", actor=mira, now=LATER)
    assert AuditEntry.objects.filter(act="cause.merge.undo").count() == 1


@pytest.mark.lesson(8)
def test_a_split_takes_what_has_the_value_now_and_later(bridge, mira):
    returns = RmaFactory.create_batch(3, bridge=bridge)
    for rma, name in zip(returns, ["Tee", "Tee", "Mug"], strict=True):
        _find(rma, "BLK", name=name)
    group = CauseGroup.objects.get()
    before = _picture()

    rule, moved = grouping.split(
        group_id=group.pk, fact="name", value="Mug", reason="A mug", actor=mira, now=LATER
    )

    assert moved == 1
    assert rule.target.title == f"{group.title}, product name Mug"
    (later,) = _find(RmaFactory(bridge=bridge), "BLK", name="Mug", now=LATER)
    (other,) = _find(RmaFactory(bridge=bridge), "BLK", name="Tee", now=LATER)
    assert (later.group_id, other.group_id) == (rule.target_id, group.pk)
    # The same exception with another name: it stands with those now.
    (changed,) = _find(later.rma, "BLK", name="Tee", now=LATER)
    assert (changed.pk, changed.group_id, changed.own_group_id) == (later.pk, group.pk, None)
    Case.objects.filter(pk__in=[later.pk, other.pk]).delete()
    grouping.take_back(rule_id=rule.pk, reason="No mug", actor=mira, now=LATER)
    assert _picture() == before


@pytest.mark.parametrize(
    ("who", "reason", "error"),
    [
        pytest.param("aud", "One feed", errors.FixNotAllowed, id="an-auditor"),
        pytest.param("mira", " ", errors.InvalidChoice, id="without-a-reason"),
    ],
)
def test_a_merge_is_refused_and_nothing_moves(pair, who, reason, error):
    group, target = pair
    before = _picture()

    with pytest.raises(error):
        grouping.merge(
            group_id=group.pk,
            target_id=target.pk,
            reason=reason,
            actor=make_user(who),
            now=LATER,
        )

    assert _picture() == before
    assert not CauseRule.objects.exists()
    assert not AuditEntry.objects.filter(act__startswith="cause.").exists()


def test_causes_of_another_type_or_bridge_are_not_merged(pair, mira, bridge):
    group, _ = pair
    for other in (
        CauseGroupFactory(),
        CauseGroupFactory(bridge=bridge, type="LOCATION_MISSING"),
    ):
        with pytest.raises(errors.InvalidChoice):
            _merge(group, other, mira)
    assert not CauseRule.objects.exists()


def test_a_part_is_not_merged_back_nor_a_cause_merged_twice(pair, mira, bridge):
    group, target = pair
    _find(RmaFactory(bridge=bridge), "BLK", name="Mug")
    rule, _ = grouping.split(
        group_id=group.pk, fact="name", value="Mug", reason="A mug", actor=mira, now=LATER
    )
    with pytest.raises(errors.CauseChanged):
        _merge(rule.target, group, mira)
    _merge(group, target, mira)
    with pytest.raises(errors.CauseChanged):
        _merge(target, group, mira)
    assert CauseRule.objects.count() == 2


def test_what_was_opening_meanwhile_is_put_right_by_the_sweep(pair, mira):
    group, target = pair
    _merge(group, target, mira)
    stray = CaseFactory(group=group, rma=RmaFactory(bridge=group.bridge))

    assert grouping.settle_young(now=LATER) == 1

    stray.refresh_from_db()
    assert (stray.group_id, stray.own_group_id) == (target.pk, group.pk)
    assert grouping.settle_young(now=LATER) == 0
    assert _counted() == _true_counts()


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_merged_and_split_taking_it_back_is_as_if_it_never_was(bridge, mira, seed):
    chance = random.Random(seed)
    for number in range(3):
        skus = ["A", "B", "C"][: 2 + number % 2]
        _find(_unpaid(bridge), *skus, name=("Tee", "Mug")[number % 2])
    before, made = _picture(), []

    for _ in range(7):
        made += _random_act(chance, mira)
        assert _counted() == _true_counts()
        if made and chance.random() < 0.25:
            _undo(made.pop(chance.randrange(len(made))), mira)
            assert _counted() == _true_counts()
    chance.shuffle(made)
    for rule in made:
        _undo(rule, mira)

    assert CauseRule.objects.count() >= 2
    assert _picture() == before
    assert not Case.objects.filter(own_group__isnull=False).exists()


def _random_act(chance, actor):
    """One merge or split among what there is; nothing where it was refused."""
    groups = list(CauseGroup.objects.order_by("pk"))
    group, target = chance.choice(groups), chance.choice(groups)
    try:
        if chance.random() < 0.5:
            return [_merge(group, target, actor)[0]]
        made = grouping.split(
            group_id=group.pk,
            fact="name",
            value=chance.choice(["Tee", "Mug"]),
            reason="So",
            actor=actor,
            now=LATER,
        )
    except (errors.CauseChanged, errors.InvalidChoice):
        return []
    return [made[0]]


def _undo(rule, actor):
    grouping.take_back(rule_id=rule.pk, reason="Back", actor=actor, now=LATER)


def test_the_page_of_a_cause_previews_and_does_it_without_scripts(client, pair, mira):
    group, target = pair
    client.force_login(mira)
    about = reverse("cause-about", args=[group.pk])

    page = client.get(about).content.decode()
    assert "All are of one type, unknown SKU, at" in page
    assert "with the same SKU BLK." in page
    asked = client.get(
        reverse("cause-preview", args=[group.pk]), {"choice": f"merge:{target.pk}"}
    ).content.decode()
    assert "2 open exceptions" in asked
    assert not CauseRule.objects.exists()
    act = reverse("cause-regroup", args=[group.pk])
    assert client.post(act, {"choice": f"merge:{target.pk}"}).status_code == 422
    assert not CauseRule.objects.exists()
    done = client.post(act, {"choice": f"merge:{target.pk}", "reason": "One feed"}, follow=True)

    page = done.content.decode()
    assert "2 exceptions moved here" in page
    assert "merged by Mira, One feed" in page
    # The old address of the cause leads to where its exceptions stand.
    rows = client.get(reverse("case-list"), {"view": "list", "group": group.pk})
    assert rows.context["totals"].count == 3
    assert Counter(case.group_id for case in rows.context["page"].rows) == {target.pk: 3}
    rule = CauseRule.objects.get()
    undo = {"choice": f"undo:{rule.pk}", "reason": "Two feeds"}
    client.post(reverse("cause-regroup", args=[target.pk]), undo)
    assert Case.objects.filter(group=group).count() == 2


def test_an_auditor_reads_a_cause_and_cannot_group_it(client, pair):
    group, target = pair
    client.force_login(make_user("aud"))

    assert (
        "Show what moves"
        not in client.get(reverse("cause-about", args=[group.pk])).content.decode()
    )
    act = {"choice": f"merge:{target.pk}", "reason": "One feed"}
    assert client.post(reverse("cause-regroup", args=[group.pk]), act).status_code == 403
    assert not CauseRule.objects.exists()
