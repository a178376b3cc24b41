"""When a place is told of a cause, and in which words (R114, R115): few messages, each one page.

A cause is told once: again only when it became graver, ten times as large, or came back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from exceptions_app.catalogue.wording import written
from exceptions_app.choices import SEVERITY_OF_RANK, Severity
from exceptions_app.rules import money

# A cause that closes and comes back all day is told twice a day at most.
BACK_AFTER = timedelta(hours=12)
TEN_TIMES = 10
# More news than these at once become one message.
ONE_BY_ONE = 3
IN_ONE = 8
# A digest that could not be written at its hour is still worth reading for so long.
DIGEST_FOR_HOURS = 4
FIRST_CAUSES = 5
NO_MONEY = Decimal(0)
_GRAVEST = len(Severity.values) - 1
_TITLE = 200
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Hours:
    """When a place may be told. Hours are those of `zone`; none for no quiet and no digest."""

    zone: str
    quiet_from: int | None = None
    quiet_until: int | None = None
    is_quiet_at_weekends: bool = False
    digest: int | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """What is open of one cause. `sums` is money per currency, `due_at` the first due."""

    group: int
    title: str
    bridge: str
    rank: int
    count: int
    returns: int
    waiting: int
    units: int
    sums: tuple[tuple[str, Decimal], ...]
    team: str
    owner: str
    since: datetime
    due_at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class Late:
    """What is past its time of one cause, and who was told: "the lead of Finance (Lena)".

    `sums` is money per currency; `since` is when the first of them was due.
    """

    title: str
    count: int
    sums: tuple[tuple[str, Decimal], ...]
    since: datetime
    team: str
    told: str
    url: str


@dataclass(frozen=True, slots=True)
class Known:
    """What a place was told of a cause, or that it is over since."""

    rank: int
    count: int
    told_at: datetime
    is_over: bool


@dataclass(frozen=True, slots=True)
class Day:
    """What a digest counts: open now, past due, and of the last day opened and closed."""

    count: int
    causes: int
    late: int
    opened: int
    closed: int
    waiting: int
    sums: tuple[tuple[str, Decimal], ...]


@dataclass(frozen=True, slots=True)
class Words:
    """A message in plain text."""

    title: str
    body: str


def is_quiet(hours: Hours, now: datetime) -> bool:
    """Whether the place wants to hear nothing now."""
    local = now.astimezone(ZoneInfo(hours.zone))
    if hours.is_quiet_at_weekends and local.weekday() >= _SATURDAY:
        return True
    start, end = hours.quiet_from, hours.quiet_until
    if start is None or end is None or start == end:
        return False
    if start < end:
        return start <= local.hour < end
    return local.hour >= start or local.hour < end


def digest_day(hours: Hours, now: datetime) -> date | None:
    """The local day whose digest is due at `now`; None when there is none to write."""
    local = now.astimezone(ZoneInfo(hours.zone))
    if hours.digest is None or (hours.is_quiet_at_weekends and local.weekday() >= _SATURDAY):
        return None
    is_due = hours.digest <= local.hour < hours.digest + DIGEST_FOR_HOURS
    return local.date() if is_due else None


def why(known: Known | None, cause: Cause, *, least_rank: int, now: datetime) -> str:
    """Why a place is told of the cause: "new", "back", "graver" or "grown"; "" when it is not."""
    if cause.rank < least_rank:
        return ""
    if known is None:
        return "new"
    if known.is_over:
        is_news = cause.rank > known.rank or now - known.told_at >= BACK_AFTER
        return "back" if is_news else ""
    if cause.rank > known.rank:
        return "graver"
    return "grown" if cause.count >= TEN_TIMES * max(known.count, 1) else ""


def is_gravest(cause: Cause) -> bool:
    return cause.rank == _GRAVEST


def alert(cause: Cause, reason: str, *, zone: str, now: datetime) -> Words:
    """What happened, which money or stock, who acts, by when, and where (R114)."""
    severity = Severity(SEVERITY_OF_RANK[cause.rank]).label
    before = {"back": "Back again", "graver": f"Now {severity.lower()}", "grown": "Ten times more"}
    who = f"{cause.owner} has it" if cause.owner else "nobody has taken it yet"
    lines = [
        _how_many(cause, zone),
        _at_stake(cause),
        f"Who acts: {cause.team}, {who}.",
        f"By: {when(cause.due_at, zone)} ({zone}).",
        cause.url,
        f"Figures of {when(now, zone)}.",
    ]
    title = f"{before.get(reason, severity)}: {cause.title}"
    return Words(cut(title), "\n".join(line for line in lines if line))


def escalation(late: Late, *, zone: str, now: datetime) -> Words:
    """That a cause is past its time: how many, which money, whose it is, who was told (R119)."""
    at_risk = f"At risk: {sums_words(late.sums)}." if late.sums else ""
    was = "was" if late.count == 1 else "were, the first,"
    lines = [
        f"{_number(late.count, 'exception')} {was} to be acted on by {when(late.since, zone)}.",
        at_risk,
        f"Who acts: {late.team}. Told to {late.told}.",
        late.url,
        f"Figures of {when(now, zone)}.",
    ]
    title = f"Past its time: {late.title}"
    return Words(cut(title), "\n".join(line for line in lines if line))


def several(causes: Sequence[Cause], *, whose: str, url: str, zone: str, now: datetime) -> Words:
    """One message for many causes at once, the gravest first."""
    gravest = Severity(SEVERITY_OF_RANK[max(cause.rank for cause in causes)]).label.lower()
    lines = [_line(cause, zone) for cause in causes[:IN_ONE]]
    more = len(causes) - IN_ONE
    if more > 0:
        lines.append(f"And {more} more.")
    lines += [f"Who acts: {whose}.", f"All of them: {url}", f"Figures of {when(now, zone)}."]
    title = f"{len(causes)} causes for {whose}, the gravest {gravest}"
    return Words(cut(title), "\n".join(lines))


def digest(
    day: Day, first: Sequence[Cause], *, whose: str, url: str, zone: str, now: datetime
) -> Words:
    """The day in a few lines; that nothing is open is said, so that silence means a fault."""
    today = _date(now, zone)
    moved = f"Last 24 hours: {day.opened} opened, {day.closed} closed."
    if not day.count:
        words = (f"Nothing is open for {whose}.", moved, url, f"Figures of {when(now, zone)}.")
        return Words(cut(f"{whose}, {today}: nothing open"), "\n".join(words))
    at_risk = f", {sums_words(day.sums)} at risk" if day.sums else ""
    lines = [
        f"Open: {_number(day.count, 'exception')} in {_number(day.causes, 'cause')}; "
        f"{day.late:,} past due.",
        _waiting(day.waiting),
        moved,
        "What comes first:",
        *(_line(cause, zone) for cause in first[:FIRST_CAUSES]),
        f"Today: {url}",
        f"Figures of {when(now, zone)}.",
    ]
    title = f"{whose}, {today}: {day.count:,} open{at_risk}"
    return Words(cut(title), "\n".join(line for line in lines if line))


def _how_many(cause: Cause, zone: str) -> str:
    at = f"{cause.bridge}: " if cause.bridge else ""
    of = f" of {_number(cause.returns, 'return')}" if cause.returns else ""
    return f"{at}{_number(cause.count, 'exception')}{of}, the oldest of {when(cause.since, zone)}."


def _at_stake(cause: Cause) -> str:
    parts = [f"At risk: {sums_words(cause.sums)}." if cause.sums else ""]
    parts.append(f"{_number(cause.units, 'unit')} of stock." if cause.units else "")
    parts.append(_waiting(cause.waiting))
    told = " ".join(part for part in parts if part)
    return told or "Neither money nor stock is counted for it."


def _waiting(customers: int) -> str:
    if not customers:
        return ""
    return f"{_number(customers, 'customer')} {'waits' if customers == 1 else 'wait'} for a refund."


def _line(cause: Cause, zone: str) -> str:
    severity = Severity(SEVERITY_OF_RANK[cause.rank]).label
    sums = f", {sums_words(cause.sums)}" if cause.sums else ""
    count = _number(cause.count, "exception")
    return f"{severity}: {cause.title} ({count}{sums}, by {when(cause.due_at, zone)}) {cause.url}"


def sums_words(sums: Sequence[tuple[str, Decimal]]) -> str:
    return " and ".join(
        written("value", {"value": money.text(amount, currency), "currency": currency})
        for currency, amount in sums
    )


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def when(at: datetime, zone: str) -> str:
    return f"{_date(at, zone)}, {at.astimezone(ZoneInfo(zone)):%H:%M}"


def _date(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%b %Y}"


def cut(title: str) -> str:
    return title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…"
