"""Mappings as their screens show them: values in force, versions, files, and whom they touch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Func, Prefetch, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform

from exceptions_app.choices import (
    CASE_OPEN,
    POSTING_UNSENT,
    FixKind,
    FixStatus,
    ImportStatus,
    MappingKind,
    MappingStatus,
    PostingKind,
)
from exceptions_app.models import (
    AuditEntry,
    Bridge,
    Case,
    ErpReceipt,
    Fix,
    Mapping,
    MappingImport,
    Posting,
    Rma,
)
from exceptions_app.rules import mapping as mapping_rules
from exceptions_app.rules.change_words import DAYS, shown_target
from exceptions_app.rules.mapping import PLACE_KEY, REASON_KEY, TENDER_KEY, normalise

# Heads of a file that may be left out, and fields that may be empty.
OPTIONAL_FIELDS = frozenset(DAYS)
IMPORTS_SHOWN = 10
VERSION_ORDER = ("source_key", "id")


@dataclass(frozen=True, slots=True)
class Version:
    """One version with what it changed: `before` is the target of the version before it.

    `fix` asked for it; `withdrawn` says who took it back by itself, and why.
    """

    row: Mapping
    target: str
    before: str
    fix: Fix | None
    withdrawn: AuditEntry | None = None

    @property
    def why_withdrawn(self) -> str:
        """The reason as it was given."""
        return (
            self.withdrawn.text.removeprefix(f"{self.row} taken back: ") if self.withdrawn else ""
        )


def under_way(*, bridge: Bridge, kind: str, keys: Collection[str] | None = None) -> list[Fix]:
    """Changes of this kind that are asked for or can still be taken back, of `keys` when given."""
    rows = Fix.objects.filter(
        bridge=bridge, kind=kind, status__in=(FixStatus.REQUESTED, FixStatus.HELD)
    ).select_related("requested_by")
    return [row for row in rows if keys is None or normalise(row.source_value) in keys]


def listed(*, bridge: Bridge, kind: str, text: str = "") -> QuerySet[Mapping]:
    """Active mappings; `text` is the beginning of a value."""
    rows = Mapping.objects.filter(bridge=bridge, kind=kind, status=MappingStatus.ACTIVE)
    return rows.filter(source_key__startswith=normalise(text)) if text.strip() else rows


def exported(*, bridge: Bridge, kind: str, is_history: bool) -> QuerySet[Mapping]:
    """Active rows by value, or every version of every value, oldest first."""
    rows = Mapping.objects.filter(bridge=bridge, kind=kind)
    if not is_history:
        rows = rows.filter(status=MappingStatus.ACTIVE)
    return rows.order_by("source_key", "version")


def in_force_of(*, bridge: Bridge) -> QuerySet[Mapping]:
    """Everything in force of a bridge, by kind and value."""
    rows = Mapping.objects.filter(bridge=bridge, status=MappingStatus.ACTIVE)
    return rows.order_by("kind", "source_key")


def refused(*, bridge: Bridge, kind: str, keys: Collection[str]) -> dict[tuple[str, str], Fix]:
    """The latest refusal of each proposal, by normalised value and the target in words."""
    rows = Fix.objects.filter(bridge=bridge, kind=kind, status=FixStatus.REJECTED)
    return {
        (normalise(fix.source_value), shown_target(kind, fix.payload)): fix
        for fix in rows.select_related("decided_by").order_by("pk")
        if normalise(fix.source_value) in keys
    }


def versions(*, bridge: Bridge, kind: str, value: str) -> list[Version]:
    """Every version of one value, newest first, with what brought it. Five queries at most."""
    rows = list(
        Mapping.objects.filter(bridge=bridge, kind=kind, source_key=normalise(value))
        .order_by("-version")
        .prefetch_related(
            "fixes__requested_by",
            "fixes__decided_by",
            Prefetch("file", MappingImport.objects.defer("rows")),
        )
    )
    entries = _entries("mapping", "mapping.withdraw", [row.pk for row in rows])
    found = []
    for place, row in enumerate(rows):
        earlier = rows[place + 1].target if place + 1 < len(rows) else None
        fixes = list(row.fixes.all())
        found.append(
            Version(
                row=row,
                target=shown_target(kind, row.target),
                before=shown_target(kind, earlier),
                fix=fixes[0] if fixes else None,
                withdrawn=entries.get(row.pk),
            )
        )
    return found


def versions_before(rows: Sequence[Mapping]) -> dict[int, Mapping]:
    """By id of each version in force: the one that was before it. One query.

    What a file brought that was taken back as a whole never comes back by itself.
    """
    if not rows:
        return {}
    earlier = (
        Mapping.objects.filter(
            bridge=rows[0].bridge_id,
            kind=rows[0].kind,
            source_key__in={row.source_key for row in rows},
            status=MappingStatus.SUPERSEDED,
        )
        .exclude(file__status=ImportStatus.REVERTED)
        .order_by("version")
    )
    by_key: dict[str, list[Mapping]] = {}
    for each in earlier:
        by_key.setdefault(each.source_key, []).append(each)
    found = {}
    for row in rows:
        before = [each for each in by_key.get(row.source_key, ()) if each.version < row.version]
        if before:
            found[row.pk] = before[-1]
    return found


def in_force(*, bridge: Bridge, kind: str, value: str) -> Mapping | None:
    return Mapping.objects.filter(
        bridge=bridge, kind=kind, source_key=normalise(value), status=MappingStatus.ACTIVE
    ).first()


def brought_by(found: MappingImport) -> QuerySet[Mapping]:
    """The versions a file put in force, by value."""
    return Mapping.objects.filter(file=found).order_by("source_key")


def left_by(found: MappingImport) -> QuerySet[Mapping]:
    """What a file brought and its taking back left as it was."""
    return brought_by(found).exclude(status=MappingStatus.WITHDRAWN)


def taking_back_of(found: MappingImport) -> AuditEntry | None:
    """Who took the file back, when and why; None when nobody did."""
    return _entries("mappingimport", "mapping_import.take_back", [found.pk]).get(found.pk)


def _entries(subject_kind: str, act: str, ids: Collection[int]) -> dict[int | None, AuditEntry]:
    rows = AuditEntry.objects.filter(subject_kind=subject_kind, subject_id__in=ids, act=act)
    return {row.subject_id: row for row in rows.order_by("id")}


def touched_by(
    *, bridge: Bridge, kind: str, keys: Collection[str], since: datetime | None = None
) -> QuerySet[Rma]:
    """Unsettled returns that hold any of the normalised `keys` where `kind` maps, by id.

    With `since` also settled ones that were asked for from then on.

    Not settled: an exception is open, or something planned has not left (it may be taken back).
    """
    cases = Case.objects.filter(bridge=bridge, status__in=CASE_OPEN, rma__isnull=False)
    unsent = Posting.objects.filter(bridge=bridge, status__in=POSTING_UNSENT)
    # One list of both, each read from its index: either of two would be asked of every return.
    unsettled = cases.order_by().values("rma_id").union(unsent.order_by().values("rma_id"))
    wanted_ones = Q(pk__in=unsettled)
    if since is not None:
        wanted_ones |= Q(requested_at__gte=since)
    waiting = Rma.objects.filter(wanted_ones, bridge=bridge)
    wanted = frozenset(keys)
    if kind == MappingKind.SKU_ALIAS:
        found = waiting.filter(lines__sku_key__in=wanted)
    elif kind == MappingKind.FEE:
        fees = Q(lines__sku_key__in=wanted)
        for name in _written(waiting, _FEE_KINDS, wanted):
            fees |= Q(lines__fees__contains=[{"kind": name}])
        parts = _of_parts(bridge, wanted, since)
        found = waiting.filter(fees | parts | _of_tenders(bridge, wanted))
    else:
        place = _PLACES[kind]
        holds = Q(**{f"{place}__in": _written(waiting, place, wanted)})
        if kind == MappingKind.LOCATION:
            holds |= Q(pk__in=_set_by_hand(bridge, wanted))
            reasons = _behind(REASON_KEY, wanted)
            holds |= Q(lines__reason__in=_written(waiting, "lines__reason", reasons))
        if kind == MappingKind.DISPOSITION:
            holds |= Q(pk__in=_received_at(waiting, _behind(PLACE_KEY, wanted)))
        found = waiting.filter(holds)
    return found.distinct().order_by("pk")


def _of_parts(bridge: Bridge, keys: Collection[str], since: datetime | None) -> Q:
    """Returns whose credit holds one of these parts, which no line of theirs names (R048).

    Shipping and duty come from the order, corrections and rounding from the credit itself: they
    stand in the planned document, and in the exception that holds it back.
    """
    cases = Case.objects.filter(bridge=bridge, status__in=CASE_OPEN, type="COMPONENT_MISSING")
    named = [
        rma_id
        for rma_id, name in cases.values_list("rma_id", "facts__component")
        if normalise(str(name)) in keys
    ]
    # A correction without a code of its own is booked as goodwill.
    corrections = {"adjustment"} if {"goodwill", "rounding"} & set(keys) else set()
    drafts = Posting.objects.filter(bridge=bridge, kind=PostingKind.CREDIT_MEMO)
    looked_at = Q(status__in=POSTING_UNSENT)
    if since is not None:
        looked_at |= Q(rma__requested_at__gte=since)
    drafts = drafts.filter(looked_at)
    lines = Q()
    for name in sorted({*keys, *corrections}):
        lines |= Q(draft__lines__contains=[{"component": name}])
    return Q(pk__in=named) | Q(pk__in=drafts.filter(lines).order_by().values("rma_id"))


def _of_tenders(bridge: Bridge, keys: Collection[str]) -> Q:
    """Returns with a refund to record, where a means of payment is among the keys."""
    if not _behind(TENDER_KEY, keys):
        return Q(pk__in=())
    unsent = Posting.objects.filter(
        bridge=bridge, kind=PostingKind.REFUND_RECORD, status__in=POSTING_UNSENT
    )
    return Q(pk__in=unsent.order_by().values("rma_id"))


def _behind(prefix: str, keys: Collection[str]) -> frozenset[str]:
    """What follows the prefix in those of the keys that begin with it."""
    return frozenset(key.removeprefix(prefix) for key in keys if key.startswith(prefix))


def _received_at(waiting: QuerySet[Rma], places: Collection[str]) -> list[int]:
    """Returns whose goods the ERP's own staff put in one of these places."""
    if not places:
        return []
    rows = ErpReceipt.objects.filter(rma__in=waiting.order_by().values("pk"))
    return [
        rma_id
        for rma_id, lines in rows.values_list("rma_id", "lines")
        if any(normalise(str(line.get("place", ""))) in places for line in lines)
    ]


