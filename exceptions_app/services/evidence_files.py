"""Evidence beside an exception: kept as it came, given back as it was, forgotten in time.

The content lies in a folder of its own that nothing serves; only `content` reads it. A row without
its file is told as missing, a file without a row is never reached by anybody.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from exceptions_app import errors
from exceptions_app.choices import CASE_OPEN
from exceptions_app.models import Case, EvidenceFile
from exceptions_app.rules import evidence_files as rules
from exceptions_app.services import audit
from exceptions_app.services.cases import record

BATCH = 200


def add(
    *, case_id: int, name: str, content: bytes, note: str, actor: User, now: datetime
) -> EvidenceFile:
    """Keep a file with its digest.

    Raises:
        InvalidChoice: too large, of no allowed kind, kept already, or too many of the exception.
    """
    if len(content) > rules.MOST_BYTES:
        most = rules.size_words(rules.MOST_BYTES)
        raise errors.InvalidChoice(f"The file is larger than {most}.")
    kind = rules.type_of(content)
    if kind is None:
        raise errors.InvalidChoice(f"By its content the file is none of these: {rules.ALLOWED}.")
    digest = hashlib.sha256(content).hexdigest()
    key = secrets.token_hex(16)
    try:
        with transaction.atomic():
            case = Case.objects.select_for_update().get(pk=case_id)
            _check_room(case, digest)
            row = EvidenceFile.objects.create(
                case=case,
                key=key,
                name=rules.clean_name(name, kind),
                kind=kind.code,
                size=len(content),
                sha256=digest,
                note=" ".join(note.split())[:200],
                added_by=actor,
                added_at=now,
            )
            case.evidence_count += 1
            case.save(update_fields=["evidence_count"])
            size = rules.size_words(row.size)
            text = f"Evidence added: {kind.label}, {size}, SHA-256 {digest}"
            record(case, "case.evidence", text, now, actor)
            _write(key, content)
    except BaseException:
        _path(key).unlink(missing_ok=True)
        raise
    return row


def content(*, row: EvidenceFile, actor: User, now: datetime) -> bytes:
    """What was kept, as it came; who took it is in the trail.

    Raises:
        EvidenceMissing: forgotten, not in the folder, or no longer what was kept.
    """
    try:
        found = _path(row.key).read_bytes() if row.forgotten_at is None else b""
    except OSError as error:
        raise errors.EvidenceMissing("The file is not in the data folder.") from error
    if not found:
        raise errors.EvidenceMissing(
            "Its content was deleted with the personal data of its return."
        )
    if hashlib.sha256(found).hexdigest() != row.sha256:
        raise errors.EvidenceMissing("The file in the data folder is not the one that was kept.")
    audit.record(
        actor=actor,
        act="evidence.read",
        subject=row,
        text=f"Evidence {row.pk} of EX-{row.case_id} taken as a file",
        now=now,
        case_id=row.case_id,
    )
    return found


def forget_due(*, before: datetime, now: datetime) -> int:
    """Delete what belongs to closed exceptions whose personal data is past its time at `before`."""
    is_old = Q(case__rma__source_updated_at__lt=before) | Q(
        case__rma__isnull=True, case__resolved_at__lt=before
    )
    rows = EvidenceFile.objects.filter(is_old).exclude(case__status__in=CASE_OPEN)
    return forget(rows=rows.exclude(case__rma__cases__status__in=CASE_OPEN), now=now)


def forget(*, rows: QuerySet[EvidenceFile], now: datetime) -> int:
    """Delete content and names of at most BATCH of `rows`; returns how many."""
    kept = list(rows.filter(forgotten_at__isnull=True).order_by("pk").distinct()[:BATCH])
    for row in kept:
        # The file first: a row that still stands is tried again, a file without one never.
        _path(row.key).unlink(missing_ok=True)
        EvidenceFile.objects.filter(pk=row.pk).update(name="", note="", forgotten_at=now)
    return len(kept)


def _check_room(case: Case, digest: str) -> None:
    kept = case.evidence.filter(forgotten_at__isnull=True)
    if kept.filter(sha256=digest).exists():
        raise errors.InvalidChoice("This very file is kept already.")
    if kept.count() >= rules.MOST_FILES:
        raise errors.InvalidChoice(f"An exception keeps at most {rules.MOST_FILES} files.")


def _path(key: str) -> Path:
    return Path(settings.RETURNSBRIDGE_DATA_DIR) / "evidence" / key[:2] / key


def _write(key: str, content: bytes) -> None:
    """Under its name only once it is whole, and readable by this account alone."""
    path = _path(key)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    try:
        half.touch(mode=0o600)
        half.write_bytes(content)
        half.replace(path)
    except OSError:
        # What no row names would never be forgotten.
        half.unlink(missing_ok=True)
        raise
