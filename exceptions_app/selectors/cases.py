"""The queue of exceptions and the page of one: reads shaped for the screens and the export."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Case as Choose
from django.db.models import Count, IntegerField, Q, QuerySet, Sum, When

from exceptions_app.choices import (
    CASE_OPEN,
    Closure,
    FixKind,
    FixStatus,
    Team,
)
from exceptions_app.models import AuditEntry, Bridge, Case, Fix, Posting, PostingAttempt
from exceptions_app.models.statements import Select
from exceptions_app.permissions import TEAM_OF_ROLE, approving_roles
from exceptions_app.rules import approval
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import counts, paging
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors.sums import Amount, per_currency

# One answer to "what is first", here, by cause, on Today and in finance: the gravest, and of
# these what is late or due next. Ids rise with time, so the oldest of equals stands first.
QUEUE_ORDER = ("-severity_rank", "due_at", "id")
ORDERS: dict[str, tuple[str, ...]] = {
    "": QUEUE_ORDER,
    "value": ("money_place", "currency", "value", "id"),
    "-value": ("money_place", "currency", "-value", "id"),
    "age": ("-opened_at", "id"),
    "-age": ("opened_at", "id"),
    "due": ("due_at", "id"),
    "-due": ("-due_at", "id"),
}
# Where a case keeps the value that a mapping of this kind would map.
_VALUE_FACT: dict[str, tuple[str, ...]] = {
    FixKind.SKU_ALIAS: ("sku",),
    FixKind.LOCATION: ("location",),
    FixKind.VAT: ("setting",),
    FixKind.FEE: ("source_value", "component", "sku"),
    FixKind.DISPOSITION: ("source_value",),
    FixKind.REASON: ("source_value",),
    FixKind.STATUS: ("source_value",),
}
_NAMES = 4
_STORY = 60
_SIBLINGS = 8


@dataclass(frozen=True, slots=True)
class Tab:
    """One view of the open queue; `key` is the team's code, "" for all, "me" for one's own."""

    key: str
    label: str
    count: int
    values: tuple[Amount, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """What the filtered list holds.

    `is_cut`: it was read no further than paging.COUNT_CAP + 1 rows, so the figures are the least
    it can be. `behind`: so many more wait behind another exception of their return, and are in no
    other figure.
    """

    count: int
    values: tuple[Amount, ...]
    is_cut: bool
    behind: int = 0

    @property
    def shown(self) -> str:
        return paging.shown(self.count) if self.is_cut else f"{self.count:,}"


def open_cases() -> QuerySet[Case]:
    return Case.objects.filter(status__in=CASE_OPEN)


def tabs(*, user_id: int, now: datetime) -> tuple[Tab, ...]:
    """What can be done now: all, per team, one's own; and what was put off: one query."""
    return board(user_id=user_id, scope=counts.Scope(now))[0]


def board(
    *, user_id: int, scope: counts.Scope
) -> tuple[tuple[Tab, ...], Totals, Mapping[str, int]]:
    """The tabs, what `scope` holds in exact figures, and how many of each type there are to do.

    One query of the counts that are kept.
    """
    rows = counts.in_sums(scope, user_id=user_id)
    off = [row for row in rows if row["is_off"]]
    here = [row for row in rows if not row["is_off"] and not row["is_behind"]]
    waiting = [row for row in rows if row["is_behind"] and not row["is_off"]]
    teams = [
        _tab(team.value, team.label, [row for row in here if row["team"] == team]) for team in Team
    ]
    own = [row for row in (here + waiting if scope.has_behind else here) if row["is_in"]]
    behind = 0 if scope.has_behind else sum(row["count"] for row in waiting if row["is_in"])
    types: Counter[str] = Counter()
    for row in here:
        types[row["type"]] += row["count"]
    return (
        (
            _tab("", "All to do", here),
            *teams,
            _tab("me", "Mine", [row for row in here if row["is_mine"]]),
            _tab("snoozed", "Snoozed", off),
        ),
        Totals(
            count=sum(row["count"] for row in own),
            values=_amounts(own),
            is_cut=False,
            behind=behind,
        ),
        types,
    )


