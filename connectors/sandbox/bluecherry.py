"""A BlueCherry-like ERP: documented reads, invented return documents.

Reads (`/api/pick`, `/api/style`, `/api/Location`), the key header, paging, `$filter`, the envelope
and the four error shapes follow what one public integration was seen to use. Fields beginning with
`sim_` and everything under `Sim…` are invented: no return, credit or adjustment interface of
BlueCherry is public, and these names keep anyone from taking ours for one.

- Reads: `_include=all` for children; `pkey=` or `$filter` on style: pkey, style, upc, sim_sku,
  last_mod; on pick: pkey, ord_num, last_mod, pick_date; on Location: loc_type, location. A style
  found by one of its details comes with all of them.
- Writes: `POST /api/SimReturnAuthorization` (RA), `SimReturnReceipt` (RCV), `SimStockAdjust` (ADJ),
  `SimCreditMemo` (CM) take an array of records {isa_num, vnd_id, vnd_qual, ref_num, ord_num,
  customer, division, location, doc_date, curr_code, ra_num, inv_num, note, detail[]}, all or none,
  and answer `{"pkey": n}` of the first. That means STAGED: it is POSTED, with a number, once
  `staging_seconds` have passed.
- Read back: `GET /api/SimDocument?doc_type=CM&refs=a,b` (at most 50). Nothing stops two documents
  with one `ref_num`: the caller has to look first.

Switches, one per thing nobody knows: see `default_switches`. The records a twin loads are described
in `bluecherry_store`, its refusals in `bluecherry_checks`, what people there change afterwards in
`bluecherry_edits`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from werkzeug.wrappers import Request, Response

from connectors import wire_json
from connectors.sandbox import bluecherry_checks as checks
from connectors.sandbox import bluecherry_edits as edits
from connectors.sandbox import bluecherry_query as query
from connectors.sandbox import bluecherry_store as store
from connectors.sandbox.base import Route, Twin

KEY_HEADER = "Ocp-Apim-Subscription-Key"
_VERSION = "simulated-1"
_MAX_REFS = 50
_DOC_TYPES = {
    "SimReturnAuthorization": "RA",
    "SimReturnReceipt": "RCV",
    "SimStockAdjust": "ADJ",
    "SimCreditMemo": "CM",
}


@dataclass
class Document:
    """One created document. `record` is what was sent, plus what an edit changed later."""

    pkey: int
    doc_type: str
    record: dict[str, Any]
    staged_at: datetime
    is_checked: bool
    status: str = "STAGED"
    number: str = ""
    posted_at: datetime | None = None
    failed: checks.CheckFailed | None = None
    sent: dict[str, Any] | None = None
    is_open: bool = False


class BlueCherryTwin(Twin):
    """See the module's text; `load` schema in `bluecherry_store`."""

    name = "bluecherry"
    routes = (
        Route("GET", "/api/pick", "pick"),
        Route("GET", "/api/style", "style"),
        Route("GET", "/api/Location", "location"),
        *(Route("POST", f"/api/{resource}", "create") for resource in _DOC_TYPES),
        Route("GET", "/api/SimDocument", "document"),
    )
    default_switches: ClassVar[Mapping[str, Any]] = {
        # How long a document stays staged.
        "staging_seconds": 1,
        # "accept" refuses at once, "post" takes the record and rejects it when it would be posted.
        "validate_at": "accept",
        "unique_control_numbers": True,
        # How long a new document stays invisible to SimDocument.
        "search_lag_seconds": 0,
        # "amount" or "quantity": somebody changes each document's first line after posting.
        "edit_after_post": "",
        # Answers a pkey and keeps nothing.
        "silent_success": False,
        # The status of a refusal; nobody has published it.
        "error_status": 400,
        "page_cap": 200,
    }

    def credentials(self) -> dict[str, str]:
        return {KEY_HEADER: "sandbox-bluecherry-key"}

    def clear(self) -> None:
        self._store = store.Store()
        self._documents: list[Document] = []
        self._by_ref: dict[tuple[str, str], list[Document]] = {}
        self._staged: list[Document] = []
        self._control_numbers: set[str] = set()
        self._credited: dict[tuple[str, str], int] = {}
        self._last_numbers: dict[str, int] = {}

    @property
    def books(self) -> store.Store:
        """What it knows; asked under `lock`."""
        return self._store

    def load(self, records: Mapping[str, Any]) -> dict[str, int]:
        with self.lock:
            counts = self._store.load(records, at=self.moment())
            if "edits" in records:
                self.settle()
                counts["edits"] = edits.take(self._documents, records["edits"])
            return counts

    def documents(self) -> list[dict[str, Any]]:
        """Every document in the order of creation, lines included, moments as aware UTC text."""
        with self.lock:
            self.settle()
            return [
                {**self._row(entry), "staged_at": entry.staged_at.isoformat()}
                for entry in self._documents
            ]

    def settle(self) -> None:
        with self.lock:
            super().settle()
            self._post_due()

    def refusal(self, request: Request) -> Response | None:
        key = request.headers.get(KEY_HEADER)
        if key == self.credentials()[KEY_HEADER]:
            return None
        words = (
            "Call refused: it carries no subscription key."
            if key is None
            else "Call refused: the subscription key is wrong or no longer active."
        )
        return self.reply({"statusCode": 401, "message": words}, status=401)

    def unknown_path(self, request: Request, status: int) -> Response:
        return self.reply({"statusCode": status, "message": "No such resource."}, status=status)

    # --- reads --------------------------------------------------------------------------------

    def pick(self, request: Request) -> Response:
        def values(order: store.Kept, field: str) -> Collection[str]:
            if field == "ord_num":
                return (store.text(order.record, "number"),)
            if field == "pick_date":
                return (store.moment_text(store.ordered_at(order.record)),)
            return (str(getattr(order, field)),)

        def start(terms: tuple[query.Term, ...]) -> list[store.Kept]:
            number = _equal(terms, "ord_num")
            if number is None:
                return list(self._store.orders.values())
            return [self._store.orders[number]] if number in self._store.orders else []

        def render(order: store.Kept) -> store.Row:
            return store.pick_row(order, self._store, with_children=_wants_children(request))

        fields = ("pkey", "ord_num", "last_mod", "pick_date")
        return self._read(request, fields, start, values, render)

    def style(self, request: Request) -> Response:
        def values(style: store.Style, field: str) -> Collection[str]:
            if field in ("upc", "sim_sku"):
                name = "sku" if field == "sim_sku" else field
                return [store.text(item.record, name) for item in style.items.values()]
            return (str({"style": style.code}.get(field) or getattr(style, field)),)

        def start(terms: tuple[query.Term, ...]) -> list[store.Style]:
            sku = _equal(terms, "sim_sku")
            if sku is None:
                return list(self._store.styles.values())
            item = self._store.items.get(sku)
            if item is None:
                return []
            place = (store.text(item.record, "division"), store.text(item.record, "style"))
            return [self._store.styles[place]]

        def render(style: store.Style) -> store.Row:
            return store.style_row(style, with_children=_wants_children(request))

        fields = ("pkey", "style", "upc", "sim_sku", "last_mod")
        return self._read(request, fields, start, values, render)

    def location(self, request: Request) -> Response:
        def values(location: store.Kept, field: str) -> Collection[str]:
            return (str(store.location_row(location)[field]),)

        def start(_terms: tuple[query.Term, ...]) -> list[store.Kept]:
            return list(self._store.locations.values())

        fields = ("pkey", "loc_type", "location")
        return self._read(request, fields, start, values, store.location_row, is_list=True)

    def document(self, request: Request) -> Response:
        doc_type = request.args.get("doc_type", "")
        refs = [ref for ref in request.args.get("refs", "").split(",") if ref]
        if doc_type not in _DOC_TYPES.values():
            return self._refuse(checks.CheckFailed("filter", "doc_type", "Unknown doc_type."))
        if not 1 <= len(refs) <= _MAX_REFS:
            words = f"refs must name 1 to {_MAX_REFS} references."
            return self._refuse(checks.CheckFailed("filter", "refs", words))
        hidden = timedelta(seconds=float(self.switches["search_lag_seconds"]))
        visible = [
            self._row(entry)
            for ref in dict.fromkeys(refs)
            for entry in self._by_ref.get((doc_type, ref), ())
            if entry.staged_at + hidden <= self.moment()
        ]
        return self._envelope({"header": visible})

    # --- writes -------------------------------------------------------------------------------

    def create(self, request: Request) -> Response:
        doc_type = _DOC_TYPES[request.path.rstrip("/").rpartition("/")[2]]
        try:
            records = self._records(request)
            for record in records:
                checks.check_form(record)
            self._check_control_numbers(records)
            if self.switches["validate_at"] == "accept":
                self._check_together(doc_type, records)
        except checks.CheckFailed as failed:
            return self._refuse(failed)
        pkeys = [self._store.next_pkey() for _ in records]
        if not self.switches["silent_success"]:
            for pkey, record in zip(pkeys, records, strict=True):
                is_checked = self.switches["validate_at"] == "accept"
                self._stage(Document(pkey, doc_type, dict(record), self.moment(), is_checked))
            self._post_due()
        return self.reply({"pkey": pkeys[0]})

    def _records(self, request: Request) -> list[dict[str, Any]]:
        try:
            records = wire_json.decode(request.get_data(as_text=True))
        except ValueError:
            raise checks.CheckFailed("malformed", "", "the body is not JSON") from None
        is_array = isinstance(records, list) and records
        if not is_array or not all(isinstance(record, dict) for record in records):
            raise checks.CheckFailed("malformed", "", "the body must be an array of records")
        return list(records)

    def _check_control_numbers(self, records: list[dict[str, Any]]) -> None:
        if not self.switches["unique_control_numbers"]:
            return
        seen = set(self._control_numbers)
        for record in records:
            number = store.text(record, "isa_num")
            if number in seen:
                raise checks.CheckFailed("duplicate_control_number", "isa_num", number)
            seen.add(number)

    def _check_together(self, doc_type: str, records: list[dict[str, Any]]) -> None:
        """Check the records of one call as if each were credited before the next."""
        pending: dict[tuple[str, str], int] = {}

        def credited(order: str, line_id: str) -> int:
            key = (order, line_id)
            return self._credited.get(key, 0) + pending.get(key, 0)

        for record in records:
            checks.check_rules(doc_type, record, checks.Facts(self._store, credited))
            if doc_type == "CM":
                for key, units in self._units(record):
                    pending[key] = pending.get(key, 0) + units

    def _stage(self, entry: Document) -> None:
        self._documents.append(entry)
        self._staged.append(entry)
        ref = (entry.doc_type, store.text(entry.record, "ref_num"))
        self._by_ref.setdefault(ref, []).append(entry)
        self._control_numbers.add(store.text(entry.record, "isa_num"))
        if entry.is_checked:
            self._count_credit(entry)

    def _post_due(self) -> None:
        wait = timedelta(seconds=float(self.switches["staging_seconds"]))
        staged, self._staged = self._staged, []
        for entry in staged:
            if entry.staged_at + wait <= self.moment():
                self._post(entry, at=entry.staged_at + wait)
            else:
                self._staged.append(entry)

    def _post(self, entry: Document, *, at: datetime) -> None:
        if not entry.is_checked:
            try:
                self._check_together(entry.doc_type, [entry.record])
            except checks.CheckFailed as failed:
                entry.status, entry.failed = "REJECTED", failed
                return
            self._count_credit(entry)
        number = self._last_numbers.get(entry.doc_type, 0) + 1
        self._last_numbers[entry.doc_type] = number
        entry.status, entry.posted_at = "POSTED", at
        entry.number = f"{entry.doc_type}{number:06d}"
        edits.edit(entry, str(self.switches["edit_after_post"]))

    def _count_credit(self, entry: Document) -> None:
        if entry.doc_type == "CM":
            for key, units in self._units(entry.record):
                self._credited[key] = self._credited.get(key, 0) + units

    def _units(self, record: Mapping[str, Any]) -> list[tuple[tuple[str, str], int]]:
        """Units by order and line id, for the lines that name one."""
        number = store.text(record, "ord_num")
        order = self._store.orders.get(number)
        units = []
        for line in checks.item_lines(record):
            reference = store.text(line, "order_line")
            sold = store.order_line(order.record, reference) if order and reference else None
            if sold is not None:
                units.append(((number, store.text(sold, "line_id")), checks.quantity(line)))
        return units

    # --- answers ------------------------------------------------------------------------------

    def _read(
        self,
        request: Request,
        fields: Collection[str],
        start: Callable[[tuple[query.Term, ...]], list[Any]],
        values: Callable[[Any, str], Collection[str]],
        render: Callable[[Any], store.Row],
        *,
        is_list: bool = False,
    ) -> Response:
        try:
            terms = query.parse_filter(request.args.get("$filter", "").strip(), fields)
            if "pkey" in request.args:
                terms += (query.Term("pkey", "eq", request.args["pkey"]),)
            found = [
                entry
                for entry in start(terms)
                if all(term.accepts(values(entry, term.field)) for term in terms)
            ]
            cap = int(self.switches["page_cap"])
            shown = query.page(
                sorted(found, key=lambda entry: entry.pkey),
                request.args,
                default=cap if is_list else 25,
                cap=cap,
            )
        except query.QueryRefused as refused:
            return self._refuse(checks.CheckFailed("filter", refused.field, str(refused)))
        rows = [render(entry) for entry in shown]
        return self._envelope(rows if is_list else {"header": rows})

    def _envelope(self, data: object) -> Response:
        return self.reply({"version": _VERSION, "data": data})

    def _refuse(self, failed: checks.CheckFailed) -> Response:
        return self.reply(checks.error_body(failed), status=int(self.switches["error_status"]))

    def _row(self, entry: Document) -> store.Row:
        record, failed = entry.record, entry.failed
        is_credit = entry.doc_type == "CM"
        copied = ("ref_num", "isa_num", "location", "division", "customer", "ord_num", "doc_date")
        more = ("curr_code", "ra_num", "inv_num", "note")
        return {
            "pkey": entry.pkey,
            "doc_type": entry.doc_type,
            "doc_num": entry.number,
            "status": entry.status,
            **{name: store.text(record, name) for name in (*copied, *more)},
            "total_qty": sum(checks.quantity(line) for line in checks.item_lines(record)),
            "total_amt": checks.total(record) if is_credit else Decimal(0),
            **(checks.tax_totals(record) if is_credit else {}),
            "sim_open_amt": checks.total(record) if is_credit and entry.is_open else Decimal(0),
            "posted_at": store.moment_text(entry.posted_at) if entry.posted_at else "",
            "err_code": failed.kind if failed else "",
            "err_field": failed.field if failed else "",
            "err_msg": str(failed) if failed else "",
            "simdetail": {"rows": [dict(line) for line in record["detail"]]},
        }


def _equal(terms: tuple[query.Term, ...], field: str) -> str | None:
    return next((term.value for term in terms if (term.field, term.op) == (field, "eq")), None)


def _wants_children(request: Request) -> bool:
    return request.args.get("_include", "").lower() == "all"
