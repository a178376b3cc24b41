"""The two-person control: edits, batches, delegates, and acts of one person alone."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from exceptions_app.models.cases import Fix


class FixEdit(models.Model):
    """One edit of a request that waited: what was asked for before, and which approvals it voided.

    Whoever edits becomes a party to the request and cannot approve it (lesson 21).
    """

    fix = models.ForeignKey(Fix, on_delete=models.PROTECT, related_name="edits")
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="fixes_edited"
    )
    at = models.DateTimeField()
    why = models.CharField(max_length=500)
    before = models.JSONField()
    after = models.JSONField()
    # Names of those whose approval it voided.
    voided = models.JSONField(default=list)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Edit of {self.fix}"


class Delegation(models.Model):
    """`person` is away: `delegate` may decide for them, with the delegate's own rights only.

    Without a delegate nobody decides in their name; they are given no work meanwhile.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="delegations"
    )
    delegate = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="delegations_held",
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(starts_at__lt=F("ends_at")), name="delegation_has_a_time"
            ),
            models.CheckConstraint(
                condition=~Q(person=F("delegate")), name="delegation_to_another_person"
            ),
        ]

    def __str__(self) -> str:
        return f"Delegation {self.pk}"


class BreakGlass(models.Model):
    """An admin put a change in force alone; it is open until another person has reviewed it."""

    fix = models.OneToOneField(Fix, on_delete=models.PROTECT, related_name="break_glass")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="glass_broken"
    )
    at = models.DateTimeField()
    reason = models.CharField(max_length=500)
    # How many approvals were missing when it was used.
    missing = models.PositiveSmallIntegerField()
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="glass_reviewed",
    )
    reviewed_at = models.DateTimeField(null=True, blank=True)
    review = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reviewed_by__isnull=True) | ~Q(reviewed_by=F("person")),
                name="break_glass_reviewed_by_another",
            )
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=Q(reviewed_at__isnull=True), name="break_glass_open"
            )
        ]

    def __str__(self) -> str:
        return f"Break-glass for {self.fix}"


class FixBatch(models.Model):
    """Changes let go in one act: they wait one undo time together and are taken back together."""

    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="fix_batches"
    )
    released_at = models.DateTimeField()
    hold_until = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)
    # Requests of the same act that could not be approved: [{"fix", "label", "why"}].
    refused = models.JSONField(default=list)
    taken_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="fix_batches_taken_back",
    )
    taken_back_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Batch {self.pk}"
