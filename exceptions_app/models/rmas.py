"""Our copy of a return: five separate axes, one row per unit group, source unit ids kept."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models

from exceptions_app.choices import (
    ApprovalAxis,
    ExchangeAxis,
    InspectionAxis,
    LogisticsAxis,
    MoneyAxis,
    RefundOrigin,
    RefundStatus,
)
from exceptions_app.models.bridges import Bridge
from exceptions_app.models.orders import SalesOrder, digits, quoted


class Rma(models.Model):
    """Identity is the platform's own id within the bridge, never the number alone (lesson 24)."""

    bridge = models.ForeignKey(Bridge, on_delete=models.PROTECT, related_name="rmas")
    external_id = models.CharField(max_length=80)
    order_id = models.CharField(max_length=80, blank=True, default="")
    order_name = models.CharField(max_length=80, blank=True, default="")
    sales_order = models.ForeignKey(
        SalesOrder, null=True, blank=True, on_delete=models.PROTECT, related_name="rmas"
    )
    # Why the order could not be taken in when it was last read; empty when it could.
    order_problem = models.CharField(max_length=300, blank=True, default="", db_default="")
    # When the ERP was last asked for the order, so that a miss is not asked again at once.
    order_asked_at = models.DateTimeField(null=True, blank=True)
    status_raw = models.CharField(max_length=60)
    approval = models.CharField(max_length=20, choices=ApprovalAxis.choices)
    logistics = models.CharField(max_length=20, choices=LogisticsAxis.choices)
    inspection = models.CharField(max_length=20, choices=InspectionAxis.choices)
    money = models.CharField(max_length=20, choices=MoneyAxis.choices)
    exchange = models.CharField(max_length=20, choices=ExchangeAxis.choices)
    currency = models.CharField(max_length=3)
    customer_name = models.CharField(max_length=200, blank=True, default="")
    customer_email = models.CharField(max_length=254, blank=True, default="")
    cancellation_fee = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    is_out_of_policy = models.BooleanField(default=False)
    drift = models.JSONField(default=list)
    # The customer's claim: what came in, for the conservation ledger (units and money).
    units_in = models.PositiveIntegerField(default=0)
    amount_in = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    requested_at = models.DateTimeField()
    source_updated_at = models.DateTimeField()
    source_digest = models.CharField(max_length=64)
    received_at = models.DateTimeField(null=True, blank=True)
    planned_at = models.DateTimeField(null=True, blank=True)
    plan_due_at = models.DateTimeField(null=True, blank=True)
    plan_lease_until = models.DateTimeField(null=True, blank=True)
    # When the platform changes it by itself and may not say so.
    reread_at = models.DateTimeField(null=True, blank=True)
    search = SearchVectorField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["bridge", "external_id"], name="rma_once"),
        ]
        indexes = [
            models.Index(
                fields=["plan_due_at"],
                condition=models.Q(plan_due_at__isnull=False),
                name="rma_plan_due",
            ),
            models.Index(
                fields=["bridge", "reread_at"],
                condition=models.Q(reread_at__isnull=False),
                name="rma_reread_due",
            ),
            # What still has to be graded or come in; most returns leave it within days.
            models.Index(
                fields=["logistics", "received_at", "id"],
                condition=models.Q(
                    inspection__in=[InspectionAxis.NOT_INSPECTED, InspectionAxis.PARTLY],
                    approval__in=[
                        ApprovalAxis.UNKNOWN,
                        ApprovalAxis.REQUESTED,
                        ApprovalAxis.AUTHORISED,
                    ],
                ),
                name="rma_ungraded",
            ),
            models.Index(fields=["planned_at", "bridge"], name="rma_by_planned"),
            models.Index(fields=["order_name"], name="rma_by_order_name"),
            models.Index(fields=["bridge", "-id"], name="rma_by_bridge"),
            GinIndex(fields=["search"], name="rma_search"),
            models.Index(quoted("external_id"), name="rma_find_number"),
            models.Index(quoted("order_name"), name="rma_find_order"),
            models.Index(quoted("order_id"), name="rma_find_order_id"),
            models.Index(quoted("customer_email"), name="rma_find_email"),
            # The words of a name, and nothing else: "RMA" or a SKU must not lead to every row.
            GinIndex(SearchVector("customer_name", config="simple"), name="rma_find_name"),
            # Newest first within one state, as `selectors.standing.WHERE` asks for it.
            models.Index(fields=["money", "-id"], name="rma_by_money"),
            models.Index(
                fields=["-id"],
                condition=models.Q(approval__in=[ApprovalAxis.REQUESTED, ApprovalAxis.UNKNOWN]),
                name="rma_asked",
            ),
            models.Index(
                fields=["-id"],
                condition=models.Q(approval__in=[ApprovalAxis.REFUSED, ApprovalAxis.CANCELLED]),
                name="rma_ended",
            ),
            models.Index(
                fields=["-id"],
                condition=models.Q(
                    approval__in=[ApprovalAxis.AUTHORISED, ApprovalAxis.CLOSED],
                    logistics__in=[LogisticsAxis.EXPECTED, LogisticsAxis.IN_TRANSIT],
                ),
                name="rma_coming",
            ),
            models.Index(
                fields=["-id"],
                condition=models.Q(
                    approval__in=[ApprovalAxis.AUTHORISED, ApprovalAxis.CLOSED],
                    logistics=LogisticsAxis.RECEIVED,
                    inspection__in=[InspectionAxis.NOT_INSPECTED, InspectionAxis.PARTLY],
                ),
                name="rma_to_inspect",
            ),
            models.Index(
                fields=["-id"],
                condition=models.Q(
                    approval__in=[ApprovalAxis.AUTHORISED, ApprovalAxis.CLOSED],
                    inspection=InspectionAxis.INSPECTED,
                    money=MoneyAxis.NONE,
                ),
                name="rma_unpaid",
            ),
            models.Index(
                fields=["-id"],
                condition=models.Q(
                    approval__in=[
                        ApprovalAxis.REQUESTED,
                        ApprovalAxis.UNKNOWN,
                        ApprovalAxis.AUTHORISED,
                        ApprovalAxis.CLOSED,
                    ],
                    money__in=[MoneyAxis.NONE, MoneyAxis.PENDING, MoneyAxis.FAILED],
                ),
                name="rma_unrefunded",
            ),
            # Those asked for before a day, newest first: the younger ones are left out unread.
            models.Index(fields=["-id", "requested_at"], name="rma_by_age"),
        ]

    def __str__(self) -> str:
        return f"RMA{self.external_id}"


