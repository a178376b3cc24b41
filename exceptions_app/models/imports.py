"""Files on their way in: read, checked and shown before they change anything."""

from django.conf import settings
from django.db import models

from exceptions_app.choices import ImportStatus, MappingKind, ReturnFileStatus
from exceptions_app.models.bridges import Bridge
from exceptions_app.models.connections import Connection


class MappingImport(models.Model):
    """One uploaded file of one kind of mapping for one bridge.

    `rows` are its data rows in file order:
    {"line": 2, "source_value", "target": {…}, "reason", "act": add | change | same | error,
    "before": {…} | null, "error": ""}. A file with one error can never be applied. "refused" is
    there where somebody refused the same proposal, and says who.
    """

    bridge = models.ForeignKey(Bridge, on_delete=models.PROTECT, related_name="mapping_imports")
    kind = models.CharField(max_length=20, choices=MappingKind.choices)
    status = models.CharField(max_length=12, choices=ImportStatus.choices)
    file_name = models.CharField(max_length=200)
    # SHA-256 of the file as it came, so that the audit trail can name it.
    file_hash = models.CharField(max_length=64)
    # Given with the file, for rows that give none.
    reason = models.CharField(max_length=300, blank=True, default="")
    rows = models.JSONField(default=list)
    # What was shown before applying: cases and returns healed, money freed (Fix.effect's shape).
    effect = models.JSONField(default=dict)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.file_name


class ReturnFile(models.Model):
    """An export of a returns platform, taken in where its API cannot be read.

    `columns` is head by column code (`rules.return_columns`), `writing` how dates and amounts are
    written, `verdict` what the rows become with both: counts, sums, wrong cells and a sample.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="return_files"
    )
    status = models.CharField(
        max_length=12, choices=ReturnFileStatus.choices, default=ReturnFileStatus.OPEN
    )
    file_name = models.CharField(max_length=200)
    file_hash = models.CharField(max_length=64)
    # As it came; emptied once it is taken in or discarded, since it holds personal data.
    content = models.BinaryField(default=bytes)
    heads = models.JSONField(default=list)
    row_count = models.PositiveIntegerField(default=0)
    columns = models.JSONField(default=dict)
    writing = models.JSONField(default=dict)
    verdict = models.JSONField(default=dict)
    # A person chose to take the others in while some returns are wrong.
    leaves_out_wrong = models.BooleanField(default=False)
    # Returns gone through so far, and of them those kept as messages.
    position = models.PositiveIntegerField(default=0)
    kept = models.PositiveIntegerField(default=0)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    uploaded_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["id"],
                condition=models.Q(status=ReturnFileStatus.TAKING),
                name="return_file_due",
            )
        ]

    def __str__(self) -> str:
        return self.file_name
