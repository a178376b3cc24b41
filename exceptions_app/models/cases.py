"""Cases (screens say "exception"), their cause groups and fixes."""

import hashlib
import json
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q

from exceptions_app.choices import (
    CASE_OPEN,
    CaseStatus,
    Closure,
    EscalationStep,
    FixKind,
    FixStatus,
    Severity,
    Team,
    WakeOn,
)
from exceptions_app.models.bridges import Bridge, Mapping
from exceptions_app.models.connections import Connection
from exceptions_app.models.events import InboundEvent
from exceptions_app.models.postings import Posting
from exceptions_app.models.rmas import Rma
from exceptions_app.models.statements import Moment
from exceptions_app.rules import change_words


class CauseGroup(models.Model):
    """Cases that share one root cause: type, bridge (or connection) and offending value (R111)."""

    type = models.CharField(max_length=40)
    bridge = models.ForeignKey(Bridge, null=True, on_delete=models.PROTECT)
    connection = models.ForeignKey(Connection, null=True, on_delete=models.PROTECT)
    cause = models.CharField(max_length=200)
    title = models.CharField(max_length=300)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    has_rules = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["type", "bridge", "connection", "cause"],
                name="cause_group_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return self.title


# What a list of causes is narrowed by, and what it leaves out.
_NARROWED_BY = ("team", "type", "severity_rank", "bridge", "assignee", "snoozed_until", "behind")