class RmaLine(models.Model):
    rma = models.ForeignKey(Rma, on_delete=models.CASCADE, related_name="lines")
    line_no = models.PositiveIntegerField()
    unit_ids = ArrayField(models.CharField(max_length=80))
    order_line_id = models.CharField(max_length=80, blank=True, default="")
    sku = models.CharField(max_length=120)
    sku_key = models.CharField(max_length=120)
    barcode = models.CharField(max_length=60, blank=True, default="")
    name = models.CharField(max_length=300, blank=True, default="")
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    unit_tax = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    is_tax_included = models.BooleanField(default=True)
    reason = models.CharField(max_length=200, blank=True, default="")
    resolution = models.CharField(max_length=60, blank=True, default="")
    return_method = models.CharField(max_length=120, blank=True, default="")
    inspection = models.CharField(max_length=20)
    is_restockable = models.BooleanField(null=True)
    disposition = models.CharField(max_length=200, blank=True, default="")
    disposition_at = models.DateTimeField(null=True, blank=True)
    location = models.CharField(max_length=120, blank=True, default="")
    fees = models.JSONField(default=list)

    class Meta:
        ordering = ["line_no"]
        constraints = [
            models.UniqueConstraint(fields=["rma", "line_no"], name="rma_line_once"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="rma_line_has_units"),
        ]
        indexes = [
            models.Index(fields=["sku_key"], name="rma_line_by_sku"),
            # One SKU stands on very many returns: its newest are read without sorting them all.
            models.Index(quoted("sku"), models.F("rma"), name="rma_line_find_sku"),
            models.Index(quoted("barcode"), models.F("rma"), name="rma_line_find_barcode"),
            # What was graded lately, oldest first.
            models.Index(
                fields=["disposition_at", "id"],
                condition=models.Q(disposition_at__isnull=False),
                name="rma_line_graded",
            ),
            # What was graded with one word, however long ago: quarantine waits until decided.
            models.Index(
                fields=["disposition", "disposition_at", "id"],
                condition=models.Q(disposition_at__isnull=False),
                name="rma_line_by_grade",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku}"


class Refund(models.Model):
    """A transaction of the platform; several per return are normal."""

    bridge = models.ForeignKey(Bridge, on_delete=models.PROTECT, related_name="refunds")
    rma = models.ForeignKey(
        Rma, null=True, blank=True, on_delete=models.CASCADE, related_name="refunds"
    )
    external_id = models.CharField(max_length=80)
    kind = models.CharField(max_length=60)
    status_raw = models.CharField(max_length=60)
    status = models.CharField(max_length=12, choices=RefundStatus.choices)
    amount = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)
    processor = models.CharField(max_length=60, blank=True, default="")
    reference = models.CharField(max_length=120, blank=True, default="")
    created_at = models.DateTimeField()
    source_updated_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    origin = models.CharField(
        max_length=12,
        choices=RefundOrigin.choices,
        default=RefundOrigin.PLATFORM,
        db_default=RefundOrigin.PLATFORM.value,
    )
    # [{"component", "line_id", "amount", "tax"}] and [{"kind", "amount"}], where they are told.
    parts = models.JSONField(default=list, blank=True, db_default=[])
    tenders = models.JSONField(default=list, blank=True, db_default=[])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bridge", "external_id"], name="refund_once")
        ]
        indexes = [
            models.Index(fields=["reference"], name="refund_by_reference"),
            models.Index(quoted("external_id"), name="refund_find_number"),
            models.Index(quoted("reference"), name="refund_find_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"


class Shipment(models.Model):
    rma = models.ForeignKey(Rma, on_delete=models.CASCADE, related_name="shipments")
    external_id = models.CharField(max_length=80)
    status_raw = models.CharField(max_length=60)
    carrier = models.CharField(max_length=80, blank=True, default="")
    tracking_number = models.CharField(max_length=120, blank=True, default="")
    tracking_url = models.CharField(max_length=500, blank=True, default="")
    is_outbound = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rma", "external_id"], name="shipment_once")]
        indexes = [
            models.Index(quoted("tracking_number"), name="shipment_find_number"),
            models.Index(digits("tracking_number"), name="shipment_find_digits"),
        ]

    def __str__(self) -> str:
        return self.tracking_number or self.external_id


class ExchangeOrder(models.Model):
    """An order the platform made in place of what came back; numbers are empty until released."""

    rma = models.ForeignKey(Rma, on_delete=models.CASCADE, related_name="exchange_orders")
    draft_id = models.CharField(max_length=80, blank=True, default="")
    order_id = models.CharField(max_length=80, blank=True, default="")
    number = models.CharField(max_length=80, blank=True, default="")
    kind = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(quoted("number"), name="exchange_find_number"),
            models.Index(quoted("order_id"), name="exchange_find_order_id"),
        ]

    def __str__(self) -> str:
        return self.number or self.order_id or self.draft_id


class RmaEvent(models.Model):
    """What the platform says happened, and when; append-only."""

    rma = models.ForeignKey(Rma, on_delete=models.CASCADE, related_name="events")
    name = models.CharField(max_length=80)
    at = models.DateTimeField()
    via = models.CharField(max_length=80, blank=True, default="")
    detail = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["rma", "name", "at", "detail"], name="rma_event_once")
        ]

    def __str__(self) -> str:
        return self.name
