"""What people say to one another about exceptions and returns."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from exceptions_app.choices import Team
from exceptions_app.models.audit import AuditEntry
from exceptions_app.models.calendars import CasePause
from exceptions_app.models.cases import Case


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


class Question(models.Model):
    """One team asks another about an exception; the asker's clock stands still meanwhile (R120).

    `pause` is what holds that clock, null where it was over or stood still already.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="questions")
    team = models.CharField(max_length=20, choices=Team.choices)
    text = models.CharField(max_length=400)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="questions_asked"
    )
    asked_at = models.DateTimeField()
    # By when an answer is wanted, in the hours of the team asked.
    due_at = models.DateTimeField()
    answer = models.CharField(max_length=400, blank=True, default="")
    # Answered, or withdrawn where there is no answer.
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="questions_ended",
    )
    pause = models.ForeignKey(
        CasePause, null=True, blank=True, on_delete=models.PROTECT, related_name="questions"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "team"],
                condition=Q(ended_at__isnull=True),
                name="question_open_once_per_team",
            )
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"], condition=Q(ended_at__isnull=True), name="question_open"
            ),
            # What was asked lately, however much there ever was.
            models.Index(fields=["team", "-asked_at"], name="question_by_team"),
        ]

    def __str__(self) -> str:
        return f"Question to {self.get_team_display()} about EX-{self.case_id}"