def listed(cases: QuerySet[Case]) -> QuerySet[Case]:
    """`cases` with what a row of the queue shows."""
    return cases.select_related("rma", "bridge", "assignee", "group")


def in_order(cases: QuerySet[Case], asked: str) -> tuple[QuerySet[Case], tuple[str, ...]]:
    """`cases` with what the order of an address (`?o=`) sorts by, and the names of that order.

    Sums are compared within a currency, the one most bridges keep their books in first; what has
    none stands last.
    """
    order = ORDERS.get(asked, QUEUE_ORDER)
    if "money_place" not in order:
        return cases, order
    kept = Bridge.objects.filter(is_active=True).order_by().values("currency")
    main = kept.annotate(count=Count("pk")).order_by("-count", "currency").first()
    place = Choose(
        When(currency=main["currency"] if main else "", then=0),
        When(currency="", then=2),
        default=1,
        output_field=IntegerField(),
    )
    return cases.annotate(money_place=place), order


def totals(cases: QuerySet[Case]) -> Totals:
    """Count and sums per currency of the filtered list, over at most COUNT_CAP + 1 rows."""
    few = cases.order_by().values("pk")[: paging.COUNT_CAP + 1]
    rows: list[Any] = list(
        Case.objects.filter(pk__in=few)
        .order_by()
        .values("currency")
        .annotate(count=Count("pk"), total=Sum("value"))
    )
    count = sum(row["count"] for row in rows)
    return Totals(count=count, values=_amounts(rows), is_cut=count > paging.COUNT_CAP)


def detail(case_id: int) -> QuerySet[Case]:
    return Case.objects.filter(pk=case_id).select_related(
        "rma__bridge__erp",
        "rma__bridge__source",
        "rma__sales_order",
        "bridge__erp",
        "bridge__source",
        "connection",
        "posting__connection",
        "group",
        "behind",
        "assignee",
    )


def siblings(case: Case) -> tuple[list[Case], int]:
    """Open exceptions of the same cause, oldest first, and how many there are (capped)."""
    others = Case.objects.filter(group=case.group_id, status__in=CASE_OPEN).exclude(pk=case.pk)
    rows = list(others.select_related("rma").order_by("pk")[:_SIBLINGS])
    return rows, paging.count(others) if len(rows) == _SIBLINGS else len(rows)


def postings_of(case: Case) -> list[Posting]:
    """The return's postings in the order they leave, cancelled ones left out."""
    if case.rma_id is None:
        return []
    rows = Posting.objects.filter(rma=case.rma_id).exclude(status="cancelled")
    return list(rows.select_related("connection"))


def story(case: Case) -> list[AuditEntry]:
    """What was done about the exception and its return, newest first.

    Since it opened also about its message or connection, where it is about one of these alone.
    """
    about = Q(case_id=case.pk)
    if case.rma_id:
        about |= Q(rma_id=case.rma_id)
    elif case.event_id or case.connection_id:
        kind, key = (
            ("inboundevent", case.event_id) if case.event_id else ("connection", case.connection_id)
        )
        about |= Q(subject_kind=kind, subject_id=key, at__gte=case.opened_at)
    return list(AuditEntry.objects.filter(about).order_by("-id")[:_STORY])


def attempts_of(case: Case) -> list[PostingAttempt]:
    """Every try at sending or looking up the return's documents, newest first."""
    if case.rma_id is None:
        return []
    rows = PostingAttempt.objects.filter(posting__rma=case.rma_id)
    return list(rows.select_related("posting__connection").order_by("-id")[:_STORY])


def next_after(cases: QuerySet[Case], case: Case) -> Case | None:
    """The one that follows `case` in the order of the queue; the first one after the last."""
    place = [getattr(case, name.lstrip("-")) for name in QUEUE_ORDER]
    others = cases.exclude(pk=case.pk).order_by(*QUEUE_ORDER)
    return others.filter(paging.beyond(QUEUE_ORDER, place)).first() or others.first()


