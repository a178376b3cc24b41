"""What every API view shares: session sign-in, the capability, one shape for refusals."""

from __future__ import annotations

import io
import math
from typing import Any

from django.core.exceptions import BadRequest, ObjectDoesNotExist
from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers
from rest_framework.authentication import SessionAuthentication
from rest_framework.parsers import JSONParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView, set_rollback

from exceptions_app import errors, permissions

INVALID = 422
CONFLICT = 409
UNREADABLE = 503
# A body is a few kilobytes; this bounds what is read into memory before anything is checked.
MOST_BYTES = 1_000_000
_CODES = {
    400: "bad_request",
    401: "not_signed_in",
    403: "not_allowed",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
}
_TEXTS = {
    401: "Sign in first.",
    403: "Your role does not include this.",
    404: "There is nothing at this address.",
}


class BadFilter(exceptions.ValidationError):
    """A value in the address is not one the list can be narrowed by: 400, unlike a bad body."""


class TooLarge(exceptions.APIException):
    status_code = 413
    default_detail = f"The body is larger than {MOST_BYTES:,} bytes."


class BoundedJson(JSONParser):
    """JSON of a bounded size; what nests deeper than Python follows is refused like other noise."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise TooLarge
        try:
            return super().parse(io.BytesIO(body), media_type, parser_context)
        except RecursionError as error:
            raise exceptions.ParseError("The body nests too deeply.") from error


class Session(SessionAuthentication):
    """The pages' own session; its challenge makes a stranger's answer 401 instead of 403."""

    def authenticate_header(self, request: Request) -> str:
        return "Session"

    def enforce_csrf(self, request: Request) -> None:
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied as error:
            raise exceptions.PermissionDenied(
                "The X-CSRFToken header is missing or stale.", code="csrf"
            ) from error


class SessionScheme(OpenApiAuthenticationExtension):
    target_class = Session
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}


class Capability(BasePermission):
    """The view says which capability each of its methods needs; one it leaves out is closed."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(view, Door):
            return False
        if not request.user.is_authenticated:
            return False
        if request.method not in view.allowed_methods:
            return True  # The method itself is refused next, with 405.
        method = "GET" if request.method == "HEAD" else str(request.method)
        name = view.capabilities.get(method)
        return name is not None and permissions.can(request.user, name)


class Door(APIView):
    """Base of all views; `capabilities` by method, such as {"GET": "view_desk"}."""

    authentication_classes = (Session,)
    permission_classes = (Capability,)
    parser_classes = (BoundedJson,)
    http_method_names = ("get", "head", "post")
    capabilities: dict[str, str] = {}

    def get_exception_handler(self) -> Any:
        return answer_to


class ErrorBody(serializers.Serializer):
    code = serializers.CharField()
    text = serializers.CharField()
    field = serializers.CharField(help_text="The field refused; empty when it is none of them.")


class Refusal(serializers.Serializer):
    error = ErrorBody()


class PageQuery(serializers.Serializer):
    cursor = serializers.CharField(required=False, default="", allow_blank=True, max_length=500)


CURSOR = OpenApiParameter(
    "cursor", str, description="As given in `newer` or `older`; lists carry no counts."
)


def described(
    answer: Any,
    *,
    status: int = 200,
    body: Any = None,
    parameters: tuple[Any, ...] = (),
    name: str,
    also: tuple[int, ...] = (),
) -> Any:
    """The schema of one operation, every refusal that may come included; `also` are its own."""
    refusals = (400, 401, 403, 404, 405, 406, 409, 413, 415, 422, *also)
    return extend_schema(
        operation_id=name,
        request=body,
        parameters=list(parameters),
        responses={status: answer} | dict.fromkeys(refusals, Refusal),
    )


def paged(row: type[serializers.Serializer]) -> type[serializers.Serializer]:
    """The serializer of one page of `row`."""
    fields = {
        "results": row(many=True),
        "newer": serializers.CharField(help_text="Cursor; empty where the list ends."),
        "older": serializers.CharField(help_text="Cursor; empty where the list ends."),
    }
    return type(f"{row.__name__}Page", (serializers.Serializer,), fields)


def asked(request: Request, query: type[serializers.Serializer]) -> dict[str, Any]:
    """The address's parameters, checked.

    Raises:
        BadFilter: one is not usable.
    """
    given = query(data=request.query_params)
    if not given.is_valid():
        raise BadFilter(given.errors)
    return dict(given.validated_data)


def told(request: Request, body: type[serializers.Serializer]) -> dict[str, Any]:
    """The request's body, checked; a bad one answers 422 and names the field."""
    given = body(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def one(rows: QuerySet[Any]) -> Any:
    """The only row of `rows`, or 404."""
    row = rows.first()
    if row is None:
        raise Http404
    return row


def answer_to(error: Exception, context: dict[str, Any]) -> Response | None:
    """Translate what was not possible; None leaves a bug to be reported as one."""
    found = _refused(error)
    if found is None:
        return None
    set_rollback()
    status, code, text, field = found
    response = Response({"error": {"code": code, "text": text, "field": field}}, status=status)
    challenge = getattr(error, "auth_header", None)
    if challenge:
        response["WWW-Authenticate"] = challenge
    wait = getattr(error, "wait", None)
    if wait is not None:
        response["Retry-After"] = str(math.ceil(wait))
    return response


def _refused(error: Exception) -> tuple[int, str, str, str] | None:
    if isinstance(error, errors.InvalidChoice):
        return INVALID, "invalid_choice", str(error), ""
    if isinstance(error, errors.InvalidCase):
        return INVALID, "invalid", error.reason, error.field
    if isinstance(error, errors.ErpNotReadable):
        return UNREADABLE, "erp_not_readable", str(error), ""
    if isinstance(error, errors.DeskError):
        return CONFLICT, _snake(type(error).__name__), str(error), ""
    if isinstance(error, Http404 | ObjectDoesNotExist):
        return 404, _CODES[404], _TEXTS[404], ""
    if isinstance(error, BadRequest):
        return 400, "bad_cursor", str(error), "cursor"
    if isinstance(error, exceptions.ValidationError):
        field, text = _first(error.detail)
        status = 400 if isinstance(error, BadFilter) else INVALID
        return status, "invalid", text, field
    if isinstance(error, exceptions.APIException):
        return _by_status(error)
    return None


def _by_status(error: exceptions.APIException) -> tuple[int, str, str, str]:
    status = error.status_code
    if error.get_codes() == "csrf":
        return status, "csrf", str(error.detail), ""
    code = _CODES.get(status, "refused")
    return status, code, _TEXTS.get(status, str(error.detail)), ""


def _first(detail: Any, field: str = "") -> tuple[str, str]:
    """The first complaint with its field, dotted where fields are nested."""
    if isinstance(detail, dict):
        name, inner = next(iter(detail.items()))
        shown = "" if name == "non_field_errors" else str(name)
        return _first(inner, ".".join(part for part in (field, shown) if part))
    if isinstance(detail, list):
        # Of rows checked one by one, the right ones complain of nothing.
        return _first(next((row for row in detail if row), ""), field)
    return field, str(detail)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]
