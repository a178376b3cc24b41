"""The accounting service of the Brightpearl-like twin: tax codes, the period lock, payments."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Request, Response

from connectors.sandbox import brightpearl_wire as wire
from connectors.sandbox.brightpearl_stock import WarehouseService
from connectors.sandbox.brightpearl_store import Payment, moment, stamp
from connectors.sandbox.brightpearl_wire import Column, Refused

_REQUIRED = ("paymentType", "paymentMethodCode", "orderId", "currencyIsoCode", "paymentDate")
_FIELDS = frozenset(
    {
        *_REQUIRED,
        "amountPaid",
        "exchangeRate",
        "journalRef",
        "transactionRef",
        "transactionCode",
        "journalId",
        "amountAuthorized",
        "expires",
    }
)
_LONGEST = {"transactionRef": 64, "paymentMethodCode": 36}


def _signed(payment: Payment) -> str:
    amount = Decimal(str(payment.body["amountPaid"]))
    return wire.text(-amount if payment.body["paymentType"] == "PAYMENT" else amount)


_PAYMENT_COLUMNS = (
    Column("paymentId", "IDSET", lambda row: row.payment_id),
    Column("transactionRef", "STRING", lambda row: row.body.get("transactionRef", "")),
    Column("transactionCode", "STRING", lambda row: row.body.get("transactionCode", "")),
    Column("paymentMethodCode", "STRING", lambda row: row.body["paymentMethodCode"]),
    Column("paymentType", "STRING", lambda row: row.body["paymentType"]),
    Column("orderId", "IDSET", lambda row: row.body["orderId"]),
    Column("currencyCode", "STRING", lambda row: row.body["currencyIsoCode"]),
    Column("amountPaid", "STRING", _signed),
    Column("paymentDate", "PERIOD", lambda row: row.body["paymentDate"]),
    Column("createdOn", "PERIOD", lambda row: stamp(row.at)),
)


class AccountingService(WarehouseService):
    """Handlers of `/accounting-service`."""

    def list_tax_codes(self, request: Request, account: str, ids: str = "") -> Response:
        """A rate of zero is left out."""
        wanted = wire.id_set(ids) if ids else list(self._store.tax_codes)
        rows = [self._tax_code(number) for number in wanted if number in self._store.tax_codes]
        if not rows:
            raise wire.nothing_found()
        return self._yes(rows)

    def _tax_code(self, number: int) -> dict[str, Any]:
        record = self._store.tax_codes[number]
        rate = Decimal(str(record.get("rate", 0)))
        row = {
            "id": number,
            "code": record["code"],
            "description": record.get("description", ""),
        }
        return {**row, "rate": wire.text(rate)} if rate else row

    def get_period_lock(self, request: Request, account: str) -> Response:
        lock = self._store.lock
        if lock is None:
            raise wire.nothing_found()
        until = stamp(moment(lock["locked_until"]))
        return self._yes({"lockedBy": lock.get("locked_by", 4), "lockedUntil": until})

    def payment_search(self, request: Request, account: str) -> Response:
        return self._searched(request, self._store.payments.values(), _PAYMENT_COLUMNS)

    def create_payment(self, request: Request, account: str) -> Response:
        body = self._object(request)
        self._check_fields(body, _FIELDS)
        for name in _REQUIRED:
            if not body.get(name):
                raise Refused("SIM-080", f"{name} is required")
        for name, length in _LONGEST.items():
            if len(str(body.get(name) or "")) > length:
                raise Refused("SIM-081", f"{name} is longer than {length}")
        if int(body["orderId"]) not in self._store.orders:
            raise Refused("SIM-082", f"Order {body['orderId']} was not found")
        day, until = moment(body["paymentDate"]).date(), self._store.locked_until()
        if until is not None and day <= until:
            raise Refused("SIM-030", f"The accounting period is locked until {until.isoformat()}")
        key = str(body.get("transactionRef") or "")
        place = ("payment", key, str(body["paymentMethodCode"]))
        if key and place in self._store.taken:
            raise Refused("SIM-083", f"transactionRef {key} has already been used")
        amount = Decimal(str(body.get("amountPaid", "0")))
        kept = {**body, "orderId": int(body["orderId"]), "amountPaid": str(amount)}
        self._store.taken.add(place)
        payment_id = self._store.next_id()
        self._store.payments[payment_id] = Payment(payment_id, kept, self.moment())
        return self._yes(payment_id)
