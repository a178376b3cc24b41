"""Acts on many rows: the frozen selection, and what became of each row of it."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from exceptions_app.choices import BulkKind, BulkRowState, BulkState
from exceptions_app.models.cases import Case, Fix
from exceptions_app.models.events import InboundEvent
from exceptions_app.models.postings import Posting
from exceptions_app.models.rmas import Rma


class Bulk(models.Model):
    """One act on everything that matched, frozen when it was asked for.

    A draft changes nothing and is over at `expires_at`. Once started, workers take it in turns: a
    claim carries a lease, and every row is settled in the transaction of its act.
    """

    kind = models.CharField(max_length=10, choices=BulkKind.choices)
    state = models.CharField(max_length=10, choices=BulkState.choices, default=BulkState.DRAFT)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="bulks"
    )
    frozen_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    # The address of the list it was asked from, filters included; "" where there is none.
    back = models.CharField(max_length=1000, blank=True, default="")
    # The same in words: "Bridge: Alder UK, created 1 May to 8 May 2026".
    words = models.CharField(max_length=300, blank=True, default="")
    count = models.PositiveIntegerField(default=0)
    # [[currency, amount as text]] of the rows as they were frozen.
    sums = models.JSONField(default=list)
    # What will be refused, as far as it is known: [{"why", "count", "examples": [case id]}].
    forecast = models.JSONField(default=list)
    # The answers of the form, checked: {"assignee": id, "until", "note", "reason", "reason_code"},
    # or the change to try: {"kind", "source_value", "payload"} or {"kind", "targets"} with the
    # "fix", the "file" or the "bridge" it is of.
    given = models.JSONField(default=dict)
    # Rows a minute at most; 0 where the desk alone is concerned and nothing has to be spared.
    per_minute = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # What it takes back; once only.
    undo_of = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="undone_by"
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["not_before", "id"], condition=Q(state=BulkState.RUNNING), name="bulk_due"
            ),
            models.Index(fields=["asked_by", "-id"], name="bulk_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.count:,} rows"


class BulkRow(models.Model):
    """One row of a frozen selection: an exception as it was seen, a document to send again, or a
    message to handle again."""

    bulk = models.ForeignKey(Bulk, on_delete=models.CASCADE, related_name="rows")
    position = models.PositiveIntegerField()
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="+")
    posting = models.ForeignKey(Posting, null=True, on_delete=models.PROTECT, related_name="+")
    rma = models.ForeignKey(Rma, null=True, on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey(
        InboundEvent, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    # `Case.version` as frozen; the act is refused where it is another by then.
    seen = models.CharField(max_length=20, blank=True, default="")
    state = models.CharField(
        max_length=10, choices=BulkRowState.choices, default=BulkRowState.WAITING
    )
    text = models.CharField(max_length=300, blank=True, default="")
    tries = models.PositiveSmallIntegerField(default=0)
    # How the exception was before, for taking it back: {"assignee", "until", "note"}; or what a
    # change would do to the return: {"verdict", "amount", "currency"}.
    before = models.JSONField(default=dict)
    # The version it had after the act: only that is taken back.
    after = models.CharField(max_length=20, blank=True, default="")
    # The request that came of it.
    fix = models.ForeignKey(Fix, null=True, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["bulk", "position"], name="bulk_row_position_once")
        ]
        indexes = [
            models.Index(fields=["bulk", "state", "position"], name="bulk_row_by_state"),
        ]

    def __str__(self) -> str:
        return f"Row {self.position} of {self.bulk_id}"
