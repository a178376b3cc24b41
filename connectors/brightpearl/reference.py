"""What changes seldom: locations, tax codes, nominal codes, the period lock. Kept for a while.

Documented: `location/default` and `location/quarantine` of a warehouse answer an id; a tax code
without a rate is at zero; 404 with `CMNC-404` means no lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.brightpearl import reading
from connectors.brightpearl.account import Account
from connectors.brightpearl.client import BrightpearlClient, id_sets
from connectors.brightpearl.memory import Memory
from connectors.brightpearl.orders import Nominals
from connectors.errors import Rejected, RejectionCode, UnreadableReply
from connectors.types import DraftLine, ErpItem, ErpLocation

HALF_A_DAY = 12 * 3_600
_LOCK_SECONDS = 300
_ITEM_COLUMNS = (
    "productId",
    "productName",
    "SKU",
    "barcode",
    "EAN",
    "UPC",
    "updatedOn",
    "productStatus",
)
# How many months of a lock are told: a lock reaches back for ever.
_MONTHS_TOLD = 36

DEFAULT = "default"
QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class Places:
    """A warehouse's two locations that matter to a return."""

    warehouse_id: int
    default: int
    quarantine: int


class Reference:
    """Reads what is lacking, one call each; an id set is one call for up to 200."""

    def __init__(self, *, client: BrightpearlClient, memory: Memory, account: Account) -> None:
        self._client = client
        self._memory = memory
        self._account = account

    def configuration(self) -> Mapping[str, Any]:
        """The account's own settings, read now."""
        path = "/integration-service/account-configuration"
        found = self._client.read("read_configuration", path)
        if not isinstance(found, Mapping):
            raise UnreadableReply("The account has no configuration.")
        return found

    def nominals(self) -> Nominals:
        """Where the connection does not name both codes, the account's own are read."""
        account = self._account
        if account.shipping_nominal and account.discount_nominal:
            return Nominals(account.shipping_nominal, account.discount_nominal)
        kept = self._memory.get("configuration", seconds=HALF_A_DAY, read=self.configuration)
        return Nominals(
            account.shipping_nominal or reading.text(kept, "shippingNominalCode"),
            account.discount_nominal or reading.text(kept, "discountNominalCode"),
        )

    def locations(self) -> tuple[ErpLocation, ...]:
        rows = self._client.read("list_warehouses", "/warehouse-service/warehouse")
        return tuple(
            ErpLocation(
                code=str(reading.whole(row, "id")),
                name=reading.text(row, "name"),
                division="",
                is_active=True,
            )
            for row in reading.rows(rows, "warehouses")
        )

    def places(self, warehouse_id: int) -> Places:
        """Two calls for a warehouse not seen lately.

        Raises:
            Rejected: the ERP has no such warehouse.
        """
        return self._memory.get(
            f"places:{warehouse_id}",
            seconds=HALF_A_DAY,
            read=lambda: self._read_places(warehouse_id),
        )

    def _read_places(self, warehouse_id: int) -> Places:
        found = [
            self._client.read(
                f"read_{kind}_location",
                f"/warehouse-service/warehouse/{warehouse_id}/location/{kind}",
            )
            for kind in (DEFAULT, QUARANTINE)
        ]
        if None in found:
            raise Rejected(
                f"Brightpearl has no warehouse {warehouse_id}.",
                code=RejectionCode.UNKNOWN_WAREHOUSE,
                field="warehouse",
                value=str(warehouse_id),
                evidence=self._client.last_evidence,
            )
        ids = [reading.whole({"location": value}, "location") for value in found]
        return Places(warehouse_id, *ids)

    def all_places(self) -> tuple[Places, ...]:
        """Of every warehouse, to tell what a location id means."""
        warehouses: list[int] = self._memory.get(
            "warehouses",
            seconds=HALF_A_DAY,
            read=lambda: [int(row.code) for row in self.locations()],
        )
        return tuple(self.places(warehouse_id) for warehouse_id in warehouses)

    def tax_codes(self) -> frozenset[str]:
        def read() -> frozenset[str]:
            rows = self._client.read("list_tax_codes", "/accounting-service/tax-code")
            return frozenset(reading.text(row, "code") for row in reading.rows(rows, "tax codes"))

        return self._memory.get("tax_codes", seconds=HALF_A_DAY, read=read)

    def check_tax_codes(self, codes: Iterable[str]) -> None:
        """Raises Rejected for a code the account does not have; a new one is looked for first."""
        unknown = set(codes) - {""} - self.tax_codes()
        if unknown:
            self._memory.forget("tax_codes")
            unknown -= self.tax_codes()
        if unknown:
            raise Rejected(
                f"Brightpearl has no tax code {min(unknown)}.",
                code=RejectionCode.UNCLASSIFIED,
                field="tax_code",
                value=min(unknown),
            )

    def locked_until(self, *, is_fresh: bool = False) -> date | None:
        """The last day nobody may post to; None without a lock. Kept for five minutes."""
        if is_fresh:
            self._memory.forget("locked_until")
        return self._memory.get("locked_until", seconds=_LOCK_SECONDS, read=self._read_lock)

    def _read_lock(self) -> date | None:
        path = "/accounting-service/accounting-period-lock"
        found = self._client.read("read_period_lock", path)
        if found is None:
            return None
        if not isinstance(found, Mapping):
            raise UnreadableReply("The period lock has an unexpected form.")
        until = reading.moment(found, "lockedUntil")
        return until.date() if until else None

    def check_open(self, day: date) -> None:
        """Raises Rejected when `day` is locked: the refusal of a posting would have no known
        code."""
        until = self.locked_until()
        if until is not None and day <= until:
            raise Rejected(
                f"Brightpearl's accounting is locked up to {until.isoformat()}.",
                code=RejectionCode.PERIOD_CLOSED,
                field="date",
                value=day.isoformat(),
            )

    # --- items --------------------------------------------------------------------------------

    def items(self, skus: Sequence[str]) -> tuple[ErpItem, ...]:
        """One search per SKU, one more by barcode for digits that are no SKU, one read of all."""
        ids: dict[int, None] = {}
        for sku in skus:
            found = self._ids_by("SKU", sku)
            if not found and sku.isdigit() and 8 <= len(sku) <= 14:
                found = self._ids_by("barcode", sku)
            ids.update(dict.fromkeys(found))
        return self._products(ids)

    def product_id(self, line: DraftLine) -> int:
        """The id of a line's product: told by the line, else looked up by its SKU.

        Raises:
            Rejected: the ERP has no such product, or more than one.
        """
        if line.item_erp_id.isascii() and line.item_erp_id.isdigit():
            return int(line.item_erp_id)
        found = self._memory.known(f"product:{line.sku}")
        if found is None:
            ids = self._ids_by("SKU", line.sku) if line.sku else []
            if len(ids) != 1:
                how_many = "no product" if not ids else f"{len(ids)} products"
                raise Rejected(
                    f"Brightpearl has {how_many} with the SKU '{line.sku}'.",
                    code=RejectionCode.UNKNOWN_ITEM,
                    field="item",
                    value=line.sku,
                )
            found = ids[0]
            self._memory.put(f"product:{line.sku}", found, seconds=HALF_A_DAY)
        product_id: int = found
        return product_id

    def skus(self, product_ids: Iterable[int]) -> dict[int, str]:
        """SKU by product; those not seen before are read in one set."""
        wanted = set(product_ids)
        self._products(product for product in wanted if not self._memory.sku(product))
        return {product: self._memory.sku(product) for product in wanted}

    def changed_items(self, *, since: str, first: int) -> tuple[list[tuple[ErpItem, str]], bool]:
        """One page of products changed at or after `since` ("" is all), each with its stamp; and
        whether it is the last."""
        page = self._client.page(
            "changed_items",
            "/product-service/product-search",
            columns=_ITEM_COLUMNS,
            filters=[("updatedOn", f"{since}/")] if since else [],
            # New products come last, so that no page moves while the others are read.
            sort="productId",
            first=first,
        )
        rows = [(_searched(row), reading.text(row, "updatedOn")) for row in page.rows]
        return rows, page.is_last

    def _ids_by(self, column: str, value: str) -> list[int]:
        rows = self._client.search(
            "find_items",
            "/product-service/product-search",
            columns=("productId", column),
            filters=[(column, value)],
            sort="productId",
        )
        # A system that does not know a filter answers with everything.
        return [
            reading.whole(row, "productId") for row in rows if reading.text(row, column) == value
        ]

    def _products(self, ids: Iterable[int]) -> tuple[ErpItem, ...]:
        items = []
        for ids_text in id_sets(ids):
            rows = self._client.read("read_items", f"/product-service/product/{ids_text}")
            for row in reading.rows(rows, "products"):
                item = _item(row)
                self._memory.learn_sku(int(item.erp_id), item.sku)
                items.append(item)
        return tuple(items)


