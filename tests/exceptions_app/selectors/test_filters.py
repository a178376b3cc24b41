"""A filter of a list reads what it shows: rare rows, however old, are not found by walking."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from exceptions_app.choices import HoldReason, PostingKind, PostingStatus
from exceptions_app.filters import ReturnFilter
from exceptions_app.models import InboundEvent, Posting, Rma
from exceptions_app.selectors import messages, operations, paging, standing
from tests import factories, plans
from tests.bench import crowd

pytestmark = pytest.mark.django_db

CROWD = 3_000
RARE = 3
ORDINARY = {"approval": "closed", "logistics": "received", "inspection": "inspected"}
# What a return must be for each filter; the crowd is everything that no rare filter asks for.
STATES = {
    "asked": {"approval": "unknown"},
    "coming": {"logistics": "in_transit"},
    "inspect": {"inspection": "partly", "money": "pending"},
    "unpaid": {"money": "none"},
    "pending": {"money": "pending"},
    "failed": {"money": "failed"},
    "ended": {"approval": "cancelled"},
}


def read(rows):
    """How many rows the page and its count look at, and how many the page shows."""
    with CaptureQueriesContext(database) as captured:
        shown = len(paging.page(rows, order=("-id",)).rows)
        paging.count(rows)
    return plans.rows_read(row["sql"] for row in captured.captured_queries), shown


@pytest.fixture
def old_and_rare():
    """Three returns of each state, older than a crowd of finished ones."""
    bridge = factories.BridgeFactory()
    for state in STATES.values():
        factories.RmaFactory.create_batch(RARE, bridge=bridge, **{**ORDINARY, **state})
    template = factories.RmaFactory.build(bridge=bridge, **ORDINARY)
    Rma.objects.bulk_create(crowd.like(template, external_id=f"C{n}") for n in range(CROWD))
    plans.analyse()
    return bridge


def test_every_state_of_a_return_is_found_without_a_walk(old_and_rare):
    found = {code: read(Rma.objects.filter(standing.WHERE[code][1])) for code in STATES}

    assert {
        code: shown for code, (_, shown) in found.items() if code != "pending"
    } == dict.fromkeys(STATES.keys() - {"pending"}, RARE)
    assert max(cost for cost, _ in found.values()) < 50, found


def test_what_is_not_refunded_is_found_at_every_stage_without_a_walk(old_and_rare):
    cost, _ = read(Rma.objects.filter(standing.WHERE["unrefunded"][1]))
    found = set(Rma.objects.filter(standing.WHERE["unrefunded"][1]).values_list("money", flat=True))

    assert found == {"none", "pending", "failed"}
    assert not Rma.objects.filter(standing.WHERE["unrefunded"][1], approval="cancelled").exists()
    assert cost < 50


def test_returns_with_an_open_credit_are_found_from_the_credits(old_and_rare):
    rmas = list(Rma.objects.filter(money="confirmed").order_by("id"))
    done = factories.PostingFactory(rma=rmas[0])
    Posting.objects.bulk_create(
        crowd.like(done, rma_id=rma.pk, key=f"K-{rma.pk}") for rma in rmas[RARE:]
    )
    for rma in rmas[1:RARE]:
        factories.PostingFactory(rma=rma, status="held", hold_reason="run")
    plans.analyse()

    cost, shown = read(Rma.objects.filter(standing.WHERE["uncredited"][1]))

    assert shown == RARE - 1
    assert cost < 50


def test_old_returns_are_found_below_the_young_ones_without_reading_these():
    bridge = factories.BridgeFactory()
    factories.RmaFactory.create_batch(
        RARE, bridge=bridge, requested_at=timezone.now() - timedelta(30)
    )
    young = factories.RmaFactory.build(bridge=bridge, requested_at=timezone.now())
    Rma.objects.bulk_create(crowd.like(young, external_id=f"C{n}") for n in range(CROWD))
    plans.analyse()
    rows = ReturnFilter(QueryDict("age=14"), queryset=Rma.objects.all()).qs

    cost, shown = read(rows)

    assert shown == RARE
    assert cost < 50


def test_documents_are_found_by_any_filter_without_a_walk():
    rma = factories.RmaFactory()
    done = factories.PostingFactory(rma=rma)
    rare = {
        "status": ("cancelled", {"status": PostingStatus.CANCELLED}),
        "kind": ("write_off", {"kind": PostingKind.WRITE_OFF}),
        "hold": (
            "manual",
            {"status": PostingStatus.HELD, "hold_reason": HoldReason.MANUAL, "slot": "by-hand"},
        ),
    }
    for _, values in rare.values():
        factories.PostingFactory(rma=rma, **{"slot": str(values), **values})
    factories.PostingFactory(rma=rma, status=PostingStatus.FAILED)
    Posting.objects.bulk_create(
        crowd.like(done, slot=f"slot-{n}", key=f"K-{n}") for n in range(CROWD)
    )
    plans.analyse()

    found = {name: read(operations.postings(**{name: asked})) for name, (asked, _) in rare.items()}

    needed, count = read(operations.postings(status="needs"))

    assert {name: shown for name, (_, shown) in found.items()} == dict.fromkeys(rare, 1)
    assert max(cost for cost, _ in found.values()) < 50, found
    assert count == 1
    assert needed < 50


@pytest.mark.parametrize("state", ["new", "parked", "refused"])
def test_messages_that_wait_for_somebody_are_found_without_a_walk(state):
    rare = factories.InboundEventFactory(state=state)
    done = factories.InboundEventFactory.build(connection=rare.connection, state="processed")
    InboundEvent.objects.bulk_create(crowd.like(done, external_id=f"E-{n}") for n in range(CROWD))
    plans.analyse()

    cost, shown = read(messages.events(state=state))
    together, all_shown = read(messages.events(state="needs"))

    assert shown == 1
    assert cost < 50
    assert all_shown == (state != "new")
    assert together < 50
