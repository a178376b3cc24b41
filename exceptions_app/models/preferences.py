"""What a person sets up for themselves: how the desk looks to them, and the views they keep."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from exceptions_app.choices import Role, SavedPage, Team, Theme


class UserPreferences(models.Model):
    """One row per user; who has none sees the desk in its own time zone, theme of the system."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="preferences"
    )
    # An IANA name; empty is the desk's own zone.
    time_zone = models.CharField(max_length=60, blank=True, default="")
    theme = models.CharField(max_length=6, choices=Theme.choices, blank=True, default="")
    # Single letters move and act (WCAG 2.1.4 asks that they can be switched off).
    has_single_keys = models.BooleanField(default=True)
    # What the queue opens with: one view, or all that is open whatever the team has; neither is
    # the team's or the role's.
    opens_with = models.ForeignKey(
        "SavedView", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    opens_plain = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name_plural = "user preferences"

    def __str__(self) -> str:
        return f"Preferences of {self.user}"


class SavedView(models.Model):
    """A named address of a list: its own owner's, a team's, or everybody's who has a role.

    `query` is the list's query string without the page cursor, as the address bar shows it.
    """

    page = models.CharField(max_length=20, choices=SavedPage.choices)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000, blank=True, default="")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="saved_views",
    )
    team = models.CharField(max_length=20, choices=Team.choices, blank=True, default="")
    role = models.CharField(
        max_length=20, choices=Role.choices, blank=True, default="", db_default=""
    )
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    # The queue opens with it for whoever has the team or the role and chose nothing else.
    is_default = models.BooleanField(default=False, db_default=False)

    class Meta:
        ordering = ["page", "name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["page", "team", "role"],
                condition=Q(is_default=True),
                name="saved_view_default_once",
            ),
            models.CheckConstraint(
                condition=Q(is_default=False) | Q(owner__isnull=True),
                name="saved_view_default_of_many",
            ),
            models.CheckConstraint(
                condition=Q(owner__isnull=False, team="", role="")
                | (Q(owner__isnull=True, role="") & ~Q(team=""))
                | (Q(owner__isnull=True, team="") & ~Q(role="")),
                name="saved_view_of_one_team_or_role",
            ),
            models.UniqueConstraint(
                fields=["page", "owner", "team", "role", "name"],
                name="saved_view_name_of_each",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LastLook(models.Model):
    """How far a person has read what changed: of one page and one team ("" is all of them).

    `entry` is the latest act of the trail the page knew when it was drawn, `seen_at` that moment.
    Only the reader's own word moves it.
    """

    class Page(models.TextChoices):
        """Pages that say what changed; the codes are their URL names."""

        TODAY = "home", "Today"
        CASES = "case-list", "Exceptions"

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="last_looks"
    )
    page = models.CharField(max_length=20, choices=Page.choices)
    team = models.CharField(max_length=20, choices=Team.choices, blank=True, default="")
    entry = models.BigIntegerField()
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "page", "team"], name="last_look_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} up to {self.entry}"
