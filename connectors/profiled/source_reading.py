"""A platform's replies as the canonical types of the border."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from connectors import errors, types
from connectors.profiled import source_schema as schema
from connectors.profiled.reading import search
from connectors.profiled.source_facts import Drift, FactReader, Facts, unreadable
from connectors.profiled.source_schema import RecordList, SourceProfile


def row(profile: SourceProfile, raw: object) -> types.RmaRow:
    facts = FactReader(profile, Drift()).facts(profile.rows, schema.ROW, raw)
    return types.RmaRow(
        external_id=facts["external_id"],
        status=facts.get("status", ""),
        order_name=facts.get("order_name", ""),
    )


def rma(profile: SourceProfile, document: object) -> types.SourceRma:
    """One whole return; its refunds carry its id.

    Raises:
        UnreadableReply: the return, its id, a moment, a unit's id or an amount cannot be had.
    """
    reading = profile.reading
    raw = search(reading.root, document)
    if not isinstance(raw, Mapping):
        raise unreadable(reading.root, "is no object")
    drift = Drift()
    reader = FactReader(profile, drift)
    facts = reader.facts(reading.fields, schema.RETURN, raw)
    currency = facts.get("currency", "")
    external_id = facts["external_id"]
    refunds = tuple(
        _refund(each, rma_external_id=external_id, currency=currency)
        for each in reader.listed(reading.refunds, schema.REFUND, raw, currency)
    )
    currency = currency or next((refund.money.currency for refund in refunds), "")
    return types.SourceRma(
        external_id=external_id,
        status=facts["status"],
        order_id=facts.get("order_id", ""),
        order_name=facts.get("order_name", ""),
        currency=currency,
        created_at=facts["created_at"],
        updated_at=facts["updated_at"],
        customer_email=facts.get("customer_email", ""),
        customer_name=facts.get("customer_name", ""),
        lines=_lines(profile, reader, raw, currency, drift, order=facts.get("order_name", "")),
        shipments=tuple(_shipments(reader, reading.shipments, raw)),
        refunds=refunds,
        events=tuple(_events(reader, reading.events, raw, drift)),
        exchanges=tuple(_exchanges(reader, reading.exchanges, raw)),
        cancellation_fee=None,
        is_out_of_policy=facts.get("is_out_of_policy", False),
        drift=drift.notes(),
        reread_at=_reread_at(profile, raw, facts["created_at"]),
    )


def refund(profile: SourceProfile, raw: object) -> types.SourceRefund:
    """One row of the refunds feed."""
    facts = FactReader(profile, Drift()).facts(profile.refunds, schema.REFUND, raw)
    return _refund(facts, rma_external_id=facts.get("rma_external_id", ""), currency="")


def _refund(facts: Facts, *, rma_external_id: str, currency: str) -> types.SourceRefund:
    told = facts.get("currency", currency)
    if not told:
        raise unreadable("currency", "is missing")
    tender = facts.get("tender", "")
    return types.SourceRefund(
        external_id=facts["external_id"],
        rma_external_id=rma_external_id,
        kind=facts.get("kind", ""),
        status=facts["status"],
        money=types.Money(facts["amount"], told),
        processor=facts.get("processor", ""),
        reference=facts.get("reference", ""),
        unit_ids=(),
        created_at=facts["created_at"],
        updated_at=facts.get("updated_at") or facts["created_at"],
        tenders=(types.Tender(tender, facts["amount"]),) if tender else (),
    )


def _reread_at(profile: SourceProfile, raw: object, created_at: datetime) -> datetime | None:
    rule = profile.reading.reread
    if rule is None or not search(rule.when, raw):
        return None
    return created_at + timedelta(days=rule.after_days)


# --- Lines -----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Group:
    unit_ids: list[str] = field(default_factory=list)
    decided_at: datetime | None = None

    def take(self, unit_ids: list[str], decided_at: datetime | None) -> None:
        self.unit_ids.extend(unit_ids)
        if decided_at and (self.decided_at is None or decided_at > self.decided_at):
            self.decided_at = decided_at


def _lines(
    profile: SourceProfile,
    reader: FactReader,
    raw: object,
    currency: str,
    drift: Drift,
    *,
    order: str,
) -> tuple[types.SourceLine, ...]:
    """Units that share every fact as one line, in order of first appearance.

    An entry of three units has the ids "id-1" to "id-3". Fees are told of the return as a whole:
    they stand on the first line that is not refused.
    """
    reading = profile.reading
    groups: dict[types.SourceLine, _Group] = {}
    seen: dict[str, types.SourceLine] = {}
    if not isinstance(search(reading.lines.path, raw), list):
        raise unreadable(reading.lines.path, "is no list")
    for facts in reader.listed(reading.lines, schema.LINE, raw, currency):
        line = _line(facts, currency, drift, is_tax_included=reading.is_tax_included)
        unit_id = facts["unit_id"]
        if seen.setdefault(unit_id, line) is not line:
            if seen[unit_id] != line:
                raise unreadable(
                    "unit_id",
                    "is given twice with different facts",
                    conflict=errors.conflict(str(unit_id), seen[unit_id], line, order=order),
                )
            drift.note("unit_id", "given twice")
            continue
        groups.setdefault(line, _Group()).take(_unit_ids(facts), facts.get("decided_at"))
    lines = [
        replace(
            line,
            unit_ids=tuple(group.unit_ids),
            quantity=len(group.unit_ids),
            disposition_at=group.decided_at if line.disposition else None,
        )
        for line, group in groups.items()
    ]
    return _with_fees(lines, tuple(_fees(reader, reading.fees, raw, currency)))


def _unit_ids(facts: Facts) -> list[str]:
    quantity = facts.get("quantity", 1)
    if quantity == 1:
        return [facts["unit_id"]]
    return [f"{facts['unit_id']}-{position}" for position in range(1, quantity + 1)]


def _line(facts: Facts, currency: str, drift: Drift, *, is_tax_included: bool) -> types.SourceLine:
    """The facts of an entry as a line of no units."""
    return types.SourceLine(
        unit_ids=(),
        order_line_id=facts.get("order_line_id", ""),
        sku=facts.get("sku", ""),
        barcode=facts.get("barcode", ""),
        name=facts.get("name", ""),
        # One entry of two units and two entries of one are the same units.
        quantity=0,
        unit_price=_money(facts.get("unit_price"), currency),
        unit_tax=_money(facts.get("unit_tax"), currency),
        is_tax_included=facts.get("is_tax_included", is_tax_included),
        reason=facts.get("reason", ""),
        reason_detail=facts.get("reason_detail", ""),
        resolution=facts.get("resolution", ""),
        return_method=facts.get("return_method", ""),
        inspection=_inspection(facts.get("inspection", ""), drift),
        is_restockable=facts.get("is_restockable"),
        disposition=facts.get("disposition", ""),
        disposition_at=None,
        location=facts.get("location", ""),
        shipment_id=facts.get("shipment_id", ""),
    )


def _inspection(word: str, drift: Drift) -> types.Inspection:
    try:
        return types.Inspection(word or types.Inspection.NOT_INSPECTED)
    except ValueError:
        drift.note("inspection", f"unknown word {word[:40]}")
        return types.Inspection.NOT_INSPECTED


def _money(amount: Decimal | None, currency: str) -> types.Money | None:
    return None if amount is None else types.Money(amount, currency)


def _fees(
    reader: FactReader, records: RecordList | None, raw: object, currency: str
) -> Iterator[types.Fee]:
    for facts in reader.listed(records, schema.FEE, raw, currency):
        try:
            kind = types.FeeKind(facts["kind"])
        except ValueError:
            raise unreadable("fees", f"'{facts['kind']}' is no kind of fee we know") from None
        if facts["amount"]:
            yield types.Fee(kind, types.Money(facts["amount"], currency))


def _with_fees(
    lines: list[types.SourceLine], fees: tuple[types.Fee, ...]
) -> tuple[types.SourceLine, ...]:
    if not fees or not lines:
        return tuple(lines)
    refused = (types.Inspection.FAILED, types.Inspection.NOT_RETURNED)
    place = next((at for at, line in enumerate(lines) if line.inspection not in refused), 0)
    lines[place] = replace(lines[place], fees=fees)
    return tuple(lines)


# --- What else a return tells ----------------------------------------------------------------


def _shipments(
    reader: FactReader, records: RecordList | None, raw: object
) -> Iterator[types.SourceShipment]:
    for facts in reader.listed(records, schema.SHIPMENT, raw):
        yield types.SourceShipment(
            external_id=facts["external_id"],
            status=facts.get("status", ""),
            carrier=facts.get("carrier", ""),
            tracking_number=facts.get("tracking_number", ""),
            tracking_url=facts.get("tracking_url", ""),
            is_outbound=facts.get("is_outbound", False),
        )


def _events(
    reader: FactReader, records: RecordList | None, raw: object, drift: Drift
) -> Iterator[types.SourceEvent]:
    """The timeline in the reply's order; an entry without a readable time is left out (noted)."""
    for facts in reader.listed(records, schema.EVENT, raw):
        if "at" not in facts:
            drift.note("at", "missing, entry left out")
            continue
        yield types.SourceEvent(
            name=facts.get("name", ""),
            at=facts["at"],
            via=facts.get("via", ""),
            location=facts.get("location", ""),
            user=facts.get("user", ""),
        )


def _exchanges(
    reader: FactReader, records: RecordList | None, raw: object
) -> Iterator[types.SourceExchange]:
    for facts in reader.listed(records, schema.EXCHANGE, raw):
        yield types.SourceExchange(
            draft_order_id=facts.get("draft_order_id", ""),
            order_id=facts.get("order_id", ""),
            order_name=facts.get("order_name", ""),
            kind=facts.get("kind", ""),
        )
