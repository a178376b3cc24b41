"""Differences that finance accepted: who owns each, how far it may grow, and whether it holds."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Abs

from exceptions_app.choices import AcceptanceState
from exceptions_app.models.bridges import Bridge
from exceptions_app.models.cases import Fix
from exceptions_app.models.rmas import Rma


class Acceptance(models.Model):
    """One change that accepted a difference, as far as it goes.

    `difference` is refund less credit in `currency`, signed. The change is what was agreed to; who
    owns it can be changed alone. `state` follows each plan of the return.
    """

    fix = models.OneToOneField(Fix, on_delete=models.PROTECT, related_name="acceptance")
    rma = models.ForeignKey(Rma, on_delete=models.PROTECT, related_name="acceptances")
    bridge = models.ForeignKey(Bridge, on_delete=models.PROTECT, related_name="+")
    # Told before it ends, and asked whether it should.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="acceptances_owned"
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="acceptances_asked"
    )
    currency = models.CharField(max_length=3)
    difference = models.DecimalField(max_digits=18, decimal_places=4)
    # Null where it was accepted before caps were asked for: exactly the difference.
    cap = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    since = models.DateTimeField()
    # The last day where the books are kept; null where it does not end.
    until = models.DateField(null=True, blank=True)
    state = models.CharField(
        max_length=10, choices=AcceptanceState.choices, default=AcceptanceState.HOLDS
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_text = models.CharField(max_length=300, blank=True, default="")
    warned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(cap__isnull=True) | Q(cap__gte=Abs(F("difference"))),
                name="acceptance_cap_covers_it",
            )
        ]
        indexes = [
            models.Index(fields=["state", "-id"], name="acceptance_by_state"),
            models.Index(fields=["since"], name="acceptance_by_day"),
            models.Index(
                fields=["until", "id"],
                condition=Q(state=AcceptanceState.HOLDS, warned_at__isnull=True),
                name="acceptance_to_warn",
            ),
            models.Index(
                fields=["owner", "until"],
                condition=Q(state=AcceptanceState.HOLDS),
                name="acceptance_of_owner",
            ),
        ]

    def __str__(self) -> str:
        return f"Acceptance {self.pk} of {self.rma}"
