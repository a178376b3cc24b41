"""Where messages to teams and people go, what each place was told, and the messages themselves."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from exceptions_app.choices import MessagePurpose, MessageState, Severity, Team
from exceptions_app.models.calendars import Escalation
from exceptions_app.models.cases import CauseGroup, Fix
from exceptions_app.models.talking import Mention, Question


class MessagePlace(models.Model):
    """A room or a mailbox of a team, or the mailbox of one person, and what it wants to be told.

    The address is a secret: sealed (decision 0006), shown as `masked` only. A person's own place
    keeps none; mail goes to the address of their account.
    """

    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=20, help_text="A kind of connectors.messaging.")
    sealed_address = models.BinaryField(default=bytes, editable=False)
    masked = models.CharField(max_length=120)
    team = models.CharField(max_length=20, choices=Team.choices, blank=True, default="")
    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="message_place",
    )
    is_on = models.BooleanField(default=True)
    has_alerts = models.BooleanField(default=True)
    least_severity = models.CharField(
        max_length=10, choices=Severity.choices, default=Severity.HIGH
    )
    # Only causes of which the owner has an exception.
    is_only_mine = models.BooleanField(default=False)
    # Notes that name the owner and answers to their questions; a team's place has none.
    has_mentions = models.BooleanField(default=True, db_default=True)
    has_questions = models.BooleanField(default=False, db_default=False)
    has_approvals = models.BooleanField(default=False, db_default=False)
    # Hours of the day in `time_zone`; a digest without an hour is none.
    digest_hour = models.PositiveSmallIntegerField(null=True, blank=True)
    quiet_from = models.PositiveSmallIntegerField(null=True, blank=True)
    quiet_until = models.PositiveSmallIntegerField(null=True, blank=True)
    is_quiet_at_weekends = models.BooleanField(default=True)
    has_critical_anytime = models.BooleanField(default=False)
    time_zone = models.CharField(max_length=60)
    # Where the desk is for whoever reads a message: "https://desk.example.com".
    desk_url = models.CharField(max_length=200)
    created_by = models.CharField(max_length=150)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["team", "name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=False, team="") | (Q(owner__isnull=True) & ~Q(team="")),
                name="message_place_of_one_or_a_team",
            ),
            models.UniqueConstraint(
                fields=["team", "name"], condition=Q(owner=None), name="message_place_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ToldCause(models.Model):
    """What a place was told of a cause; over once nothing of it is open, until it comes back."""

    place = models.ForeignKey(MessagePlace, on_delete=models.CASCADE, related_name="+")
    group = models.ForeignKey(CauseGroup, on_delete=models.CASCADE, related_name="+")
    severity_rank = models.PositiveSmallIntegerField()
    count = models.PositiveIntegerField()
    told_at = models.DateTimeField()
    # How often; 0 where the cause was open before the place wanted to know.
    times = models.PositiveIntegerField(default=0)
    is_over = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["place", "group"], name="told_cause_once_per_place")
        ]

    def __str__(self) -> str:
        return f"{self.group_id} to {self.place_id}"


class Message(models.Model):
    """One message to one place: our outbox row. The key is fixed before anything is sent.

    What was said is kept as it was said; the place by name and mask, so that it outlives it.
    """

    key = models.CharField(max_length=120, unique=True)
    place = models.ForeignKey(
        MessagePlace, null=True, on_delete=models.SET_NULL, related_name="messages"
    )
    place_name = models.CharField(max_length=60)
    place_masked = models.CharField(max_length=120)
    kind = models.CharField(max_length=20)
    team = models.CharField(max_length=20, choices=Team.choices, blank=True, default="")
    # Whose mailbox it is; nobody else reads what it says.
    owner_id = models.BigIntegerField(null=True)
    purpose = models.CharField(max_length=10, choices=MessagePurpose.choices)
    groups = models.ManyToManyField(CauseGroup, related_name="messages")
    # Which steps it tells of; a step is told to a place once.
    escalations = models.ManyToManyField(Escalation, related_name="messages")
    # What somebody is asked for: each is told to a place once.
    mentions = models.ManyToManyField(Mention, related_name="messages")
    questions = models.ManyToManyField(Question, related_name="messages")
    fixes = models.ManyToManyField(Fix, related_name="messages")
    title = models.CharField(max_length=200)
    body = models.TextField()
    state = models.CharField(
        max_length=10, choices=MessageState.choices, default=MessageState.WAITING
    )
    outcome = models.CharField(max_length=300, blank=True, default="")
    tries = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["not_before", "id"],
                condition=Q(state__in=[MessageState.WAITING, MessageState.SENDING]),
                name="message_due",
            ),
            models.Index(fields=["place", "-id"], name="message_by_place"),
            models.Index(fields=["team", "-id"], name="message_by_team"),
        ]

    def __str__(self) -> str:
        return self.title
