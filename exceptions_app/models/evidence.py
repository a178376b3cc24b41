"""Files that people put beside an exception; their content lies in the data folder."""

from django.conf import settings
from django.db import models

from exceptions_app.models.cases import Case


class EvidenceFile(models.Model):
    """`key` names the file in the folder. Forgotten with the personal data of its return, the name
    and the content are gone; kind, size and digest stay and prove what was there."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="evidence")
    key = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=100, blank=True, default="")
    kind = models.CharField(max_length=10)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    note = models.CharField(max_length=200, blank=True, default="")
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="evidence_added"
    )
    added_at = models.DateTimeField()
    forgotten_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["case"],
                condition=models.Q(forgotten_at__isnull=True),
                name="evidence_kept",
            )
        ]

    def __str__(self) -> str:
        return self.name or f"Evidence {self.pk}"
