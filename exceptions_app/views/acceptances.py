"""Accepted differences: whose each is, up to what and until when; given on, renewed, as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from exceptions_app import errors, permissions
from exceptions_app.choices import AcceptanceState
from exceptions_app.forms.differences import OwnerForm, RenewForm
from exceptions_app.models import Acceptance
from exceptions_app.selectors import acceptances as selector
from exceptions_app.selectors import facts, paging, rooms
from exceptions_app.services import accept_acts, fix_payloads
from exceptions_app.templatetags.desk import changed_query
from exceptions_app.views import exports

TONES = {
    AcceptanceState.HOLDS: "good",
    AcceptanceState.EXPIRED: "warn",
    AcceptanceState.GROWN: "bad",
    AcceptanceState.CHANGED: "warn",
}


@require_safe
@permissions.required("view_finance")
def index(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    asked = _asked(request)
    which, today = asked["which"], timezone.localdate(now)
    narrowed = {name: asked[name] for name in ("owner", "bridge")}
    counts = selector.counts(today=today, **narrowed)
    rows = selector.with_all(selector.listed(which=which, today=today, **narrowed))
    page = paging.page(rows, order=selector.NEWEST, cursor=request.GET.get("cursor", ""))
    context = {
        "now": now,
        "view": which,
        "query": changed_query(request.GET, {"cursor": ""}),
        "tabs": [
            {
                "url": changed_query(request.GET, {"view": code, "cursor": ""}),
                "label": label,
                "note": paging.shown(counts[code]),
                "is_current": code == which,
            }
            for code, label in selector.LISTS
        ],
        "orphans": counts[selector.ORPHANED],
        "rows": [_shown(row, today) for row in page.rows],
        "newer": page.newer,
        "older": page.older,
        "months": selector.by_month(now=now, bridge=asked["bridge"]),
        "selects": [
            {
                "name": "owner",
                "label": "Owner",
                "value": asked["owner"],
                "options": [
                    (person.get_username(), person.get_full_name() or person.get_username())
                    for person in selector.owners()
                ],
            },
            {
                "name": "bridge",
                "label": "Bridge",
                "value": asked["bridge"],
                "options": rooms.bridges(),
            },
        ],
    }
    return render(request, "finance/acceptances.html", context)


def _asked(request: HttpRequest) -> dict[str, str]:
    """What the address narrows by; a list we do not know is the first one."""
    which = request.GET.get("view", "")
    # A NUL can be in no stored text and is no text for PostgreSQL.
    given = {name: request.GET.get(name, "").replace("\0", "") for name in ("owner", "bridge")}
    return {"which": which if which in dict(selector.LISTS) else selector.HOLDS, **given}


def _shown(row: Acceptance, today: date) -> dict[str, object]:
    is_soon = row.until is not None and 0 <= (row.until - today).days <= selector.SOON_DAYS
    return {
        "row": row,
        "tone": TONES.get(AcceptanceState(row.state), "calm"),
        "reason": _reason(row),
        "agreed_by": selector.agreed_by(row),
        "is_soon": is_soon and row.state == AcceptanceState.HOLDS,
    }


def _reason(row: Acceptance) -> str:
    return dict(fix_payloads.MONEY_REASONS).get(row.fix.reason_code, row.fix.reason_code)


@require_safe
@permissions.required("view_finance")
def detail(request: HttpRequest, acceptance_id: int) -> HttpResponse:
    return _show(request, acceptance_id)


def _show(
    request: HttpRequest,
    acceptance_id: int,
    *,
    owner_form: OwnerForm | None = None,
    renew_form: RenewForm | None = None,
) -> HttpResponse:
    now = timezone.now()
    row = get_object_or_404(selector.one(acceptance_id))
    today = timezone.localdate(now)
    holds = row.state == AcceptanceState.HOLDS
    is_sent = bool(owner_form or renew_form)
    context = {
        "now": now,
        **_shown(row, today),
        "holds": holds,
        "is_orphaned": holds and selector.orphaned().filter(pk=row.pk).exists(),
        "story": selector.history(row),
        "most_days": facts.policy_of(row.bridge).accept_days,
        "owner_form": owner_form or OwnerForm(initial={"seen": row.owner_id}),
        "renew_form": renew_form or _renewal(row, now),
    }
    return render(request, "finance/acceptance.html", context, status=422 if is_sent else 200)


def _renewal(row: Acceptance, now: datetime) -> RenewForm:
    known = {"reason_code": row.fix.reason_code}
    return RenewForm(today=timezone.localdate(now), initial=known)


@permissions.required("assign_acceptance")
@permissions.sent_from("acceptance", "acceptance_id")
def assign(request: HttpRequest, acceptance_id: int) -> HttpResponse:
    """Give it to another owner; a reason is due."""
    get_object_or_404(Acceptance, pk=acceptance_id)
    form = OwnerForm(request.POST)
    if not form.is_valid():
        return _show(request, acceptance_id, owner_form=form)
    try:
        row = accept_acts.assign(
            acceptance_id=acceptance_id,
            owner=form.cleaned_data["owner"],
            seen_owner_id=form.cleaned_data["seen"],
            actor=permissions.actor_of(request),
            now=timezone.now(),
            why=form.cleaned_data["why"],
        )
    except errors.DeskError as error:
        form.add_error(None, str(error))
        return _show(request, acceptance_id, owner_form=form)
    name = row.owner.get_full_name() or row.owner.get_username()
    messages.success(request, f"{name} owns it from now on.")
    return redirect("acceptance", acceptance_id=acceptance_id)


@permissions.required("fix_money")
@permissions.sent_from("acceptance", "acceptance_id")
def renew(request: HttpRequest, acceptance_id: int) -> HttpResponse:
    """Ask to accept it for longer; another person agrees, as the first time."""
    get_object_or_404(Acceptance, pk=acceptance_id)
    now = timezone.now()
    form = RenewForm(request.POST, today=timezone.localdate(now))
    if not form.is_valid():
        return _show(request, acceptance_id, renew_form=form)
    given = form.cleaned_data
    try:
        fix = accept_acts.renew(
            acceptance_id=acceptance_id,
            actor=permissions.actor_of(request),
            now=now,
            until=given["until"],
            cap=given["cap"].strip(),
            reason_code=given["reason_code"],
            note=given["note"],
        )
    except errors.DeskError as error:
        form.add_error(None, str(error))
        return _show(request, acceptance_id, renew_form=form)
    messages.success(request, "Asked for. Until another person agrees, it holds as it did.")
    return redirect("fix-detail", fix_id=fix.pk)


def _lines(request: HttpRequest) -> Iterator[list[exports.Cell]]:
    """The rows of the list that is shown, then their totals; the two sides are never set off."""
    yield [
        "Return",
        "Bridge",
        "Difference",
        "Cap",
        "Currency",
        "Owner",
        "Holds until",
        "State",
        "Why it is over",
        "Reason",
        "Asked by",
        "Agreed by",
        "In force since",
    ]
    asked = _asked(request)
    today = timezone.localdate()
    rows = selector.listed(
        which=asked["which"], today=today, owner=asked["owner"], bridge=asked["bridge"]
    )
    whole = exports.Totals()
    for row in selector.every(rows):
        whole.add(row.currency, [max(row.difference, _NONE), min(row.difference, _NONE)])
        yield [
            str(row.rma),
            row.bridge.name,
            exports.amount(row.difference, row.currency),
            "Exactly this" if row.cap is None else exports.amount(row.cap, row.currency),
            row.currency,
            row.owner.get_full_name() or row.owner.get_username(),
            row.until.isoformat() if row.until else "No end",
            str(AcceptanceState(row.state).label),
            row.ended_text,
            _reason(row),
            row.asked_by.get_full_name() or row.asked_by.get_username(),
            " and ".join(selector.agreed_by(row)) or "Not known",
            exports.moment(row.since),
        ]
    rest = [""] * 9
    for currency, figures in whole.rows():
        for words, figure in zip(("refunds more", "credits more"), figures, strict=True):
            cell = exports.amount(figure or _NONE, currency)
            yield [f"Total {currency}, {words}", "", cell, "", currency, *rest[1:]]


_NONE = selector.NO_MONEY

export, export_xlsx = exports.doors(capability="view_finance", name="acceptances", lines=_lines)
