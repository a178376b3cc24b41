"""Credit quotes: what was promised for some units of an order, until when, and to which return."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from exceptions_app.models.bridges import Bridge
from exceptions_app.models.orders import SalesOrder
from exceptions_app.models.rmas import Rma


class CreditQuote(models.Model):
    """A quote is never edited: it lapses, is replaced by another, or binds one return (0012).

    Of a case computed from outside facts there are only `memos`; it has no order and binds nothing.
    """

    bridge = models.ForeignKey(Bridge, null=True, on_delete=models.PROTECT, related_name="quotes")
    order = models.ForeignKey(
        SalesOrder, null=True, on_delete=models.PROTECT, related_name="quotes"
    )
    # The return whose credit it binds, from its first plan within the time on.
    rma = models.OneToOneField(
        Rma, null=True, on_delete=models.PROTECT, related_name="credit_quote"
    )
    bound_at = models.DateTimeField(null=True)
    # Set when another quote took its place: it promises nothing any more.
    released_at = models.DateTimeField(null=True)
    idempotency_key = models.CharField(max_length=80, blank=True, default="")
    request_hash = models.CharField(max_length=64)
    units = models.JSONField(default=dict)
    # The document promised, as `rules.drafts` keeps it; empty for a case from outside.
    draft = models.JSONField(default=dict)
    memos = models.JSONField(default=list)
    basis = models.JSONField(default=dict)
    facts_hash = models.CharField(max_length=64)
    currency = models.CharField(max_length=3)
    net = models.DecimalField(max_digits=18, decimal_places=4)
    tax = models.DecimalField(max_digits=18, decimal_places=4)
    gross = models.DecimalField(max_digits=18, decimal_places=4)
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["created_by", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="credit_quote_key_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["order", "expires_at"],
                condition=Q(released_at__isnull=True),
                name="credit_quote_standing",
            ),
            models.Index(
                fields=["expires_at"],
                condition=Q(rma__isnull=True),
                name="credit_quote_lapsed",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"Q-{self.pk}"

    @property
    def has_shipping(self) -> bool:
        """Whether shipping was promised beside the units."""
        lines = self.draft.get("lines", ())
        return any(line["component"] == "shipping" and not line["order_line_id"] for line in lines)
