"""What people say to one another about exceptions and returns."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from exceptions_app.models.audit import AuditEntry


class Mention(models.Model):
    """A note names somebody: it stands on their Today until they have read it."""

    entry = models.ForeignKey(AuditEntry, on_delete=models.PROTECT, related_name="mentions")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mentions"
    )
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["entry", "person"], name="mention_once")]
        indexes = [
            models.Index(
                fields=["person", "-id"], condition=Q(read_at__isnull=True), name="mention_unread"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person} in a note"
