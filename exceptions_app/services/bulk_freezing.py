"""Freezing what an act on many is about, with count, money and what will be refused."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from exceptions_app import errors
from exceptions_app.choices import CASE_OPEN, BulkKind, ImportStatus, MappingKind, PostingStatus
from exceptions_app.models import Bridge, Bulk, BulkRow, Case, Fix, MappingImport, Posting, Rma
from exceptions_app.permissions import can, roles_of
from exceptions_app.rules import change_words
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.selectors import setup as setup_selector
from exceptions_app.selectors.cases import QUEUE_ORDER
from exceptions_app.services import bridges, bulk_rows, hindsight, mapping_imports, mappings
from exceptions_app.services.bulk_drafts import AT_ONCE, Tally, draft, filled, tried_on

MOST_A_MINUTE = 600
NOTHING = Decimal(0)
HISTORY_DAYS = (30, 90, 365)


@transaction.atomic
def freeze(
    *,
    kind: str,
    cases: QuerySet[Case],
    actor: User,
    now: datetime,
    back: str = "",
    words: str = "",
) -> Bulk:
    """Keep which exceptions the act is about, each as it is now; changes none of them.

    Raises:
        FixNotAllowed: the actor may not do this.
        InvalidChoice: there are none.
    """
    check_right(actor, kind)
    bulk = draft(kind, actor, now, back, words)
    is_ordered = kind == BulkKind.RETRY
    order = ("rma_id", "posting__sequence", "id") if is_ordered else QUEUE_ORDER
    if is_ordered:
        cases = cases.select_related("posting").defer("posting__draft", "posting__checks")
    tally, roles = Tally(), roles_of(actor)

    def rows() -> Iterator[BulkRow]:
        found = cases.order_by(*order).iterator(chunk_size=AT_ONCE)
        for position, case in enumerate(found, start=1):
            why = bulk_rows.why_not(kind=kind, case=case, roles=roles)
            tally.add(why, case.pk, case.currency, case.value)
            yield BulkRow(
                bulk=bulk,
                position=position,
                case_id=case.pk,
                posting_id=case.posting_id,
                rma_id=case.rma_id,
                seen=case.version,
            )

    return filled(bulk, rows(), tally)


@transaction.atomic
def freeze_window(
    *,
    bridge: Bridge,
    kind: str,
    since: datetime,
    until: datetime,
    per_minute: int,
    actor: User,
    now: datetime,
    case_type: str = "",
    words: str = "",
) -> Bulk:
    """Keep which documents of a window to send again, per return in their order.

    `kind` is a kind of document, "" for all. What is proven posted is among them, to be told and
    skipped. With `case_type` only those of which an exception of that type is open.

    Raises:
        FixNotAllowed: the actor may not do this.
        InvalidChoice: there are none, or the pace is none.
    """
    check_right(actor, BulkKind.REPLAY)
    check_pace(per_minute)
    bulk = draft(BulkKind.REPLAY, actor, now, "", words)
    bulk.per_minute = per_minute
    found = Posting.objects.filter(bridge=bridge, created_at__gte=since, created_at__lt=until)
    found = found.exclude(status=PostingStatus.CANCELLED)
    if kind:
        found = found.filter(kind=kind)
    if case_type:
        cases = Case.objects.filter(bridge=bridge, type=case_type, status__in=CASE_OPEN)
        found = found.filter(pk__in=cases.order_by().values("posting"))
    tally = Tally()

    def rows() -> Iterator[BulkRow]:
        ordered = found.order_by("rma_id", "sequence", "id").defer("draft", "checks")
        for position, posting in enumerate(ordered.iterator(chunk_size=AT_ONCE), start=1):
            why = bulk_rows.why_not_sent(posting)
            is_proven = why.startswith("Proven")
            amount = Decimal(0) if why else posting.gross
            said = "Proven posted: skipped." if is_proven else why
            tally.add(said, posting.pk, posting.currency, amount)
            yield BulkRow(bulk=bulk, position=position, posting=posting, rma_id=posting.rma_id)

    return filled(bulk, rows(), tally)


@transaction.atomic
def freeze_history(*, fix: Fix, days: int, actor: User, now: datetime) -> Bulk:
    """Keep which returns a mapping asked for would touch: open ones, and of `days` the settled.

    Raises:
        FixNotAllowed: the actor may not do this.
        InvalidChoice: it is no mapping, or no return holds its value.
    """
    check_right(actor, BulkKind.PREVIEW)
    if fix.kind not in MappingKind.values:
        raise errors.InvalidChoice("Only a mapping is tried on history.")
    change = hindsight.of_mapping(kind=fix.kind, source_value=fix.source_value, payload=fix.payload)
    keys = {normalise(fix.source_value)}
    found = _touched(fix.bridge, fix.kind, keys, days, now)
    return tried_on(found, {"fix": fix.pk, **change}, str(fix), days, actor, now)


@transaction.atomic
def freeze_mapping(
    *,
    bridge: Bridge,
    kind: str,
    source_value: str,
    target: dict[str, str],
    reason: str,
    days: int,
    actor: User,
    now: datetime,
) -> Bulk:
    """As `freeze_history`, for a mapping that nobody asked for yet.

    `reason` is kept for the form that puts it in force.

    Raises:
        FixNotAllowed: the actor may not do this.
        InvalidChoice: the target is not usable, or no return holds the value.
    """
    check_right(actor, BulkKind.PREVIEW)
    clean = mappings.clean_target(
        bridge=bridge, kind=kind, source_value=source_value, target=target
    )
    change = hindsight.of_mapping(kind=kind, source_value=source_value, payload=clean)
    found = _touched(bridge, kind, {normalise(source_value)}, days, now)
    given = {"bridge": bridge.pk, "reason": reason, **change}
    words = change_words.sentence(kind, source_value, clean)
    return tried_on(found, given, words, days, actor, now)


@transaction.atomic
def freeze_file(*, found: MappingImport, days: int, actor: User, now: datetime) -> Bulk:
    """As `freeze_history`, for all that a file would add and change, together.

    Raises:
        FixNotAllowed: the actor may not do this.
        FixAlreadyDecided: the file was applied, discarded or taken back.
        InvalidChoice: the file changes nothing, or no return holds a value of it.
    """
    check_right(actor, BulkKind.PREVIEW)
    if found.status != ImportStatus.CHECKED:
        state = found.get_status_display().lower()
        raise errors.FixAlreadyDecided(f"Nothing was tried: {found.file_name} is {state}.")
    rows = mapping_imports.changing(found)
    change = hindsight.of_mappings(kind=found.kind, rows=rows)
    touched = _touched(found.bridge, found.kind, change["targets"], days, now)
    label = MappingKind(found.kind).label
    words = f"{len(rows):,} {label} mappings of {found.file_name}"
    return tried_on(touched, {"file": found.pk, **change}, words, days, actor, now)


@transaction.atomic
def freeze_policy(
    *, bridge: Bridge, policy: dict[str, Any], days: int, actor: User, now: datetime
) -> Bulk:
    """Keep which returns a policy would touch: those it is asked for now, and of `days` the rest.

    Raises:
        FixNotAllowed: the actor may not do this.
        InvalidChoice: the policy is none, it is in force, or no return follows it.
    """
    check_right(actor, BulkKind.PREVIEW)
    _check_days(days)
    bridges.check_policy(bridge.preset, policy)
    if policy == bridge.policy:
        raise errors.InvalidChoice("These are the values in force already.")
    told = setup_selector.policy_changes(bridge.preset, bridge.policy, policy)
    words = f"Policy of {bridge.name}: {', '.join(each.label for each in told)}"
    open_ones = setup_selector.open_return_ids(bridge)
    found = Rma.objects.filter(
        Q(pk__in=open_ones) | Q(requested_at__gte=now - timedelta(days=days)), bridge=bridge
    )
    change = hindsight.of_policy(bridge=bridge, policy=policy)
    return tried_on(found, change, words, days, actor, now)


def _touched(
    bridge: Bridge, kind: str, keys: Collection[str], days: int, now: datetime
) -> QuerySet[Rma]:
    """Returns that hold any of the normalised `keys`: open ones, and of `days` the settled."""
    _check_days(days)
    since = now - timedelta(days=days)
    return mappings_selector.touched_by(bridge=bridge, kind=kind, keys=keys, since=since)


def _check_days(days: int) -> None:
    if days not in HISTORY_DAYS:
        raise errors.InvalidChoice("Choose one of the times offered.")


def check_right(actor: User, kind: str) -> None:
    if not can(actor, bulk_rows.CAPABILITY[kind]):
        raise errors.FixNotAllowed(f"Your role may not: {BulkKind(kind).label.lower()}.")


def check_pace(per_minute: int) -> None:
    if not 1 <= per_minute <= MOST_A_MINUTE:
        raise errors.InvalidChoice(f"Choose a pace from 1 to {MOST_A_MINUTE} a minute.")
