"""A profile tried against an address: each question asked once, and a whole return if wanted."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from connectors import errors, types
from connectors.currencies import minor_unit
from connectors.ports import Gateway, Source
from connectors.types import DocumentKind, OperationSupport

_Question = tuple[str, Callable[[], str]]

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
    """Ask everything once, the item master also for its second page and for what changed lately.

    Nothing is written. Order, item and documents are asked for only when `order_number` and `sku`
    name some; after refused credentials nothing more is asked.
    """
    items = _Items(gateway)
    asked: list[_Question] = [
        ("check_connection", lambda: _checked(gateway.check())),
        ("list_locations", lambda: _counted(gateway.list_locations(), "location")),
        ("changed_items", items.first),
        ("changed_items, second page", items.second),
        ("changed_items, since a time", items.since),
    ]
    if sku:
        asked.append(("find_item", lambda: _item(gateway, sku)))
    if order_number:
        asked.append(("find_order", lambda: _order(gateway, order_number)))
    if gateway.capabilities.can_find_by_key:
        asked.append(("find_document", lambda: _nothing(gateway)))
    return _asked(asked)


def source_questions(source: Source, *, since: datetime) -> tuple[Step, ...]:
    """The same of a returns platform: two pages of its list, one return of it, its refunds."""
    pages: list[types.RmaPage] = []

    def listed() -> str:
        pages.append(source.changed_rmas(since=since))
        return _counted(pages[0].rows, "return")

    def further() -> str:
        if not pages or not pages[0].next_cursor:
            return ""
        page = source.changed_rmas(since=since, cursor=pages[0].next_cursor)
        return _another(pages[0].rows, page.rows, "return")

    def one() -> str:
        return _read(source, pages[0].rows[0].external_id) if pages and pages[0].rows else ""

    def refunds() -> str:
        return _counted(source.changed_refunds(since=since).rows, "refund")

    asked: list[_Question] = [
        ("check_connection", lambda: _checked(source.check())),
        ("list_returns", listed),
        ("list_returns, second page", further),
        ("read_return", one),
    ]
    if source.capabilities.has_refund_feed:
        asked.append(("list_refunds", refunds))
    return _asked(asked)


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


class _Items:
    """The item master asked three times: its first page, the next, and what changed lately."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._page: types.ItemPage | None = None

    def first(self) -> str:
        self._page = self._gateway.changed_items(since="")
        return _counted(self._page.rows, "item")

    def second(self) -> str:
        before = self._page
        if before is None or not before.next_cursor:
            return ""
        self._page = self._gateway.changed_items(since="", cursor=before.next_cursor)
        return _another(before.rows, self._page.rows, "item")

    def since(self) -> str:
        if self._page is None or not self._page.watermark:
            return ""
        since = self._page.watermark
        found = self._gateway.changed_items(since=since).rows
        return f"{_many(len(found), 'item')} changed since {since}, with the overlap before it."


def _asked(questions: Sequence[_Question]) -> tuple[Step, ...]:
    """What each brings; a question with nothing to ask about is left out."""
    steps: list[Step] = []
    for name, question in questions:
        try:
            text = question()
        except errors.Misconfigured as error:
            steps.append(Step(name, is_ok=False, text=error.text))
            if error.is_credentials:
                return _ended(steps)
        except errors.ConnectorError as error:
            steps.append(Step(name, is_ok=False, text=error.text))
        except _Unfit as error:
            steps.append(Step(name, is_ok=False, text=str(error)))
        else:
            steps += [Step(name, is_ok=True, text=text)] if text else []
    return tuple(steps)


def _ended(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps without what the check of the connection told already."""
    told = steps[:1] if not steps[0].is_ok else steps
    last = dataclasses.replace(told[-1], text=f"{told[-1].text} Nothing more was asked.")
    return (*told[:-1], last)


def _another(
    before: Sequence[types.ErpItem] | Sequence[types.RmaRow],
    rows: Sequence[types.ErpItem] | Sequence[types.RmaRow],
    word: str,
) -> str:
    if rows and list(rows) == list(before):
        raise _Unfit(f"The second page has the {word}s of the first: it is not asked for.")
    return f"{_many(len(rows), word)} read."


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
