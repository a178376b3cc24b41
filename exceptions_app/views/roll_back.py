"""The way from a mapping in force to the page that ends it, for whoever may ask for that."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from exceptions_app import permissions
from exceptions_app.catalogue import Step
from exceptions_app.catalogue import render as fill
from exceptions_app.choices import FixStatus, MappingKind, MappingStatus, Role
from exceptions_app.models import Case, Fix, Mapping
from exceptions_app.rules.mapping import normalise
from exceptions_app.selectors import manual
from exceptions_app.services import setup

CASE_TYPE = "MAPPING_REGRESSION"


def of_fix(fix: Fix, request: HttpRequest) -> str:
    """The preview of ending what this change put in force; "" where it is not, or not the reader's.

    While it is held it is taken back by its own button.
    """
    row = fix.mapping
    if row is None or fix.status != FixStatus.APPLIED or row.status != MappingStatus.ACTIVE:
        return ""
    return address(row) if _may(row.kind, request) else ""


def address(row: Mapping) -> str:
    query = urlencode({"value": row.source_value})
    return f"{reverse('admin:mapping-withdraw', args=[row.bridge_id, row.kind])}?{query}"


def of_step(step: Step, case: Case, request: HttpRequest) -> dict[str, str]:
    """Where a new version that made things worse is compared, and where it is ended, and by whom.

    One query; {} where the version is no longer in force.
    """
    rows = Mapping.objects.filter(
        bridge=case.bridge_id,
        source_key=normalise(str(case.facts.get("source_value", ""))),
        version=str(case.facts.get("number", "")) if _has_number(case) else 0,
        status=MappingStatus.ACTIVE,
    )
    row = rows.order_by("-activated_at").first()
    if row is None:
        return {}
    if step.link == "mappings":
        if not permissions.can(request.user, "view_mappings"):
            return {}
        query = urlencode({"value": row.source_value})
        history = reverse("admin:mapping-history", args=[row.bridge_id, row.kind])
        return {"url": f"{history}?{query}", "url_label": "Compare its versions"}
    label = MappingKind(row.kind).label
    if _may(row.kind, request):
        note = "What it newly breaks is shown first."
        return {"url": address(row), "url_label": "Roll back", "note": note}
    return _theirs(row.kind, f"{label} mappings are rolled back by", step, case, request)


def _theirs(kind: str, lead: str, step: Step, case: Case, request: HttpRequest) -> dict[str, str]:
    """Who may end it, by name, and the question that asks them."""
    allowed = permissions.CAPABILITIES[permissions.FIX_CAPABILITY[kind]]
    roles = [role for role in Role if role in allowed and role != Role.ADMIN]
    people = manual.people_by_role()
    names = sorted({name for role in roles for name in people[role]})
    named = f": {', '.join(names[:4])}" if names else ""
    teams = " or ".join(role.label for role in roles)
    shown = {"note": f"{lead} {teams}{named}."}
    team = permissions.TEAM_OF_ROLE[roles[0]]
    if team != case.team and permissions.can(request.user, "write_note"):
        query = urlencode({"team": team, "text": fill(step.question, case.facts)})
        shown["url"] = f"{reverse('case-ask', args=[case.pk])}?{query}"
        shown["url_label"] = f"Ask {team.label}"
    return shown


def _has_number(case: Case) -> bool:
    number = str(case.facts.get("number", ""))
    return number.isascii() and number.isdigit() and len(number) < 9


def _may(kind: str, request: HttpRequest) -> bool:
    is_reader = permissions.can(request.user, "view_mappings")
    return is_reader and setup.may_map(actor=request.user, kind=kind)
