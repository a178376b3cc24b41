"""The same rows in Django's own admin with nothing tuned: what the pages are compared with."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.urls import path

from exceptions_app.models import Case, InboundEvent, Posting, Rma
from returnsbridge import urls

site = admin.AdminSite(name="stock")

_LISTS: tuple[tuple[type[Model], dict[str, Any]], ...] = (
    (
        Case,
        {
            "list_display": ("title", "team", "severity", "status", "value", "rma", "opened_at"),
            "list_filter": ("team", "severity", "status"),
            "search_fields": ("title", "rma__external_id"),
        },
    ),
    (
        Rma,
        {
            "list_display": ("external_id", "order_name", "status_raw", "money", "bridge"),
            "list_filter": ("money", "logistics"),
            "search_fields": ("external_id", "order_name", "customer_email"),
        },
    ),
    (
        Posting,
        {
            "list_display": ("key", "kind", "status", "gross", "number", "rma"),
            "list_filter": ("kind", "status"),
            "search_fields": ("key", "number"),
        },
    ),
    (
        InboundEvent,
        {
            "list_display": ("external_id", "topic", "state", "received_at", "connection"),
            "list_filter": ("state",),
            "search_fields": ("external_id", "subject_id"),
        },
    ),
)
for _model, _options in _LISTS:
    site.register(_model, type(f"{_model.__name__}Admin", (admin.ModelAdmin,), _options))

urlpatterns = [path("stock/", site.urls), *urls.urlpatterns]
handler400, handler403 = getattr(urls, "handler400", None), getattr(urls, "handler403", None)
