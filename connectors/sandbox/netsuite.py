"""A NetSuite-like ERP: SuiteTalk REST records, transforms, SuiteQL and both ways to sign in.

Documented and followed: paths, token endpoint and claims, OAuth 1.0a, 204 with `Location`,
`!transform`, `?replace=item`, `eid:`, the error body, paging limits, `Prefer: transient`,
`Prefer: respond-async` with its idempotency key, names validated as a header asks. Invented: words
of business refusals, numbers, and everything a switch says. SuiteQL is in `netsuite_sql`, loading
in `netsuite_store`, refusals in `netsuite_checks`, transforms in `netsuite_documents`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from werkzeug.wrappers import Request, Response

from connectors import wire_json
from connectors.sandbox import netsuite_auth as auth
from connectors.sandbox import netsuite_checks as checks
from connectors.sandbox import netsuite_view as view
from connectors.sandbox.base import NOTE, Route, Twin
from connectors.sandbox.netsuite_documents import Documents
from connectors.sandbox.netsuite_records import KINDS, Transaction
from connectors.sandbox.netsuite_sql import QueryRefused
from connectors.sandbox.netsuite_store import Store

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_RECORD = "/services/rest/record/v1"
_JOB = "/services/rest/async/v1/job"
_MOST_ROWS = 1_000
_MOST_RESULTS = 100_000


class NetSuiteTwin(Twin):
    """See the module's text."""

    name = "netsuite"
    routes = (
        Route("POST", auth.TOKEN_PATH, "token"),
        Route("POST", "/services/rest/query/v1/suiteql", "suiteql"),
        Route("POST", f"{_RECORD}/<record>/<reference>/!transform/<target>", "transform"),
        Route("POST", f"{_RECORD}/<record>", "insert"),
        Route("GET", f"{_RECORD}/<record>", "listing"),
        Route("GET", f"{_RECORD}/<record>/<reference>", "read"),
        Route("GET", f"{_RECORD}/<record>/<reference>/<sublist>", "lines"),
        Route("PATCH", f"{_RECORD}/<record>/<reference>", "change"),
        Route("PUT", f"{_RECORD}/<record>/<reference>", "upsert"),
        Route("GET", f"{_JOB}/<job>", "job"),
        Route("GET", f"{_JOB}/<job>/task", "tasks"),
        Route("GET", f"{_JOB}/<job>/task/<task>/result", "result"),
    )
    default_switches: ClassVar[Mapping[str, Any]] = {
        "advanced_receiving": True,
        "suitetax": False,
        # "turned": quantities and amounts of sales are negative in SuiteQL; "plain": they are not.
        "sales_signs": "turned",
        # "letter" or "prefixed": how SuiteQL writes a status.
        "status_form": "letter",
        # Which flag a closed month carries: closed, arLocked or allLocked.
        "period_flag": "closed",
        # Whether a credit may come before its goods.
        "refund_in_advance": True,
        # Most rows of an answer, for pages of a few; a caller who counts on 1000 is cut short.
        "page_cap": 1_000,
        # How many calls may be under way at once; 0 for any number.
        "concurrency_limit": 0,
        # "amount": somebody changes each document's first line after posting.
        "edit_after_post": "",
        # Answers 204 and keeps nothing.
        "silent_success": False,
    }

    def credentials(self) -> dict[str, str]:
        return auth.credentials()

    def clear(self) -> None:
        self._gate = auth.Gate()
        self._store = Store(self.moment, self.switches)
        self._documents = Documents(self._store, self.switches)
        self._jobs: dict[str, Response] = {}
        self._job_keys: dict[str, str] = {}
        self._running = 0
        self._counter = threading.Lock()
        self._store.reflection.periods(self.moment(), ())

    @property
    def books(self) -> Store:
        """What it knows; asked under `lock`."""
        return self._store

    def load(self, records: Mapping[str, Any]) -> dict[str, int]:
        with self.lock:
            return self._store.load(records, at=self.moment())

    def documents(self) -> list[dict[str, Any]]:
        """Every record made by a call, in the order of creation."""
        with self.lock:
            self.settle()
            found = self._store.transactions
            return [view.oracle(found[number]) for number in self._documents.made]

    def set_switches(self, values: Mapping[str, Any]) -> dict[str, Any]:
        with self.lock:
            switches = super().set_switches(values)
            # What is kept already answers under the new switches as well.
            for transaction in self._store.transactions.values():
                self._store.reflection.transaction(transaction)
            self._store.reflection.periods(self.moment(), self._store.closed_months)
            return switches

    # --- who may come in ----------------------------------------------------------------------

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with self._counter:
            self._running += 1
            limit = int(self.switches["concurrency_limit"])
            is_one_too_many = 0 < limit < self._running
        try:
            if is_one_too_many:
                text = "The limit of concurrent requests of this account is reached."
                refused = checks.Refused(429, "CONCURRENCY_LIMIT_EXCEEDED", text)
                response = self._refusal(refused)
                response.headers["X-Simulated"] = NOTE
                return response(environ, start_response)
            return super().__call__(environ, start_response)
        finally:
            with self._counter:
                self._running -= 1

    def refusal(self, request: Request) -> Response | None:
        if request.path == auth.TOKEN_PATH:
            return None
        try:
            self._gate.check(request, at=self.moment(), is_timed=self._moment is None)
        except auth.LoginRefused:
            text = "Invalid login attempt. See the Login Audit Trail for more."
            return self._refusal(checks.Refused(401, "INVALID_LOGIN", text))
        return None

    def unknown_path(self, request: Request, status: int) -> Response:
        return self._refusal(checks.Refused(status, "INVALID_REQUEST", "No such resource."))

    def token(self, request: Request) -> Response:
        try:
            value, seconds = self._gate.issue(
                request.form, at=self.moment(), is_timed=self._moment is None
            )
        except auth.LoginRefused:
            return self.reply({"error": "invalid_grant"}, status=400)
        answer = {"access_token": value, "expires_in": str(seconds), "token_type": "bearer"}
        return self.reply(answer)

    # --- SuiteQL ------------------------------------------------------------------------------

    def suiteql(self, request: Request) -> Response:
        return self._guarded(request, self._select)

    def _select(self, request: Request) -> Response:
        if "transient" not in request.headers.get("Prefer", "").lower():
            text = "The header Prefer must hold the value transient."
            raise checks.Refused(400, "INVALID_HEADER", text, errorHeader="Prefer")
        limit, offset = _window(request)
        try:
            rows = self._store.mirror.select(
                str(self._content(request).get("q", "")),
                is_prefixed=self.switches["status_form"] == "prefixed",
            )
        except QueryRefused as error:
            text = f"Invalid search query. Detailed unprocessed description follows. {error}."
            raise checks.Refused(400, "INVALID_PARAMETER", text, errorQueryParam="q") from None
        rows = rows[:_MOST_RESULTS]
        shown = rows[offset : offset + min(limit, int(self.switches["page_cap"]))]
        return self.reply(
            {
                "links": [{"rel": "self", "href": request.url}],
                "count": len(shown),
                "hasMore": offset + len(shown) < len(rows),
                "items": [{"links": [], **row} for row in shown],
                "offset": offset,
                "totalResults": len(rows),
            }
        )

    # --- records ------------------------------------------------------------------------------

    def transform(self, request: Request, record: str, reference: str, target: str) -> Response:
        def make(request: Request) -> Response:
            source = self._found(record, reference)
            kind = _kind(target)
            content = self._checked(request, kind)
            replaced = {name.strip() for name in request.args.get("replace", "").lower().split(",")}
            with view.Undo(source):
                made = self._documents.transform(
                    source, kind, content, replaced=replaced, at=self.moment()
                )
            return self._created(request, made)

        return self._guarded(request, make)

    def insert(self, request: Request, record: str) -> Response:
        def make(request: Request) -> Response:
            kind = _kind(record)
            content = self._checked(request, kind)
            return self._created(request, self._documents.insert(kind, content, at=self.moment()))

        return self._guarded(request, make)

    def change(self, request: Request, record: str, reference: str) -> Response:
        def make(request: Request) -> Response:
            found = self._found(record, reference)
            self._documents.change(found, self._checked(request, found.kind))
            return self._no_content(request, found)

        return self._guarded(request, make)

    def upsert(self, request: Request, record: str, reference: str) -> Response:
        """Changes the record with this external id, or makes it."""

        def make(request: Request) -> Response:
            kind = _kind(record)
            if not reference.lower().startswith("eid:"):
                raise checks.missing(f"{record}/{reference}")
            content = {**self._checked(request, kind), "externalid": reference[4:]}
            found = self._store.find(kind, reference)
            if found is None:
                made = self._documents.insert(kind, content, at=self.moment())
                return self._created(request, made)
            self._documents.change(found, content)
            return self._no_content(request, found)

        return self._guarded(request, make)

    def lines(self, request: Request, record: str, reference: str, sublist: str) -> Response:
        def answer(request: Request) -> Response:
            if sublist.lower() != "item":
                raise checks.missing(f"{record}/{reference}/{sublist}")
            return self.reply(view.sublist(self._found(record, reference)))

        return self._guarded(request, answer)

    def read(self, request: Request, record: str, reference: str) -> Response:
        def answer(request: Request) -> Response:
            if record.lower() in view.MASTERS:
                return self.reply(self._master(record.lower(), reference, request))
            found = self._found(record, reference)
            return self.reply(view.record(found, request))

        return self._guarded(request, answer)

    def _master(self, record: str, reference: str, request: Request) -> dict[str, Any]:
        """Master data is read only here, by id or by external id."""
        table, names = view.MASTERS[record]
        column, value = ("id", reference)
        if reference.lower().startswith("eid:"):
            column, value = "externalid", reference[4:]
        quoted = value.replace("'", "''")
        rows = self._store.mirror.select(f"SELECT * FROM \"{table}\" WHERE {column} = '{quoted}'")
        if not rows:
            raise checks.missing(f"{record}/{reference}")
        return view.master(rows[0], names, request)

    def listing(self, request: Request, record: str) -> Response:
        def answer(request: Request) -> Response:
            kind = _kind(record)
            every = [each for each in self._store.transactions.values() if each.kind == kind]
            limit, offset = _window(request)
            return self.reply(view.listing(every, request, limit=limit, offset=offset))

        return self._guarded(request, answer)

    # --- jobs ---------------------------------------------------------------------------------

    def job(self, request: Request, job: str) -> Response:
        if job not in self._jobs:
            return self._refusal(checks.missing(f"job {job}"))
        links = [{"rel": "self", "href": f"{request.base_url}/task"}]
        done = {"completed": True, "id": job, "progress": "succeeded", "task": {"links": links}}
        return self.reply(done)

    def tasks(self, request: Request, job: str) -> Response:
        if job not in self._jobs:
            return self._refusal(checks.missing(f"job {job}"))
        task = {"id": "1", "completed": True, "progress": "succeeded"}
        return self.reply({"count": 1, "hasMore": False, "items": [task], "totalResults": 1})

    def result(self, request: Request, job: str, task: str) -> Response:
        if job not in self._jobs or task != "1":
            return self._refusal(checks.missing(f"job {job}"))
        return self._jobs[job]

    def _later(self, request: Request, work: Any) -> Response:
        """Taken on as a job; it is done at once, and told only to who asks."""
        key = request.headers.get("X-NetSuite-Idempotency-Key", "")
        if key and key in self._job_keys:
            text = "The idempotency key was used before."
            refused = checks.Refused(400, "IDEMPOTENCY_ERROR", text)
            refused.title = "Conflict"
            refused.headers["Location"] = f"{request.url_root[:-1]}{_JOB}/{self._job_keys[key]}"
            return self._refusal(refused)
        number = str(len(self._jobs) + 1)
        self._jobs[number] = self._now(request, work)
        if key:
            self._job_keys[key] = number
        headers = {
            "Location": f"{request.url_root[:-1]}{_JOB}/{number}",
            "Preference-Applied": "respond-async",
        }
        return Response(status=202, headers=headers)

    # --- answers ------------------------------------------------------------------------------

    def _guarded(self, request: Request, work: Any) -> Response:
        if "respond-async" in request.headers.get("Prefer", "").lower():
            return self._later(request, work)
        return self._now(request, work)

    def _now(self, request: Request, work: Any) -> Response:
        try:
            response: Response = work(request)
        except checks.Refused as refused:
            return self._refusal(refused)
        return response

    def _content(self, request: Request) -> dict[str, Any]:
        try:
            content = wire_json.decode(request.get_data(as_text=True) or "{}")
        except ValueError:
            raise checks.invalid("The request body is not valid JSON.", "") from None
        if not isinstance(content, dict):
            raise checks.invalid("The request body must be a JSON object.", "")
        return content

    def _checked(self, request: Request, kind: str) -> dict[str, Any]:
        content = checks.folded(self._content(request))
        header = request.headers.get("X-NetSuite-PropertyNameValidation", "Warning")
        if header.lower() == "error":
            checks.check_names(kind, content)
        return content

    def _found(self, record: str, reference: str) -> Transaction:
        found = self._store.find(_kind(record), reference)
        if found is None:
            raise checks.missing(f"{record}/{reference}")
        return found

    def _created(self, request: Request, made: Transaction) -> Response:
        if self.switches["silent_success"]:
            self._store.forget(made)
            self._documents.made.remove(made.id)
        return self._no_content(request, made)

    def _no_content(self, request: Request, record: Transaction) -> Response:
        name = KINDS[record.kind][0]
        location = f"{request.url_root[:-1]}{_RECORD}/{name}/{record.id}"
        return Response(status=204, headers={"Location": location})

    def _refusal(self, refused: checks.Refused) -> Response:
        return Response(
            wire_json.encode(checks.body(refused)),
            status=refused.status,
            headers=refused.headers,
            content_type=checks.ERROR_TYPE,
        )


def _kind(record: str) -> str:
    """The record's name in lower case: paths are taken in any."""
    if record.lower() not in KINDS:
        raise checks.missing(f"record type {record}")
    return record.lower()


def _window(request: Request) -> tuple[int, int]:
    """Limit and offset as they may be asked."""
    values = []
    for name, default in (("limit", str(_MOST_ROWS)), ("offset", "0")):
        text = request.args.get(name, default)
        if not text.isdecimal():
            raise _bad_window(name, "must be a whole number")
        values.append(int(text))
    limit, offset = values
    if not 1 <= limit <= _MOST_ROWS:
        raise _bad_window("limit", f"must be between 1 and {_MOST_ROWS}")
    if offset % limit:
        raise _bad_window("offset", "must be divisible by the limit")
    return limit, offset


def _bad_window(name: str, problem: str) -> checks.Refused:
    text = f"The query parameter {name} {problem}."
    return checks.Refused(400, "INVALID_PARAMETER", text, errorQueryParam=name)
