"""Returns whose own data does not fit, each the seed of one exception."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from exceptions_app.management.demo import names, records
from exceptions_app.management.demo.records import Record

_TEE = names.BY_SKU["TEE-BLK-M"]
_JUMPER = names.BY_SKU["JMP-OAT-S"]
_THROW = names.BY_SKU["THROW-MOSS"]
_LAMP = names.BY_SKU["LMP-OAK"]
MISSPELT = 9
FIRST_NUMBER = 4000
# The return whose order the ERP does not have under the number it names.
LOST = 4032


def all_of(at: datetime) -> tuple[list[Record], list[Record]]:
    """Orders and returns, as of `at`."""
    made = [*_misspelt(at), *_one_each(at)]
    return [order for order, _ in made if order], [rma for _, rma in made]


Pair = tuple[Record, Record]


def _misspelt(at: datetime) -> Iterator[Pair]:
    """Nine returns that share one SKU the ERP does not know."""
    for position in range(MISSPELT):
        yield pair(FIRST_NUMBER + position, at, unit={"sku": names.MISSPELT_SKU, "barcode": ""})


def _one_each(at: datetime) -> Iterator[Pair]:
    number = iter(range(FIRST_NUMBER + 20, FIRST_NUMBER + 100))
    yield pair(next(number), at, names.DISCONTINUED)
    yield _two_meant(next(number), at)
    for _ in range(3):
        yield pair(next(number), at, _JUMPER, unit={"reason": "Moth holes"})
    for _ in range(2):
        torn = grade(at, is_restockable=False, non_restockable_reason="Torn lining")
        yield pair(next(number), at, names.BY_SKU["COT-BLK-M"], unit=torn)
    yield pair(next(number), at, _THROW, rma={"status": "OnHold"})
    yield pair(next(number), at, _THROW, unit=grade(at, store_location_id=None))
    for _ in range(2):
        hub = grade(at, store_location_id="Bristol pop-up")
        yield pair(next(number), at, _LAMP, unit=hub)
    yield pair(next(number), at, _LAMP, order={"division": "20", "warehouse": "PAR"})
    yield {}, _lost_order(next(number), at)
    yield _too_many(next(number), at)
    for _ in range(2):
        yield pair(
            next(number), at, unit={"paid_price": "23.20"}, rma={"refunded": Decimal("23.20")}
        )
    yield pair(next(number), at, _JUMPER, rma={"refunded": Decimal("80.00")})
    yield pair(next(number), at, _THROW, rma={"refunded": Decimal("62.95")})
    yield pair(
        next(number), at, _LAMP, unit={"return_fee": "3.50"}, rma={"refunded": Decimal("91.50")}
    )
    yield pair(next(number), at, _LAMP, order={"customer": "TRADE"})
    yield _gift(next(number), at)
    yield _same_customer(next(number), at)


def pair(
    number: int,
    at: datetime,
    article: names.Article = _TEE,
    *,
    unit: dict[str, Any] | None = None,
    order: dict[str, Any] | None = None,
    rma: dict[str, Any] | None = None,
) -> Pair:
    sold = records.order(f"SO-{number}", [(article, 1)], at - timedelta(days=9), **(order or {}))
    units = [records.unit(f"{number}1", article, at, **(unit or {}))]
    return sold, records.rma(str(number), f"SO-{number}", units, at, **(rma or {}))


def grade(at: datetime, **values: Any) -> dict[str, Any]:
    return {"validation": records.validation(at, **values)}


def _two_meant(number: int, at: datetime) -> Pair:
    """The label's barcode is on two items, and the customer bought both."""
    bought = [(article, 1) for article in names.TWINS]
    sold = records.order(f"SO-{number}", bought, at - timedelta(days=9))
    label = {"sku": names.SHARED_BARCODE, "barcode": names.SHARED_BARCODE}
    units = [records.unit(f"{number}1", names.TWINS[0], at, **label)]
    return sold, records.rma(str(number), f"SO-{number}", units, at)


def _same_customer(number: int, at: datetime) -> Pair:
    """An earlier return, by its right number, of the order that the lost one is of."""
    bought = [(_JUMPER, 1), (_TEE, 1)]
    sold = records.order(f"SO-{number}", bought, at - timedelta(days=9))
    units = [records.unit(f"{number}1", _JUMPER, at)]
    sender = records.customer(str(LOST))
    return sold, records.rma(str(number), f"SO-{number}", units, at, customer=sender)


def _lost_order(number: int, at: datetime) -> Record:
    return records.rma(str(number), "SO-19999", [records.unit(f"{number}1", _TEE, at)], at)


def _too_many(number: int, at: datetime) -> Pair:
    sold = records.order(f"SO-{number}", [(_TEE, 1)], at - timedelta(days=9))
    units = [records.unit(f"{number}{position}", _TEE, at) for position in (1, 2)]
    return sold, records.rma(str(number), f"SO-{number}", units, at)


def _gift(number: int, at: datetime) -> Pair:
    bought = [(_TEE, 1), (names.GIFT, 1)]
    sold = records.order(f"SO-{number}", bought, at - timedelta(days=9))
    units = [
        records.unit(f"{number}{position}", article, at)
        for position, (article, _) in enumerate(bought, start=1)
    ]
    return sold, records.rma(str(number), f"SO-{number}", units, at)
