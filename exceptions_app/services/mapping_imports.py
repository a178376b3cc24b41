"""A file of mappings on its way in: checked as a whole, shown, then applied as one act or not at
all.

Nothing is in force before `apply`, and a file with one wrong row never can be: the whole file,
corrected, is uploaded again (R104, lesson 9).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors, jobs
from exceptions_app.choices import ImportStatus, MappingKind
from exceptions_app.models import Bridge, Fix, MappingImport
from exceptions_app.rules import change_words, matching
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import mapping_coverage
from exceptions_app.selectors import mappings as mappings_selector
from exceptions_app.services import audit, import_effects, mapping_files, mappings, setup
from exceptions_app.services.mapping_files import FileRow

ADD, CHANGE, SAME, ERROR = "add", "change", "same", "error"
ACTS = (ADD, CHANGE, SAME, ERROR)
CHANGING = (ADD, CHANGE)


@transaction.atomic
def check(
    *,
    bridge: Bridge,
    kind: str,
    file_name: str,
    content: bytes,
    reason: str,
    actor: User,
    now: datetime,
) -> MappingImport:
    """Read and judge a file and keep the verdict; changes no mapping.

    `reason` stands for rows that give none of their own.

    Raises:
        InvalidChoice: the file cannot be read as one of this kind.
        FixNotAllowed: mappings of this kind change money and need finance's approval one by one.
    """
    setup.check_direct(kind=kind)
    file_rows = mapping_files.read(content=content, name=file_name, kind=kind)
    rows = _judged(bridge, kind, file_rows, reason)
    return MappingImport.objects.create(
        bridge=bridge,
        kind=kind,
        status=ImportStatus.CHECKED,
        file_name=file_name[-200:],
        file_hash=hashlib.sha256(content).hexdigest(),
        rows=rows,
        effect=_effect(bridge, kind, rows, now),
        reason=reason[:300],
        uploaded_by=actor,
        uploaded_at=now,
    )


def apply(*, import_id: int, actor: User, now: datetime) -> MappingImport:
    """Put every changed row in force, in one transaction and with one audit entry.

    What was shown is checked again with the bridge locked. If anything is otherwise by now,
    nothing is applied and the import is kept with the new verdict.

    Raises:
        FixAlreadyDecided: it was applied or discarded before.
        InvalidChoice: a row is wrong, or the mappings are not those shown; look again.
    """
    with transaction.atomic():
        found = _lock(import_id)
        bridge = (
            Bridge.objects.select_for_update(of=("self",))
            .select_related("erp")
            .get(pk=found.bridge_id)
        )
        setup.check_direct(kind=found.kind)
        fresh = _judged(bridge, found.kind, _file_rows(found.rows), "")
        outdated = [row["line"] for row, was in zip(fresh, found.rows, strict=True) if row != was]
        if outdated:
            found.rows = fresh
            found.effect = _effect(bridge, found.kind, fresh, now)
            found.save(update_fields=["rows", "effect"])
        elif not counts(found.rows)[ERROR]:
            return _put_in_force(found, bridge, actor, now)
    if outdated:
        raise errors.InvalidChoice(
            f"Nothing was changed. {_lines(outdated)} not as shown any more: mappings or items "
            "changed meanwhile. Below is what the file would do now."
        )
    raise errors.InvalidChoice("Nothing was changed. Correct the wrong rows and upload again.")


@transaction.atomic
def discard(*, import_id: int, actor: User, now: datetime) -> MappingImport:
    """Put the file away; nothing was changed by it and nothing will be.

    Raises:
        FixAlreadyDecided: it was applied or discarded before.
    """
    found = _lock(import_id)
    found.status = ImportStatus.DISCARDED
    found.save(update_fields=["status"])
    audit.record(
        actor=actor,
        act="mapping_import.discard",
        subject=found,
        text=f"{found.file_name} discarded; no mapping was changed",
        now=now,
    )
    return found


def counts(rows: Iterable[dict[str, Any]]) -> dict[str, int]:
    """How many rows are added, changed, the same and wrong; every act has its number."""
    found = Counter(row["act"] for row in rows)
    return {act: found[act] for act in ACTS}


def changing(found: MappingImport) -> list[tuple[str, dict[str, str]]]:
    """Value and target of each row that the file would add or change."""
    return [(row["source_value"], row["target"]) for row in found.rows if row["act"] in CHANGING]


def marked_row(kind: str, row: dict[str, Any]) -> list[str]:
    """A row as a file carries it, with its line and what is wrong with it.

    A cell that could not be read is left empty, so that it is refused until somebody fills it in.
    """
    cells = {"value": row["source_value"], **row["target"], "reason": row["reason"]}
    broken = row.get("cells", "")
    kept = [
        "" if f"{name}: " in broken else str(cells.get(name, ""))
        for name in mapping_files.columns(kind)
    ]
    return [*kept, str(row["line"]), row["error"]]


def _lock(import_id: int) -> MappingImport:
    found = MappingImport.objects.select_for_update().get(pk=import_id)
    if found.status == ImportStatus.APPLIED:
        raise errors.FixAlreadyDecided(
            f"Nothing was changed now: {found.file_name} had been applied already."
        )
    if found.status == ImportStatus.REVERTED:
        raise errors.FixAlreadyDecided(f"{found.file_name} was taken back. Upload it again.")
    if found.status == ImportStatus.DISCARDED:
        raise errors.FixAlreadyDecided(f"{found.file_name} was discarded. Upload it again.")
    return found


def _put_in_force(
    found: MappingImport, bridge: Bridge, actor: User, now: datetime
) -> MappingImport:
    rows = [row for row in found.rows if row["act"] in CHANGING]
    if rows:
        mappings.put_in_force(
            bridge=bridge,
            kind=found.kind,
            entries=[
                mappings.Entry(row["source_value"], row["target"], row["reason"]) for row in rows
            ],
            actor=actor,
            now=now,
            file=found,
        )
        jobs.nudge("settle")
    found.status = ImportStatus.APPLIED
    found.applied_at = now
    found.save(update_fields=["status", "applied_at"])
    number = counts(found.rows)
    label = MappingKind(found.kind).label
    audit.record(
        actor=actor,
        act="mapping_import.apply",
        subject=found,
        text=(
            f"{label} mappings of {bridge.name} from {found.file_name}: {number[ADD]} added, "
            f"{number[CHANGE]} changed, {number[SAME]} as they were{_overridden(rows)}"
        ),
        now=now,
        after={"sha256": found.file_hash, **number},
    )
    return found


def _overridden(rows: Iterable[dict[str, Any]]) -> str:
    """What the trail says when a file brings what was refused; "" when it brings none."""
    values = [row["source_value"] for row in rows if row.get("refused")]
    shown = ", ".join(values[:5]) + (", …" if len(values) > 5 else "")
    return f". {len(values)} refused before: {shown}" if values else ""


def _effect(bridge: Bridge, kind: str, rows: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    targets = {
        normalise(row["source_value"]): row["target"] for row in rows if row["act"] in CHANGING
    }
    return import_effects.effect(bridge=bridge, kind=kind, targets=targets, now=now).as_json()


def _file_rows(rows: Iterable[dict[str, Any]]) -> list[FileRow]:
    return [
        FileRow(
            row["line"], row["source_value"], row["target"], row["reason"], row.get("cells", "")
        )
        for row in rows
    ]


# --- The verdict on each row -------------------------------------------------------------------


def _judged(bridge: Bridge, kind: str, rows: list[FileRow], reason: str) -> list[dict[str, Any]]:
    """Every row with what it would do, in file order. The number of queries is fixed."""
    keys = {normalise(row.value) for row in rows} - {""}
    known = mappings.known_of(bridge=bridge, kind=kind, targets=[row.target for row in rows])
    active = mappings_selector.active_targets(bridge=bridge, kind=kind, keys=keys)
    asked = {
        normalise(fix.source_value): audit.name_of(fix.requested_by)
        for fix in mappings_selector.under_way(bridge=bridge, kind=kind, keys=keys)
    }
    turned_down = mappings_selector.refused(bridge=bridge, kind=kind, keys=keys)
    first_lines: dict[str, int] = {}
    judged = []
    for row in rows:
        key = normalise(row.value)
        target = _by_code(kind, row.target)
        before = active.get(key)
        error = _wrong(row, first_lines.get(key), asked.get(key))
        if not error:
            try:
                target = mappings.clean_target(
                    bridge=bridge, kind=kind, source_value=row.value, target=target, known=known
                )
            except errors.InvalidChoice as refusal:
                error = str(refusal)
        first_lines.setdefault(key, row.line)
        act = ERROR if error else _act(before, target)
        verdict: dict[str, Any] = {
            "line": row.line,
            "source_value": row.value,
            "target": target,
            "reason": (row.reason or reason)[:300],
            "act": act,
            "before": before,
            "error": error,
            "cells": row.error,
        }
        refusal_of = turned_down.get((key, change_words.shown_target(kind, target)))
        if refusal_of is not None and act in CHANGING:
            verdict["refused"] = _refusal_words(refusal_of)
        judged.append(verdict)
    _say_what_it_may_be(bridge, kind, judged, known)
    return judged


def _wrong(row: FileRow, first_line: int | None, asked_by: str | None) -> str:
    """What is wrong with the row before its target is looked at; "" when nothing is."""
    if row.error:
        return row.error
    if not row.value:
        return "The value is empty. Write what the returns platform sends."
    if first_line is not None:
        return f"The same value stands in line {first_line}. Keep one of them."
    if asked_by:
        return f"{asked_by} has asked for a change of this value. Decide on that first."
    return ""


def _refusal_words(fix: Fix) -> str:
    """Who said no to this very proposal, and why: a file may bring it all the same."""
    who = audit.name_of(fix.decided_by) if fix.decided_by else "Somebody"
    note = fix.decision_note.rstrip(".")
    return f"{who} refused this: {note}." if note else f"{who} refused this."


def _act(before: dict[str, str] | None, target: dict[str, str]) -> str:
    if before is None:
        return ADD
    return SAME if before == target else CHANGE


def _by_code(kind: str, target: dict[str, str]) -> dict[str, str]:
    """Choices written as the screen shows them ("Saleable", "No stock effect") as their codes."""
    words = mappings.CHOICE_WORDS.get(kind)
    if not words:
        return target
    return {
        name: words.get(" ".join(value.split()).casefold(), value) for name, value in target.items()
    }


def _say_what_it_may_be(
    bridge: Bridge, kind: str, judged: list[dict[str, Any]], known: mappings.Known
) -> None:
    """Name the closest items beside an SKU the ERP does not have."""
    if kind != MappingKind.SKU_ALIAS:
        return
    missing = [
        row
        for row in judged
        if row["error"]
        and row["target"].get("sku")
        and normalise(row["target"]["sku"]) not in known.items
    ][: mapping_coverage.UNKNOWN_SHOWN]
    if not missing:
        return
    wanted = [row["target"]["sku"] for row in missing]
    ranked = mapping_coverage.suggestions(bridge=bridge, skus=wanted, limit=3)
    for row in missing:
        names = _near(ranked.get(normalise(row["target"]["sku"]), ()))
        if names:
            row["error"] = f"{row['error']} Closest: {names}."


def _near(found: Collection[matching.Suggestion]) -> str:
    return ", ".join(suggestion.sku for suggestion in found)


def _lines(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"Line {numbers[0]} is"
    shown = ", ".join(str(number) for number in numbers[:5])
    return f"{len(numbers)} lines ({shown}{', …' if len(numbers) > 5 else ''}) are"