def fixes_under_way(case: Case) -> list[Fix]:
    """Requests and held changes that concern this case: its own, its return's, its cause's."""
    rows = (
        Fix.objects.filter(bridge=case.bridge_id, status__in=(FixStatus.REQUESTED, FixStatus.HELD))
        .select_related("requested_by", "decided_by", "mapping", "bridge", "rma", "case")
        .prefetch_related("approvals__approver", "approvals__on_behalf_of", "edits__editor")
        .order_by("pk")
    )
    return [fix for fix in rows if _concerns(fix, case)]


def held_back(cases: Iterable[Case], *, now: datetime) -> frozenset[int]:
    """Ids of those closed by a change that has not left and can still be taken back at `now`.

    One query; none when all of them are open.
    """
    closed = [case for case in cases if case.closure == Closure.PROOF]
    if not closed:
        return frozenset()
    bridges = {case.bridge_id for case in closed}
    held = Fix.objects.filter(status=FixStatus.HELD, hold_until__gt=now)
    fixes = list(held.filter(bridge__in=bridges))
    return frozenset(
        case.pk
        for case in closed
        for fix in fixes
        if fix.bridge_id == case.bridge_id and _concerns(fix, case)
    )


def source_value(case: Case, kind: str) -> str:
    """The value of the case that a mapping of `kind` would map; "" when it has none."""
    facts = case.facts
    return next((str(facts[name]) for name in _VALUE_FACT.get(kind, ()) if facts.get(name)), "")


def of_same_document(case: Case) -> list[Case]:
    """The other open exceptions about the document of `case`, oldest first."""
    if case.posting_id is None:
        return []
    about = Case.objects.filter(posting=case.posting_id, status__in=CASE_OPEN)
    return list(about.exclude(pk=case.pk).order_by("pk"))


def approval_level(*, case: Case, kind: str, beside: Iterable[Case] | None = None) -> str:
    """Who must agree before a change of `kind` is in force: none, peer or finance.

    `beside` is what `of_same_document` gives, where the caller has it.
    """
    if case.bridge is None:
        return "finance"
    policy = facts_selector.policy_of(case.bridge)
    others = of_same_document(case) if beside is None else beside
    types = {each.type for each in others}
    return approval.needs_approval(kind, case.value, policy, case_type=case.type, beside=types)


def approvers(
    *,
    kind: str,
    level: str,
    requester_id: int,
    editor_ids: Iterable[int] = (),
    case_type: str = "",
) -> tuple[str, ...]:
    """Names of a few people who may approve such a change: none who asked for it or edited it.

    `case_type` as for `permissions.approving_roles`.
    """
    if level == "none":
        return ()
    people = (
        User.objects.filter(
            is_active=True,
            groups__name__in=approving_roles(kind=kind, level=level, case_type=case_type),
        )
        .exclude(pk__in={requester_id, *editor_ids})
        .distinct()
        .order_by("first_name", "username")[:_NAMES]
    )
    return tuple(person.get_full_name() or person.get_username() for person in people)


def team_mates(*, team: str) -> QuerySet[User]:
    """Active people whose role works on `team`'s queue."""
    roles = [role for role, own in TEAM_OF_ROLE.items() if own == team]
    return (
        User.objects.filter(is_active=True, groups__name__in=roles)
        .distinct()
        .order_by("first_name", "username")
    )


def bridges() -> QuerySet[Bridge]:
    return Bridge.objects.filter(is_active=True).order_by("name")


def every_bridge() -> list[Bridge]:
    """What `bridges` finds, with a statement built once."""
    return _BRIDGES.rows()


_BRIDGES = Select(bridges)


def _concerns(fix: Fix, case: Case) -> bool:
    if fix.case_id == case.pk or (fix.rma_id is not None and fix.rma_id == case.rma_id):
        return True
    value = source_value(case, fix.kind)
    return fix.mapping_id is not None and normalise(value) == normalise(fix.source_value) != ""


def _tab(key: str, label: str, rows: Sequence[dict[str, Any]]) -> Tab:
    return Tab(key, label, sum(row["count"] for row in rows), _amounts(rows))


def _amounts(rows: Iterable[dict[str, Any]]) -> tuple[Amount, ...]:
    return per_currency((row["currency"], row["total"]) for row in rows)
