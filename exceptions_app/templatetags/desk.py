"""How the screens write money, time, state and addresses.

Filters return plain text and tags return safe markup; none of them reads the database. Words
follow the house style: the real minus sign, "27 May 2026, 09:12", "6 d", and "Not known" where a
figure has no proof.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from urllib.parse import urlencode

from django import template
from django.http import QueryDict
from django.urls import get_urlconf, reverse
from django.utils import dates, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from exceptions_app.rules.evidence import indented
from exceptions_app.rules.spelling import spelled
from exceptions_app.templatetags import amounts, marks
from exceptions_app.templatetags.amounts import MINUS, NOT_KNOWN

register = template.Library()

# The parameter that names a place in a list; it means nothing once the list is another one.
CURSOR = "cursor"

MESSAGE_TONES = {
    "success": ("good", "check"),
    "warning": ("warn", "high"),
    "error": ("bad", "critical"),
}


# --- Money -----------------------------------------------------------------------------------

for spelling in (amounts.money, amounts.signed_money, amounts.plain):
    register.filter(spelling)
for told in (amounts.td_money, amounts.sums, amounts.sums_or_not_yet):
    register.simple_tag(told)


# --- Time ------------------------------------------------------------------------------------


@register.filter
def age(value: datetime | timedelta | None, now: datetime | None = None) -> str:
    """Return one rounded-down unit: "6 d", "10 h", "4 min", "41 s"; "in 2 h" for what is to come.

    Give `now` so that every age on a page is counted from the same moment.
    """
    if value is None or value == "":
        return NOT_KNOWN
    if isinstance(value, datetime):
        value = (now or timezone.now()) - value
    seconds = int(value.total_seconds())
    text = _span(abs(seconds))
    return f"in {text}" if seconds < 0 else text


def _span(seconds: int) -> str:
    for unit_seconds, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= unit_seconds:
            return f"{seconds // unit_seconds} {unit}"
    return f"{seconds} s"


@register.filter
def when(value: date | None, absent: str = NOT_KNOWN) -> str:
    """Return "27 May 2026, 09:12" in the current time zone; a plain date without the time.

    `absent` is the word for a moment that has none: `{{ stage.at|when:"Not yet" }}`.
    """
    if not value:
        return absent
    if not isinstance(value, datetime):
        return _day(value)
    local = timezone.localtime(value) if timezone.is_aware(value) else value
    return f"{_day(local)}, {local:%H:%M}"


def _day(value: date) -> str:
    return f"{value.day} {str(dates.MONTHS_3[value.month]).title()} {value.year}"


@register.filter
def day(value: date | None, absent: str = NOT_KNOWN) -> str:
    """Return "27 May 2026" in the current time zone."""
    return when(value, absent).partition(",")[0]


@register.filter
def clock(value: datetime | None, absent: str = NOT_KNOWN) -> str:
    """Return "09:12" in the current time zone, for a moment whose day the page already names."""
    return when(value, absent).rpartition(", ")[2]


@register.filter
def iso(value: date | None) -> str:
    """Return the machine form for a `datetime` attribute; empty for nothing."""
    return value.isoformat() if value else ""


@register.filter
def seconds_left(until: datetime, now: datetime | None = None) -> int:
    """Return whole seconds from `now` to `until`, never below zero."""
    return max(0, int((until - (now or timezone.now())).total_seconds()))


# --- Marks: icon, badge, severity, state, cells ------------------------------------------------

for tag in (marks.icon, marks.choice_badge, marks.severity, marks.dot, marks.axes):
    register.simple_tag(tag)


@register.simple_tag
def moment(
    at: datetime | None,
    now: datetime | None = None,
    *,
    late: bool = False,
    exact: bool = False,
    absent: str = "",
) -> SafeString:
    """Return a moment as its age, exact on hover; `exact` writes it out, `late` marks it."""
    if not at:
        return format_html('<span class="quiet">{}</span>', absent or NOT_KNOWN)
    told = when(at)
    return SafeString(
        f'<time datetime="{iso(at)}"'
        + ("" if exact else f' title="{told}"')
        + (' class="age--late">' if late else ">")
        + (told if exact else age(at, now or None))
        + ('<span class="sr">, late</span>' if late else "")
        + "</time>"
    )


register.filter(spelled)
register.filter(indented)


@register.filter
def state_tone(state: str) -> str:
    """Return the tone of a step's title. Done is calm: its mark says enough."""
    return "" if state == "done" else marks.STATES.get(state, marks.NOT_YET)[0]


@register.filter
def state_word(state: str) -> str:
    """Return the word that follows a step's title: "waiting", "blocked", "not yet", or nothing."""
    return marks.STATES.get(state, marks.NOT_YET)[2]


@register.filter
def message_tone(level: str) -> str:
    """Return the tone of a Django message level."""
    return MESSAGE_TONES.get(level, ("calm", "info"))[0]


