"""What a partner says of a batch: its documents booked, refused or held, once and for good.

An answer that does not fit what left (a file never made, a document not in it, another verdict
than before) changes nothing: the file that brought it is set aside for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from connectors.exchange.options import ALL_OR_NOTHING
from connectors.exchange.shapes import AckLine, Acknowledgement, LineResult, PartnerDocument
from exceptions_app import jobs
from exceptions_app.choices import BATCH_OPEN, LineState, PostingStatus, SentFileState
from exceptions_app.errors import FileUnfit
from exceptions_app.models import Connection, ExchangeBatch, ExchangeLine, Posting
from exceptions_app.services import exchange_cases
from exceptions_app.services.exchange_book import FALLEN, overdue_after

_OPEN_LINES = (LineState.WAITING, LineState.HELD)


def record(*, connection: Connection, found: Acknowledgement, source: str, now: datetime) -> None:
    """Note one acknowledgement; the same one again changes nothing. `source` names its file.

    Call it in the transaction that marks the file as read.

    Raises:
        FileUnfit: it does not fit what left; nothing was changed.
    """
    if not found.batch_number and found.lines:
        for one in _by_batch(connection, found):
            record(connection=connection, found=one, source=source, now=now)
        return
    batch = _batch(connection, found.batch_number)
    lines = list(batch.lines.select_for_update().order_by("line_no"))
    is_whole = connection.settings.get("acknowledgement") == ALL_OR_NOTHING
    verdicts = (
        _syntax_verdicts(batch, lines, found)
        if found.is_syntax_only
        else _verdicts(batch, lines, found, is_whole=is_whole)
    )
    changed = [line for line, verdict in verdicts if _write(batch, line, verdict, now)]
    _advance(batch, lines, found, source, now)
    _hasten(changed, now)


def note_document(
    *, connection: Connection, found: PartnerDocument, source: str, now: datetime
) -> None:
    """A document the partner made of ours: it is booked there under the number it gives.

    Raises:
        FileUnfit: none of ours left under its key, or its sum is another.
    """
    line = (
        ExchangeLine.objects.filter(connection=connection, key=found.key)
        .exclude(result__in=FALLEN)
        .select_related("batch")
        .first()
    )
    name = found.number or found.authorisation or found.key or "a document without a number"
    if not found.key or line is None:
        raise FileUnfit(f"It tells of {name}, which answers no document of ours.")
    if found.amount is not None and line.gross is not None and abs(found.amount) != line.gross:
        raise FileUnfit(
            f"{name} is for {_plain(found.amount)} {found.currency}; {line.key} left with"
            f" {_plain(line.gross)} {line.currency}."
        )
    number = found.number or found.authorisation
    answer = AckLine(found.key, line.line_no, LineResult.ACCEPTED, number=number, erp_id=number)
    one = Acknowledgement(
        batch_number=line.batch.number, is_syntax_only=False, is_accepted=None, lines=(answer,)
    )
    if line.result not in _OPEN_LINES:
        # Its number may be told a second time in other words: what was noted first stays.
        return
    record(connection=connection, found=one, source=source, now=now)


def _by_batch(connection: Connection, found: Acknowledgement) -> Iterable[Acknowledgement]:
    """An answer that names documents and no file, told apart by the file each left in last."""
    answers: dict[int, list[AckLine]] = {}
    for answer in found.lines:
        line = (
            ExchangeLine.objects.filter(connection=connection, key=answer.key)
            .select_related("batch")
            .order_by("-pk")
            .first()
        )
        if line is None:
            raise FileUnfit(f"It answers {answer.key or 'no document'}, which left in no file.")
        answers.setdefault(line.batch.number, []).append(answer)
    for number in sorted(answers):
        yield replace(found, batch_number=number, lines=tuple(answers[number]))


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"


def _batch(connection: Connection, number: int) -> ExchangeBatch:
    batch = (
        ExchangeBatch.objects.select_for_update(of=("self",))
        .select_related("connection")
        .defer("content")
        .filter(connection=connection, number=number)
        .first()
    )
    if batch is None:
        raise FileUnfit(f"It answers file {number}, which was never made here.")
    if batch.state == SentFileState.WITHDRAWN:
        raise FileUnfit(
            f"It answers file {number}, which was withdrawn before it was delivered. Ask the"
            " partner what it booked of it."
        )
    return batch


def _syntax_verdicts(
    batch: ExchangeBatch, lines: Sequence[ExchangeLine], found: Acknowledgement
) -> list[tuple[ExchangeLine, AckLine]]:
    """Well formed decides nothing yet; what is not well formed is refused."""
    refused = tuple(line for line in found.lines if line.result == LineResult.REJECTED)
    return _verdicts(batch, lines, replace(found, lines=refused), is_whole=False)


def _verdicts(
    batch: ExchangeBatch,
    lines: Sequence[ExchangeLine],
    found: Acknowledgement,
    *,
    is_whole: bool,
) -> list[tuple[ExchangeLine, AckLine]]:
    """Each line with its verdict; lines that are not answered yet are left out."""
    told = {line.pk: answer for line, answer in _told(batch, lines, found.lines)}
    culprits = [each for each in found.lines if each.result == LineResult.REJECTED]
    words = found.text
    if culprits and not words:
        words = f"{culprits[0].key or f'Line {culprits[0].line}'}: {culprits[0].text}"
    is_refused = found.is_accepted is False or (is_whole and bool(culprits))
    verdicts = []
    for line in lines:
        answer = told.get(line.pk)
        is_named = answer is not None and (answer.result == LineResult.REJECTED or not is_whole)
        if is_refused and not is_named:
            answer = _refused_whole(batch, line, words)
        elif answer is None and found.is_accepted and not found.is_syntax_only:
            answer = AckLine(line.key, line.line_no, LineResult.ACCEPTED)
        if answer is not None:
            verdicts.append((line, answer))
    return verdicts


def _told(
    batch: ExchangeBatch, lines: Sequence[ExchangeLine], answers: Iterable[AckLine]
) -> Iterable[tuple[ExchangeLine, AckLine]]:
    by_key = {line.key: line for line in lines}
    by_place = {line.line_no: line for line in lines}
    for answer in answers:
        line = by_key.get(answer.key) if answer.key else by_place.get(answer.line)
        if line is None:
            named = answer.key or f"line {answer.line}"
            raise FileUnfit(f"It answers {named}, which is not in file {batch.number}.")
        yield line, answer


def _refused_whole(batch: ExchangeBatch, line: ExchangeLine, words: str) -> AckLine:
    """A document that fell with its file: one cause for all of them, whatever the culprit's is."""
    return AckLine(
        line.key,
        line.line_no,
        LineResult.REJECTED,
        code=f"file {batch.number} refused",
        text=f"Refused with the whole file {batch.number}. {words}".strip(),
    )


