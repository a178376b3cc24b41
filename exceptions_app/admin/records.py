"""Records that are only looked at: what the ERP owns."""

from django.contrib import admin

from exceptions_app.admin.site import SetUpAdmin, site
from exceptions_app.models import ErpLocation, Item
from exceptions_app.templatetags.desk import when


@admin.register(Item, site=site)
class ItemAdmin(SetUpAdmin):
    title = "Items of the ERP"
    list_display = ["code", "description", "connection", "division", "is_active", "read"]
    list_filter = ["connection", "is_active"]
    list_select_related = ["connection"]
    search_fields = ["sku_key__startswith", "barcode__exact"]
    search_keys = ("sku_key",)
    ordering = ["-pk"]

    @admin.display(description="SKU", ordering="sku")
    def code(self, row: Item) -> str:
        return row.sku

    @admin.display(description="Read", ordering="read_at")
    def read(self, row: Item) -> str:
        return when(row.read_at)


@admin.register(ErpLocation, site=site)
class ErpLocationAdmin(SetUpAdmin):
    title = "Locations of the ERP"
    list_display = ["code", "name", "division", "connection", "is_active", "read"]
    list_filter = ["connection", "is_active"]
    list_select_related = ["connection"]

    @admin.display(description="Read", ordering="read_at")
    def read(self, row: ErpLocation) -> str:
        return when(row.read_at)
