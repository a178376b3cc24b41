"""Which hours of each team count, when a clock stood still, and who was told that it was over."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from exceptions_app.choices import EscalationStep, PauseReason, Team
from exceptions_app.models.cases import Case


class TeamCalendar(models.Model):
    """`settings` as `rules.calendars.parse` reads them; a team without a row counts every hour."""

    team = models.CharField(max_length=20, choices=Team.choices, unique=True)
    settings = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"Calendar of {self.get_team_display()}"


class CasePause(models.Model):
    """From `starts_at` to `ends_at` the clock of a case stands still; ended early, `ends_at` is
    when that was."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="pauses")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=10, choices=PauseReason.choices)
    note = models.CharField(max_length=200, blank=True, default="")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="pauses_made"
    )

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__lte=F("ends_at")), name="pause_has_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"Pause of EX-{self.case_id}"


class Escalation(models.Model):
    """Somebody was told that a case is past its time: each step once for every opening (R119)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="escalations")
    # How often the case had come back: a cause that is there anew is told anew.
    opening = models.PositiveIntegerField()
    step = models.PositiveSmallIntegerField(choices=EscalationStep.choices)
    at = models.DateTimeField()
    # Names of who it went to; empty where nobody holds that role.
    told = models.JSONField(default=list)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "opening", "step"], name="escalation_once_per_opening"
            )
        ]
        indexes = [models.Index(fields=["at"], name="escalation_by_time")]

    def __str__(self) -> str:
        return f"EX-{self.case_id} to {self.get_step_display()}"
