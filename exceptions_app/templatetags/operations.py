"""How the pages of Operations write what is stored in codes; none of it reads the database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django import template

from exceptions_app import permissions
from exceptions_app.choices import BreakerState
from exceptions_app.models import ConnectionHealth, Posting
from exceptions_app.rules.spelling import spelled
from exceptions_app.selectors.operations import is_silent
from exceptions_app.templatetags.desk import when

register = template.Library()

# Why calls are made, as the pacer books them.
REASONS = {
    "check": "Asked by a person",
    "exchange": "Looking for files",
    "item-check": "Comparing items",
    "confirm": "Confirming documents",
    "gaps": "Comparing what was told",
    "lookup": "Reading documents back",
    "plan-read": "Reading for a plan",
    "poll": "Asking for news",
    "post": "Sending documents",
    "quote": "Quoting credits",
    "receipts": "Goods checked in there",
    "reference": "Items and places",
    "reread": "Looking at booked documents again",
    "retry": "Trying again",
    "wasted-429": "Refused for lack of quota",
    "webhook": "Reading what a message names",
}
FEEDS = {
    "exchange": "Files of the partner",
    "rmas": "Returns",
    "refunds": "Refunds",
    "gaps": "Comparison with its list",
    "items": "Items",
    "item-checks": "Items compared",
    "locations": "Places",
    "periods": "Closed months",
    "receipts": "Goods checked in",
    "rereads": "Booked documents, again",
}
PURPOSES = {
    "post": "Sending",
    "lookup": "Looking it up",
    "confirm": "Reading it back",
    "reread": "Reading it again",
}
FACTS = {
    "got": "It came as",
    "expected": "Should be",
    "field": "What is wrong",
    "needs": "Needs",
    "unit": "Item",
    "apart": "Told as",
}
# Badge of a breaker that is not closed.
_STOPPED = {BreakerState.HALF_OPEN.value: ("Probing", "wait")}


@register.filter
def may_key(can: Mapping[str, bool], posting: Posting) -> bool:
    """Whether somebody with these rights may key the document into the ERP by hand."""
    return can.get(permissions.keying_capability(posting.kind), False)


@register.filter
def call_reason(code: str) -> str:
    return REASONS.get(code, spelled(code.replace("-", "_")))


@register.filter
def feed_name(code: str) -> str:
    return FEEDS.get(code, code.capitalize())


@register.filter
def purpose_name(code: str) -> str:
    return PURPOSES.get(code, code.capitalize())


@register.filter
def fact_name(code: str) -> str:
    return FACTS.get(code, spelled(code).capitalize())


@register.filter
def read_up_to(position: str) -> str:
    """A place in a feed: a moment as all pages write it, anything else as the vendor gives it.

    A moment without a zone is the vendor's own clock and is not moved.
    """
    try:
        return when(datetime.fromisoformat(position))
    except ValueError:
        return position


@register.filter
def health_badge(health: ConnectionHealth | None, now: datetime) -> tuple[str, str]:
    """How a connection stands, as word and tone."""
    if not health:
        return "Not known", "calm"
    if health.refused_at:
        return "Refused", "bad"
    if health.state != BreakerState.CLOSED:
        return _STOPPED.get(health.state, ("Paused", "bad"))
    if not health.last_ok_at:
        return "Not asked yet", "calm"
    if health.throttled_since:
        return "Slowed down", "wait"
    return ("No answer for a day", "warn") if is_silent(health, now) else ("Working", "good")
