"""The resources of version 1: translate in, one service call or selector, translate out."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from exceptions_app import errors, permissions
from exceptions_app.api import doors
from exceptions_app.api.doors import CURSOR, Door, described, paged
from exceptions_app.api.v1 import bundle_shapes
from exceptions_app.api.v1 import serializers as shapes
from exceptions_app.choices import FixKind, FixStatus, MappingKind
from exceptions_app.filters import CaseFilter, SeveralFilter
from exceptions_app.forms.cases import AssignForm
from exceptions_app.models import Case, Fix
from exceptions_app.rules import bundle_proof
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import causes, customers, paging
from exceptions_app.selectors import closing as closing_selector
from exceptions_app.selectors import operations as operations_selector
from exceptions_app.selectors import requests as requests_selector
from exceptions_app.selectors import returns as returns_selector
from exceptions_app.selectors import views as views_selector
from exceptions_app.services import closing, doubts, fixes, order_checks, triage

NEWEST = ("-id",)
# Rows of one answer; a program reads faster than the rows of a screen are shown.
PAGE_SIZE = 50
CASE_PARAMETERS = (
    CURSOR,
    *(
        OpenApiParameter(name, str, many=isinstance(asked, SeveralFilter))
        for name, asked in CaseFilter.base_filters.items()
    ),
)


def _page(page: paging.Page, row: Any, rows: Any = None) -> Response:
    shown = row(page.rows if rows is None else rows, many=True).data
    return Response({"results": shown, "newer": page.newer, "older": page.older})


def _filtered(request: Request) -> CaseFilter:
    """What the address asks for, by the very filter of the page."""
    found = CaseFilter(request.query_params, queryset=Case.objects.all(), request=request)
    if not found.is_valid():
        raise doors.BadFilter(found.errors)
    return found


class CaseList(Door):
    capabilities = {"GET": "view_desk"}

    @described(paged(shapes.CaseRow), parameters=CASE_PARAMETERS, name="list_cases")
    def get(self, request: Request) -> Response:
        cursor = doors.asked(request, doors.PageQuery)["cursor"]
        rows = cases_selector.listed(_filtered(request).qs)
        page = paging.page(rows, order=cases_selector.QUEUE_ORDER, cursor=cursor, size=PAGE_SIZE)
        return _page(page, shapes.CaseRow)


class CaseDetail(Door):
    capabilities = {"GET": "view_desk"}

    @described(shapes.CaseDetail, name="read_case")
    def get(self, request: Request, case_id: int) -> Response:
        return Response(shapes.CaseDetail(doors.one(cases_selector.detail(case_id))).data)


class CaseAssign(Door):
    capabilities = {"POST": "assign_case"}

    @described(shapes.CaseDetail, body=shapes.AssignBody, name="assign_case")
    def post(self, request: Request, case_id: int) -> Response:
        name = doors.told(request, shapes.AssignBody)["assignee"]
        case = doors.one(cases_selector.detail(case_id))
        actor = permissions.actor_of(request)
        person = actor if name == "me" else User.objects.filter(username=name).first()
        form = AssignForm({"assignee": person.pk if person else ""}, case=case, user=actor)
        if not form.is_valid():
            raise ValidationError({"assignee": "Name a person of the exception's team, or “me”."})
        triage.assign(
            case_id=case.pk,
            assignee=form.cleaned_data["assignee"],
            actor=actor,
            now=timezone.now(),
        )
        return Response(shapes.CaseDetail(doors.one(cases_selector.detail(case_id))).data)


class CaseSnooze(Door):
    capabilities = {"POST": "assign_case"}

    @described(shapes.CaseDetail, body=shapes.SnoozeBody, name="snooze_case")
    def post(self, request: Request, case_id: int) -> Response:
        case = doors.one(Case.objects.filter(pk=case_id))
        given = doors.told(request, shapes.SnoozeBody)
        actor, now = permissions.actor_of(request), timezone.now()
        triage.snooze(case_id=case.pk, actor=actor, now=now, **given)
        return Response(shapes.CaseDetail(doors.one(cases_selector.detail(case_id))).data)


class CaseWake(Door):
    capabilities = {"POST": "assign_case"}

    @described(shapes.CaseDetail, name="wake_case")
    def post(self, request: Request, case_id: int) -> Response:
        actor = permissions.actor_of(request)
        triage.wake(case_id=case_id, actor=actor, now=timezone.now())
        return Response(shapes.CaseDetail(doors.one(cases_selector.detail(case_id))).data)


class CaseClose(Door):
    """Closed at once, or asked for: then `status` is "awaiting_approval"."""

    capabilities = {"POST": "close_case"}

    @described(shapes.CaseDetail, body=shapes.CloseBody, name="close_case")
    def post(self, request: Request, case_id: int) -> Response:
        case = doors.one(cases_selector.detail(case_id))
        given = doors.told(request, shapes.CloseBody)
        actor = permissions.actor_of(request)
        if not closing_selector.may_close(case, roles=permissions.roles_of(actor)):
            raise PermissionDenied(closing_selector.refusal(case))
        closing.close(case_id=case.pk, actor=actor, now=timezone.now(), **given)
        return Response(shapes.CaseDetail(doors.one(cases_selector.detail(case_id))).data)


class CaseReopen(Door):
    capabilities = {"POST": "close_case"}

    @described(shapes.CaseDetail, name="reopen_case")
    def post(self, request: Request, case_id: int) -> Response:
        case = doors.one(Case.objects.filter(pk=case_id))
        actor = permissions.actor_of(request)
        closing.reopen(case_id=case.pk, actor=actor, now=timezone.now())
        return Response(shapes.CaseDetail(doors.one(cases_selector.detail(case_id))).data)


class ViewList(Door):
    capabilities = {"GET": "view_desk"}

    @described(shapes.ViewList, parameters=(shapes.ViewQuery,), name="list_views")
    def get(self, request: Request) -> Response:
        page = doors.asked(request, shapes.ViewQuery)["page"]
        user = permissions.actor_of(request)
        roles = permissions.roles_of(user)
        rows = views_selector.of_reader(page=page, user_id=user.pk, roles=roles)
        first = views_selector.opening(
            user_id=user.pk, roles=roles, preferences=getattr(user, "preferences", None)
        )
        context = {"opens": first.pk if first else 0}
        return Response({"results": shapes.ViewRow(rows, many=True, context=context).data})


class CauseList(Door):
    capabilities = {"GET": "view_desk"}

    @described(paged(shapes.CauseRow), parameters=CASE_PARAMETERS, name="list_cause_groups")
    def get(self, request: Request) -> Response:
        cursor = doors.asked(request, doors.PageQuery)["cursor"]
        found = _filtered(request)
        page = causes.page(found.shown, cursor=cursor, scope=found.scope, size=PAGE_SIZE)
        return _page(page, shapes.CauseRow)


class ReturnList(Door):
    capabilities = {"GET": "view_desk"}

    @described(paged(shapes.ReturnRow), parameters=(shapes.ReturnQuery,), name="list_returns")
    def get(self, request: Request) -> Response:
        given = doors.asked(request, shapes.ReturnQuery)
        is_shown = permissions.can(request.user, "view_personal_data")
        found = returns_selector.search(text=given["q"], is_personal_shown=is_shown)
        page = paging.page(found, order=NEWEST, cursor=given["cursor"], size=PAGE_SIZE)
        rows = [returns_selector.row_of(rma, is_personal_shown=is_shown) for rma in page.rows]
        return _page(page, shapes.ReturnRow, rows)


class ReturnDetail(Door):
    capabilities = {"GET": "view_desk"}

    @described(bundle_shapes.ReturnWithBundles, name="read_return")
    def get(self, request: Request, rma_id: int) -> Response:
        found = returns_selector.get(rma_id=rma_id, now=timezone.now(), has_attempts=False)
        is_shown = permissions.can(request.user, "view_personal_data")
        customer = customers.customer_of(found.rma, is_shown=is_shown)
        told = shapes.ReturnDetail(found, context={"customer": customer}).data
        bundles = bundle_proof.of_return(found.facts)
        return Response({**told, "bundles": bundle_shapes.Bundle(bundles, many=True).data})


class PostingList(Door):
    capabilities = {"GET": "view_operations"}

    @described(paged(shapes.PostingRow), parameters=(shapes.PostingQuery,), name="list_postings")
    def get(self, request: Request) -> Response:
        given = doors.asked(request, shapes.PostingQuery)
        cursor = given.pop("cursor")
        rows = operations_selector.postings(**given)
        return _page(
            paging.page(rows, order=NEWEST, cursor=cursor, size=PAGE_SIZE), shapes.PostingRow
        )


class PostingDetail(Door):
    capabilities = {"GET": "view_operations"}

    @described(shapes.PostingDetail, name="read_posting")
    def get(self, request: Request, posting_id: int) -> Response:
        posting = operations_selector.posting(posting_id=posting_id)
        return Response(shapes.PostingDetail(posting).data)


class FixList(Door):
    """Naming the kind of change decides what else is needed to ask for it."""

    capabilities = {"GET": "view_desk", "POST": "assign_case"}

    @described(paged(shapes.FixRow), parameters=(CURSOR,), name="list_fixes")
    def get(self, request: Request) -> Response:
        cursor = doors.asked(request, doors.PageQuery)["cursor"]
        rows = Fix.objects.select_related("bridge", "rma", "requested_by", "decided_by")
        return _page(paging.page(rows, order=NEWEST, cursor=cursor, size=PAGE_SIZE), shapes.FixRow)

    @described(shapes.FixDetail, status=201, body=shapes.FixBody, name="request_fix")
    def post(self, request: Request) -> Response:
        given = doors.told(request, shapes.FixBody)
        kind = given["kind"]
        case = doors.one(cases_selector.detail(given["case_id"]))
        if not permissions.can(request.user, permissions.fix_capability(kind, case.type)):
            raise PermissionDenied
        if case.bridge is None:
            raise errors.FixNotAllowed("This exception belongs to no bridge; nothing can change.")
        is_mapping = kind in MappingKind.values
        now, payload = timezone.now(), given["payload"]
        if kind == FixKind.LINK_ORDER:
            payload = order_checks.checked(bridge=case.bridge, payload=payload, now=now)
        fix = fixes.request(
            kind=kind,
            bridge=case.bridge,
            actor=permissions.actor_of(request),
            now=now,
            payload=payload,
            case=case,
            rma=None if is_mapping else case.rma,
            source_value=cases_selector.source_value(case, kind) if is_mapping else "",
            reason_code=given["reason_code"],
            note=given["note"],
            in_spite=given["in_spite"],
        )
        return _fix(fix.pk, status=201)


class FixDetail(Door):
    capabilities = {"GET": "view_desk"}

    @described(shapes.FixDetail, name="read_fix")
    def get(self, request: Request, fix_id: int) -> Response:
        return _fix(fix_id)


class FixApprove(Door):
    capabilities = {"POST": "approve_fix"}

    @described(shapes.FixDetail, body=shapes.ApproveBody, name="approve_fix")
    def post(self, request: Request, fix_id: int) -> Response:
        given = doors.told(request, shapes.ApproveBody)
        asked = doors.one(requests_selector.detail(fix_id))
        # Who read another request than it is now hears of that first.
        is_as_read = asked.payload_hash == given["payload_hash"]
        if asked.status == FixStatus.REQUESTED and is_as_read and not given["in_spite"]:
            doubts.refuse_approval(asked)
        fixes.approve(
            fix_id=fix_id,
            seen_hash=given["payload_hash"],
            actor=permissions.actor_of(request),
            now=timezone.now(),
            note=given["note"],
        )
        return _fix(fix_id)


class FixReject(Door):
    """Refuse another's request, or withdraw one's own."""

    capabilities = {"POST": "assign_case"}

    @described(shapes.FixDetail, body=shapes.RejectBody, name="reject_fix")
    def post(self, request: Request, fix_id: int) -> Response:
        note = doors.told(request, shapes.RejectBody)["note"]
        actor = permissions.actor_of(request)
        fixes.reject(fix_id=fix_id, actor=actor, now=timezone.now(), note=note)
        return _fix(fix_id)


class FixUndo(Door):
    capabilities = {"POST": "approve_fix"}

    @described(shapes.FixDetail, name="undo_fix")
    def post(self, request: Request, fix_id: int) -> Response:
        fixes.undo(fix_id=fix_id, actor=permissions.actor_of(request), now=timezone.now())
        return _fix(fix_id)


def _fix(fix_id: int, status: int = 200) -> Response:
    fix = doors.one(requests_selector.detail(fix_id))
    return Response(shapes.FixDetail(fix).data, status=status)
