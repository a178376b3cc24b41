"""The outbox: one row per document a return calls for; attempts are append-only."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from exceptions_app.choices import (
    KEYED_UNPROVED,
    POSTING_OPEN,
    AttemptOutcome,
    HoldReason,
    Keyed,
    PostingKind,
    PostingStatus,
)
from exceptions_app.models.bridges import Bridge
from exceptions_app.models.connections import Connection
from exceptions_app.models.orders import SalesOrder, SalesOrderLine, quoted
from exceptions_app.models.rmas import Rma


class CreditRun(models.Model):
    """A consolidated run of held credits, started by a person (R011): total equals its members."""

    bridge = models.ForeignKey(Bridge, on_delete=models.PROTECT, related_name="credit_runs")
    started_by = models.CharField(max_length=150)
    started_at = models.DateTimeField()
    count = models.PositiveIntegerField()
    total = models.DecimalField(max_digits=18, decimal_places=4)
    currency = models.CharField(max_length=3)

    def __str__(self) -> str:
        return f"Credit run {self.pk}"


class Posting(models.Model):
    """Claimed with a lease on the database's clock and a fence that every later write checks.

    `key` is fixed before the first byte leaves and is unique per connection. A changed plan is a
    new
    row with a new key; `replaces` names the one it took over from (decision 0004).
    """

    bridge = models.ForeignKey(Bridge, on_delete=models.PROTECT, related_name="postings")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="postings")
    rma = models.ForeignKey(Rma, on_delete=models.PROTECT, related_name="postings")
    slot = models.CharField(max_length=120)
    generation = models.PositiveIntegerField()
    kind = models.CharField(max_length=24, choices=PostingKind.choices)
    sequence = models.PositiveIntegerField()
    key = models.CharField(max_length=80)
    control_number = models.BigIntegerField(default=0)
    plan_hash = models.CharField(max_length=64)
    draft = models.JSONField()
    checks = models.JSONField(default=list)
    units = models.PositiveIntegerField(default=0)
    gross = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    # Refund less credit that was let pass within the tolerance, nobody having looked at it.
    residue = models.DecimalField(max_digits=18, decimal_places=4, default=0, db_default=0)
    currency = models.CharField(max_length=3, blank=True, default="")
    # What was sent, where a person linked a document that differs: {"draft", "gross", "units"}.
    # The draft and the figures above are then those of the document in the ERP.
    meant = models.JSONField(default=dict, blank=True, db_default={})
    # How a credit's shares were rounded: {"mode", "scope", "cash_step"}; empty on other documents.
    rounding = models.JSONField(default=dict, blank=True, db_default={})
    # What decided it: {"policy": its fingerprint, "mappings": {kind: version}, "profile": label}.
    made_by = models.JSONField(default=dict, blank=True, db_default={})
    status = models.CharField(max_length=12, choices=PostingStatus.choices)
    hold_reason = models.CharField(
        max_length=10, choices=HoldReason.choices, blank=True, default=""
    )
    hold_until = models.DateTimeField(null=True, blank=True)
    blocked_by = models.CharField(max_length=200, blank=True, default="")
    run = models.ForeignKey(
        CreditRun, null=True, blank=True, on_delete=models.PROTECT, related_name="postings"
    )
    replaces = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT)
    not_before = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    lookups = models.PositiveIntegerField(default=0)
    crashes = models.PositiveIntegerField(default=0)
    # Whose word the number is, where no worker of ours sent the document.
    keyed = models.CharField(
        max_length=8, choices=Keyed.choices, blank=True, default="", db_default=""
    )
    unknown_since = models.DateTimeField(null=True, blank=True)
    # Set when read-back cannot decide: nothing automatic touches the row until a person acts.
    parked_at = models.DateTimeField(null=True, blank=True)
    external_id = models.CharField(max_length=80, blank=True, default="")
    number = models.CharField(max_length=80, blank=True, default="")
    url = models.CharField(max_length=500, blank=True, default="")
    open_type = models.CharField(max_length=40, blank=True, default="")
    open_facts = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    posted_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["sequence", "id"]
        constraints = [
            models.UniqueConstraint(fields=["connection", "key"], name="posting_key_once"),
            models.UniqueConstraint(
                fields=["rma", "slot"],
                condition=~Q(status=PostingStatus.CANCELLED),
                name="posting_one_live_per_slot",
            ),
            models.UniqueConstraint(
                fields=["rma"],
                condition=Q(status__in=[PostingStatus.SENDING, PostingStatus.UNCONFIRMED]),
                name="posting_one_in_flight_per_rma",
            ),
            models.UniqueConstraint(
                fields=["connection", "control_number"],
                condition=Q(control_number__gt=0),
                name="posting_control_number_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["not_before", "id"],
                condition=Q(status=PostingStatus.READY),
                name="posting_ready",
            ),
            models.Index(
                fields=["status", "not_before"],
                condition=Q(
                    status__in=[
                        PostingStatus.SENDING,
                        PostingStatus.UNCONFIRMED,
                        PostingStatus.POSTED,
                        PostingStatus.HELD,
                    ]
                ),
                name="posting_underway",
            ),
            models.Index(fields=["rma", "sequence"], name="posting_by_rma"),
            models.Index(fields=["number"], condition=~Q(number=""), name="posting_by_number"),
            models.Index(quoted("number"), name="posting_find_number"),
            models.Index(quoted("key"), name="posting_find_key"),
            models.Index(fields=["bridge", "status", "-id"], name="posting_by_status"),
            models.Index(
                fields=["kind", "created_at", "id"],
                condition=Q(status__in=list(POSTING_OPEN)),
                name="posting_open_kind",
            ),
            # What of a sum of open documents is oldest, and which hold ends first: each one
            # look-up (decision 0014). Also all that is asked of open documents as such.
            models.Index(
                fields=["bridge", "kind", "status", "hold_reason", "currency", "created_at"],
                include=["rma", "open_type", "gross", "units", "hold_until"],
                condition=Q(status__in=list(POSTING_OPEN)),
                name="posting_open_oldest",
            ),
            models.Index(
                fields=["bridge", "kind", "status", "hold_reason", "currency", "hold_until"],
                include=["open_type"],
                condition=Q(status__in=list(POSTING_OPEN), hold_until__isnull=False),
                name="posting_held_until",
            ),
            models.Index(
                fields=["not_before", "id"],
                condition=Q(status=PostingStatus.UNCONFIRMED),
                name="posting_unknown_first",
            ),
            models.Index(
                fields=["unknown_since"],
                condition=Q(status=PostingStatus.UNCONFIRMED),
                name="posting_unknown_since",
            ),
            # Which returns wait for their credit, newest first, without a walk over all postings.
            models.Index(
                fields=["-rma"],
                condition=Q(kind=PostingKind.CREDIT_MEMO, status__in=list(POSTING_OPEN)),
                name="posting_open_credit",
            ),
            # The few credits that agree with their refund only within the tolerance.
            models.Index(
                fields=["bridge", "currency", "created_at"],
                include=["rma", "residue"],
                condition=~Q(residue=0),
                name="posting_residues",
            ),
            models.Index(
                fields=["kind", "confirmed_at"],
                condition=Q(status=PostingStatus.CONFIRMED),
                name="posting_confirmed",
            ),
            # Newest first within one filter of the list. Nearly all rows are confirmed, and these
            # are found by walking the list itself.
            models.Index(
                fields=["status", "-id"],
                condition=~Q(status=PostingStatus.CONFIRMED),
                name="posting_by_rare_status",
            ),
            models.Index(
                fields=["hold_reason", "-id"],
                condition=~Q(hold_reason=HoldReason.NONE),
                name="posting_by_hold",
            ),
            models.Index(fields=["kind", "-id"], name="posting_by_kind"),
            # The few documents that nothing but a person's word proves.
            models.Index(
                fields=["-id"], condition=Q(keyed=Keyed.WORD), name="posting_keyed_by_word"
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_taken_on_word(self) -> bool:
        """Whether it counts as booked because a person says so, no read-back having shown it."""
        return self.status == PostingStatus.CONFIRMED and self.keyed in KEYED_UNPROVED

    @property
    def state_label(self) -> str:
        """Its state in words that never call a person's word a proof."""
        if self.is_taken_on_word:
            return str(Keyed(self.keyed).label)
        if self.status == PostingStatus.POSTED and self.keyed:
            return "Keyed by hand, not read back yet"
        return str(PostingStatus(self.status).label)


