"""A platform's export on its way in: kept, its columns chosen, shown, then taken in by and by.

Nothing is taken in while one return is wrong, unless a person chooses to leave the wrong ones out.
Each return becomes one message of the inbox, so that the same content twice changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors, jobs
from exceptions_app.choices import ReturnFileStatus
from exceptions_app.models import Connection, ReturnFile
from exceptions_app.models.statements import Select
from exceptions_app.rules import return_columns, return_values
from exceptions_app.rules.return_values import Writing
from exceptions_app.services import audit, csv_tables, events, xlsx_tables
from exceptions_app.services import return_verdicts as verdicts

# Returns kept as messages in one go.
STEP = 1_000
SAMPLES = 50
_DATES, _AMOUNTS = ("created_at", "updated_at"), ("unit_price", "refund_amount")


@transaction.atomic
def keep(
    *, connection: Connection, file_name: str, content: bytes, actor: User, now: datetime
) -> ReturnFile:
    """Keep a file with columns proposed: as last time for this connection, else by their heads.

    Raises:
        InvalidChoice: it is no such file, or the connection is no side of a bridge in use.
    """
    bridge = verdicts.bridge_of(connection)
    xlsx_tables.check_name(file_name, content)
    heads, rows = verdicts.table(content)
    last = _last_chosen(connection)
    columns = return_columns.guess(heads, last.columns if last else {})
    return ReturnFile.objects.create(
        connection=connection,
        file_name=file_name[-200:],
        file_hash=hashlib.sha256(content).hexdigest(),
        content=content,
        heads=heads,
        row_count=len(rows),
        columns=columns,
        writing=asdict(
            Writing(
                date_order=_date_order(_below(heads, rows, columns, _DATES), last),
                decimal_sign=_decimal_sign(_below(heads, rows, columns, _AMOUNTS), content, last),
                timezone=bridge.timezone,
                currency=bridge.currency,
            )
        ),
        uploaded_by=actor,
        uploaded_at=now,
    )


@transaction.atomic
def choose(*, file_id: int, columns: Mapping[str, str], writing: Mapping[str, str]) -> ReturnFile:
    """Say which column is what and how values are written; judges every row, takes nothing in.

    Raises:
        FixAlreadyDecided: it was taken in or discarded meanwhile.
        InvalidChoice: a column is not in the file, is chosen twice, or a needed one is missing.
    """
    found = _lock_open(file_id)
    found.columns = _checked(columns, found.heads)
    found.writing = asdict(
        Writing(**writing, timezone=verdicts.bridge_of(found.connection).timezone)
    )
    found.verdict = verdicts.verdict(found)
    found.save(update_fields=["columns", "writing", "verdict"])
    return found


@transaction.atomic
def take(
    *, file_id: int, seen: str, leaves_out_wrong: bool, actor: User, now: datetime
) -> ReturnFile:
    """Have the file taken in as it was shown; the work follows in steps.

    `seen` is the `stamp` of what the actor was shown.

    Raises:
        FixAlreadyDecided: it was taken in or discarded meanwhile.
        InvalidChoice: returns are wrong, nothing is left, or the columns are not those shown.
    """
    found = _lock_open(file_id)
    verdicts.bridge_of(found.connection)
    if not found.verdict or seen != stamp(found):
        raise errors.InvalidChoice(
            "Nothing was taken in. The columns were chosen anew since; look at the rows again."
        )
    number = found.verdict["returns"]
    right = number[verdicts.NEW] + number[verdicts.CHANGED] + number[verdicts.SAME]
    if number[verdicts.WRONG] and not leaves_out_wrong:
        raise errors.InvalidChoice(
            "Nothing was taken in. Correct the wrong rows and upload the file again, or leave"
            " those returns out."
        )
    if not right:
        raise errors.InvalidChoice("Nothing was taken in: no return of the file is right.")
    found.status = ReturnFileStatus.TAKING
    found.leaves_out_wrong = leaves_out_wrong
    found.save(update_fields=["status", "leaves_out_wrong"])
    left_out = f", {number[verdicts.WRONG]} left out" if number[verdicts.WRONG] else ""
    taken = f"{right} return{'' if right == 1 else 's'}"
    audit.record(
        actor=actor,
        act="return_file.take",
        subject=found,
        text=f"{found.file_name} taken in for {found.connection.name}: {taken}{left_out}",
        now=now,
        after={"sha256": found.file_hash, "returns": number, "columns": found.columns},
    )
    jobs.nudge("ingest")
    return found


_TAKING = Select(
    lambda: (
        ReturnFile.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("connection")
        .filter(status=ReturnFileStatus.TAKING)
        .order_by("id")[:1]
    )
)


@transaction.atomic
def take_next(*, now: datetime) -> bool:
    """Keep the next returns of the oldest file being taken in as messages; False when none is."""
    found = _TAKING.first()
    if found is None:
        return False
    writing = Writing(**found.writing)
    right = verdicts.right(verdicts.judged(found))
    part = list(right.items())[found.position : found.position + STEP]
    bodies = {key: verdicts.body(rows, writing) for key, rows in part}
    known = verdicts.last_digests(found.connection, list(bodies))
    messages = [
        (f"file:{found.pk}:{key}"[:120], key, body)
        for key, body in bodies.items()
        if known.get(key) != verdicts.digest(body)
    ]
    events.receive_file(connection=found.connection, messages=messages, now=now)
    found.position += len(part)
    found.kept += len(messages)
    if found.position >= len(right):
        found.status = ReturnFileStatus.TAKEN
        found.taken_at = now
        found.content = b""
    found.save(update_fields=["position", "kept", "status", "taken_at", "content"])
    return True


@transaction.atomic
def discard(*, file_id: int, actor: User, now: datetime) -> ReturnFile:
    """Put the file away and forget what it held; nothing was taken in.

    Raises:
        FixAlreadyDecided: it was taken in or discarded meanwhile.
    """
    found = _lock_open(file_id)
    found.status = ReturnFileStatus.DISCARDED
    found.content = b""
    found.verdict = _without_rows(found.verdict)
    found.save(update_fields=["status", "content", "verdict"])
    audit.record(
        actor=actor,
        act="return_file.discard",
        subject=found,
        text=f"{found.file_name} discarded; nothing was taken in",
        now=now,
    )
    return found


def stamp(found: ReturnFile) -> str:
    """A short sign for what a file would bring as it is chosen now."""
    shown = json.dumps([found.file_hash, found.columns, found.writing], sort_keys=True)
    return hashlib.sha256(shown.encode()).hexdigest()


def wrong_lines(found: ReturnFile) -> list[list[str]]:
    """Every wrong row as it came, with its line and what is wrong; empty once it is taken in."""
    if not found.content:
        return []
    said: dict[int, list[str]] = {}
    for each in verdicts.judged(found).wrong:
        said.setdefault(each.line, []).append(f"{each.column}: {each.expected}.")
    _, rows = verdicts.table(bytes(found.content))
    sign = found.writing["decimal_sign"]
    return [
        [
            *verdicts.as_wide(verdicts.texts(cells, sign), len(found.heads)),
            str(line),
            " ".join(said[line]),
        ]
        for line, cells in rows
        if line in said
    ]


def samples(found: ReturnFile) -> dict[str, str]:
    """By head, the first value the file has below it."""
    values: dict[str, str] = {}
    if not found.content:
        return values
    _, rows = verdicts.table(bytes(found.content))
    for _, cells in rows[:SAMPLES]:
        for head, cell in zip(found.heads, cells, strict=False):
            if cell.text and head not in values:
                values[head] = cell.text[:60]
    return values


def _last_chosen(connection: Connection) -> ReturnFile | None:
    """The file whose columns somebody chose last for this connection."""
    rows = ReturnFile.objects.filter(connection=connection).exclude(verdict={})
    return rows.only("columns", "writing").order_by("-id").first()


def _below(
    heads: Sequence[str], rows: verdicts.Rows, columns: Mapping[str, str], codes: Sequence[str]
) -> list[str]:
    places = [heads.index(columns[code]) for code in codes if code in columns]
    return [cells[at].text for _, cells in rows[:SAMPLES] for at in places if at < len(cells)]


def _date_order(samples: Sequence[str], last: ReturnFile | None) -> str:
    """As the dates tell; where they do not, as last time, else day first."""
    told = return_values.guess_date_order(samples)
    return told or (last.writing["date_order"] if last else "dmy")


def _decimal_sign(samples: Sequence[str], content: bytes, last: ReturnFile | None) -> str:
    """As the amounts tell; where they do not, as last time, else as the separators suggest."""
    told = return_values.guess_decimal_sign(samples)
    if told or last:
        return told or str(last.writing["decimal_sign"] if last else "")
    is_csv = not xlsx_tables.is_workbook(content)
    return "," if is_csv and csv_tables.has_semicolons(content=content) else "."


def _checked(columns: Mapping[str, str], heads: Sequence[str]) -> dict[str, str]:
    chosen = {code: head for code, head in columns.items() if head}
    for code, head in chosen.items():
        if code not in return_columns.BY_CODE or head not in heads:
            raise errors.InvalidChoice("Choose among the columns of the file.")
    twice = [head for head, count in Counter(chosen.values()).items() if count > 1]
    if twice:
        raise errors.InvalidChoice(f"The column {twice[0]} is chosen twice.")
    lacking = [
        column.label
        for column in return_columns.COLUMNS
        if column.is_required and column.code not in chosen
    ]
    if lacking:
        raise errors.InvalidChoice(f"Choose a column for: {', '.join(lacking)}.")
    return chosen


def _without_rows(verdict: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in verdict.items() if key not in ("rows", "wrong")}


def _lock_open(file_id: int) -> ReturnFile:
    found = (
        ReturnFile.objects.select_for_update(of=("self",))
        .select_related("connection")
        .get(pk=file_id)
    )
    if found.status != ReturnFileStatus.OPEN:
        words = {
            ReturnFileStatus.TAKING: "is being taken in already",
            ReturnFileStatus.TAKEN: "was taken in already",
        }
        said = words.get(ReturnFileStatus(found.status), "was discarded. Upload it again")
        raise errors.FixAlreadyDecided(f"{found.file_name} {said}.")
    return found
