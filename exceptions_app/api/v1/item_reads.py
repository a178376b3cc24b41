"""Have the ERP asked now for the item that an exception is about, as its page offers it."""

from __future__ import annotations

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from exceptions_app import permissions
from exceptions_app.api import doors
from exceptions_app.api.doors import Door, described
from exceptions_app.models import Case
from exceptions_app.services import item_reading


class ItemRead(serializers.Serializer):
    """What the ERP said of the item, in words; what waits for it is planned again by that."""

    text = serializers.CharField()


class CaseReadItem(Door):
    capabilities = {"POST": "read_item"}

    @described(ItemRead, name="read_case_item", also=(503,))
    def post(self, request: Request, case_id: int) -> Response:
        case = doors.one(Case.objects.filter(pk=case_id))
        actor = permissions.actor_of(request)
        text = item_reading.read(case_id=case.pk, actor=actor, now=timezone.now())
        return Response(ItemRead({"text": text}).data)
