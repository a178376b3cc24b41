"""What a change would do, before it is saved: the same plan with one fact changed. Writes
nothing."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.types import DocumentDraft
from exceptions_app.choices import POSTING_UNSENT, FixKind, MappingKind, PostingKind
from exceptions_app.models import Bridge, ErpLocation, Item, Rma, SalesOrder
from exceptions_app.rules import consequences, dating, drafts, planning
from exceptions_app.rules.facts import Plan, RmaFacts
from exceptions_app.rules.mapping import is_withdrawal, normalise
from exceptions_app.selectors import decisions as decisions_selector
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import mapping_facts, order_facts, paging
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.services import calls, connections, fix_payloads

PLANNED_CAP = 50
_WHEN_SENT = "(numbered when sent)"
# Stands for a control number not given yet: a body that needs one cannot be written with none.
_UNNUMBERED = 999_999_999


@dataclass(frozen=True, slots=True)
class EffectRow:
    rma_id: int
    label: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    amount: Decimal
    currency: str
    # What is in its way and every document it calls for are to the letter as they are now.
    is_same: bool = False
    # Nothing would be in its way, and yet nothing be booked: a status that lets nothing leave.
    is_resting: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """`freed` is the refund money of returns left with nothing in their way, in `currency`.

    A return in another currency shows its own amount and is no part of that sum.

    `rows` are the returns that were planned; `touched` is how many there are, counted no further
    than paging.COUNT_CAP + 1. The figures speak for the planned ones only; `unplanned` is the money
    of the others in `currency`, and `is_more` says that some of it is in another currency, or
    beyond what is counted.
    """

    healed_cases: int
    healed_returns: int
    freed: Decimal
    currency: str
    still_blocked: int
    newly_broken: int
    touched: int
    rows: tuple[EffectRow, ...]
    unplanned: Decimal = Decimal(0)
    is_more: bool = False
    # How many returns the figures speak for, where that is more than the rows: then all of them
    # were planned in the background (`whole_previews`), and `all_idle` says what `is_idle` asks.
    planned: int = 0
    all_idle: bool = False

    @property
    def at_most(self) -> Decimal:
        """What it can free where every return that was not planned is healed too."""
        return self.freed + self.unplanned

    @property
    def frees_other_money(self) -> bool:
        """Whether it may free money that `at_most` leaves out."""
        return self.is_more or any(
            row.amount and row.currency != self.currency
            for row in self.rows
            if row.before and not row.after
        )

    @property
    def is_harmful(self) -> bool:
        """It heals nothing and breaks something: never to be asked for in passing."""
        return not self.healed_returns and self.newly_broken > 0

    @property
    def is_idle(self) -> bool:
        """Every return it touches stays blocked as it is, and none of its documents changes."""
        if self.planned:
            return self.all_idle
        return bool(self.rows) and all(row.is_same and row.before for row in self.rows)

    @property
    def is_partial(self) -> bool:
        return self.touched > (self.planned or len(self.rows))

    @property
    def touched_shown(self) -> str:
        return paging.shown(self.touched)

    def as_json(self) -> dict[str, Any]:
        plain = asdict(self)
        plain["freed"] = str(self.freed)
        plain["unplanned"] = str(self.unplanned)
        plain["is_idle"] = self.is_idle
        plain["rows"] = [{**row, "amount": str(row["amount"])} for row in plain["rows"]]
        return plain

    def figures(self) -> dict[str, Any]:
        """What is kept of it with a version: the figures and how many returns they speak for."""
        plain = self.as_json()
        return {**plain, "rows": [], "planned": self.planned or len(plain["rows"])}


# Before a number's digits while it is kept as a text, so that 20.00 does not become 20.0.
_NUMBER = "\ue000"
_NUMBERS = re.compile(rf'"{_NUMBER}([^"]*)"')


@dataclass(frozen=True, slots=True)
class DocumentPreview:
    """`sent_before` is the last body that left for this slot, "" when none did.

    `words` say what it does to stock and ledger, beside what was planned before.
    """

    kind_label: str
    key: str
    title: str
    sent_before: str
    would_send: str
    words: tuple[str, ...] = ()


def effect(
    *,
    bridge: Bridge,
    kind: str,
    source_value: str,
    payload: dict[str, Any],
    rma: Rma | None,
    now: datetime,
) -> Effect:
    """What the change heals, frees and newly breaks, return by return; computed, never guessed.

    No more than PLANNED_CAP returns are planned, the oldest ones, so that a change which touches
    thousands is answered as fast as one that touches fifty.
    """
    rows = []
    touched, count, others = _touched(bridge, kind, source_value, rma)
    for each in touched:
        facts = facts_selector.for_plan(each, now=now)
        before = planning.plan(facts)
        after = planning.plan(changed(facts, each, kind, source_value, payload))
        rows.append(
            EffectRow(
                rma_id=each.pk,
                label=str(each),
                before=_types(before),
                after=_types(after),
                amount=each.amount_in,
                currency=each.currency,
                is_resting=kind == MappingKind.STATUS and rests(after),
                is_same=(before.told, before.postings) == (after.told, after.postings),
            )
        )
    in_others = any(others[currency] for currency in {*others} - {bridge.currency})
    return replace(
        summed(rows, bridge.currency, count),
        unplanned=others.get(bridge.currency, Decimal(0)),
        is_more=in_others or count > paging.COUNT_CAP,
    )


def effect_of_change(
    *,
    bridge: Bridge,
    kind: str,
    source_value: str,
    payload: dict[str, Any],
    rma: Rma | None,
    now: datetime,
) -> Effect | None:
    """The effect as kept with a request; None for a change of one document, which plans nothing."""
    if kind in (*fix_payloads.ON_POSTINGS, FixKind.CLOSE, FixKind.EDIT_DOCUMENT):
        return None
    return effect(
        bridge=bridge, kind=kind, source_value=source_value, payload=payload, rma=rma, now=now
    )


def documents(
    *,
    rma: Rma,
    kind: str,
    source_value: str,
    payload: dict[str, Any],
    now: datetime,
) -> tuple[DocumentPreview, ...]:
    """The exact bodies this return would send after the change, beside what was sent before."""
    facts = facts_selector.for_plan(rma, now=now)
    plan = planning.plan(changed(facts, rma, kind, source_value, payload))
    blocked = frozenset().union(*(finding.blocks for finding in plan.told))
    gateway = connections.gateway(connection=rma.bridge.erp, reason="plan-read")
    live = {row.slot: row for row in facts_selector.live_postings(rma)}
    previews = []
    before: dict[str, str] = {}
    for planned in plan.postings:
        row = live.get(planned.slot)
        earlier = dict(before)
        label = PostingKind(planned.kind).label
        before.setdefault(planned.kind, row.key if row else f"the {label.lower()}")
        is_sent = row is not None and row.status not in POSTING_UNSENT
        if is_sent or planned.kind in blocked or planned.kind == PostingKind.PLATFORM_UPDATE:
            continue
        draft = _numbered_like(planned.draft, row.draft if row else None)
        body = calls.foreseen(rma_id=rma.pk, draft=draft, before=earlier)
        last = row.attempt_rows.exclude(request="").order_by("-id").first() if row else None
        previews.append(
            DocumentPreview(
                kind_label=PostingKind(planned.kind).label,
                key=draft.key,
                title=f"{PostingKind(planned.kind).label} for {rma}",
                sent_before=spread(last.request if last else ""),
                would_send=spread(gateway.preview(body)).replace(str(_UNNUMBERED), _WHEN_SENT),
                words=consequences.told(drafts.from_json(row.draft) if row else None, draft),
            )
        )
    return tuple(previews)


def spread(message: str) -> str:
    """A message of JSON with one fact to a line, its numbers as they stand; any other unchanged."""
    try:
        plain = json.loads(message, parse_float=lambda digits: f"{_NUMBER}{digits}")
    except ValueError:
        return message
    return _NUMBERS.sub(r"\1", json.dumps(plain, indent=2, ensure_ascii=False))


def location_choices(*, bridge: Bridge) -> tuple[ErpLocation, ...]:
    return tuple(ErpLocation.objects.filter(connection=bridge.erp, is_active=True))


def summed(rows: list[EffectRow], currency: str, touched: int) -> Effect:
    """The figures over `rows`; money only of those in `currency`."""
    healed = [row for row in rows if row.before and not row.after]
    freed = [row for row in healed if not row.is_resting]
    return Effect(
        healed_cases=sum(max(len(row.before) - len(row.after), 0) for row in rows),
        healed_returns=len(healed),
        freed=sum((row.amount for row in freed if row.currency == currency), Decimal(0)),
        currency=currency,
        still_blocked=sum(1 for row in rows if row.after),
        newly_broken=sum(1 for row in rows if set(row.after) - set(row.before)),
        touched=touched,
        rows=tuple(rows),
    )


def rests(plan: Plan) -> bool:
    """Whether no document leaves for the ERP."""
    return all(row.kind == PostingKind.PLATFORM_UPDATE for row in plan.postings)


def _touched(
    bridge: Bridge, kind: str, source_value: str, rma: Rma | None
) -> tuple[list[Rma], int, dict[str, Decimal]]:
    """The returns to plan, at most PLANNED_CAP, how many there are, and the money of the others."""
    if kind not in MappingKind.values:
        return ([rma], 1, {}) if rma is not None else ([], 0, {})
    rows = mappings_selector.touched_by(bridge=bridge, kind=kind, keys={normalise(source_value)})
    shown = list(
        rows.select_related("bridge__erp", "bridge__source", "sales_order", "credit_quote")[
            :PLANNED_CAP
        ]
    )
    if len(shown) < PLANNED_CAP:
        return shown, len(shown), {}
    # Each once: sums of distinct rows would leave out equal amounts.
    others = Rma.objects.filter(pk__in=rows.order_by().values("pk")).exclude(
        pk__in=[each.pk for each in shown]
    )
    tally = paging.tallies({"others": others}, money="amount_in")["others"]
    sums = {each.currency: each.amount for each in tally.values}
    return shown, min(len(shown) + tally.count, paging.COUNT_CAP + 1), sums


def changed(
    facts: RmaFacts, rma: Rma, kind: str, source_value: str, payload: dict[str, Any]
) -> RmaFacts:
    """The facts of a return as they would be with the change."""
    if kind in MappingKind.values:
        return _with_mapping(facts, rma, kind, source_value, payload)
    decisions = facts.decisions
    if kind == FixKind.SET_LOCATION:
        decisions = replace(decisions, location=payload["location"])
    elif kind == FixKind.ACCEPT_DIFFERENCE:
        decisions = replace(decisions, **decisions_selector.accepted(payload))
    elif kind == FixKind.CORRECT_CREDIT:
        decisions = replace(
            decisions,
            accepted_difference=None,
            accepted=None,
            credit_adjustment=Decimal(payload["adjustment"]),
        )
    elif kind == FixKind.POSTING_DATE:
        return dating.with_day(facts, date.fromisoformat(payload["date"]))
    elif kind == FixKind.EDIT_DOCUMENT:
        edit = decisions_selector.draft_edit(payload)
        decisions = replace(decisions, edits=(*decisions.edits, edit))
    elif kind == FixKind.LINK_ORDER:
        return _with_order(facts, rma, payload["order_number"])
    return replace(facts, decisions=decisions)


def _with_mapping(
    facts: RmaFacts, rma: Rma, kind: str, source_value: str, payload: dict[str, Any]
) -> RmaFacts:
    key = normalise(source_value)
    is_over = is_withdrawal(payload)
    targets = {key: None if is_over else payload}
    mapped = replace(facts, mappings=mapping_facts.changed(facts.mappings, kind, targets))
    if kind != MappingKind.SKU_ALIAS or is_over:
        return mapped
    items = tuple(
        facts_selector.item_fact(item)
        for item in Item.objects.filter(
            connection=rma.bridge.erp, sku_key=normalise(payload["sku"])
        )
    )
    lines = tuple(
        replace(line, alias_items=items) if normalise(line.sku) == key else line
        for line in facts.lines
    )
    return replace(mapped, lines=lines)


def _with_order(facts: RmaFacts, rma: Rma, number: str) -> RmaFacts:
    order = SalesOrder.objects.filter(connection=rma.bridge.erp, number=number).first()
    if order is None:
        return facts
    bridge = rma.bridge
    return replace(
        facts,
        order=order_facts.of(order, excluding_rma_id=rma.pk),
        mappings=mapping_facts.at_sale(facts.mappings, ordered_at=order.ordered_at, bridge=bridge),
        decisions=replace(facts.decisions, order_number=number),
    )


def _types(plan: Plan) -> tuple[str, ...]:
    return tuple(sorted(finding.type for finding in plan.told))


def _numbered_like(draft: DocumentDraft, stored: dict[str, Any] | None) -> DocumentDraft:
    """The draft with the key it has, or the words that stand for the key it will get."""
    if stored is None:
        return drafts.numbered(draft, key=_WHEN_SENT, control_number=_UNNUMBERED)
    return drafts.numbered(draft, key=stored["key"], control_number=int(stored["control_number"]))
