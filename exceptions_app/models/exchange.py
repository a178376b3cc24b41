"""Files exchanged with a partner: batches that left, their lines, and files that came."""

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from exceptions_app.choices import (
    BATCH_OPEN,
    FileState,
    LineState,
    PostingKind,
    SentFileState,
)
from exceptions_app.models.connections import Connection
from exceptions_app.models.postings import Posting


class ExchangeCounter(models.Model):
    """The last batch number a connection used: taken under the row's lock, never given back."""

    connection = models.OneToOneField(
        Connection, on_delete=models.CASCADE, primary_key=True, related_name="exchange_counter"
    )
    last_number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.last_number)


class ExchangeBatch(models.Model):
    """One outgoing file. Its bytes are committed before the first of them leaves.

    `sums` are [{"currency", "amount"}], one per currency, empty for stock documents. `due_by` is
    when the partner's answer is late.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="exchange_batches"
    )
    number = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=24, choices=PostingKind.choices)
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    # Emptied after the retention time; the digest stays.
    content = models.BinaryField(default=bytes)
    documents = models.PositiveIntegerField()
    units = models.PositiveBigIntegerField(default=0)
    sums = models.JSONField(default=list)
    state = models.CharField(max_length=14, choices=SentFileState.choices)
    # What the partner said of the file as a whole.
    text = models.CharField(max_length=500, blank=True, default="")
    made_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    due_by = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "number"], name="batch_number_once")
        ]
        indexes = [
            models.Index(fields=["connection", "-id"], name="batch_by_connection"),
            models.Index(fields=["state", "-id"], name="batch_by_state"),
            models.Index(
                fields=["due_by"], condition=Q(state__in=list(BATCH_OPEN)), name="batch_awaited"
            ),
        ]

    def __str__(self) -> str:
        return f"File {self.number}"


class ExchangeLine(models.Model):
    """One document in a batch, with the partner's answer. Units and money are what left.

    A document stands in one batch at most, unless the partner refused it there.
    """

    batch = models.ForeignKey(ExchangeBatch, on_delete=models.CASCADE, related_name="lines")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="+")
    posting = models.ForeignKey(
        Posting, null=True, on_delete=models.SET_NULL, related_name="exchange_lines"
    )
    key = models.CharField(max_length=80)
    line_no = models.PositiveIntegerField()
    units = models.PositiveIntegerField(default=0)
    gross = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    tax = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    warehouse = models.CharField(max_length=80, blank=True, default="")
    division = models.CharField(max_length=80, blank=True, default="")
    result = models.CharField(max_length=10, choices=LineState.choices, default=LineState.WAITING)
    code = models.CharField(max_length=80, blank=True, default="")
    field = models.CharField(max_length=80, blank=True, default="")
    text = models.CharField(max_length=500, blank=True, default="")
    erp_id = models.CharField(max_length=80, blank=True, default="")
    number = models.CharField(max_length=80, blank=True, default="")
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["batch", "line_no"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "line_no"], name="batch_line_once"),
            models.UniqueConstraint(
                fields=["connection", "key"],
                condition=~Q(result__in=[LineState.REJECTED, LineState.WITHDRAWN]),
                name="batch_key_stands_once",
            ),
        ]
        indexes = [
            models.Index(fields=["connection", "key", "-id"], name="batch_line_by_key"),
        ]

    def __str__(self) -> str:
        return self.key


class ExchangeFile(models.Model):
    """A file that came, kept as received until its retention time is over.

    `numbers` are what its parts are known by ("arrivals:PARTNER:42"), so that the same one is
    known again under another name. `folder` is where it lies; `moved_at` says that it lies where
    its state wants it.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="exchange_files"
    )
    folder = models.CharField(max_length=20)
    name = models.CharField(max_length=255)
    size = models.PositiveBigIntegerField()
    modified_at = models.DateTimeField()
    sha256 = models.CharField(max_length=64, blank=True, default="")
    # As it came; emptied after the retention time.
    content = models.BinaryField(default=bytes)
    state = models.CharField(max_length=12, choices=FileState.choices, default=FileState.WAITING)
    why = models.CharField(max_length=500, blank=True, default="")
    kinds = models.JSONField(default=list)
    numbers = models.JSONField(default=list)
    # What it told, counted: {"arrivals": 3}.
    told = models.JSONField(default=dict)
    # The acknowledgements owed for it, each [name, base64 of the bytes]; empty once they lie in
    # out/.
    answers = models.JSONField(default=list)
    seen_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    moved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "folder", "name"],
                condition=Q(state=FileState.WAITING),
                name="file_waits_once",
            )
        ]
        indexes = [
            models.Index(fields=["connection", "-id"], name="file_by_connection"),
            models.Index(fields=["state", "-id"], name="file_by_state"),
            models.Index(fields=["connection", "sha256"], name="file_by_hash"),
            models.Index(
                fields=["connection", "id"],
                condition=Q(moved_at__isnull=True),
                name="file_unfinished",
            ),
            GinIndex(fields=["numbers"], name="file_by_number"),
        ]

    def __str__(self) -> str:
        return self.name
