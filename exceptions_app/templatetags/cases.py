"""How the screens name exception types in a few words."""

from collections.abc import Container
from dataclasses import asdict
from typing import Any, Literal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from exceptions_app.catalogue import entry
from exceptions_app.choices import CaseStatus, Closure, FixKind, FixStatus, WakeOn
from exceptions_app.models import Case, Fix
from exceptions_app.selectors import awaited as awaited_selector
from exceptions_app.services import replacing
from exceptions_app.services.linking import LEAD
from exceptions_app.templatetags import marks
from exceptions_app.templatetags.amounts import plain
from exceptions_app.templatetags.desk import when

register = template.Library()

# Changes that are one act.
_ACTS = (FixKind.RETRY, FixKind.LINK_DOCUMENT, FixKind.CLOSE)


@register.filter
def short_of(code: str) -> str:
    """Return the type's few words, "unknown SKU", for its code."""
    return entry(code).short


@register.filter
def blocked_by(effect: Any) -> str:
    """Return by what returns stay blocked after a change, beside how many they are.

    `effect` is one just computed, or one as kept with a request.
    """
    rows = _plain_rows(effect)
    planned = effect.get("planned", 0) if isinstance(effect, dict) else effect.planned
    if planned > len(rows):
        return "Of all that were planned, also those not listed below"
    left = [row for row in rows if row["after"]]
    same = sum(1 for row in left if set(row["after"]) == set(row["before"]))
    if not left:
        return "None would keep something in its way"
    if same == len(left):
        return "By the same as now"
    if same:
        return f"{same} by the same as now, the others by what stands under “After” below"
    return "By another exception: “After” below says which"


@register.filter
def resting(effect: Any) -> int:
    """Return how many returns a change would let rest: nothing in their way, nothing booked."""
    return sum(1 for row in _plain_rows(effect) if row.get("is_resting") and not row["after"])


@register.filter
def other_money(effect: Any) -> bool:
    """Return whether a return of the effect claims money in another currency than its sum."""
    currency = effect["currency"] if isinstance(effect, dict) else effect.currency
    return any(row["currency"] not in ("", currency) for row in _plain_rows(effect))


def _plain_rows(effect: Any) -> list[dict[str, Any]]:
    if isinstance(effect, dict):
        return list(effect["rows"])
    return [asdict(row) for row in effect.rows]


@register.filter
def awaited(case: Case) -> str:
    """Return what brings a case that is put off back early, read after "when"."""
    text = awaited_selector.words(case)
    if case.wakes_on != WakeOn.WINDOW or case.snoozed_at is None:
        return text
    kind = case.wakes_for.get("kind", "")
    opens_at = awaited_selector.opens_at(case, after=case.snoozed_at, kind=kind)
    return f"{text}: {when(opens_at)}" if opens_at else f"{text} (it has none now)"


@register.simple_tag
def case_state(case: Case, held_back: Container[int] | Literal[""] = "") -> SafeString:
    """Return the state of an exception as a badge.

    `held_back` holds the ids of those whose change can still be taken back.
    """
    if held_back and case.pk in held_back:
        return marks.choice_badge("Change held", "wait")
    status = CaseStatus(case.status)
    if status == CaseStatus.RESOLVED:
        return marks.choice_badge(closing_of(case), "good")
    if status in (CaseStatus.WAITING, CaseStatus.AWAITING_APPROVAL):
        return marks.choice_badge(status.label, "wait")
    return marks.choice_badge(status.label, "calm", "flag")


@register.filter
def closing_of(case: Case) -> str:
    """Return how a closed exception was closed: "Closed by proof", "Closed by a link"."""
    if case.closure == Closure.ACCEPTED:
        return str(Closure.ACCEPTED.label)
    if case.closure == Closure.PROOF and case.proof.startswith(LEAD):
        return "Closed by a link"
    if number := replaced_by(case):
        return f"Replaced by EX-{number}"
    return f"Closed {Closure(case.closure).label.lower()}"


@register.filter
def replaced_by(case: Case) -> int | None:
    """Return the number of the exception that tells of the matter now; None for any other end."""
    return replacing.number_in(case.proof) if case.closure == Closure.PROOF else None


@register.filter
def fix_state(fix: Fix) -> str:
    """Return the state of a change; one that was applied is in force, or done where it was one act.

    What was sent again, linked or closed stays as it is, and nothing of it is in force.
    """
    if fix.status != FixStatus.APPLIED:
        return str(FixStatus(fix.status).label)
    return "Done" if fix.kind in _ACTS else "In force"


@register.simple_tag
def pick_box(case: Case, picked: Container[int] | Literal[""] = "") -> SafeString:
    """Return the tick box of one exception; it carries the version that was shown.

    `picked` holds the ids that are still ticked.
    """
    return format_html(
        '<td class="tight corner"><label class="tick"><input type="checkbox" name="case"'
        ' value="{}.{}" data-pick data-amount="{}" data-currency="{}"{}{}>'
        '<span class="sr">Select EX-{}</span></label></td>',
        case.pk,
        case.version,
        plain(case.value),
        case.currency,
        SafeString(" checked" if picked and case.pk in picked else ""),
        SafeString(" disabled" if case.status == CaseStatus.RESOLVED else ""),
        case.pk,
    )
