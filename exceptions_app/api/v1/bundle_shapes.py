"""A bundle's price over its parts, as the pages of a return and of an exception show it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from exceptions_app.api.v1.serializers import MoneyBody, ReturnDetail
from exceptions_app.rules import money


class BundleRow(serializers.Serializer):
    """One line of the bundle; amounts as text in the bundle's currency, tax included."""

    sku = serializers.CharField()
    is_bundle = serializers.BooleanField(help_text="The bundle's own line, not a part.")
    sold = serializers.IntegerField()
    units_before = serializers.IntegerField(help_text="Credited by other returns.")
    units_now = serializers.IntegerField(help_text="Back with this return.")
    price = serializers.CharField(help_text="The share of the bundle's price it bears.")
    before = serializers.CharField(help_text="Credited by other returns.")
    now = serializers.CharField(help_text="This return's credit, made or planned.")
    left = serializers.CharField(help_text="Still to be credited.")


class Bundle(serializers.Serializer):
    sku = serializers.CharField()
    method = serializers.CharField(help_text="How the price is shared, in words.")
    stock = serializers.CharField(help_text="How its goods come into stock, in words.")
    charged = MoneyBody(help_text="What the order charged for all of it.")
    is_exact = serializers.BooleanField(help_text="All figures add up to it.")
    rows = BundleRow(many=True)

    def to_representation(self, proof: Any) -> dict[str, Any]:
        def text(amount: Any) -> str:
            return money.exact_text(amount, proof.currency)

        return {
            "sku": proof.sku,
            "method": proof.method,
            "stock": proof.stock,
            "charged": {"amount": text(proof.charged), "currency": proof.currency},
            "is_exact": proof.is_exact,
            "rows": [
                {
                    "sku": row.sku,
                    "is_bundle": row.is_bundle,
                    "sold": row.sold,
                    "units_before": row.units_before,
                    "units_now": row.units_now,
                    "price": text(row.price),
                    "before": text(row.before),
                    "now": text(row.now),
                    "left": text(row.left),
                }
                for row in proof.rows
            ],
        }


class ReturnWithBundles(ReturnDetail):
    bundles = Bundle(many=True, help_text="Those of its order that it takes units of.")