class Case(models.Model):
    """A finding that a person must deal with. Opened, refreshed and closed by
    `services.cases.sync`."""

    fingerprint = models.CharField(max_length=64, unique=True)
    type = models.CharField(max_length=40)
    team = models.CharField(max_length=20, choices=Team.choices)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    severity_rank = models.PositiveSmallIntegerField()
    rank = models.PositiveSmallIntegerField(default=50)
    status = models.CharField(max_length=20, choices=CaseStatus.choices)
    closure = models.CharField(max_length=10, choices=Closure.choices, blank=True, default="")
    group = models.ForeignKey(CauseGroup, on_delete=models.PROTECT, related_name="cases")
    # The cause its finding names, where a person's rule puts it into another (decision 0021).
    own_group = models.ForeignKey(
        CauseGroup, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    # Of its return's the one to be solved first; nothing can be done here before (decision 0024).
    behind = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    bridge = models.ForeignKey(Bridge, null=True, on_delete=models.PROTECT, related_name="cases")
    rma = models.ForeignKey(Rma, null=True, on_delete=models.PROTECT, related_name="cases")
    posting = models.ForeignKey(Posting, null=True, on_delete=models.SET_NULL, related_name="cases")
    connection = models.ForeignKey(
        Connection, null=True, on_delete=models.PROTECT, related_name="cases"
    )
    event = models.ForeignKey(
        InboundEvent, null=True, on_delete=models.SET_NULL, related_name="cases"
    )
    # What findings are compared within: "rma:12", "connection:3", "event:9".
    subject = models.CharField(max_length=60)
    subject_part = models.CharField(max_length=160)
    title = models.CharField(max_length=300)
    facts = models.JSONField(default=dict)
    value = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    currency = models.CharField(max_length=3, blank=True, default="")
    value_formula = models.CharField(max_length=300, blank=True, default="")
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    waiting_for = models.CharField(max_length=200, blank=True, default="")
    # Put off by a person: hidden from the queue until then, and said why.
    snoozed_until = models.DateTimeField(null=True, blank=True)
    snooze_note = models.CharField(max_length=200, blank=True, default="")
    # Since when, and what brings it back before that; empty for the time alone.
    snoozed_at = models.DateTimeField(null=True, blank=True)
    wakes_on = models.CharField(
        max_length=10, choices=WakeOn.choices, blank=True, default="", db_default=""
    )
    # What exactly: {"kind"} of document, {"period"} ("2026-12"), or {"from", "to"} of a figure.
    wakes_for = models.JSONField(default=dict, blank=True, db_default={})
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    # Since when its clock runs (null: since it opened), and which hours it counted, in words.
    clock_from = models.DateTimeField(null=True, blank=True)
    counted = models.CharField(max_length=300, blank=True, default="", db_default="")
    # Its clock stands still until then (`CasePause` has the reason); who was told that it is late.
    paused_until = models.DateTimeField(null=True, blank=True)
    escalated = models.PositiveSmallIntegerField(
        choices=EscalationStep.choices, default=EscalationStep.NONE, db_default=0
    )
    seen_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True, blank=True)
    reopened_count = models.PositiveIntegerField(default=0)
    # Its return's refund is not confirmed. Triggers keep it (migration 0022): the counts of who
    # waits would else look every return up.
    is_unpaid = models.BooleanField(default=False, db_default=False, editable=False)
    # When it opened, its return had an open exception of the same cause. A trigger keeps it
    # (migration 0042), so that returns can be counted without comparing all of them.
    is_further = models.BooleanField(default=False, db_default=False, editable=False)
    # Files put beside it, forgotten ones among them.
    evidence_count = models.PositiveSmallIntegerField(default=0, db_default=0)
    proof = models.CharField(max_length=500, blank=True, default="")
    close_reason = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        # The gravest first, and of these what is late or due next.
        ordering = ["-severity_rank", "due_at", "id"]
        indexes = [
            models.Index(
                fields=["-severity_rank", "due_at", "id"],
                condition=Q(status__in=CASE_OPEN),
                name="case_first",
            ),
            # What can be done now in the same order: however many wait, none is walked past.
            models.Index(
                fields=["-severity_rank", "due_at", "id"],
                condition=Q(status__in=CASE_OPEN, behind__isnull=True),
                name="case_to_do_first",
            ),
            # Returns of a type once each, in an order that can end early.
            models.Index(
                fields=["type", "rma"],
                include=["bridge", "team", "snoozed_until", "behind"],
                condition=Q(status__in=CASE_OPEN),
                name="case_open_by_type",
            ),
            models.Index(fields=["-severity_rank", "due_at", "id"], name="case_all_first"),
            # All that the figures over open cases read, so that they never read the cases.
            models.Index(
                fields=["team", "group", "rma"],
                include=[
                    "id",
                    "type",
                    "bridge",
                    "severity",
                    "severity_rank",
                    "value",
                    "currency",
                    "assignee",
                    "opened_at",
                    "due_at",
                    "snoozed_until",
                    "reopened_count",
                    "is_unpaid",
                    "behind",
                ],
                condition=Q(status__in=CASE_OPEN),
                name="case_open_sums",
            ),
            # What of a cause is due first and what is its oldest, each one look-up (decision
            # 0014); the rest is what a list is narrowed by.
            models.Index(
                fields=["group", "due_at"],
                include=_NARROWED_BY,
                condition=Q(status__in=CASE_OPEN),
                name="case_open_due",
            ),
            models.Index(
                fields=["group", "opened_at", "id"],
                include=_NARROWED_BY,
                condition=Q(status__in=CASE_OPEN),
                name="case_open_oldest",
            ),
            # Returns once each, whatever they have open, in an order that can end early.
            models.Index(
                fields=["rma"],
                include=["team", "type", "bridge", "is_unpaid", "snoozed_until", "behind"],
                condition=Q(status__in=CASE_OPEN),
                name="case_open_by_return",
            ),
            # The few that are put off, and the few that share return and cause: counts of the
            # others leave them out.
            models.Index(
                fields=["snoozed_until"],
                condition=Q(status__in=CASE_OPEN, snoozed_until__isnull=False),
                name="case_open_snoozed",
            ),
            models.Index(
                fields=["group", "rma"],
                condition=Q(status__in=CASE_OPEN, is_further=True),
                name="case_open_further",
            ),
            models.Index(
                fields=["group", "resolved_at"],
                include=["opened_at"],
                condition=Q(resolved_at__isnull=False),
                name="case_closed_by_group",
            ),
            # The few whose clock stands still, and the few that somebody was told of.
            models.Index(
                fields=["team", "paused_until"],
                condition=Q(status__in=CASE_OPEN, paused_until__isnull=False),
                name="case_open_paused",
            ),
            models.Index(
                fields=["team", "-escalated", "due_at"],
                condition=Q(status__in=CASE_OPEN, escalated__gt=0),
                name="case_open_escalated",
            ),
            models.Index(fields=["subject"], name="case_by_subject"),
            models.Index(fields=["group", "status"], name="case_by_group"),
            models.Index(fields=["rma"], name="case_by_rma"),
            models.Index(
                fields=["behind"],
                condition=Q(status__in=CASE_OPEN, behind__isnull=False),
                name="case_open_behind",
            ),
            models.Index(
                fields=["own_group"],
                condition=Q(own_group__isnull=False),
                name="case_regrouped",
            ),
            models.Index(fields=["-resolved_at", "-id"], name="case_by_resolved"),
            models.Index(
                fields=["group", "-resolved_at"],
                condition=Q(closure=Closure.PROOF),
                name="case_by_proof",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def version(self) -> str:
        """What a reader has seen of it: "<acts>-<facts>"; an act posts it back (R114).

        The first half changes with what people and the flow did to the case, the second with what
        the case is about.
        """
        acts = [self.status, self.closure, self.assignee_id, self.waiting_for]
        acts.append(self.snoozed_until.isoformat() if self.snoozed_until else "")
        acts += [str(each) for each in (self.wakes_on, self.wakes_for, self.paused_until) if each]
        return f"{_digest(acts)}-{_digest([self.severity, self.facts])}"


def awake(now: Moment) -> Q:
    """Cases that nobody put off beyond `now`."""
    return Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=now)


def to_do(now: Moment) -> Q:
    """Cases that can be worked on at `now`: not put off, and behind no other (decision 0024)."""
    return Q(awake(now), behind__isnull=True)


def _digest(seen: object) -> str:
    text = json.dumps(seen, sort_keys=True, default=str)
    return hashlib.blake2s(text.encode(), digest_size=4).hexdigest()


class Fix(models.Model):
    """A person's change of a fact, with its approval. The plan follows; the fix never sends
    anything.

    `payload` is the new fact by kind (same shape as Mapping.target, or {"location"},
    {"order_number"}, {"difference"}, {"adjustment"}, {"date"}, {"posting_id"}…); its hash voids an
    approval when edited.
    """

    about = ""  # its return and document, where a list says so (`selectors.requests.name`)
    kind = models.CharField(max_length=20, choices=FixKind.choices)
    status = models.CharField(max_length=12, choices=FixStatus.choices)
    bridge = models.ForeignKey(Bridge, on_delete=models.PROTECT, related_name="fixes")
    case = models.ForeignKey(Case, null=True, on_delete=models.PROTECT, related_name="fixes")
    rma = models.ForeignKey(Rma, null=True, on_delete=models.PROTECT, related_name="fixes")
    mapping = models.ForeignKey(Mapping, null=True, on_delete=models.PROTECT, related_name="fixes")
    source_value = models.CharField(max_length=200, blank=True, default="")
    payload = models.JSONField()
    payload_hash = models.CharField(max_length=64)
    reason_code = models.CharField(max_length=60, blank=True, default="")
    note = models.CharField(max_length=500, blank=True, default="")
    # What the requester was shown: cases and returns healed, money freed, newly broken.
    effect = models.JSONField(default=dict)
    level = models.CharField(max_length=10)  # none | peer | finance
    # Two for money above the policy's threshold, fixed when it is asked for.
    approvals_needed = models.PositiveSmallIntegerField(default=1)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="fixes_requested"
    )
    requested_at = models.DateTimeField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="fixes_decided",
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_note = models.CharField(max_length=500, blank=True, default="")
    hold_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    # Put in force by one admin alone; `BreakGlass` says why and who reviewed it.
    is_break_glass = models.BooleanField(default=False, db_default=False)
    # Approved in one act with others.
    batch = models.ForeignKey(
        "FixBatch", null=True, blank=True, on_delete=models.PROTECT, related_name="fixes"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True)
                | Q(level="none")
                | Q(is_break_glass=True)
                | Q(status__in=[FixStatus.WITHDRAWN, FixStatus.REQUESTED])
                | ~Q(decided_by=models.F("requested_by")),
                name="fix_approver_is_not_requester",
            )
        ]
        indexes = [
            models.Index(
                fields=["status", "id"],
                condition=Q(status__in=[FixStatus.REQUESTED, FixStatus.HELD]),
                name="fix_underway",
            ),
            models.Index(fields=["rma", "status"], name="fix_by_rma"),
            # What was asked for lately, however much there ever was.
            models.Index(fields=["requested_at"], name="fix_by_requested"),
        ]

    def __str__(self) -> str:
        return f"{change_words.of(self)} {self.about}".strip()

    @property
    def freed(self) -> Decimal | None:
        """What the returns it heals claim, as shown when it was asked for; None if not stored."""
        stored = self.effect.get("freed")
        return Decimal(stored) if stored is not None else None

    @property
    def approvals_given(self) -> int:
        """How many have said yes to it as it stands; those an edit voided do not count."""
        return sum(row.payload_hash == self.payload_hash for row in self.approvals.all())


class Approval(models.Model):
    """One person's yes to a request, for exactly the payload whose hash it carries.

    An edited payload has another hash, so an approval given for the older one no longer counts.
    """

    fix = models.ForeignKey(Fix, on_delete=models.PROTECT, related_name="approvals")
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="approvals_given"
    )
    # Who is away and named this approver; null when given in one's own name.
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="approvals_given_for",
    )
    payload_hash = models.CharField(max_length=64)
    note = models.CharField(max_length=500, blank=True, default="")
    at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["fix", "approver", "payload_hash"], name="approval_once_per_person"
            )
        ]

    def __str__(self) -> str:
        return f"{self.approver} for {self.fix}"
