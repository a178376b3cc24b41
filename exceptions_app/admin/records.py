"""Records that are only looked at: what the ERP owns, and what was promised of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from exceptions_app.admin.site import SetUpAdmin, site
from exceptions_app.models import Connection, CreditQuote, ErpLocation, Item
from exceptions_app.selectors import quotes as quotes_selector
from exceptions_app.services import connections
from exceptions_app.templatetags.amounts import money
from exceptions_app.templatetags.desk import when


class OfErp(admin.RelatedFieldListFilter):
    """Only ERPs have items and places; a returns platform would be an empty answer."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        rows = Connection.objects.filter(kind__in=connections.codes_of(connections.ERP))
        return [(row.pk, row.name) for row in rows.order_by("name")]


class InUse(admin.BooleanFieldListFilter):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = "in use"


class RecordAdmin(SetUpAdmin):
    """What both kinds of record have; each says its values in the words of the lists."""

    list_filter = [("connection", OfErp), ("is_active", InUse)]
    list_select_related = ["connection"]

    @admin.display(description="In use", ordering="is_active")
    def in_use(self, row: Item | ErpLocation) -> str:
        return _yes(is_so=row.is_active)

    @admin.display(description="Read", ordering="read_at")
    def read(self, row: Item | ErpLocation) -> str:
        return when(row.read_at)


@admin.register(Item, site=site)
class ItemAdmin(RecordAdmin):
    title = "Items of the ERP"
    list_display = ["code", "description", "connection", "division", "in_use", "read"]
    search_fields = ["sku_key__startswith", "barcode__exact"]
    search_keys = ("sku_key",)
    ordering = ["-pk"]
    fields = [
        "code",
        "description",
        "barcode",
        "connection",
        "number",
        "division",
        "in_use",
        "returnable",
        "cost",
        "read",
    ]

    @admin.display(description="SKU", ordering="sku")
    def code(self, row: Item) -> str:
        return row.sku

    @admin.display(description="Number in the ERP")
    def number(self, row: Item) -> str:
        return row.erp_id

    @admin.display(description="May be returned")
    def returnable(self, row: Item) -> str:
        return _yes(is_so=row.is_returnable)

    @admin.display(description="Unit cost, in the ERP's currency")
    def cost(self, row: Item) -> str:
        if row.unit_cost is None:
            return "Not known"
        return f"{row.unit_cost:,.4f}".removesuffix("00")


@admin.register(ErpLocation, site=site)
class ErpLocationAdmin(RecordAdmin):
    title = "Locations of the ERP"
    list_display = ["code", "name", "division", "connection", "in_use", "read"]
    fields = ["code", "name", "division", "connection", "in_use", "read"]


@admin.register(CreditQuote, site=site)
class CreditQuoteAdmin(SetUpAdmin):
    title = "Credit quotes"
    list_display = ["quote", "order", "amount", "state", "made", "until", "created_by", "rma"]
    list_select_related = ["order", "rma"]
    search_fields = ["order__number__exact", "=id"]
    ordering = ["-pk"]
    fields = ["quote", "bridge", "order", "amount", "state", "made", "until", "created_by", "rma"]
    readonly_fields = ["quote", "amount", "state", "made", "until"]

    @admin.display(description="Quote", ordering="pk")
    def quote(self, row: CreditQuote) -> str:
        return row.number

    @admin.display(description="Credit", ordering="gross")
    def amount(self, row: CreditQuote) -> str:
        return money(row.gross, row.currency)

    @admin.display(description="State")
    def state(self, row: CreditQuote) -> str:
        return _STATES[quotes_selector.status_of(row, now=timezone.now())]

    @admin.display(description="Made", ordering="created_at")
    def made(self, row: CreditQuote) -> str:
        return when(row.created_at)

    @admin.display(description="Until", ordering="expires_at")
    def until(self, row: CreditQuote) -> str:
        return when(row.expires_at)


_STATES = {
    "in_force": "In force",
    "bound": "Binds a return",
    "replaced": "Replaced by another",
    "expired": "Lapsed",
}


def _yes(*, is_so: bool) -> str:
    return "Yes" if is_so else "No"
