"""A file that came: read once, all of it or nothing, and told what became of it.

What it says is applied in the transaction that marks it as read. What is still owed after that
(the acknowledgement, its place among the done ones) is done by `finish`, however often it starts.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from connectors.errors import NotFound, UnreadableReply
from connectors.exchange import stores
from connectors.exchange.layouts import Layout, RefusedFile
from connectors.exchange.shapes import Inbound
from connectors.exchange.stores import FileStore
from exceptions_app import errors
from exceptions_app.choices import FileState
from exceptions_app.models import Connection, ExchangeFile
from exceptions_app.services import (
    audit,
    exchange_answers,
    exchange_cases,
    exchange_doors,
    exchange_goods,
    feeds,
    moments,
)
from exceptions_app.services.faultpoints import reach

# A larger file is no exchange of documents.
MOST_BYTES = 20 * 1024 * 1024
# Partners begin their numbers anew some day; what is not kept any more cannot be compared either.
NUMBERS_KNOWN_FOR = timedelta(days=90)


def take_in(
    *, file: ExchangeFile, store: FileStore, layout: Layout, is_last_try: bool, now: datetime
) -> bool:
    """Read a waiting file; False when it does not fit yet and may be tried after the others.

    On the last try such a file is set aside. Errors of the store pass through.
    """
    try:
        content = store.read(file.folder, file.name, MOST_BYTES)
    except NotFound:
        # Whoever sent it took it back before it was read.
        file.delete()
        return True
    except UnreadableReply as error:
        _set_aside(file, b"", error.text, now)
        return True
    file.sha256 = hashlib.sha256(content).hexdigest()
    earlier = _same_bytes(file)
    if earlier is not None:
        _mark_duplicate(file, earlier, now)
        return True
    try:
        parts = layout.read(file.name, content)
        _apply(file, content, parts, layout, FileState.WAITING, now)
    except RefusedFile as error:
        file.answers = _answers(file, [error.answer], layout, now)
        _set_aside(file, content, error.text, now)
    except UnreadableReply as error:
        _set_aside(file, content, error.text, now)
    except errors.FileUnfit as error:
        if not is_last_try:
            return False
        _set_aside(file, content, str(error), now)
    reach("file_read", file.name)
    return True


def read_again(*, file_id: int, actor: User, now: datetime) -> ExchangeFile:
    """Read a file that was set aside from what was kept of it, after something was put right.

    Raises:
        FixAlreadyDecided: it is not set aside any more.
        InvalidChoice: it cannot be read now either, or its content is not kept any more.
    """
    file = ExchangeFile.objects.select_related("connection").get(pk=file_id)
    if file.state != FileState.QUARANTINED:
        raise errors.FixAlreadyDecided(f"{file.name} is not set aside any more.")
    content = bytes(file.content)
    if not content:
        raise errors.InvalidChoice(f"Nothing is kept of {file.name}. Ask for it again.")
    layout = exchange_doors.layout(connection=file.connection)
    with transaction.atomic():
        try:
            parts = layout.read(file.name, content)
            _apply(file, content, parts, layout, FileState.QUARANTINED, now)
        except (UnreadableReply, errors.FileUnfit) as error:
            raise errors.InvalidChoice(f"Nothing was taken in. {error}") from error
        audit.record(
            actor=actor,
            act="exchange_file.read_again",
            subject=file,
            text=f"{file.name} of {file.connection.name} read again: {told_words(file.told)}",
            now=now,
            after={"sha256": file.sha256},
        )
    feeds.hasten(connection_id=file.connection_id, feed=exchange_doors.FEED, now=now)
    return file


def finish(*, connection: Connection, store: FileStore, is_resumed: bool, now: datetime) -> int:
    """Write the acknowledgements owed and move what was read; returns how many files.

    `is_resumed` when another look may have stopped midway: then a file that lies there under the
    same name may be a new one, and is left alone.
    """
    rows = ExchangeFile.objects.filter(connection=connection, moved_at__isnull=True).exclude(
        state=FileState.WAITING
    )
    count = 0
    for file in rows.defer("content").order_by("pk"):
        _answer(file, store, now)
        _move(file, store, now, is_resumed=is_resumed)
        count += 1
    return count


def told_words(told: dict[str, int]) -> str:
    """ "2 receipts, 1 answer to a file"; "nothing" for a file that told nothing."""
    words = {
        "acknowledgements": ("answer to a file", "answers to files"),
        "arrivals": ("receipt", "receipts"),
        "regrades": ("change of condition", "changes of condition"),
        "documents": ("document", "documents"),
        "blind": ("of no return we know", "of no return we know"),
    }
    said = [
        f"{count} {words[name][0 if count == 1 else 1]}"
        for name, count in told.items()
        if count and name in words
    ]
    return ", ".join(said) or "nothing"


def _same_bytes(file: ExchangeFile) -> ExchangeFile | None:
    rows = ExchangeFile.objects.filter(
        connection=file.connection_id, sha256=file.sha256, state=FileState.READ
    )
    return rows.exclude(pk=file.pk).defer("content").order_by("-pk").first()


def _mark_duplicate(file: ExchangeFile, earlier: ExchangeFile, now: datetime) -> None:
    file.state = FileState.DUPLICATE
    at = moments.written(earlier.read_at) if earlier.read_at else ""
    file.why = f"It holds what {earlier.name} held, which was read {at}."[:500]
    file.kinds, file.read_at = earlier.kinds, now
    file.save(update_fields=["state", "why", "kinds", "read_at", "sha256"])


@transaction.atomic
def _set_aside(file: ExchangeFile, content: bytes, why: str, now: datetime) -> None:
    if not _is_still(file, FileState.WAITING):
        return
    file.state = FileState.QUARANTINED
    file.why = why[:500]
    file.content = content
    file.read_at = now
    file.save(update_fields=["state", "why", "content", "sha256", "read_at", "answers"])
    exchange_cases.file_set_aside(file=file, now=now)


@transaction.atomic
def _apply(
    file: ExchangeFile,
    content: bytes,
    parts: Sequence[Inbound],
    layout: Layout,
    state: FileState,
    now: datetime,
) -> None:
    """Take in all parts of a file that is in `state`, or nothing of it.

    Raises:
        FileUnfit: a part does not fit what is known.
    """
    if not _is_still(file, state):
        return
    numbers = [f"{part.kind}:{part.partner}:{part.number}" for part in parts if part.number]
    repeated = _same_numbers(file, numbers, now)
    if repeated is not None:
        _note_repeat(file, repeated, parts, layout, now)
        return
    told = _take_parts(file, parts, now)
    file.state = FileState.READ
    file.why = ""
    file.content = content
    file.kinds = sorted({part.kind.value for part in parts})
    file.numbers = numbers
    file.told = dict(told)
    file.answers = _answers(file, [part.answer for part in parts if part.answer], layout, now)
    # One that was set aside may have been answered with a refusal.
    file.answered_at = None
    file.read_at = now
    # One that was read from what was kept lies among the bad ones, and moves from there.
    file.moved_at = None
    file.save()
    exchange_cases.file_read(file=file, now=now)


def _is_still(file: ExchangeFile, state: FileState) -> bool:
    """Lock the file; when another reader was faster, what it made of it stands."""
    mine = ExchangeFile.objects.select_for_update().filter(pk=file.pk, state=state)
    if mine.defer("content").first() is not None:
        return True
    file.refresh_from_db()
    return False


def _take_parts(file: ExchangeFile, parts: Sequence[Inbound], now: datetime) -> Counter[str]:
    told: Counter[str] = Counter()
    connection, source = file.connection, file.name
    for part in parts:
        if part.batch_number:
            raise errors.FileUnfit("It holds a file of ours, not an answer to one.")
        for found in part.acknowledgements:
            exchange_answers.record(connection=connection, found=found, source=source, now=now)
        for document in part.documents:
            exchange_answers.note_document(
                connection=connection, found=document, source=source, now=now
            )
        kept, blind = exchange_goods.keep_arrivals(
            connection=connection, arrivals=part.arrivals, now=now
        )
        told["acknowledgements"] += len(part.acknowledgements)
        told["documents"] += len(part.documents)
        told["arrivals"] += kept
        told["blind"] += blind
        told["regrades"] += exchange_goods.regrade(
            connection=connection, regrades=part.regrades, now=now
        )
    return +told


def _same_numbers(file: ExchangeFile, numbers: Sequence[str], now: datetime) -> ExchangeFile | None:
    for number in numbers:
        earlier = (
            ExchangeFile.objects.filter(
                connection=file.connection_id,
                numbers__contains=[number],
                state=FileState.READ,
                read_at__gte=now - NUMBERS_KNOWN_FOR,
            )
            .exclude(pk=file.pk)
            .first()
        )
        if earlier is not None:
            return earlier
    return None


def _note_repeat(
    file: ExchangeFile,
    earlier: ExchangeFile,
    parts: Sequence[Inbound],
    layout: Layout,
    now: datetime,
) -> None:
    """The same number again: nothing to do when it says the same, a person's business when not."""
    said = layout.read(earlier.name, bytes(earlier.content)) if earlier.content else ()
    if _without_answers(said) != _without_answers(parts):
        raise errors.FileUnfit(
            f"It has the number of {earlier.name}, which was read before, and does not say the"
            " same."
        )
    _mark_duplicate(file, earlier, now)
    exchange_cases.file_read(file=file, now=now)


