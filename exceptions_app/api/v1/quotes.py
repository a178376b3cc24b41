"""Credit quotes: asked for by a storefront or a person, kept, and read again by their number."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle

from exceptions_app import permissions
from exceptions_app.api import doors
from exceptions_app.api.doors import Door, described
from exceptions_app.api.v1 import quote_shapes as shapes
from exceptions_app.errors import InvalidCase
from exceptions_app.selectors import quotes as quotes_selector
from exceptions_app.services import quotes
from exceptions_app.services.credit_cases import quote_requests

KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Up to 80 characters. The same key and body give the same quote again.",
)
_MOST_KEY = 80


class QuotesAMinute(UserRateThrottle):
    """For each person and process; a quote may cost the ERP a call."""

    scope = "credit-quotes"
    rate = "120/min"


class CreditQuotes(Door):
    capabilities = {"POST": "quote_credit"}
    throttle_classes = (QuotesAMinute,)

    @described(
        shapes.Quote,
        status=201,
        body=shapes.QUOTE_BODY,
        parameters=(KEY,),
        name="quote_credit",
        also=(429, 503),
    )
    def post(self, request: Request) -> Response:
        """What will be credited for these units now, line by line; 200 where the key is known."""
        asked = quote_requests.read(request.data)
        now = timezone.now()
        quote, is_new = quotes.make(
            asked=asked,
            actor=permissions.actor_of(request),
            now=now,
            idempotency_key=_key(request),
        )
        return _answer(quote.pk, status=201 if is_new else 200)


class CreditQuoteDetail(Door):
    capabilities = {"GET": "view_desk"}

    @described(shapes.Quote, name="read_credit_quote")
    def get(self, request: Request, quote_id: int) -> Response:
        return _answer(quote_id)


def _answer(quote_id: int, status: int = 200) -> Response:
    quote = doors.one(quotes_selector.detail(quote_id))
    return Response(shapes.Quote(quotes_selector.shown(quote, now=timezone.now())).data, status)


def _key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > _MOST_KEY or not key.isprintable() or not key.isascii():
        raise InvalidCase(
            "Idempotency-Key", f"must be {_MOST_KEY} printable ASCII characters at most"
        )
    return key
