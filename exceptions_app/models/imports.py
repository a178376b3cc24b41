"""A file of mappings on its way in: read, checked and shown before it changes anything."""

from django.conf import settings
from django.db import models

from exceptions_app.choices import ImportStatus, MappingKind
from exceptions_app.models.bridges import Bridge


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