def _write(batch: ExchangeBatch, line: ExchangeLine, answer: AckLine, now: datetime) -> bool:
    """Note a verdict; False when it is the one noted already.

    Raises:
        FileUnfit: another verdict stands.
    """
    if line.result not in _OPEN_LINES:
        is_same = line.result == answer.result.value
        is_renamed = bool(answer.number and line.number and answer.number != line.number)
        if is_same and not is_renamed:
            return False
        raise FileUnfit(
            f"{line.key} in file {batch.number} is {line.get_result_display().lower()}"
            f"{f' as {line.number}' if line.number else ''} already; this says"
            f" {LineState(answer.result.value).label.lower()}"
            f"{f' as {answer.number}' if answer.number else ''}."
        )
    values = {
        "result": answer.result.value,
        "code": answer.code[:80],
        "field": answer.field[:80],
        "text": answer.text[:500],
        "erp_id": answer.erp_id[:80],
        "number": answer.number[:80],
    }
    if all(getattr(line, name) == value for name, value in values.items()):
        return False
    for name, value in values.items():
        setattr(line, name, value)
    line.answered_at = now
    line.save(update_fields=[*values, "answered_at"])
    return True


def _advance(
    batch: ExchangeBatch,
    lines: Sequence[ExchangeLine],
    found: Acknowledgement,
    source: str,
    now: datetime,
) -> None:
    if batch.state not in BATCH_OPEN:
        return
    # An answer proves that it was delivered, whoever noted it or not.
    batch.delivered_at = batch.delivered_at or now
    batch.due_by = batch.due_by or now + overdue_after(batch.connection)
    batch.acknowledged_at = batch.acknowledged_at or now
    batch.text = found.text[:500] or batch.text
    batch.state = _state(batch, lines)
    if batch.state not in BATCH_OPEN:
        batch.ended_at = now
        exchange_cases.batch_answered(batch=batch, source=source, now=now)
    batch.save(
        update_fields=["delivered_at", "acknowledged_at", "text", "state", "ended_at", "due_by"]
    )


def _state(batch: ExchangeBatch, lines: Sequence[ExchangeLine]) -> str:
    results = {line.result for line in lines}
    if results & set(_OPEN_LINES):
        is_late = batch.state == SentFileState.OVERDUE
        return SentFileState.OVERDUE if is_late else SentFileState.ACKNOWLEDGED
    if results == {LineState.ACCEPTED}:
        return SentFileState.POSTED
    return (
        SentFileState.REJECTED if results == {LineState.REJECTED} else SentFileState.PART_REJECTED
    )


def _hasten(lines: Sequence[ExchangeLine], now: datetime) -> None:
    """The documents that were answered are read back at once."""
    found = Posting.objects.filter(
        pk__in=[line.posting_id for line in lines],
        status=PostingStatus.POSTED,
        parked_at__isnull=True,
    )
    if found.update(not_before=now):
        jobs.nudge("settle")
