"""The NetSuite-like twin's records as rows of the tables SuiteQL reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.sandbox.netsuite_records import CREDITS, KINDS, SALES, ZERO, Line, Transaction
from connectors.sandbox.netsuite_sql import Mirror, stamp

STATUSES = (("1", "Good", True), ("2", "Inspection", False), ("3", "Damaged", False))
_FIRST_PERIOD_ID = 100


class Reflection:
    """Writes the mirror; `switches` say how this account answers, `id_of` gives codes an id."""

    def __init__(
        self, mirror: Mirror, switches: Mapping[str, Any], id_of: Callable[[str, str], int]
    ) -> None:
        self.mirror = mirror
        self._switches = switches
        self._id_of = id_of
        for number, name, is_available in STATUSES:
            row = {"id": int(number), "name": name, "inventoryavailable": is_available}
            self.mirror.put("inventorystatus", int(number), [{**row, "isinactive": False}])

    def transaction(self, transaction: Transaction) -> None:
        """Let SuiteQL see the transaction as it is now."""
        name, code, _ = KINDS[transaction.kind]
        sign = self._sign(transaction.kind)
        status = transaction.status
        is_prefixed = self._switches["status_form"] == "prefixed"
        currency = self._id_of("currency", transaction.currency)
        self.mirror.put(
            "currency",
            currency,
            [{"id": currency, "symbol": transaction.currency, "name": transaction.currency}],
        )
        self.mirror.put(
            "transaction",
            transaction.id,
            [
                {
                    "id": transaction.id,
                    "tranid": transaction.number,
                    "externalid": transaction.external_id or None,
                    "otherrefnum": transaction.other_ref or None,
                    "type": code,
                    "recordtype": name.lower(),
                    "status": f"{code}:{status}" if is_prefixed else status,
                    "entity": transaction.entity or None,
                    "trandate": stamp(_midnight(transaction.day)),
                    "createddate": stamp(transaction.created_at),
                    "lastmodifieddate": stamp(transaction.created_at),
                    "currency": currency,
                    "foreigntotal": transaction.total * (-1 if transaction.kind in CREDITS else 1),
                    "memo": transaction.memo or None,
                    "posting": transaction.kind not in ("salesorder", "returnauthorization"),
                    "voided": status == "V",
                }
            ],
        )
        head = {**self._common(transaction), "id": 0, "uniquekey": transaction.id * 10_000}
        total = transaction.total * -sign
        rows: list[dict[str, Any]] = [
            {**head, "linesequencenumber": 0, "mainline": True, "taxline": False}
            | {"foreignamount": total, "netamount": total, "location": transaction.location or None}
        ]
        rows += [
            self._row(transaction, line, position, sign)
            for position, line in enumerate(transaction.lines, start=1)
        ]
        rows += self._tax_rows(transaction, len(rows), sign)
        self.mirror.put("transactionline", transaction.id, rows)
        self._reflect_details(transaction)

    def gone(self, number: int) -> None:
        for table in ("transaction", "transactionline", "inventoryassignment"):
            self.mirror.put(table, number, [])

    def _sign(self, kind: str) -> int:
        """Sales are turned round in SuiteQL, what takes them back is not."""
        return -1 if kind in SALES and self._switches["sales_signs"] == "turned" else 1

    def _common(self, transaction: Transaction) -> dict[str, Any]:
        return {
            "transaction": transaction.id,
            "subsidiary": transaction.subsidiary or None,
            "createdfrom": transaction.source or None,
            "entity": transaction.entity or None,
        }

    def _row(
        self, transaction: Transaction, line: Line, position: int, sign: int
    ) -> dict[str, Any]:
        is_suitetax = self._switches["suitetax"]
        has_tax = bool(line.taxes) and not is_suitetax
        return {
            **self._common(transaction),
            "id": line.number,
            "uniquekey": transaction.id * 10_000 + position,
            "linesequencenumber": position,
            "item": line.item or None,
            "itemtype": line.item_type,
            "quantity": line.quantity * sign if line.quantity else None,
            "quantityshiprecv": line.received,
            "quantitybilled": line.billed,
            "rate": line.rate,
            "foreignamount": line.amount * sign,
            "netamount": line.amount * sign,
            "location": line.location or None,
            "mainline": False,
            "taxline": False,
            "taxcode": line.taxes[0][0] or None if has_tax else None,
            "taxamount": line.tax * sign if has_tax else None,
            "kitmemberof": line.kit or None,
            "kitcomponent": bool(line.kit),
            "transactiondiscount": False,
            "memo": line.memo or None,
            "isclosed": False,
            "iscogs": False,
        }

    def _tax_rows(self, transaction: Transaction, position: int, sign: int) -> list[dict[str, Any]]:
        """One line for each tax code, as on the document itself."""
        codes: dict[str, Decimal] = {}
        for line in transaction.lines:
            for code, tax in line.taxes:
                codes[code] = codes.get(code, ZERO) + tax
        return [
            {
                **self._common(transaction),
                "id": 1_000_000_000 + number,
                "uniquekey": transaction.id * 10_000 + position + number,
                "linesequencenumber": position + number,
                "item": code or None,
                "itemtype": "TaxItem",
                "foreignamount": tax * sign,
                "netamount": tax * sign,
                "mainline": False,
                "taxline": True,
            }
            for number, (code, tax) in enumerate(codes.items())
            if tax
        ]

    def _reflect_details(self, transaction: Transaction) -> None:
        sign = self._sign(transaction.kind)
        links: list[dict[str, Any]] = []
        assigned: list[dict[str, Any]] = []
        details: list[dict[str, Any]] = []
        for line in transaction.lines:
            if transaction.source and line.source_line:
                link = {"previousdoc": transaction.source, "previousline": line.source_line}
                links.append({**link, "nextdoc": transaction.id, "nextline": line.number})
            for status, quantity in line.statuses:
                place = {"transaction": transaction.id, "transactionline": line.number}
                assigned.append({**place, "inventorystatus": status, "quantity": quantity})
            for code, tax in line.taxes if self._switches["suitetax"] else ():
                details.append(
                    {
                        "transaction": transaction.id,
                        "line": line.number,
                        "taxcode": code or None,
                        "taxbasis": line.amount * sign,
                        "taxamount": tax * sign,
                    }
                )
        self.mirror.put("previoustransactionlinelink", transaction.id, links)
        self.mirror.put("inventoryassignment", transaction.id, assigned)
        self.mirror.put("transactiontaxdetail", transaction.id, details)

    def periods(self, at: datetime, closed_months: Iterable[str]) -> None:
        """Two years of months around `at`, with their quarters; the closed ones by their flag."""
        flag = str(self._switches["period_flag"]).lower()
        closed = frozenset(closed_months)
        first = (at.year - 1) * 12
        around = {f"{month // 12}-{month % 12 + 1:02}" for month in range(first, first + 36)}
        for text in sorted(around | closed):
            year, month = (int(part) for part in text.split("-"))
            start = date(year, month, 1)
            end = date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)
            is_closed = text in closed
            number = _FIRST_PERIOD_ID + (year - 2000) * 12 + month
            flags = dict.fromkeys(("closed", "arlocked", "aplocked", "alllocked"), False)
            self.mirror.put(
                "accountingperiod",
                number,
                [
                    {
                        "id": number,
                        "periodname": f"{start:%b %Y}",
                        "startdate": stamp(_midnight(start)),
                        "enddate": stamp(_midnight(end)),
                        **flags,
                        flag: is_closed,
                        "allownonglchanges": False,
                        "isposting": True,
                        "isquarter": False,
                        "isyear": False,
                        "isadjust": False,
                    }
                ],
            )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
