"""Acceptances as finance lists them: whose, how much, up to what and until when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from exceptions_app.choices import AcceptanceState, Role
from exceptions_app.models import Acceptance, AuditEntry
from exceptions_app.selectors import paging

NEWEST = ("-id",)
HOLDS, SOON, ORPHANED, ENDED, ALL = "holds", "soon", "orphaned", "ended", "all"
# The lists of the page, the first of which opens.
LISTS = (
    (HOLDS, "In force"),
    (SOON, "Ends within 30 days"),
    (ORPHANED, "Without an owner"),
    (ENDED, "Over"),
    (ALL, "All"),
)
SOON_DAYS = 30
MONTHS = 12
NO_MONEY = Decimal(0)
HISTORY = 50
_OVER = (AcceptanceState.EXPIRED, AcceptanceState.GROWN, AcceptanceState.CHANGED)


def owners() -> QuerySet[User]:
    """Who can own an acceptance: active people of finance, by name."""
    held = User.objects.filter(is_active=True, groups__name=Role.FINANCE)
    return held.order_by("first_name", "last_name", "username")


def orphaned() -> QuerySet[Acceptance]:
    """Those in force whose owner left, or is of finance no more."""
    here = owners().filter(pk=OuterRef("owner"))
    return Acceptance.objects.filter(~Exists(here), state=AcceptanceState.HOLDS)


def listed(*, which: str, today: date, owner: str = "", bridge: str = "") -> QuerySet[Acceptance]:
    """The acceptances of one of LISTS; an unknown one is the first of them."""
    rows = Acceptance.objects.filter(state=AcceptanceState.HOLDS)
    if which == SOON:
        rows = rows.filter(until__lte=today + timedelta(days=SOON_DAYS))
    elif which == ORPHANED:
        rows = orphaned()
    elif which == ENDED:
        rows = Acceptance.objects.filter(state__in=_OVER)
    elif which == ALL:
        rows = Acceptance.objects.all()
    if owner:
        rows = rows.filter(owner__username=owner)
    if bridge:
        rows = rows.filter(bridge__code=bridge)
    return rows


def with_all(rows: QuerySet[Acceptance]) -> QuerySet[Acceptance]:
    return rows.select_related(
        "rma", "bridge", "owner", "asked_by", "fix__requested_by", "fix__case"
    ).prefetch_related("fix__approvals__approver")


def counts(*, today: date, owner: str = "", bridge: str = "") -> dict[str, int]:
    """How many rows each of LISTS has, no further than `paging` counts; one query."""
    found: dict[str, int] = paging.counts(
        {code: listed(which=code, today=today, owner=owner, bridge=bridge) for code, _ in LISTS}
    )
    return found


def every(rows: QuerySet[Acceptance]) -> Iterator[Acceptance]:
    """All of `rows`, newest first, read in steps."""
    shown = with_all(rows)
    yield from paging.every(
        lambda cursor: paging.page(shown, order=NEWEST, cursor=cursor, size=paging.FILE_SIZE)
    )


@dataclass(frozen=True, slots=True)
class Month:
    """What one person had accepted in one month, in one currency.

    `above` is where the refund was more, `below` (never above 0) where the credit was; `held` is
    how many of them still hold. What was taken back is in none of it.
    """

    month: date
    person: str
    currency: str
    count: int
    held: int
    above: Decimal
    below: Decimal


def by_month(*, now: datetime, bridge: str = "") -> tuple[Month, ...]:
    """Per month and person who asked, of the last MONTHS months, the newest first; one query."""
    zone = timezone.get_default_timezone()
    local = now.astimezone(zone)
    back = local.year * 12 + local.month - MONTHS
    start = local.replace(
        year=back // 12, month=back % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0
    )
    rows = Acceptance.objects.filter(since__gte=start).exclude(state=AcceptanceState.TAKEN_BACK)
    if bridge:
        rows = rows.filter(bridge__code=bridge)
    found = (
        rows.order_by()
        .annotate(month=TruncMonth("since", tzinfo=zone))
        .values(
            "month",
            "currency",
            "asked_by__first_name",
            "asked_by__last_name",
            "asked_by__username",
        )
        .annotate(
            count=Count("pk"),
            held=Count("pk", filter=Q(state=AcceptanceState.HOLDS)),
            above=Sum("difference", filter=Q(difference__gt=0)),
            below=Sum("difference", filter=Q(difference__lt=0)),
        )
        .order_by("-month", "asked_by__username", "currency")
    )
    return tuple(_month(row) for row in found)


def _month(row: Mapping[str, Any]) -> Month:
    name = f"{row['asked_by__first_name']} {row['asked_by__last_name']}".strip()
    return Month(
        month=row["month"].date(),
        person=name or row["asked_by__username"],
        currency=row["currency"],
        count=row["count"],
        held=row["held"],
        above=row["above"] or Decimal(0),
        below=row["below"] or Decimal(0),
    )


def one(acceptance_id: int) -> QuerySet[Acceptance]:
    return with_all(Acceptance.objects.filter(pk=acceptance_id))


def history(row: Acceptance) -> list[AuditEntry]:
    """What happened to the acceptance and to the change behind it, the latest first."""
    own = Q(subject_kind="acceptance", subject_id=row.pk)
    about = own | Q(subject_kind="fix", subject_id=row.fix_id)
    return list(AuditEntry.objects.filter(about).order_by("-id")[:HISTORY])


def agreed_by(row: Acceptance) -> tuple[str, ...]:
    """Who approved it as it came into force, in the order they did."""
    given = [each for each in row.fix.approvals.all() if each.payload_hash == row.fix.payload_hash]
    return tuple(each.approver.get_full_name() or each.approver.get_username() for each in given)


def to_warn(*, now: datetime, within: timedelta, limit: int) -> list[int]:
    """Acceptances in force that end within a time, of which their owner was not told yet."""
    last = (now + within).date()
    rows = Acceptance.objects.filter(
        state=AcceptanceState.HOLDS, warned_at__isnull=True, until__lte=last
    )
    return list(rows.order_by("until", "pk").values_list("pk", flat=True)[:limit])
