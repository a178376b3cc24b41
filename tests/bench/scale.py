"""Every page at ten thousand and at a million returns, beside the stock admin's (D.3)."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import reverse

from exceptions_app.choices import Role, Team
from exceptions_app.models import AuditEntry, Case, InboundEvent, Posting, Rma
from exceptions_app.selectors import cases, paging, standing
from tests.bench import history
from tests.cast import make_user

_WARM_UPS = 2
_REPEATS = 20
_STOCK = "exceptions_app"
Ask = Callable[[Client], Any]


@dataclass(frozen=True)
class Visit:
    """One page as one person asks for it; `rival` is the stock admin's page for the same wish."""

    name: str
    ask: Ask
    rival: Ask | None = None


@dataclass(frozen=True)
class Cost:
    """Server time in seconds, and queries; `rival` is the stock admin's median, 0 for none."""

    name: str
    queries: int
    median: float
    p95: float
    rival: float = 0.0


def measure(size: int) -> list[Cost]:
    """Fill an empty database with `size` returns and visit every page."""
    past = history.fill(size)
    boss = make_user("boss", *Role.values)
    boss.is_staff = boss.is_superuser = True
    boss.save()
    client = Client(raise_request_exception=True)
    client.force_login(boss)
    with override_settings(ROOT_URLCONF="tests.bench.stock_admin"):
        return [_cost(client, visit) for visit in _visits(past)]