@register.filter
def message_icon(level: str) -> str:
    """Return the icon name of a Django message level."""
    return MESSAGE_TONES.get(level, ("calm", "info"))[1]


# --- Addresses -------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def querystring(context: template.Context, **changes: object) -> str:
    """Return the current query string with `changes` made; None or "" removes a key.

    The cursor is dropped unless it is itself the change. Always starts with "?", so that a link
    with nothing left still leads to the bare page. Takes the place of Django's own tag, which
    would keep a reader on page nine of a list that is now another.
    """
    return changed_query(_current_query(context), changes)


def _current_query(context: template.Context) -> QueryDict:
    # `{% include … only %}` drops the variable "request" but keeps the attribute.
    request = context.get("request") or getattr(context, "request", None)
    return request.GET if request else QueryDict()


def changed_query(query: QueryDict, changes: Mapping[str, object]) -> str:
    """Return "?…" for `query` with `changes` made and the cursor dropped; see `querystring`."""
    # Not a copy of the query, which takes as long as all the rest: a row has several addresses.
    changed: dict[str, object] = dict(query.lists())
    changed.pop(CURSOR, None)
    for key, value in changes.items():
        if value is None or value == "":
            changed.pop(key, None)
        else:
            changed[key] = value if isinstance(value, list | tuple) else [value]
    return f"?{urlencode(changed, doseq=True)}"


@register.simple_tag
def link(name: str, pk: int) -> str:
    """Return the address of one row, as `{% url %}` does, for lists of many rows."""
    before, after = _around(name, get_urlconf())
    return f"{before}{pk}{after}"


@lru_cache(maxsize=256)
def _around(name: str, urlconf: str | None) -> tuple[str, str]:
    """An address's text before and after the number in it."""
    before, _, after = reverse(name, args=[_ANY_NUMBER]).partition(str(_ANY_NUMBER))
    return before, after


_ANY_NUMBER = 999_999_999


@register.simple_tag(takes_context=True)
def sort_state(context: template.Context, key: str, order: str = "") -> SortState:
    """Return where a click on the column `key` leads and how the list stands now.

    `order` is the list's order, "value" or "-value"; without it the request's `o` is read.
    """
    query = _current_query(context)
    current = order or query.get("o", "")
    is_current = current.lstrip("-") == key
    is_descending = current.startswith("-")
    # The first click on a figure asks for the largest.
    upcoming = key if is_current and is_descending else f"-{key}"
    direction = ("descending" if is_descending else "ascending") if is_current else ""
    return SortState(changed_query(query, {"o": upcoming}), direction)


@dataclass(frozen=True, slots=True)
class SortState:
    """A sortable column head: the link, and "ascending", "descending" or nothing."""

    url: str
    direction: str


# --- Shapes: difference of two texts, a line of figures ---------------------------------------


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a comparison: `kind` is same, dropped or added; `text` starts with its sign."""

    kind: str
    text: str


@register.simple_tag
def diff_lines(before: str | None, after: str | None) -> list[DiffLine]:
    """Return every line of both texts in order, dropped lines before those that replace them."""
    old, new = (before or "").splitlines(), (after or "").splitlines()
    lines: list[DiffLine] = []
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    for what, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if what == "equal":
            lines += [DiffLine("same", f"  {line}") for line in old[old_from:old_to]]
            continue
        lines += [DiffLine("dropped", f"{MINUS} {line}") for line in old[old_from:old_to]]
        lines += [DiffLine("added", f"+ {line}") for line in new[new_from:new_to]]
    return lines


@register.simple_tag
def spark(figures: Iterable[int | Decimal], label: str, tone: str = "") -> SafeString:
    """Return a line of figures, oldest first; `label` says the same in words and is read aloud.

    Fewer than two figures have no shape and give nothing.
    """
    values = [Decimal(figure) for figure in figures]
    if len(values) < 2:
        return SafeString("")
    points = _spark_points(values)
    end_x, end_y = points[-1]
    return format_html(
        '<svg class="spark {}" viewBox="0 0 72 20" role="img" aria-label="{}">'
        '<polyline points="{}"/><circle cx="{}" cy="{}" r="2.2"/></svg>',
        tone,
        label,
        format_html_join(" ", "{},{}", points),
        end_x,
        end_y,
    )


def _spark_points(values: Sequence[Decimal]) -> list[tuple[str, str]]:
    lowest, highest = min(values), max(values)
    span = highest - lowest
    step = Decimal(70) / (len(values) - 1)
    points = []
    for place, value in enumerate(values):
        # An even line lies in the middle; otherwise the largest figure touches the top.
        height = (value - lowest) / span * 16 if span else Decimal(8)
        points.append((f"{1 + place * step:.1f}", f"{18 - height:.1f}"))
    return points
