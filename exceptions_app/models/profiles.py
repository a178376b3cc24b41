"""Profiles in force, version by version."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class ProfileVersion(models.Model):
    """How a connection was told to speak from one moment on. The database refuses changes.

    The newest of a connection is in force, or was until its setting was emptied. A roll back is a
    new row with an earlier text, which `restores` names.
    """

    connection = models.ForeignKey(
        "exceptions_app.Connection", on_delete=models.PROTECT, related_name="profile_versions"
    )
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=80)
    version = models.CharField(max_length=40)
    content_hash = models.CharField(max_length=64)
    text = models.TextField()
    reason = models.CharField(max_length=500)
    activated_at = models.DateTimeField()
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    restores = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["connection", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "number"], name="profile_version_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.version}"