def _visits(past: history.History) -> list[Visit]:
    return [
        *_rooms(),
        *_exceptions(),
        *_returns(past),
        *_searches(past.returns // 2),
        *_records(past),
        Visit("Assign an exception", _assign(_open_cases().values_list("pk", flat=True))),
    ]


def _rooms() -> list[Visit]:
    places = ("grade", "place", "book", "decide", "time")
    return [
        *[Visit(f"Today of {team}", _get("home", team=team)) for team in Team.values],
        *[Visit(f"Warehouse, {view}", _get("warehouse", view=view)) for view in places],
        *[
            Visit(f"Merchandising, {view}", _get("merchandising", view=view))
            for view in ("sku", "mapping", "recent")
        ],
        Visit("Finance", _get("finance")),
        Visit("Credit runs", _get("run-list")),
        Visit("Operations", _get("operations")),
        Visit("Mappings", _get("admin:mappings")),
    ]


def _exceptions() -> list[Visit]:
    deep = _cursor(_open_cases(), cases.QUEUE_ORDER)
    return [
        Visit("Exceptions by cause", _get("case-list"), _stock("case", status="open")),
        Visit(
            "Exceptions one by one",
            _get("case-list", view="list"),
            _stock("case", status__exact="open"),
        ),
        Visit(
            "Exceptions of one team",
            _get("case-list", view="list", team="finance"),
            _stock("case", status__exact="open", team__exact="finance"),
        ),
        Visit(
            "Exceptions, deep",
            _get("case-list", view="list", cursor=deep),
            _stock("case", status__exact="open", p=str(_deep(_open_cases().count()))),
        ),
    ]


def _returns(past: history.History) -> list[Visit]:
    return [
        Visit("Returns", _get("return-list"), _stock("rma")),
        Visit(
            "Returns, deep",
            _get("return-list", cursor=_cursor(Rma.objects.all(), ("-id",))),
            _stock("rma", p=str(_deep(past.returns))),
        ),
        *[Visit(f"Returns, {code}", _get("return-list", where=code)) for code in standing.WHERE],
        Visit("Return, 50 events", _get("return-detail", past.thick.pk)),
    ]


def _searches(middle: int) -> list[Visit]:
    """Whole numbers and beginnings, also such as stand on very many returns."""
    texts = {
        "return": f"C{middle}",
        "order": f"CO-{middle}",
        "e-mail": "cara7@example.com",
        "parcel": f"H00E{middle:09}",
        "credit": f"CM-{middle}",
        "SKU": "SKU-77",
        "beginning": "RMA",
        "common word": "customer",
        "nothing": "no-such-number",
    }
    rivals = {
        "return": _stock("rma", q=texts["return"]),
        "order": _stock("rma", q=texts["order"]),
        "e-mail": _stock("rma", q=texts["e-mail"]),
    }
    return [
        *[
            Visit(f"Returns by {what}", _get("return-list", q=text), rivals.get(what))
            for what, text in texts.items()
        ],
        *[
            Visit(f"While typing, {what}", _get("find-options", q=text))
            for what, text in texts.items()
        ],
    ]


def _records(past: history.History) -> list[Visit]:
    return [
        Visit("Postings", _get("posting-list"), _stock("posting")),
        *[
            Visit(f"Postings, {status}", _get("posting-list", status=status))
            for status in ("held", "failed", "unconfirmed", "cancelled")
        ],
        Visit("Postings, for a run", _get("posting-list", hold="run")),
        Visit("Postings, credits", _get("posting-list", kind="credit_memo")),
        Visit("Postings, write-offs", _get("posting-list", kind="write_off")),
        Visit(
            "Postings, deep",
            _get("posting-list", cursor=_cursor(Posting.objects.all(), ("-id",))),
            _stock("posting", p=str(_deep(past.returns))),
        ),
        Visit("Inbox", _get("inbox"), _stock("inboundevent")),
        *[Visit(f"Inbox, {state}", _get("inbox", state=state)) for state in ("parked", "refused")],
        Visit(
            "Inbox, deep",
            _get("inbox", cursor=_cursor(InboundEvent.objects.all(), ("-id",))),
            _stock("inboundevent", p=str(_deep(past.returns * history.EVENTS_PER_RETURN))),
        ),
        Visit("Audit trail", _get("trail")),
        Visit(
            "Audit trail, deep", _get("trail", cursor=_cursor(AuditEntry.objects.all(), ("-id",)))
        ),
        Visit("Audit trail, rare kind", _get("trail", kind="savedview")),
        Visit("Audit trail, one person", _get("trail", person="1")),
    ]


def _open_cases() -> Any:
    return Case.objects.filter(status="open")


def _deep(rows: int) -> int:
    """The stock admin's page number nine tenths into a list of hundred rows a page."""
    return max(1, rows * 9 // 1000)


def _cursor(rows: Any, order: tuple[str, ...]) -> str:
    return paging.page(rows, order=order, size=rows.count() * 9 // 10).older


def _get(name: str, /, *args: Any, **query: str) -> Ask:
    return lambda client: client.get(reverse(name, args=args), query)


def _stock(model: str, /, **query: str) -> Ask:
    return lambda client: client.get(reverse(f"stock:{_STOCK}_{model}_changelist"), query)


def _assign(case_ids: Iterable[int]) -> Ask:
    """Another exception each time: one that is already with somebody costs less."""
    waiting = iter(case_ids)
    return lambda client: client.post(
        reverse("case-assign", args=[next(waiting)]), {"assignee": "me"}
    )


def _cost(client: Client, visit: Visit) -> Cost:
    with CaptureQueriesContext(database) as asked:
        answer = visit.ask(client)
    if answer.status_code not in (200, 302):
        raise RuntimeError(f"{visit.name} answered {answer.status_code}")
    # The log is emptied by the next request.
    queries = len(asked)
    times = _times(client, visit.ask)
    rival = _times(client, visit.rival) if visit.rival else []
    return Cost(
        name=visit.name,
        queries=queries,
        median=statistics.median(times),
        p95=statistics.quantiles(times, n=20)[-1],
        rival=statistics.median(rival) if rival else 0.0,
    )


def _times(client: Client, ask: Ask) -> list[float]:
    times = []
    for _ in range(_WARM_UPS + _REPEATS):
        began = time.perf_counter()
        answer = ask(client)
        # A streamed answer does its work while it is read.
        for _ in answer if answer.streaming else ():
            pass
        times.append(time.perf_counter() - began)
    return times[_WARM_UPS:]
