"""Connections to outside systems, and what is counted and paced for each."""

from django.db import models

from exceptions_app.choices import BreakerState


class Connection(models.Model):
    """One configured account on one outside system. Secrets are sealed (decision 0006), never in
    clear."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=40, help_text="A kind of connectors.registry.")
    mode = models.CharField(max_length=10, choices=[("sandbox", "Sandbox"), ("live", "Live")])
    base_url = models.CharField(max_length=300)
    # Where people open the system in a browser; "" where nobody told. Nothing of ours calls it.
    console_url = models.CharField(max_length=300, blank=True, default="", db_default="")
    settings = models.JSONField(default=dict, blank=True)
    sealed_secrets = models.BinaryField(default=bytes, editable=False)
    webhook_secret_hash = models.CharField(max_length=64, blank=True, default="", editable=False)
    confirmed_operations = models.JSONField(default=list, blank=True)
    # What an ERP's gateway last said it can do, as `rules.erp_facts.told` writes it.
    capabilities = models.JSONField(default=dict, blank=True, db_default={}, editable=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ConnectionBudget(models.Model):
    """Token bucket and day quota of one connection: one row, one UPDATE per call (reliability
    B.5)."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="budget")
    capacity = models.DecimalField(max_digits=12, decimal_places=4, default=20)
    refill_per_second = models.DecimalField(max_digits=12, decimal_places=4, default=5)
    tokens = models.DecimalField(max_digits=12, decimal_places=4, default=20)
    refilled_at = models.DateTimeField()
    day = models.DateField()
    calls_today = models.PositiveIntegerField(default=0)
    writes_today = models.PositiveIntegerField(default=0)
    daily_limit = models.PositiveIntegerField(null=True, blank=True)
    # Calls of the day kept back for writes, so that polling can never starve them.
    write_reserve = models.PositiveIntegerField(default=0)
    quiet_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Budget of {self.connection_id}"


class ConnectionHealth(models.Model):
    """Circuit breaker of one connection, shared by all workers: one row."""

    connection = models.OneToOneField(Connection, on_delete=models.CASCADE, related_name="health")
    state = models.CharField(
        max_length=10, choices=BreakerState.choices, default=BreakerState.CLOSED
    )
    failures = models.PositiveIntegerField(default=0)
    first_failure_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    probe_at = models.DateTimeField(null=True, blank=True)
    throttled_since = models.DateTimeField(null=True, blank=True)
    # Set when the other side refused who we are: no call leaves until someone renews it.
    refused_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=300, blank=True, default="")
    last_ok_at = models.DateTimeField(null=True, blank=True)
    last_failure_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"Health of {self.connection_id}"


class CallCount(models.Model):
    """Calls that left, by day, operation and reason: calls per return are the product's speed."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="calls")
    day = models.DateField()
    operation = models.CharField(max_length=60)
    reason = models.CharField(max_length=20)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "day", "operation", "reason"], name="call_count_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.day}"


# Feeds that only look again at what is known: they tell nothing of how fresh our data are.
SECOND_LOOKS = ("gaps", "item-checks", "rereads")


class Watermark(models.Model):
    """How far a feed of a connection was read: moves only after everything before it has landed."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="watermarks")
    feed = models.CharField(max_length=40)
    position = models.CharField(max_length=80, blank=True, default="")
    # Where a reading that has not ended goes on, and when it began; the mark moves at its end.
    cursor = models.TextField(blank=True, default="", db_default="")
    began_at = models.DateTimeField(null=True, blank=True)
    read_at = models.DateTimeField(null=True, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "feed"], name="watermark_once")
        ]

    def __str__(self) -> str:
        return f"{self.feed} of {self.connection_id}"


class Heartbeat(models.Model):
    """Last sign of life of a queue's drains; the watchdog reads it (reliability A.7)."""

    queue = models.CharField(max_length=40, unique=True)
    beat_at = models.DateTimeField()
    process_id = models.PositiveIntegerField()

    def __str__(self) -> str:
        return self.queue
