"""What crosses the API for a credit quote. Amounts are texts in the quote's `currency`."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework import serializers


class TaxAmount(serializers.Serializer):
    code = serializers.CharField()
    amount = serializers.CharField()


class Figures(serializers.Serializer):
    net = serializers.CharField()
    tax = serializers.CharField()
    gross = serializers.CharField()
    taxes = TaxAmount(many=True)


class QuotedLine(Figures):
    component = serializers.CharField(help_text="item, shipping, fee, …")
    order_line_id = serializers.CharField(help_text="The order line reversed; empty for charges.")
    invoice = serializers.CharField(help_text="The invoice reversed; empty while not known.")
    sku = serializers.CharField()
    description = serializers.CharField()
    units = serializers.IntegerField()
    sold_units = serializers.IntegerField(allow_null=True)
    credited_units = serializers.IntegerField(
        allow_null=True, help_text="Taken by earlier credits; null for charges."
    )
    credited_net = serializers.CharField(allow_null=True)
    credited_tax = serializers.CharField(allow_null=True)


class QuoteRounding(serializers.Serializer):
    method = serializers.CharField()
    places = serializers.IntegerField()
    mode = serializers.CharField()
    scope = serializers.CharField()
    cash_step = serializers.CharField(help_text="Empty where cash is not rounded.")


class Quote(serializers.Serializer):
    id = serializers.IntegerField()
    number = serializers.CharField()
    kind = serializers.ChoiceField(["order", "reversal"])
    status = serializers.ChoiceField(["in_force", "bound", "replaced", "expired"])
    bridge = serializers.CharField(allow_null=True)
    order = serializers.CharField(allow_null=True)
    invoice = serializers.CharField(allow_null=True)
    currency = serializers.CharField()
    lines = QuotedLine(many=True)
    totals = Figures()
    memos = serializers.ListField(
        child=serializers.DictField(), help_text="Of a case of kind reversal: one per return."
    )
    rounding = QuoteRounding(allow_null=True)
    return_id = serializers.IntegerField(
        allow_null=True, help_text="The return whose credit the quote binds."
    )
    facts_hash = serializers.CharField(help_text="Changes with any fact the amounts rest on.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class LineBody(serializers.Serializer):
    """`order_line_id`, or a `sku` that stands on the order once."""

    order_line_id = serializers.CharField(required=False, max_length=80)
    sku = serializers.CharField(required=False, max_length=120)
    units = serializers.IntegerField(min_value=1)


class FeeBody(serializers.Serializer):
    kind = serializers.CharField(max_length=60)
    amount = serializers.CharField(help_text='A decimal as text, such as "5.00".')


class OrderBody(serializers.Serializer):
    """Units of an order; `bridge` is its code."""

    kind = serializers.ChoiceField(["order"], required=False)
    bridge = serializers.CharField()
    order = serializers.CharField(help_text="The order's number in the ERP.")
    lines = LineBody(many=True, required=False)
    shipping = serializers.BooleanField(
        required=False, help_text="Whether what is left of the order's shipping comes back."
    )
    fees = FeeBody(many=True, required=False)
    tax_included = serializers.BooleanField(
        required=False, help_text="Whether prices include tax, where the ERP does not say; true."
    )
    replaces = serializers.IntegerField(
        required=False, min_value=1, help_text="The standing quote this one takes the place of."
    )


class CaseBody(serializers.Serializer):
    """A case as `manage.py quote_credit --json` takes it: an order and its returns in turn."""

    kind = serializers.ChoiceField(["reversal"])
    currency = serializers.CharField()
    tax_inclusive = serializers.BooleanField(required=False)
    input = serializers.DictField(child=serializers.JSONField())


QUOTE_BODY: Any = PolymorphicProxySerializer(
    component_name="QuoteBody",
    serializers=[OrderBody, CaseBody],
    resource_type_field_name=None,
)