def _without_answers(parts: Sequence[Inbound]) -> list[Inbound]:
    return [replace(part, answer=None) for part in parts]


def _answers(
    file: ExchangeFile, owed: Sequence[bytes], layout: Layout, now: datetime
) -> list[list[str]]:
    """[name, base64 of the bytes] of each acknowledgement owed; parts may share one."""
    return [
        [
            f"answer-{layout.version}-{file.pk}-{place}-{now:%Y%m%dT%H%M%SZ}{layout.file_suffix}",
            base64.b64encode(answer).decode("ascii"),
        ]
        for place, answer in enumerate(dict.fromkeys(owed), start=1)
    ]


def _answer(file: ExchangeFile, store: FileStore, now: datetime) -> None:
    """Put what is owed where the partner takes it, once: it may have taken it already."""
    if not file.answers or file.answered_at is not None:
        return
    for name, packed in file.answers:
        is_there = store.exists(stores.OUT, name) or store.exists(stores.SENT, name)
        if not is_there:
            store.put(stores.OUT, name, base64.b64decode(packed))
    reach("answer_put", file.name)
    file.answered_at = now
    file.save(update_fields=["answered_at"])


def _move(file: ExchangeFile, store: FileStore, now: datetime, *, is_resumed: bool) -> None:
    target = stores.BAD if file.state == FileState.QUARANTINED else stores.DONE
    if file.folder != target and not (is_resumed and _is_another(file, store)):
        store.move(file.folder, file.name, target)
        reach("file_moved", file.name)
    file.folder = target
    file.moved_at = now
    file.save(update_fields=["folder", "moved_at"])


def _is_another(file: ExchangeFile, store: FileStore) -> bool:
    """Whether nothing of ours lies under the file's name any more: it was moved, or replaced."""
    if not file.sha256:
        return False
    try:
        content = store.read(file.folder, file.name, MOST_BYTES)
    except NotFound:
        return True
    except UnreadableReply:
        return True
    return hashlib.sha256(content).hexdigest() != file.sha256
