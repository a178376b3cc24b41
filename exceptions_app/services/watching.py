"""What only shows over many returns: looked for from time to time, with one bounded read a kind.

None of the reads grows with history: waiting messages by their partial index, marks of feeds, the
newest returns of a bridge, the month's differences, receipts without a return, the newest cases.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q, Sum
from django.db.models.functions import Abs

from exceptions_app.choices import CASE_OPEN, EventState, MappingStatus
from exceptions_app.models import (
    Bridge,
    Case,
    Connection,
    ErpReceipt,
    InboundEvent,
    Item,
    Mapping,
    Rma,
    Watermark,
)
from exceptions_app.rules import credit_findings, upkeep
from exceptions_app.rules.facts import Finding
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import item_feeds
from exceptions_app.services import cases, subjects

MESSAGES = 1000
RECEIPTS = 200
# Receipts older than this are left to the books, unless they were told of.
RECEIPTS_FOR = timedelta(days=30)
# A receipt may be read a little before its authorisation is known.
RECEIPT_GRACE = timedelta(hours=1)
# A version of a mapping is watched for so long, and so many of the newest exceptions are looked at.
VERSIONS_FOR = timedelta(days=2)
NEWEST_CASES = 2000
# Facts of an exception that name a mapped value.
_MAPPED = ("sku", "source_value", "location", "setting", "component")
PREFIX = "watch:"
_REGRESSION = "MAPPING_REGRESSION"
_BLIND = "BLIND_RETURN"

Found = dict[int, list[Finding]]


def look(*, now: datetime) -> int:
    """Make the exceptions of connections and bridges equal to what is seen; how many are open."""
    bridges = list(Bridge.objects.filter(is_active=True).select_related("source", "erp"))
    systems = {row.pk: row for bridge in bridges for row in (bridge.source, bridge.erp)}
    of_connections: Found = defaultdict(list)
    for found in (_backlog, _items, _receipts):
        for pk, findings in found(systems, now).items():
            of_connections[pk].extend(findings)
    of_bridges: Found = defaultdict(list)
    for bridge in bridges:
        of_connections[bridge.source_id].extend(_form(bridge))
        of_bridges[bridge.pk].extend(_residues(bridge, now))
    for pk, findings in _regressions({row.pk for row in bridges}, now).items():
        of_bridges[pk].extend(findings)
    return _tell(bridges, systems, of_connections, of_bridges, now)


def _tell(
    bridges: list[Bridge],
    systems: dict[int, Connection],
    of_connections: Found,
    of_bridges: Found,
    now: datetime,
) -> int:
    """Sync only what has findings or an open exception: mostly there is neither."""
    known = Case.objects.filter(status__in=CASE_OPEN, subject__startswith=PREFIX)
    open_now = set(known.values_list("subject", flat=True))
    count = 0
    for connection in systems.values():
        key = f"{PREFIX}connection:{connection.pk}"
        if of_connections[connection.pk] or key in open_now:
            subject = replace(subjects.of_connection(connection), key=key)
            found = of_connections[connection.pk]
            count += len(cases.sync(subject=subject, findings=found, now=now))
    for bridge in bridges:
        key = f"{PREFIX}bridge:{bridge.pk}"
        if of_bridges[bridge.pk] or key in open_now:
            subject = _of_bridge(bridge, key)
            count += len(cases.sync(subject=subject, findings=of_bridges[bridge.pk], now=now))
    return count


def _of_bridge(bridge: Bridge, key: str) -> subjects.Subject:
    return subjects.Subject(
        key=key,
        bridge=bridge,
        currency=bridge.currency,
        names=(
            ("erp", bridge.erp.name),
            ("platform", bridge.source.name),
            ("bridge", bridge.name),
        ),
    )


def _backlog(systems: dict[int, Connection], now: datetime) -> Found:
    due = Q(not_before__isnull=True) | Q(not_before__lte=now)
    rows = InboundEvent.objects.filter(due, state=EventState.NEW).order_by("id")
    waiting: dict[int, list[datetime]] = defaultdict(list)
    for pk, received_at in rows.values_list("connection", "received_at")[:MESSAGES]:
        waiting[pk].append(received_at)
    return {
        pk: upkeep.backlog(systems[pk].name, moments, now, MESSAGES)
        for pk, moments in waiting.items()
        if pk in systems
    }


def _items(systems: dict[int, Connection], now: datetime) -> Found:
    marks = Watermark.objects.filter(
        feed="items", connection__in=list(systems), read_at__isnull=False
    )
    found: Found = defaultdict(list)
    for mark in marks:
        if mark.read_at is not None:
            name = systems[mark.connection_id].name
            found[mark.connection_id].extend(upkeep.stale_items(name, mark.read_at, now))
    differ = item_feeds.differing(list(systems))
    exposed = item_feeds.exposures(differ)
    for pk, own in differ.items():
        stands = exposed.get(pk, item_feeds.NOTHING)
        found[pk].extend(
            upkeep.differing_items(
                systems[pk].name,
                [compared for _, compared in own],
                [(each.currency, each.amount) for each in stands.values],
                stands.units,
                subjects.of_connection(systems[pk]).currency,
            )
        )
    return found


def _receipts(systems: dict[int, Connection], now: datetime) -> Found:
    told = Case.objects.filter(type=_BLIND, status__in=CASE_OPEN).values_list("facts", flat=True)
    known = [facts.get("number", "") for facts in told]
    recent = Q(received_at__gte=now - RECEIPTS_FOR)
    unknown = ErpReceipt.objects.filter(
        recent | Q(number__in=known) | Q(external_id__in=known),
        rma__isnull=True,
        key="",
        connection__in=list(systems),
        read_at__lte=now - RECEIPT_GRACE,
    )
    rows = list(unknown.order_by("-received_at")[: RECEIPTS + len(known)])
    costs = _costs(rows)
    found: Found = defaultdict(list)
    for row in rows:
        unit_costs = [costs.get((row.connection_id, normalise(line["sku"]))) for line in row.lines]
        worth = [
            cost * line["quantity"]
            for cost, line in zip(unit_costs, row.lines, strict=True)
            if cost is not None
        ]
        found[row.connection_id].append(
            upkeep.unknown_receipt(
                systems[row.connection_id].name,
                _named(row),
                sum(line["quantity"] for line in row.lines),
                row.received_at,
                sum(worth, Decimal(0)) if worth else None,
            )
        )
    return found


def _named(row: ErpReceipt) -> str:
    """One receipt may bring in goods of several authorisations; each is a row of its own."""
    number = row.number or row.external_id
    return f"{number} for {row.authorisation_id}" if row.authorisation_id else number


def _costs(rows: list[ErpReceipt]) -> dict[tuple[int, str], Decimal | None]:
    if not rows:
        return {}
    skus = {normalise(line["sku"]) for row in rows for line in row.lines}
    items = Item.objects.filter(
        connection__in={row.connection_id for row in rows}, sku_key__in=skus
    )
    return {
        (connection_id, sku): cost
        for connection_id, sku, cost in items.values_list("connection", "sku_key", "unit_cost")
    }


def _form(bridge: Bridge) -> list[Finding]:
    newest = Rma.objects.filter(bridge=bridge).order_by("-id")
    drifts = newest.values_list("drift", flat=True)[: upkeep.RECENT + upkeep.EARLIER]
    return upkeep.changed_form(bridge.source.name, list(drifts))


def _residues(bridge: Bridge, now: datetime) -> list[Finding]:
    budgets = facts_selector.policy_of(bridge).tolerance_budget
    if not budgets:
        return []
    since = facts_selector.month_of(bridge, now)
    rows = facts_selector.residues(since=since, bridge_id=bridge.pk).order_by()
    used = dict(rows.values_list("currency").annotate(used=Sum(Abs("residue"))))
    return upkeep.used_budget(used, budgets, credit_findings.period_of(since.date()))


def _regressions(bridge_ids: set[int], now: datetime) -> Found:
    # One that was told of is watched until it is mended: time alone closes nothing.
    watched = Q(activated_at__gte=now - VERSIONS_FOR)
    told = Case.objects.filter(type=_REGRESSION, status__in=CASE_OPEN, bridge__in=bridge_ids)
    for bridge_id, facts in told.values_list("bridge", "facts"):
        key = normalise(facts.get("source_value", ""))
        watched |= Q(bridge=bridge_id, source_key=key, version=facts.get("number", 0))
    active = Mapping.objects.filter(
        bridge__in=bridge_ids, status=MappingStatus.ACTIVE, version__gt=1
    )
    rows = list(active.filter(watched).order_by("pk"))
    if not rows:
        return {}
    opened: dict[int, list[upkeep.OpenedCase]] = defaultdict(list)
    newest = Case.objects.order_by("-id").only(
        "bridge", "type", "facts", "opened_at", "value", "status"
    )
    for case in newest[:NEWEST_CASES]:
        if case.bridge_id is not None:
            opened[case.bridge_id].append(_opened(case))
    found: Found = defaultdict(list)
    for mapping in rows:
        assert mapping.activated_at is not None
        found[mapping.bridge_id].extend(
            upkeep.regression(
                mapping.source_value,
                mapping.source_key,
                mapping.version,
                mapping.activated_at,
                opened[mapping.bridge_id],
            )
        )
    return found


def _opened(case: Case) -> upkeep.OpenedCase:
    named = (str(case.facts.get(name, "")) for name in _MAPPED)
    return upkeep.OpenedCase(
        type=case.type,
        words=frozenset(normalise(word) for word in named if word),
        opened_at=case.opened_at,
        value=case.value,
        is_open=case.status in CASE_OPEN,
    )
