"""Addresses below /api/: the schema, version 1, and a plain 404 for everything else."""

from django.http import Http404
from django.urls import include, path, re_path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from exceptions_app.api.doors import Door


class Schema(Door, SpectacularJSONAPIView):
    """The OpenAPI description; browsers' pages for it load foreign scripts, so there is none."""

    authentication_classes = Door.authentication_classes
    permission_classes = Door.permission_classes
    capabilities = {"GET": "view_desk"}


@extend_schema(exclude=True)
class Nowhere(Door):
    capabilities = {"GET": "view_desk", "POST": "view_desk"}

    def get(self, request: Request) -> Response:
        raise Http404

    post = get


urlpatterns = [
    path("schema/", Schema.as_view(), name="api-schema"),
    path("v1/", include("exceptions_app.api.v1.urls")),
    re_path("", Nowhere.as_view(), name="api-nowhere"),
]