_PLACES: dict[str, str] = {
    MappingKind.STATUS: "status_raw",
    MappingKind.VAT: "sales_order__vat_setting",
    MappingKind.DISPOSITION: "lines__disposition",
    MappingKind.REASON: "lines__reason",
    MappingKind.LOCATION: "lines__location",
}
_FEE_KINDS = KeyTextTransform("kind", Func(F("lines__fees"), function="jsonb_array_elements"))


def _written(
    waiting: QuerySet[Rma], place: str | KeyTextTransform, keys: Collection[str]
) -> list[str]:
    """The ways the returns write any of `keys`: no function of the database folds as we do."""
    texts = waiting.order_by().annotate(written=F(place) if isinstance(place, str) else place)
    return [
        text
        for text in texts.values_list("written", flat=True).distinct()
        if text and normalise(text) in keys
    ]


def _set_by_hand(bridge: Bridge, keys: Collection[str]) -> list[int]:
    """Returns that somebody gave one of these locations."""
    rows = Fix.objects.filter(
        bridge=bridge,
        kind=FixKind.SET_LOCATION,
        status__in=[FixStatus.HELD, FixStatus.APPLIED],
        rma__isnull=False,
    )
    return [
        rma_id
        for rma_id, payload in rows.values_list("rma_id", "payload")
        if normalise(str(payload.get("location", ""))) in keys
    ]


