"""A profile tried against an address: each question asked once, and a whole return if wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from connectors import errors, types
from connectors.currencies import minor_unit
from connectors.ports import Gateway, Source
from connectors.types import DocumentKind, OperationSupport

_RETURN = (
    DocumentKind.RETURN_AUTHORISATION,
    DocumentKind.STOCK_RECEIPT,
    DocumentKind.CREDIT_MEMO,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing tried; `text` is what came of it, for people."""

    name: str
    is_ok: bool
    text: str


def questions(gateway: Gateway, *, order_number: str = "", sku: str = "") -> tuple[Step, ...]:
    """Ask everything once, at most one page each; nothing is written.

    Order, item and documents are asked for only when `order_number` and `sku` name some.
    """
    steps = [
        _step("check_connection", lambda: _checked(gateway.check())),
        _step("list_locations", lambda: _counted(gateway.list_locations(), "location")),
        _step("changed_items", lambda: _counted(gateway.changed_items(since="").rows, "item")),
    ]
    if sku:
        steps.append(_step("find_item", lambda: _item(gateway, sku)))
    if order_number:
        steps.append(_step("find_order", lambda: _order(gateway, order_number)))
    if gateway.capabilities.can_find_by_key:
        steps.append(_step("find_document", lambda: _nothing(gateway)))
    return tuple(steps)


def source_questions(source: Source, *, since: datetime) -> tuple[Step, ...]:
    """The same of a returns platform: its list, one return of it, its refunds."""
    found: list[types.RmaRow] = []

    def listed() -> str:
        found.extend(source.changed_rmas(since=since).rows)
        return _counted(found, "return")

    steps = [
        _step("check_connection", lambda: _checked(source.check())),
        _step("list_returns", listed),
    ]
    if found:
        steps.append(_step("read_return", lambda: _read(source, found[0].external_id)))
    if source.capabilities.has_refund_feed:
        steps.append(
            _step(
                "list_refunds",
                lambda: _counted(source.changed_refunds(since=since).rows, "refund"),
            )
        )
    return tuple(steps)


def whole_return(gateway: Gateway, *, order_number: str, stamp: str, today: date) -> Iterator[Step]:
    """Return one unit of the order's first line: authorise, receive, credit, read each back.

    Really writes, under keys that end in `stamp` (digits); stops at the first step that fails.
    """
    made: dict[str, str] = {}
    try:
        order = _the_order(gateway, order_number)
        item = _the_item(gateway, order.lines[0].sku)
    except (errors.ConnectorError, _Unfit) as error:
        yield Step("find_order", is_ok=False, text=str(error))
        return
    for kind in _RETURN:
        if gateway.capabilities.creates.get(kind) is not OperationSupport.SUPPORTED:
            yield Step(f"create_{kind.value}", is_ok=True, text="Not called: keyed by hand.")
            continue
        draft = _draft(kind, order, item, stamp=stamp, today=today, based_on=dict(made))
        step, external_id = _posted(gateway, draft)
        yield step
        if not step.is_ok:
            return
        made[kind.value] = external_id


class _Unfit(Exception):
    """What was read does not serve for a trial return."""


def _step(name: str, act: Callable[[], str]) -> Step:
    try:
        return Step(name, is_ok=True, text=act())
    except _Unfit as error:
        return Step(name, is_ok=False, text=str(error))
    except errors.ConnectorError as error:
        return Step(name, is_ok=False, text=error.text)


def _checked(found: types.ConnectionCheck) -> str:
    if not found.is_ok:
        raise _Unfit(found.text)
    return found.text


def _counted(rows: Sequence[object], word: str) -> str:
    if not rows:
        raise _Unfit(f"The answer is readable, and has no {word}.")
    return f"{_many(len(rows), word)} read."


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _read(source: Source, external_id: str) -> str:
    rma = source.rma(external_id)
    units = sum(line.quantity for line in rma.lines)
    drift = f" Read with doubts: {'; '.join(rma.drift)}." if rma.drift else ""
    return f"{external_id} is {rma.status}: {units} units of {len(rma.lines)} lines.{drift}"


