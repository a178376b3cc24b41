"""Marks beside a word: icons, badges, severities and steps, as safe markup.

A list shows the same few of them on every row, so each is made once and kept.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from exceptions_app.choices import (
    ApprovalAxis,
    ExchangeAxis,
    InspectionAxis,
    LogisticsAxis,
    MoneyAxis,
)

if TYPE_CHECKING:
    from exceptions_app.models import Rma

TONE_ICONS = {
    "good": "seal",
    "wait": "hour",
    "bad": "stop",
    "warn": "high",
    "mild": "medium",
    "calm": "low",
}
SEVERITY_TONES = {
    "critical": "bad",
    "high": "warn",
    "medium": "mild",
    "low": "calm",
    "info": "calm",
}
# Tone, icon and word of one step, stage or checklist line.
STATES = {
    "done": ("good", "check", ""),
    "waiting": ("wait", "hour", "waiting"),
    "blocked": ("bad", "stop", "blocked"),
}
NOT_YET = ("", "", "not yet")
# Words come from choices and catalogue; texts of people are never marks.
_KEPT = 2048

_AXIS_TONES = {
    ApprovalAxis.UNKNOWN: "bad",
    ApprovalAxis.REQUESTED: "wait",
    ApprovalAxis.REFUSED: "calm",
    ApprovalAxis.CANCELLED: "calm",
    ApprovalAxis.AUTHORISED: "good",
    ApprovalAxis.CLOSED: "good",
    LogisticsAxis.RECEIVED: "good",
    LogisticsAxis.IN_TRANSIT: "wait",
    InspectionAxis.INSPECTED: "good",
    InspectionAxis.PARTLY: "wait",
    MoneyAxis.CONFIRMED: "good",
    MoneyAxis.FAILED: "bad",
    MoneyAxis.PENDING: "wait",
    ExchangeAxis.PENDING: "wait",
    ExchangeAxis.RELEASED: "wait",
}


@lru_cache(_KEPT)
def icon(name: str) -> SafeString:
    """Return one icon of `partials/_icons.html`, silent: the word beside it carries the sense."""
    return format_html('<svg class="i" aria-hidden="true"><use href="#i-{}"/></svg>', name)


def choice_badge(label: object, tone: str = "calm", icon_name: str = "") -> SafeString:
    """Return a state as icon and word in one of the tones bad, warn, mild, good, wait, calm."""
    return _badge(str(label), tone, icon_name)


@lru_cache(_KEPT)
def _badge(label: str, tone: str, icon_name: str) -> SafeString:
    mark = icon(icon_name or TONE_ICONS.get(tone, "low"))
    return format_html('<span class="badge {}">{}{}</span>', tone, mark, label)


@lru_cache(_KEPT)
def severity(code: str, label: str = "") -> SafeString:
    """Return the shape and word of a severity; a word we do not know has the shape of low."""
    known = code if code in SEVERITY_TONES else "low"
    return format_html(
        '<span class="sev sev--{} {}">{}{}</span>',
        known,
        SEVERITY_TONES[known],
        icon(known),
        label or code.replace("_", " ").capitalize(),
    )


@lru_cache(_KEPT)
def dot(state: str) -> SafeString:
    """Return the round mark of a step: done, waiting, blocked; anything else is not yet."""
    tone, icon_name, _word = STATES.get(state, NOT_YET)
    if not icon_name:
        return SafeString('<span class="dot"></span>')
    return format_html('<span class="dot {}">{}</span>', tone, icon(icon_name))


def axes(rma: Rma) -> SafeString:
    """Return the separate states of a return as badges; of an exchange only where there is one."""
    return _axes(
        get_language(), rma.approval, rma.logistics, rma.inspection, rma.money, rma.exchange
    )


@lru_cache(_KEPT)
def _axes(
    language: str | None, approval: str, logistics: str, inspection: str, money: str, exchange: str
) -> SafeString:
    states = [
        ApprovalAxis(approval),
        LogisticsAxis(logistics),
        InspectionAxis(inspection),
        MoneyAxis(money),
        *([] if exchange == ExchangeAxis.NONE else [ExchangeAxis(exchange)]),
    ]
    return format_html_join(
        "\n",
        "{}",
        ((choice_badge(state.label, _AXIS_TONES.get(state, "calm")),) for state in states),
    )
