"""What one exception offers: each change with its form, who decides it, what is under way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from exceptions_app import permissions
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import DOCUMENT_FIXES, MONEY_FIXES, FixKind, FixStatus, MappingKind
from exceptions_app.forms.fixes import FixForm
from exceptions_app.forms.kinds import FORMS
from exceptions_app.models import Case, Fix
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import facts as facts_selector
from exceptions_app.selectors import requests
from exceptions_app.views import fix_rights, fix_steps


@dataclass(frozen=True, slots=True)
class Offer:
    """One change this exception offers: its form if the reader may ask for it, or who may."""

    kind: str
    label: str
    form: FixForm | None
    level: str
    approvers: tuple[str, ...]
    preview: Any = None
    is_under_way: bool = False
    is_held: bool = False
    is_applying: bool = False
    # Another change of the same document that comes first.
    other: str = ""
    case_type: str = ""

    @property
    def holders(self) -> str:
        """The roles that may ask for it, as they are called on screen."""
        return permissions.holders(permissions.fix_capability(self.kind, self.case_type))

    @property
    def why_not(self) -> str:
        """Why this reader cannot ask for it now; "" where its form stands."""
        if self.is_applying:
            return "This was agreed to and is being applied: the page follows within a minute."
        if self.other:
            ended = "taken back" if self.is_held else "decided or withdrawn"
            return (
                f"“{self.other}” is under way for the same document, see above. It leaves or is"
                f" {ended} first: two changes at once would overtake each other."
            )
        if self.is_held:
            # Above stands whether it can still be taken back: its time may be over by now.
            return "This was done and has not left yet, see above."
        if self.is_under_way:
            what = "A decision about this money" if self.kind in MONEY_FIXES else "This"
            return (
                f"{what} was asked for already and is under way, see above. It must be decided or"
                " withdrawn before it can be asked for again."
            )
        if self.form is None:
            return f"Your role may not do this. {self.holders} can."
        return self.form.nothing


def offer(
    request: HttpRequest,
    case: Case,
    kind: str,
    form: FixForm | None,
    beside: Iterable[Case] | None = None,
) -> Offer:
    """One change with its form, its approval level and the names of who may decide it."""
    level = cases_selector.approval_level(case=case, kind=kind, beside=beside)
    return Offer(
        kind=kind,
        label=_label(case, kind),
        form=form,
        level=level,
        approvers=cases_selector.approvers(
            kind=kind, level=level, requester_id=request.user.pk or 0
        ),
    )


def _label(case: Case, kind: str) -> str:
    """What is there is looked up, and not sent again while it is."""
    if kind == FixKind.RETRY and case.facts.get("found"):
        return f"Look for {case.facts.get('number') or 'it'} again"
    return FixKind(kind).label


def under_way(fixes: Iterable[Fix], request: HttpRequest, now: datetime) -> list[dict[str, Any]]:
    """Requests and held changes with what the reader may do about each."""
    names: dict[tuple[str, str, int, frozenset[int], str], tuple[str, ...]] = {}
    shown = []
    for fix in fixes:
        editors = frozenset(row.editor_id for row in fix.edits.all())
        closed = fix.case.type if fix.kind == FixKind.CLOSE and fix.case else ""
        who = (fix.kind, fix.level, fix.requested_by_id, editors, closed)
        if who not in names:
            names[who] = cases_selector.approvers(
                kind=who[0],
                level=who[1],
                requester_id=who[2],
                editor_ids=editors,
                case_type=closed,
            )
        is_held = fix.status == FixStatus.HELD and (fix.hold_until or now) > now
        shown.append(
            {
                "fix": fix,
                "approvers": ", ".join(names[who]),
                "is_mine": fix.requested_by_id == request.user.pk,
                "is_held": is_held,
                "steps": fix_steps.steps(fix, names[who], now),
                "ends": "in force for good" if fix.kind in MappingKind.values else "",
                "hold_seconds": facts_selector.policy_of(fix.bridge).undo_seconds,
                "take_back_url": (
                    reverse("fix-undo", args=[fix.pk])
                    if is_held and fix_rights.may_take_back(request, fix)
                    else ""
                ),
            }
        )
    return shown


def taken(fixes: Iterable[Fix], case: Case) -> dict[str, Fix]:
    """Kinds that cannot be asked for now, with the change that stands in the way.

    A return's money is decided once at a time, and a document changed once at a time.
    """
    found = {fix.kind: fix for fix in fixes}
    money = [fix for fix in found.values() if fix.kind in MONEY_FIXES]
    documents = [
        fix
        for fix in found.values()
        if fix.kind in DOCUMENT_FIXES and requests.document_id(fix) == case.posting_id
    ]
    for kinds, rows in ((MONEY_FIXES, money), (DOCUMENT_FIXES, documents)):
        if rows:
            found = dict.fromkeys(kinds, rows[0]) | found
    return found


def shut(offers: Iterable[Offer]) -> dict[str, list[str]]:
    """What cannot be asked for now: the changes by their names, under the reason they share."""
    found: dict[str, list[str]] = {}
    for each in offers:
        if each.why_not:
            found.setdefault(each.why_not, []).append(each.label)
    return found


def offers(
    request: HttpRequest,
    case: Case,
    now: datetime,
    offered: Offer | None,
    asked_for: Mapping[str, Fix],
    beside: Sequence[Case],
) -> list[Offer]:
    """The catalogue's actions in its order; `offered` replaces the fresh one when it was sent.

    `asked_for` are the kinds that cannot be asked for, with what stands in their way.
    """
    if case.bridge is None:
        return []
    rows = []
    for kind in catalogue_entry(case.type, case.facts).actions:
        if kind not in FORMS:
            continue
        if offered is not None and offered.kind == kind:
            rows.append(offered)
            continue
        if kind in asked_for:
            first = asked_for[kind]
            asked = Offer(kind, FixKind(kind).label, None, "", (), is_under_way=True)
            other = "" if first.kind == kind or kind in MONEY_FIXES else FixKind(first.kind).label
            is_held = first.status == FixStatus.HELD
            rows.append(replace(asked, is_held=is_held, other=other))
            continue
        is_allowed = permissions.can(request.user, permissions.fix_capability(kind, case.type))
        initial = {"find": request.GET.get("find", "")}
        form = FORMS[kind](kind=kind, case=case, now=now, initial=initial) if is_allowed else None
        rows.append(
            offer(request, case, kind, form, beside)
            if is_allowed
            else Offer(kind, FixKind(kind).label, None, "", (), case_type=case.type)
        )
    return rows
