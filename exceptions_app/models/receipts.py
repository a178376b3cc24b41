"""Our copies of what an ERP tells by itself: goods its own staff checked in, months it closed."""

from django.db import models

from exceptions_app.models.connections import Connection
from exceptions_app.models.rmas import Rma


class ErpReceipt(models.Model):
    """A receipt of goods as the ERP holds it, one row per receipt and connection.

    `lines` are [{"sku", "quantity", "place", "line_id"}] as in `connectors.types.ErpReceiptLine`;
    `key` is ours where we made the receipt. `rma` is null while no return is known that the
    authorisation belongs to.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="erp_receipts"
    )
    external_id = models.CharField(max_length=80)
    number = models.CharField(max_length=80, blank=True, default="")
    authorisation_id = models.CharField(max_length=80, blank=True, default="")
    warehouse = models.CharField(max_length=80, blank=True, default="")
    key = models.CharField(max_length=80, blank=True, default="")
    received_at = models.DateTimeField()
    lines = models.JSONField(default=list)
    rma = models.ForeignKey(
        Rma, null=True, blank=True, on_delete=models.PROTECT, related_name="erp_receipts"
    )
    read_at = models.DateTimeField()

    class Meta:
        ordering = ["received_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="erp_receipt_once")
        ]
        # What came lately decides which authorisations are still open.
        indexes = [
            models.Index(fields=["connection", "received_at"], name="erp_receipt_lately"),
            # Goods that no return announced: few, however many receipts there are.
            models.Index(
                fields=["-received_at"],
                condition=models.Q(rma__isnull=True, key=""),
                name="erp_receipt_unknown",
            ),
        ]

    def __str__(self) -> str:
        return self.number or self.external_id


class ErpClosedPeriod(models.Model):
    """A month the ERP itself told is closed; what a person noted stands with the bridge."""

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="closed_periods"
    )
    period = models.CharField(max_length=7)  # "2026-04"
    read_at = models.DateTimeField()

    class Meta:
        ordering = ["period"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "period"], name="closed_period_once")
        ]

    def __str__(self) -> str:
        return self.period