def active_targets(
    *, bridge: Bridge, kind: str, keys: Collection[str]
) -> dict[str, dict[str, str]]:
    """The targets in force, by normalised value."""
    rows = Mapping.objects.filter(
        bridge=bridge, kind=kind, status=MappingStatus.ACTIVE, source_key__in=keys
    )
    return dict(rows.values_list("source_key", "target"))


def latest_imports(*, bridge: Bridge, kind: str) -> list[MappingImport]:
    """The latest files of a kind, newest first, without their rows."""
    rows = MappingImport.objects.filter(bridge=bridge, kind=kind).defer("rows", "effect")
    return list(rows.select_related("uploaded_by").order_by("-id")[:IMPORTS_SHOWN])


def places(*, bridge: Bridge) -> list[tuple[str, str]]:
    """The platform's places of a bridge that are mapped, each with the ERP's place in words."""
    rows = Mapping.objects.filter(
        bridge=bridge, kind=MappingKind.LOCATION, status=MappingStatus.ACTIVE
    )
    return [
        (
            row.source_value,
            f"{row.source_value}, {mapping_rules.place(**row.target)}",
        )
        for row in rows.order_by("source_key")
    ]


@dataclass(frozen=True, slots=True)
class CodeInUse:
    """A code of the ERP that mappings in force lead to, with the values it stands for."""

    code: str
    values: tuple[str, ...]


# Where a kind's target holds the code of the ERP.
_CODES: dict[str, str] = {MappingKind.REASON: "code", MappingKind.FEE: "erp_code"}


def codes_in_use(*, bridge: Bridge, kind: str) -> list[CodeInUse]:
    """The ERP's reason or charge codes in use on a bridge, the one most values lead to first."""
    rows = Mapping.objects.filter(bridge=bridge, kind=kind, status=MappingStatus.ACTIVE).order_by(
        "source_key"
    )
    found: dict[str, list[str]] = {}
    for value, target in rows.values_list("source_value", "target"):
        if code := target.get(_CODES[kind]):
            found.setdefault(str(code), []).append(value)
    ranked = sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return [CodeInUse(code, tuple(values)) for code, values in ranked]
