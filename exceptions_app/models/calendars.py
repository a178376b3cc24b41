"""Which hours of each team count."""

from django.db import models

from exceptions_app.choices import Team


class TeamCalendar(models.Model):
    """`settings` as `rules.calendars.parse` reads them; a team without a row counts every hour."""

    team = models.CharField(max_length=20, choices=Team.choices, unique=True)
    settings = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"Calendar of {self.get_team_display()}"
