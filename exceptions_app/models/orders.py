"""Our copies of what the ERP owns: sales orders, item master, locations."""

from django.db import models
from django.db.models.functions import Collate, Upper

from exceptions_app.models.connections import Connection


def quoted(field: str) -> Collate:
    """A number as people quote it, in any case; indexed, its whole and its beginning are found.

    The bare "C" order is what makes a beginning a range of the index.
    """
    return Collate(Upper(field), "C")


def digits(field: str) -> Collate:
    """The digits of a number alone, which is how people read a parcel's label aloud; indexed."""
    bare = models.Func(
        field,
        models.Value("[^0-9]"),
        models.Value(""),
        models.Value("g"),
        function="regexp_replace",
        output_field=models.CharField(),
    )
    return Collate(bare, "C")


class SalesOrder(models.Model):
    """The original order: what every credit reverses. Amounts are totals, in `currency`."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="orders")
    erp_id = models.CharField(max_length=80)
    number = models.CharField(max_length=80)
    customer_code = models.CharField(max_length=80, blank=True, default="")
    # Always empty: nothing here needs the name. The column stays while an older release may write.
    customer_name = models.CharField(max_length=200, blank=True, default="")
    vat_setting = models.CharField(max_length=60, blank=True, default="")
    currency = models.CharField(max_length=3)
    division = models.CharField(max_length=40, blank=True, default="")
    warehouse = models.CharField(max_length=40, blank=True, default="")
    invoice_number = models.CharField(max_length=80, blank=True, default="")
    ordered_at = models.DateTimeField()
    shipping_net = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    shipping_tax = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    shipping_tax_code = models.CharField(max_length=40, blank=True, default="")
    # What was taken off shipping already; `shipping_net` is after it.
    shipping_discount = models.DecimalField(
        max_digits=18, decimal_places=4, default=0, db_default=0
    )
    # [{"kind", "amount"}]: how the order was paid.
    tenders = models.JSONField(default=list, blank=True, db_default=[])
    # Null where the ERP does not say.
    prices_include_tax = models.BooleanField(null=True, blank=True)
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "number"], name="sales_order_once")
        ]
        indexes = [
            models.Index(fields=["connection", "customer_code"], name="order_by_customer"),
            models.Index(quoted("number"), name="order_find_number"),
            models.Index(quoted("invoice_number"), name="order_find_invoice"),
            # The newest first, and the orders of one day.
            models.Index(fields=["connection", "-ordered_at", "-id"], name="order_newest"),
        ]

    def __str__(self) -> str:
        return self.number


class SalesOrderLine(models.Model):
    order = models.ForeignKey(SalesOrder, on_delete=models.CASCADE, related_name="lines")
    line_id = models.CharField(max_length=80)
    sku = models.CharField(max_length=120)
    description = models.CharField(max_length=300, blank=True, default="")
    quantity = models.PositiveIntegerField()
    unit_price = models.DecimalField(max_digits=18, decimal_places=4)
    discount = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    net = models.DecimalField(max_digits=18, decimal_places=4)
    tax = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    tax_code = models.CharField(max_length=40, blank=True, default="")
    # [{"code", "amount"}], summing to `tax`; empty means the one tax code.
    taxes = models.JSONField(default=list, blank=True, db_default=[])
    # [{"code", "amount", "scope"}], summing to `discount`; empty where the ERP does not split it.
    discounts = models.JSONField(default=list, blank=True, db_default=[])
    # The line of the bundle this one is a component of.
    parent_line_id = models.CharField(max_length=80, blank=True, default="", db_default="")
    duty = models.DecimalField(max_digits=18, decimal_places=4, default=0, db_default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "line_id"], name="sales_order_line_once")
        ]
        indexes = [models.Index(fields=["sku", "order"], name="order_line_by_sku")]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.sku}"


class Item(models.Model):
    """One item of the ERP's master, as last read. Never created by us in the ERP (R041)."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="items")
    erp_id = models.CharField(max_length=80)
    sku = models.CharField(max_length=120)
    sku_key = models.CharField(max_length=120)
    barcode = models.CharField(max_length=60, blank=True, default="")
    description = models.CharField(max_length=300, blank=True, default="")
    division = models.CharField(max_length=40, blank=True, default="")
    is_active = models.BooleanField(default=True)
    is_returnable = models.BooleanField(default=True)
    unit_cost = models.DecimalField(max_digits=18, decimal_places=4, null=True)
    key_parts = models.JSONField(default=dict)
    read_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "erp_id"], name="item_once")]
        indexes = [
            models.Index(fields=["connection", "sku_key"], name="item_by_sku"),
            models.Index(
                fields=["connection", "barcode"],
                condition=~models.Q(barcode=""),
                name="item_by_barcode",
            ),
        ]

    def __str__(self) -> str:
        return self.sku


class ItemMiss(models.Model):
    """A SKU the ERP was asked for live and did not have; asked again only after a while."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="item_misses")
    sku_key = models.CharField(max_length=120)
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "sku_key"], name="item_miss_once")
        ]

    def __str__(self) -> str:
        return self.sku_key


class ItemCheck(models.Model):
    """What the ERP said of an item of our copy when it was last asked for it live (R046).

    `differs` is how it compared then; what was read since is compared anew.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="item_checks", db_index=False
    )
    item = models.OneToOneField(Item, on_delete=models.CASCADE, related_name="check_row")
    checked_at = models.DateTimeField()
    # The ERP had it; where not, the flags say nothing.
    is_found = models.BooleanField()
    is_active = models.BooleanField()
    is_returnable = models.BooleanField()
    differs = models.BooleanField()

    class Meta:
        indexes = [
            models.Index(fields=["connection", "checked_at"], name="item_check_by_time"),
            models.Index(
                fields=["connection"], condition=models.Q(differs=True), name="item_check_differs"
            ),
        ]

    def __str__(self) -> str:
        return f"check of {self.item_id}"


class ErpLocation(models.Model):
    """A warehouse the ERP knows, in one division; the pair is what postings need (R032)."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="locations")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120, blank=True, default="")
    division = models.CharField(max_length=40)
    is_active = models.BooleanField(default=True)
    read_at = models.DateTimeField()

    class Meta:
        ordering = ["division", "code"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "division", "code"], name="erp_location_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.division}/{self.code}" if self.division else self.code