def months_until(until: date | None) -> tuple[str, ...]:
    """The months that lie wholly under a lock, oldest first; a month locked in part is open."""
    if until is None:
        return ()
    next_day = date.fromordinal(until.toordinal() + 1)
    months = next_day.year * 12 + next_day.month - 1
    return tuple(
        f"{month // 12:04d}-{month % 12 + 1:02d}" for month in range(months - _MONTHS_TOLD, months)
    )


def _item(raw: Mapping[str, Any]) -> ErpItem:
    identity = reading.child(raw, "identity")
    composition = reading.child(raw, "composition")
    parts = ""
    if reading.truth(composition, "bundle"):
        parts = ",".join(
            f"{reading.whole(part, 'productId')}x{reading.whole(part, 'productQuantity')}"
            for part in reading.rows(composition.get("bundleComponents"), "bundleComponents")
        )
    channels = list(reading.rows(raw.get("salesChannels"), "salesChannels"))
    return ErpItem(
        erp_id=str(reading.whole(raw, "id")),
        sku=reading.text(identity, "sku"),
        barcode=_barcode(identity, ("barcode", "ean", "upc")),
        description=next((reading.text(row, "productName") for row in channels), ""),
        division="",
        is_active=_is_active(reading.text(raw, "status")),
        is_returnable=True,
        unit_cost=None,
        key_parts={"bundle": parts} if parts else {},
    )


def _searched(row: Mapping[str, Any]) -> ErpItem:
    return ErpItem(
        erp_id=str(reading.whole(row, "productId")),
        sku=reading.text(row, "SKU"),
        barcode=_barcode(row, ("barcode", "EAN", "UPC")),
        description=reading.text(row, "productName"),
        division="",
        is_active=_is_active(reading.text(row, "productStatus")),
        is_returnable=True,
        unit_cost=None,
    )


def _barcode(row: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((value for name in names if (value := reading.text(row, name))), "")


def _is_active(status: str) -> bool:
    """An archived product takes no new documents (documented for the screens); others do."""
    return status.upper() != "ARCHIVED"
