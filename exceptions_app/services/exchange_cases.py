"""The exceptions of file exchange: a file set aside, an answer that is late."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from exceptions_app.choices import LineState
from exceptions_app.models import Connection, ExchangeBatch, ExchangeFile
from exceptions_app.rules.facts import Finding
from exceptions_app.services import cases, moments, subjects


def file_set_aside(*, file: ExchangeFile, now: datetime) -> None:
    finding = Finding(
        type="FILE_UNREADABLE",
        subject="file",
        cause=file.connection.code,
        facts={
            "connection": file.connection.name,
            "event": file.name,
            # It stands in quotation marks inside a sentence.
            "reason": file.why.rstrip("."),
        },
        value=Decimal(0),
        value_formula="not known: nothing of the file was taken in",
    )
    _sync(file.connection, f"file:{file.pk}", [finding], now)


def file_read(*, file: ExchangeFile, now: datetime) -> None:
    """Close what was open about a file that is read now."""
    proof = f"{file.name} was read {moments.written(now)}, and everything in it was taken in."
    _sync(file.connection, f"file:{file.pk}", [], now, proof)


def batch_late(*, batch: ExchangeBatch, now: datetime) -> None:
    waiting = batch.lines.filter(result__in=[LineState.WAITING, LineState.HELD])
    rows = list(waiting.values_list("gross", "currency"))
    currencies = {currency for _, currency in rows if currency}
    is_one = len(currencies) == 1
    finding = Finding(
        type="BATCH_OVERDUE",
        subject="batch",
        cause=batch.connection.code,
        facts={
            "connection": batch.connection.name,
            "event": batch.name,
            "number": str(batch.number),
            "since": moments.written(batch.delivered_at) if batch.delivered_at else "",
            "waiting": f"{len(rows)} document{'s' if len(rows) != 1 else ''}",
        },
        # Sums of several currencies are no sum.
        value=sum((gross or Decimal(0) for gross, _ in rows), Decimal(0)) if is_one else Decimal(0),
        value_formula="sum of the documents in the file that were not answered" if is_one else "",
    )
    currency = currencies.pop() if is_one else ""
    _sync(batch.connection, f"batch:{batch.pk}", [finding], now, currency=currency)


def batch_answered(*, batch: ExchangeBatch, source: str, now: datetime) -> None:
    proof = f"File {batch.number} was answered by {source}, read {moments.written(now)}."
    _sync(batch.connection, f"batch:{batch.pk}", [], now, proof)


def _sync(
    connection: Connection,
    key: str,
    findings: Sequence[Finding],
    now: datetime,
    proof: str = "",
    *,
    currency: str = "",
) -> None:
    subject = replace(subjects.of_connection(connection), key=key)
    if currency:
        subject = replace(subject, currency=currency)
    cases.sync(subject=subject, findings=findings, now=now, proof=proof)
