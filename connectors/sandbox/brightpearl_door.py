"""The door of the Brightpearl-like twin: who may call, how often, and several messages in one."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from connectors import wire_json
from connectors.sandbox.brightpearl_money import AccountingService
from connectors.sandbox.brightpearl_wire import Refused

ACCOUNT = "sandboxaccount"
CREDENTIALS = {
    "brightpearl-app-ref": "sandbox_app",
    "brightpearl-account-token": "sandbox-brightpearl-token",
    "brightpearl-dev-ref": "sandbox_dev",
    "client_secret": "sandbox-brightpearl-secret",
    "refresh_token": "sandbox-brightpearl-refresh",
}
_MAX_MESSAGES = 10
_MINUTE = timedelta(minutes=1)


class Door(AccountingService):
    """Signing in, the quota, and the multi-message."""

    _asked: deque[datetime]
    _tokens: dict[str, datetime]
    _refresh_token: str

    # --- who calls, and how often -------------------------------------------------------------

    def refusal(self, request: Request) -> Response | None:
        if _is_token(request):
            return None
        if self._is_known(request):
            return None
        words = "Not authenticated. Sign in as a private app or with a bearer token."
        return self.reply({"response": words}, status=401)

    def _is_known(self, request: Request) -> bool:
        def given(name: str) -> bool:
            return request.headers.get(name) == CREDENTIALS[name]

        if not given("brightpearl-app-ref"):
            return False
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer":
            return given("brightpearl-account-token")
        ends = self._tokens.get(token)
        return given("brightpearl-dev-ref") and ends is not None and self.moment() < ends

    def unknown_path(self, request: Request, status: int) -> Response:
        words = f"There is no resource at {request.path}."
        return self.reply(Refused("CMNC-404", words).document(), status=status)

    def _answer(self, request: Request) -> Response:
        """A call over the quota is turned away before anything is done or remembered of it."""
        if _is_token(request):
            return super()._answer(request)
        with self.lock:
            left, wait = self._take(request)
            if left < 0:
                words = "You have sent too many requests. Wait before trying again."
                response = self.reply({"response": words}, status=503)
            else:
                response = super()._answer(request)
        response.headers["brightpearl-requests-remaining"] = str(max(left, 0))
        response.headers["brightpearl-next-throttle-period"] = str(wait)
        return response

    def _handle(self, request: Request) -> Response:
        try:
            return super()._handle(request)
        except Refused as refused:
            return self.reply(refused.document(), status=refused.status)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            # A value of a type the books cannot hold.
            words = f"The message cannot be read: {type(error).__name__}"
            return self.reply(Refused("SIM-000", words).document(), status=400)

    def _take(self, request: Request) -> tuple[int, int]:
        """Calls left after this one (-1: none was), and milliseconds until the oldest is over."""
        limit = int(self.switches["calls_per_minute"])
        if not limit:
            return 199, 60_000
        now = self.moment()
        while self._asked and self._asked[0] <= now - _MINUTE:
            self._asked.popleft()
        weight = self._weight(request)
        wait = (
            int((self._asked[0] + _MINUTE - now).total_seconds() * 1000) if self._asked else 60_000
        )
        if len(self._asked) + weight > limit:
            return -1, wait
        self._asked.extend([now] * weight)
        return limit - len(self._asked), wait

    def _weight(self, request: Request) -> int:
        is_many = request.path.rstrip("/").endswith("/multi-message")
        if not is_many or int(self.switches["multi_message_weight"]):
            return 1
        try:
            body = wire_json.decode(request.get_data(as_text=True))
            return max(len(body["messages"]), 1)
        except (ValueError, KeyError, TypeError):
            return 1

    def token(self, request: Request, account: str = "") -> Response:
        form = request.form
        code = account or form.get("account_code", "")
        is_known = (
            code == ACCOUNT
            and form.get("grant_type") == "refresh_token"
            and form.get("client_id") == CREDENTIALS["brightpearl-app-ref"]
            and form.get("client_secret", "") in ("", CREDENTIALS["client_secret"])
            and form.get("refresh_token") == self._refresh_token
        )
        if not is_known:
            return self.reply({"error": "invalid_grant"}, status=400)
        if self.switches["rotates_refresh_tokens"]:
            self._refresh_token = f"sandbox-refresh-{len(self._tokens) + 2}"
        # The same calls give the same tokens, so that a journal can bring them back.
        token = f"sandbox-token-{len(self._tokens) + 1}"
        life = int(self.switches["token_seconds"])
        self._tokens[token] = self.moment() + timedelta(seconds=life)
        return self.reply(
            {
                "access_token": token,
                "token_type": "bearer",
                "expires_in": life,
                "refresh_token": self._refresh_token,
                "api_domain": request.host,
            }
        )

    # --- multi-messages -----------------------------------------------------------------------

    def multi_message(self, request: Request, account: str) -> Response:
        if self.switches["multi_message_fails"]:
            words = "An internal error has occurred."
            return self.reply(Refused("CMNU-003", words).document(), status=500)
        body = self._object(request)
        messages = body.get("messages")
        if not isinstance(messages, list) or not 2 <= len(messages) <= _MAX_MESSAGES:
            raise Refused("SIM-070", f"A multi-message carries 2 to {_MAX_MESSAGES} messages.")
        mode, on_fail = body.get("processingMode"), body.get("onFail")
        if mode not in ("SEQUENTIAL", "PARALLEL") or on_fail not in ("STOP", "CONTINUE"):
            raise Refused("SIM-071", "processingMode or onFail cannot be read.")
        if (mode, on_fail) == ("PARALLEL", "STOP"):
            raise Refused("SIM-071", "PARALLEL cannot be stopped.")
        if any(message.get("httpMethod") not in ("POST", "PUT", "DELETE") for message in messages):
            raise Refused("SIM-072", "A message is POST, PUT or DELETE.")
        processed: list[dict[str, Any]] = []
        for message in messages:
            answer = self._message(request, account, message)
            processed.append(
                {
                    "label": message.get("label"),
                    "statusCode": answer.status_code,
                    "body": {"content": answer.get_data(as_text=True)},
                }
            )
            if answer.status_code >= 400 and on_fail == "STOP":
                break
        left = [message.get("label") for message in messages[len(processed) :]]
        is_fine = all(row["statusCode"] == 200 for row in processed) and not left
        return self._yes(
            {"processedMessages": processed, "unprocessedMessages": left},
            status=200 if is_fine else 207,
        )

    def _message(self, request: Request, account: str, message: Mapping[str, Any]) -> Response:
        path = urlsplit(str(message.get("uri", ""))).path
        builder = EnvironBuilder(
            method=str(message["httpMethod"]),
            path=f"/public-api/{account}{path}",
            data=wire_json.encode(message.get("body", {})),
            content_type="application/json",
        )
        inner = Request(builder.get_environ())
        try:
            route, values = self._url_map.bind_to_environ(inner.environ).match()
        except HTTPException as error:
            return self.unknown_path(inner, error.code or 404)
        try:
            response: Response = getattr(self, route.handler)(inner, **values)
        except Refused as refused:
            return self.reply(refused.document(), status=refused.status)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            words = f"The message cannot be read: {type(error).__name__}"
            return self.reply(Refused("SIM-000", words).document(), status=400)
        return response


def _is_token(request: Request) -> bool:
    return request.path.rstrip("/").endswith("/oauth/token")
