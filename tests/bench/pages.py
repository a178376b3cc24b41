"""What a list page costs with ten rows, a thousand and ten thousand, and deep inside it."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from exceptions_app.choices import Role
from exceptions_app.models import Case, InboundEvent, Posting, Rma
from exceptions_app.selectors import cases, paging
from tests.bench import crowd
from tests.cast import make_user

SIZES = (10, 1_000, 10_000)
_REPEATS = 15
_LISTS = {
    "exceptions": ("case-list", Case, cases.QUEUE_ORDER),
    "returns": ("return-list", Rma, ("-id",)),
    "postings": ("posting-list", Posting, ("-id",)),
    "inbox": ("inbox", InboundEvent, ("-id",)),
}


@dataclass(frozen=True)
class Cost:
    page: str
    rows: int
    depth: int
    queries: int
    seconds: float


def measure() -> list[Cost]:
    """Medians, in the order of sizes; page 1 and, from a thousand rows on, one near the end."""
    client = Client()
    client.force_login(make_user("boss", *Role.values))
    costs = []
    bridge, there = None, 0
    for size in SIZES:
        bridge = crowd.fill(size - there, bridge=bridge)
        there = size
        for name, (view, model, order) in _LISTS.items():
            costs.append(_cost(client, name, view, size, 0, ""))
            if size > SIZES[0]:
                depth = size * 9 // 10
                cursor = paging.page(model.objects.all(), order=order, size=depth).older
                costs.append(_cost(client, name, view, size, depth, cursor))
    return costs


def _cost(client: Client, name: str, view: str, rows: int, depth: int, cursor: str) -> Cost:
    url, query = reverse(view), {"view": "list", "cursor": cursor}
    with CaptureQueriesContext(database) as asked:
        status = client.get(url, query).status_code
    # The log is emptied by the next request.
    queries = len(asked)
    if status != 200:
        raise RuntimeError(f"{url} answered {status}")
    times = []
    for _ in range(_REPEATS):
        began = time.perf_counter()
        client.get(url, query)
        times.append(time.perf_counter() - began)
    return Cost(name, rows, depth, queries, statistics.median(times))