def _item(gateway: Gateway, sku: str) -> str:
    item = _the_item(gateway, sku)
    parts = ", ".join(f"{name} {value}" for name, value in item.key_parts.items())
    return f"{item.sku} is {item.erp_id}{f' ({parts})' if parts else ''}."


def _order(gateway: Gateway, number: str) -> str:
    order = _the_order(gateway, number)
    net = sum((line.net for line in order.lines), Decimal(0))
    tax = sum((line.tax for line in order.lines), Decimal(0))
    return (
        f"{order.number} of {order.customer_code}: {_many(len(order.lines), 'line')},"
        f" {net} {order.currency} and {tax} tax."
    )


def _nothing(gateway: Gateway) -> str:
    key = "rb-no-such-document"
    if gateway.find_documents(DocumentKind.CREDIT_MEMO, [key]):
        raise _Unfit(f"A document was found under '{key}', which nobody sent.")
    return "A document nobody sent is told as absent."


def _the_order(gateway: Gateway, number: str) -> types.ErpOrder:
    found = gateway.find_orders([number])
    if not found:
        raise _Unfit(f"There is no order {number}.")
    return found[0]


def _the_item(gateway: Gateway, sku: str) -> types.ErpItem:
    found = [item for item in gateway.find_items([sku]) if sku in (item.sku, item.barcode)]
    if not found:
        raise _Unfit(f"There is no item {sku}.")
    return found[0]


def _posted(gateway: Gateway, draft: types.DocumentDraft) -> tuple[Step, str]:
    name = f"create_{draft.kind.value}"
    try:
        receipt = gateway.create(draft)
        states = gateway.find_documents(draft.kind, [draft.key])
    except errors.ConnectorError as error:
        return Step(name, is_ok=False, text=error.text), ""
    told = f"{receipt.status.value} as {receipt.number or receipt.external_id}"
    if len(states) == 1:
        return Step(name, is_ok=True, text=f"{told}, and read back."), receipt.external_id
    if receipt.status is types.DocumentStatus.STAGED and not states:
        text = f"{told}; it cannot be read back yet, as staged documents may."
        return Step(name, is_ok=True, text=text), receipt.external_id
    text = f"{told}, and a look-up by its key finds {len(states)} documents."
    return Step(name, is_ok=False, text=text), receipt.external_id


def _draft(
    kind: DocumentKind,
    order: types.ErpOrder,
    item: types.ErpItem,
    *,
    stamp: str,
    today: date,
    based_on: dict[str, str],
) -> types.DocumentDraft:
    sold = order.lines[0]
    has_money = kind is DocumentKind.CREDIT_MEMO
    return types.DocumentDraft(
        kind=kind,
        key=f"rb-trial-{kind.value.replace('_', '-')}-{stamp}",
        date=today,
        division=order.division,
        warehouse=order.warehouse,
        customer_code=order.customer_code,
        currency=order.currency,
        rma_number=f"TRIAL-{stamp}",
        order_number=order.number,
        order_erp_id=order.erp_id,
        invoice_number=order.invoice_number,
        authorisation_number=based_on.get(DocumentKind.RETURN_AUTHORISATION.value, ""),
        note="Trial of a profile",
        lines=(
            types.DraftLine(
                line_no=1,
                component="item",
                sku=item.sku,
                item_erp_id=item.erp_id,
                quantity=1,
                order_line_id=sold.line_id,
                description=sold.description,
                unit_price=sold.unit_price if has_money else Decimal(0),
                net=_share(sold.net, sold.quantity, order.currency) if has_money else Decimal(0),
                tax=_share(sold.tax, sold.quantity, order.currency) if has_money else Decimal(0),
                tax_code=sold.tax_code if has_money else "",
                key_parts=item.key_parts,
            ),
        ),
        control_number=int(stamp[-8:]) * 10 + _RETURN.index(kind),
        based_on=based_on,
    )


def _share(total: Decimal, quantity: int, currency: str) -> Decimal:
    return (total / quantity).quantize(minor_unit(currency))
