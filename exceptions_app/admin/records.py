"""Records that are only looked at: what the ERP owns, and the trail of every act."""

from django.contrib import admin

from exceptions_app.admin.site import SetUpAdmin, site
from exceptions_app.models import AuditEntry, ErpLocation, Item


@admin.register(Item, site=site)
class ItemAdmin(SetUpAdmin):
    list_display = ["sku", "description", "connection", "division", "is_active", "read_at"]
    list_filter = ["connection", "is_active"]
    list_select_related = ["connection"]
    search_fields = ["sku_key__startswith", "barcode__exact"]
    ordering = ["-pk"]


@admin.register(ErpLocation, site=site)
class ErpLocationAdmin(SetUpAdmin):
    list_display = ["code", "name", "division", "connection", "is_active", "read_at"]
    list_filter = ["connection", "is_active"]
    list_select_related = ["connection"]


@admin.register(AuditEntry, site=site)
class AuditEntryAdmin(SetUpAdmin):
    sees = "view_audit"
    list_display = ["at", "actor", "act", "subject_label", "text"]
    list_filter = ["subject_kind"]
    ordering = ["-pk"]
