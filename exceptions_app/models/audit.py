"""The audit trail."""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models


class AuditEntry(models.Model):
    """One act, one entry, written in the act's own transaction. Append-only: a trigger refuses
    changes.

    Actor and subject are kept as text as well, so that the entry outlives both.
    """

    at = models.DateTimeField()
    actor = models.CharField(max_length=150)
    actor_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        # The trail is append-only: a deleted user leaves a dangling id, the name stays as text.
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    act = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=30)
    subject_id = models.BigIntegerField()
    subject_label = models.CharField(max_length=200)
    rma_id = models.BigIntegerField(null=True)
    case_id = models.BigIntegerField(null=True)
    text = models.CharField(max_length=500)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id", "-id"], name="audit_by_subject"),
            models.Index(fields=["rma_id", "-id"], name="audit_by_rma"),
            models.Index(fields=["case_id", "-id"], name="audit_by_case"),
            models.Index(fields=["subject_kind", "-id"], name="audit_by_kind"),
            # The days of a table that only grows stand together in it.
            BrinIndex(fields=["at"], name="audit_by_day", autosummarize=True),
            # Most acts are the desk's own: the trail finds those without an index.
            models.Index(
                fields=["actor_user", "-id"],
                condition=models.Q(actor_user__isnull=False),
                name="audit_by_person",
            ),
        ]

    def __str__(self) -> str:
        return self.text
