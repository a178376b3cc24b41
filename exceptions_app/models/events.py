"""The inbox: one message from outside, kept as received."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from exceptions_app.choices import EventState
from exceptions_app.models.connections import Connection


class InboundEvent(models.Model):
    """Unique per connection and external id; a repeat is counted, never applied twice (R012,
    R106)."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="events")
    external_id = models.CharField(max_length=120)
    topic = models.CharField(max_length=80)
    origin = models.CharField(
        max_length=10, choices=[("webhook", "Webhook"), ("poll", "Poll"), ("file", "File")]
    )
    headers = models.JSONField(default=dict)
    # Emptied after the retention time; the digest stays.
    body = models.BinaryField(default=bytes)
    digest = models.CharField(max_length=64)
    subject_id = models.CharField(max_length=80, blank=True, default="")
    state = models.CharField(max_length=12, choices=EventState.choices, default=EventState.NEW)
    error_type = models.CharField(max_length=40, blank=True, default="")
    error_facts = models.JSONField(default=dict)
    attempts = models.PositiveIntegerField(default=0)
    copies = models.PositiveIntegerField(default=0)
    differing_copies = models.PositiveIntegerField(default=0)
    last_copy_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()
    processed_at = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="event_once")
        ]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(state=EventState.NEW), name="event_due"),
            models.Index(fields=["connection", "state", "id"], name="event_by_state"),
            models.Index(fields=["connection", "subject_id"], name="event_by_subject"),
            # What a person must look at, over all connections, newest first.
            models.Index(
                fields=["state", "-id"],
                condition=models.Q(state__in=[EventState.PARKED, EventState.REFUSED]),
                name="event_stopped",
            ),
            # The days of a table that only grows stand together in it.
            BrinIndex(fields=["received_at"], name="event_by_day", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.external_id}"