class KeyingClaim(models.Model):
    """Who is keying a document into the ERP just now, so that no two people do.

    A claim holds for a while after `taken_at` (`rules.keying.KEPT_FOR`), then anybody may take the
    document over.
    """

    posting = models.OneToOneField(
        Posting, on_delete=models.CASCADE, primary_key=True, related_name="keying_claim"
    )
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    taken_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.posting_id} by {self.person_id}"


class PostingAttempt(models.Model):
    """One try at sending or looking up, with redacted evidence; written before and after the
    call."""

    posting = models.ForeignKey(Posting, on_delete=models.CASCADE, related_name="attempt_rows")
    fence = models.PositiveIntegerField()
    purpose = models.CharField(max_length=10)  # post | lookup | confirm
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=16, choices=AttemptOutcome.choices)
    text = models.CharField(max_length=500, blank=True, default="")
    request = models.TextField(blank=True, default="")
    response = models.TextField(blank=True, default="")
    status_code = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.purpose} {self.outcome}"


class CreditTaking(models.Model):
    """What one credit takes of one sold line, so that all credits together never exceed it.

    `order_line` is null for the order's shipping. Rows of cancelled postings are deleted with them.
    """

    posting = models.ForeignKey(Posting, on_delete=models.CASCADE, related_name="takings")
    order = models.ForeignKey(SalesOrder, on_delete=models.PROTECT, related_name="takings")
    order_line = models.ForeignKey(
        SalesOrderLine, null=True, on_delete=models.PROTECT, related_name="takings"
    )
    units = models.PositiveIntegerField(default=0)
    net = models.DecimalField(max_digits=18, decimal_places=4)
    tax = models.DecimalField(max_digits=18, decimal_places=4)
    # [{"code", "amount"}], summing to `tax`, where the line has several taxes.
    taxes = models.JSONField(default=list, blank=True, db_default=[])
    duty = models.DecimalField(max_digits=18, decimal_places=4, default=0, db_default=0)

    def __str__(self) -> str:
        return f"{self.units} of {self.order_id}"
