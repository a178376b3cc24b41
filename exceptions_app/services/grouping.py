"""What people change about grouping: merge, split, and take either back (decision 0021).

Each act writes or ends one rule and puts every exception it concerns where the rules in force say,
the closed ones too. Severities stay: what rose because many shared a cause does not sink, and
nothing rises by being merged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import connection as database
from django.db import transaction
from django.db.models import Max, Min

from exceptions_app import errors, permissions
from exceptions_app.catalogue import together
from exceptions_app.choices import CASE_OPEN
from exceptions_app.models import Case, CauseGroup, CauseRule, Rma
from exceptions_app.models.cause_rules import CauseRuleKind
from exceptions_app.rules import grouping as rules
from exceptions_app.rules.grouping import Edge
from exceptions_app.selectors import grouping
from exceptions_app.services import audit

# An exception that was opening while a rule was made may still stand where it stood before.
_SETTLING = timedelta(minutes=15)


@transaction.atomic
def merge(
    *, group_id: int, target_id: int, reason: str, actor: User, now: datetime
) -> tuple[CauseRule, int]:
    """Let all that stands in a cause, now and later, stand in another; returns how many moved.

    Raises:
        FixNotAllowed: the person may not group causes.
        InvalidChoice: no reason, or the two are not alike.
        CauseChanged: one of them was merged meanwhile, or the other leads back here.
    """
    _allow(actor, reason)
    _one_at_a_time()
    group, target = _group(group_id), _group(target_id)
    edges = grouping.edges_like(group)
    check_merge(group, target, edges)
    return _make(
        CauseRule(kind=CauseRuleKind.MERGE, group=group, target=target),
        reason=reason,
        actor=actor,
        now=now,
    )


def check_merge(group: CauseGroup, target: CauseGroup, edges: Sequence[Edge]) -> None:
    """Whether one may be merged into the other; raises as `merge`."""
    if group.pk == target.pk or not grouping.is_alike(group, target):
        raise errors.InvalidChoice(
            "Choose another cause of the same type at the same bridge: one playbook solves both."
        )
    if any(edge.source in (group.pk, target.pk) and not edge.fact for edge in edges):
        raise errors.CauseChanged("One of them was merged meanwhile. Nothing was moved.")
    if rules.would_circle(Edge(group.pk, target.pk), edges):
        raise errors.CauseChanged(
            f"“{target}” was split from or merged into “{group}”. Take that back instead."
        )


@transaction.atomic
def split(
    *, group_id: int, fact: str, value: str, reason: str, actor: User, now: datetime
) -> tuple[CauseRule, int]:
    """Let what has this fact, now and later, stand apart; returns the rule and how many moved.

    Raises:
        FixNotAllowed: the person may not group causes.
        InvalidChoice: no reason, or nothing open has the value, or all of it has.
        CauseChanged: the cause was merged, or split so, meanwhile.
    """
    _allow(actor, reason)
    _one_at_a_time()
    group = _group(group_id)
    edges = grouping.edges_like(group)
    check_split(group, fact, value, edges)
    return _make(
        CauseRule(
            kind=CauseRuleKind.SPLIT,
            group=group,
            target=_part(group, fact, value, now),
            fact=fact,
            value=value,
        ),
        reason=reason,
        actor=actor,
        now=now,
    )


def check_split(group: CauseGroup, fact: str, value: str, edges: Sequence[Edge]) -> None:
    """Whether that may be split off; raises as `split`."""
    out = [edge for edge in edges if edge.source == group.pk]
    if any(not edge.fact or (edge.fact, edge.value) == (fact, value) for edge in out):
        raise errors.CauseChanged("It was merged, or split so, meanwhile. Nothing was moved.")
    if (fact, value) not in {row[:2] for row in grouping.possible_splits(group)}:
        raise errors.InvalidChoice(
            "Choose what some open exceptions of this cause have, and others have not."
        )


@transaction.atomic
def take_back(*, rule_id: int, reason: str, actor: User, now: datetime) -> int:
    """End a merge or split; all stands where it would without it. Returns how many moved.

    Raises:
        FixNotAllowed: the person may not group causes.
        InvalidChoice: no reason.
        CauseChanged: it was taken back already.
    """
    _allow(actor, reason)
    _one_at_a_time()
    rule = CauseRule.objects.select_related("group", "target").get(pk=rule_id)
    ended = CauseRule.objects.filter(pk=rule.pk, ended_at__isnull=True).update(
        ended_at=now, ended_by=actor, end_reason=reason.strip()[:300]
    )
    if ended != 1:
        raise errors.CauseChanged("That was taken back already.")
    moved = _settle(rule.group)
    audit.record(
        actor=actor,
        act=f"cause.{rule.kind}.undo",
        subject=rule.group,
        text=f"Taken back: {rule}. {_counted(moved)}: {reason.strip()}",
        now=now,
    )
    return moved


def settle_young(*, now: datetime) -> int:
    """Put right what was opening while a rule was made or ended; returns how many moved."""
    young = CauseRule.objects.filter(made_at__gt=now - _SETTLING)
    ended = CauseRule.objects.filter(ended_at__gt=now - _SETTLING)
    rows = young.union(ended).values_list("group", flat=True)
    return sum(_settled(group_id) for group_id in sorted(set(rows)))


@transaction.atomic
def _settled(group_id: int) -> int:
    _one_at_a_time()
    return _settle(_group(group_id))


def _make(rule: CauseRule, *, reason: str, actor: User, now: datetime) -> tuple[CauseRule, int]:
    rule.reason, rule.made_by, rule.made_at = reason.strip()[:300], actor, now
    rule.save()
    CauseGroup.objects.filter(pk=rule.group_id).update(has_rules=True)
    moved = _settle(rule.group)
    audit.record(
        actor=actor,
        act=f"cause.{rule.kind}",
        subject=rule.group,
        text=f"{rule}. {_counted(moved)}: {rule.reason}",
        now=now,
        after={"target": rule.target_id, "fact": rule.fact, "value": rule.value, "moved": moved},
    )
    return rule, moved


def _counted(moved: int) -> str:
    return f"{moved} exception{'' if moved == 1 else 's'} moved"


def _settle(group: CauseGroup) -> int:
    """Put all that the rules take through `group` where they say; returns how many moved.

    The open ones' returns are held first, as planning holds them: no exception of theirs opens or
    closes meanwhile, and the marks that the counts rest on are set one after another.
    """
    edges = grouping.edges_like(group)
    moves = list(grouping.moves(group.pk, edges))
    for move in moves:
        waiting = move.cases.filter(status__in=CASE_OPEN, rma__isnull=False)
        held = Rma.objects.filter(pk__in=waiting.values("rma")).order_by("pk")
        list(held.select_for_update(no_key=True).values_list("pk", flat=True))
    moved = 0
    for move in moves:
        rows = move.cases.order_by("pk").select_for_update(of=("self",))
        ids = list(rows.values_list("pk", flat=True))
        moved += Case.objects.filter(pk__in=ids).update(
            group=move.target, own_group=move.own if move.own != move.target else None
        )
    if moved:
        for group_id in {group.pk, *(move.target for move in moves)}:
            _told_anew(group_id)
    return moved


def _told_anew(group_id: int) -> None:
    """A cause was first and last seen when the first and the newest of its exceptions opened."""
    seen = Case.objects.filter(group=group_id).aggregate(Min("opened_at"), Max("opened_at"))
    if seen["opened_at__min"]:
        CauseGroup.objects.filter(pk=group_id).update(
            first_seen_at=seen["opened_at__min"], last_seen_at=seen["opened_at__max"]
        )


def _part(group: CauseGroup, fact: str, value: str, now: datetime) -> CauseGroup:
    """What is split off, the same cause again when it was split so before."""
    name = hashlib.sha256(f"{fact}\x1f{value}".encode()).hexdigest()[:16]
    part, _ = CauseGroup.objects.get_or_create(
        type=group.type,
        bridge=group.bridge,
        connection=group.connection,
        cause=f"part {group.pk} {name}",
        defaults={
            "title": f"{group.title}, {together.apart(fact, value, {})}"[:300],
            "first_seen_at": now,
            "last_seen_at": now,
        },
    )
    return part


def _allow(actor: User, reason: str) -> None:
    if not permissions.can(actor, "group_causes"):
        raise errors.FixNotAllowed("Only who works on exceptions can group them.")
    if not reason.strip():
        raise errors.InvalidChoice("Say why: it stands beside the cause from now on.")


def _one_at_a_time() -> None:
    """Two acts at once could each see the other's cause unmerged and make a circle."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('exceptions_app_causerule'))")


def _group(group_id: int) -> CauseGroup:
    return CauseGroup.objects.select_related("bridge", "connection").get(pk=group_id)
