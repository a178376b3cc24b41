"""Who is given an exception by rule, and whose turn it is."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from exceptions_app.choices import AssignWay, Team
from exceptions_app.models.bridges import Bridge
from exceptions_app.models.cases import CauseGroup
from exceptions_app.models.orders import ErpLocation


class AssignmentRule(models.Model):
    """Open exceptions of `team` that fit go to one of its people.

    What is empty fits all. A rule is never deleted: one taken out of use stays for the record.
    """

    team = models.CharField(max_length=20, choices=Team.choices)
    # The first that fits counts; pairs of one team may share a place, then the older is first.
    position = models.PositiveIntegerField()
    type = models.CharField(max_length=40, blank=True, default="")
    bridge = models.ForeignKey(
        Bridge, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    group = models.ForeignKey(
        CauseGroup, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    # The ERP's warehouse where goods of the return are, or are to go; the division of its order.
    place = models.ForeignKey(
        ErpLocation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    division = models.CharField(max_length=40, blank=True, default="", db_default="")
    # At least so much at risk, in this currency; sums of others are never compared with it.
    at_least = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    way = models.CharField(max_length=8, choices=AssignWay.choices)
    is_active = models.BooleanField(default=True)
    # Counts edits: who edits what another has changed meanwhile is refused.
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["team", "position", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(at_least__isnull=True, currency="")
                | Q(at_least__gt=0) & ~Q(currency=""),
                name="assignment_rule_amount_has_a_currency",
            )
        ]
        indexes = [
            models.Index(
                fields=["position", "id"],
                condition=Q(is_active=True),
                name="assignment_rule_in_use",
            )
        ]

    def __str__(self) -> str:
        return f"Assignment rule {self.pk} of {self.get_team_display()}"


class AssignmentTurn(models.Model):
    """One person of a rule; who has the smallest `turn` was given nothing for longest."""

    rule = models.ForeignKey(AssignmentRule, on_delete=models.CASCADE, related_name="turns")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="assignment_turns"
    )
    turn = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["turn", "id"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "person"], name="assignment_turn_once")
        ]

    def __str__(self) -> str:
        return f"{self.person} in {self.rule}"
