"""A list costs the same with ten rows and ten thousand, and on any page (issue point 5)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from exceptions_app.choices import Role
from exceptions_app.models import Case, InboundEvent, Posting, Rma
from exceptions_app.selectors import cases, paging
from tests import plans
from tests.bench import crowd
from tests.cast import make_user

pytestmark = pytest.mark.django_db

DEPTH = 9_000
LISTS = [
    pytest.param("case-list", Case, cases.QUEUE_ORDER, id="exceptions"),
    pytest.param("return-list", Rma, ("-id",), id="returns"),
    pytest.param("posting-list", Posting, ("-id",), id="postings"),
    pytest.param("inbox", InboundEvent, ("-id",), id="inbox"),
]


@pytest.fixture
def client(client: Client) -> Client:
    client.force_login(make_user("boss", *Role.values))
    return client


def test_a_list_costs_the_same_with_ten_rows_with_ten_thousand_and_at_any_depth(client: Client):
    bridge = crowd.fill(10)
    few = {page.values[0]: len(_queries(client, page.values[0])) for page in LISTS}

    crowd.fill(9_990, bridge=bridge)
    many, deeper = {}, {}
    for page in LISTS:
        name, model, order = page.values
        queries = _queries(client, name)
        cursor = paging.page(model.objects.all(), order=order, size=DEPTH).older
        first = _rows_read(queries, model._meta.db_table)
        deep = _rows_read(_queries(client, name, cursor=cursor), model._meta.db_table)
        many[name], deeper[name] = len(queries), deep / first

    assert many == few
    # No more than half again the rows of the first page.
    assert max(deeper.values()) <= 1.5, deeper


def _queries(client: Client, name: str, **query: str) -> list[str]:
    with CaptureQueriesContext(database) as asked:
        assert client.get(reverse(name), {"view": "list", **query}).status_code == 200
    return [row["sql"] for row in asked.captured_queries]


def _rows_read(queries: list[str], table: str) -> int:
    """Rows of `table` that were looked at for the page's own rows, those thrown away included.

    Counted by the server, so neither the machine nor the planner's guesses matter.
    """
    pattern = re.compile(rf'FROM "{table}".* LIMIT \d+$', re.DOTALL)
    own = [sql for sql in queries if pattern.search(sql) and "COUNT(" not in sql]
    assert own
    return sum(
        plans.touched(node)
        for sql in own
        for node in plans.nodes(plans.plan(sql))
        if _reads(node, table)
    )


def _reads(node: dict[str, Any], table: str) -> bool:
    is_scan = node.get("Relation Name") == table
    assert not (is_scan and node["Node Type"] == "Seq Scan"), node
    return is_scan
