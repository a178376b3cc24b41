"""How far each ERP's item master can be believed, as the merchandising room shows it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exceptions_app.api.doors import Door, described
from exceptions_app.api.v1.serializers import Sum
from exceptions_app.selectors import item_feeds


class DifferingItem(serializers.Serializer):
    """Flags of an item in our copy beside those the ERP told when it was asked live."""

    sku = serializers.CharField()
    is_active = serializers.BooleanField()
    is_returnable = serializers.BooleanField()
    is_active_there = serializers.BooleanField()
    is_returnable_there = serializers.BooleanField()


class ItemFeed(serializers.Serializer):
    erp = serializers.CharField(source="name")
    read_at = serializers.DateTimeField(allow_null=True)
    is_late = serializers.BooleanField()
    late_returns = serializers.IntegerField(source="returns")
    late_values = Sum(many=True, source="values")
    compared = serializers.IntegerField(help_text="Items asked for live in the last seven days.")
    missing = serializers.IntegerField(help_text="Of them, those the ERP did not have.")
    compared_at = serializers.DateTimeField(allow_null=True)
    differing = DifferingItem(many=True)
    exposed_returns = serializers.IntegerField(source="exposed.returns")
    exposed_units = serializers.IntegerField(source="exposed.units")
    exposed_values = Sum(many=True, source="exposed.values")


class ItemFeeds(serializers.Serializer):
    results = ItemFeed(many=True)


class ItemFeedList(Door):
    capabilities = {"GET": "view_merchandising"}

    @described(ItemFeeds, name="list_item_feeds")
    def get(self, request: Request) -> Response:
        rows: Any = item_feeds.feeds(now=timezone.now())
        return Response({"results": ItemFeed(rows, many=True).data})
