"""Accepted differences: listed, read, given to another owner, asked to be renewed."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exceptions_app import permissions
from exceptions_app.api import doors
from exceptions_app.api.doors import CURSOR, Door, described, paged
from exceptions_app.api.v1.serializers import FixDetail, MoneyField, PersonField
from exceptions_app.choices import AcceptanceState
from exceptions_app.selectors import acceptances as selector
from exceptions_app.selectors import paging
from exceptions_app.selectors import requests as requests_selector
from exceptions_app.services import accept_acts

PAGE_SIZE = 50


class AcceptanceRow(serializers.Serializer):
    id = serializers.IntegerField()
    fix_id = serializers.IntegerField()
    return_id = serializers.IntegerField(source="rma_id")
    bridge = serializers.CharField(source="bridge.code")
    difference = MoneyField("difference", help_text="Refund less credit, signed.")
    cap = MoneyField("cap", help_text="Null: exactly the difference.")
    owner = PersonField()
    asked_by = PersonField()
    reason_code = serializers.CharField(source="fix.reason_code")
    since = serializers.DateTimeField()
    until = serializers.DateField(
        allow_null=True, help_text="The last day where the books are kept; null: no end."
    )
    state = serializers.ChoiceField(AcceptanceState.choices)
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_text = serializers.CharField()


class AcceptanceQuery(doors.PageQuery):
    view = serializers.ChoiceField(selector.LISTS, required=False, default=selector.HOLDS)
    owner = serializers.CharField(required=False, default="", max_length=150)
    bridge = serializers.CharField(required=False, default="", max_length=60)


class OwnerBody(serializers.Serializer):
    owner = serializers.CharField(max_length=150, help_text="A user name of finance.")
    seen_owner = serializers.CharField(
        max_length=150, help_text="The user name of its owner as it was read."
    )
    why = serializers.CharField(max_length=300)


class RenewBody(serializers.Serializer):
    reason_code = serializers.CharField(max_length=60)
    until = serializers.DateField(
        required=False, default=None, allow_null=True, help_text="Null: as long as may be."
    )
    cap = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=30, help_text="Empty: as it is."
    )
    note = serializers.CharField(required=False, default="", allow_blank=True, max_length=300)


class AcceptanceList(Door):
    capabilities = {"GET": "view_finance"}

    @described(
        paged(AcceptanceRow),
        parameters=(
            CURSOR,
            OpenApiParameter("view", str, enum=[code for code, _ in selector.LISTS]),
            OpenApiParameter("owner", str),
            OpenApiParameter("bridge", str),
        ),
        name="list_acceptances",
    )
    def get(self, request: Request) -> Response:
        asked = doors.asked(request, AcceptanceQuery)
        rows = selector.listed(
            which=asked["view"],
            today=timezone.localdate(),
            owner=asked["owner"],
            bridge=asked["bridge"],
        )
        page = paging.page(
            selector.with_all(rows),
            order=selector.NEWEST,
            cursor=asked["cursor"],
            size=PAGE_SIZE,
        )
        shown = AcceptanceRow(page.rows, many=True).data
        return Response({"results": shown, "newer": page.newer, "older": page.older})


class AcceptanceDetail(Door):
    capabilities = {"GET": "view_finance"}

    @described(AcceptanceRow, name="read_acceptance")
    def get(self, request: Request, acceptance_id: int) -> Response:
        return _answer(acceptance_id)


class AcceptanceOwner(Door):
    capabilities = {"POST": "assign_acceptance"}

    @described(AcceptanceRow, body=OwnerBody, name="assign_acceptance")
    def post(self, request: Request, acceptance_id: int) -> Response:
        row: Any = doors.one(selector.one(acceptance_id))
        given = doors.told(request, OwnerBody)
        is_seen = row.owner.get_username() == given["seen_owner"]
        accept_acts.assign(
            acceptance_id=acceptance_id,
            owner=given["owner"],
            seen_owner_id=row.owner_id if is_seen else 0,
            actor=permissions.actor_of(request),
            now=timezone.now(),
            why=given["why"],
        )
        return _answer(acceptance_id)


class AcceptanceRenew(Door):
    """Answers with the request, which another person decides on."""

    capabilities = {"POST": "fix_money"}

    @described(FixDetail, status=201, body=RenewBody, name="renew_acceptance")
    def post(self, request: Request, acceptance_id: int) -> Response:
        doors.one(selector.one(acceptance_id))
        given = doors.told(request, RenewBody)
        fix = accept_acts.renew(
            acceptance_id=acceptance_id,
            actor=permissions.actor_of(request),
            now=timezone.now(),
            until=given["until"],
            cap=given["cap"],
            reason_code=given["reason_code"],
            note=given["note"],
        )
        return Response(FixDetail(doors.one(requests_selector.detail(fix.pk))).data, status=201)


def _answer(acceptance_id: int) -> Response:
    return Response(AcceptanceRow(doors.one(selector.one(acceptance_id))).data)
