"""A quote and the return it was made for: the credit that is posted, and what a change does."""

import threading
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection as database

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Case, CreditQuote, Fix, Posting, SalesOrderLine
from exceptions_app.services import fixes, quotes, sweeping
from exceptions_app.services.credit_cases import quote_requests
from tests.cast import make_user
from tests.world import add_mapping, make_order_line, make_unit, make_world


def quoted(world, *, key="", **changes):
    asked = {"bridge": "uk", "order": "SO-1", "lines": [{"order_line_id": "1", "units": 1}]}
    with world.connected():
        quote, _ = quotes.make(
            asked=quote_requests.read(asked | changes),
            actor=make_user("finn"),
            now=world.clock.now,
            idempotency_key=key,
        )
    return quote


def credit_of(rma_id):
    rows = Posting.objects.filter(rma__external_id=rma_id, kind="credit_memo")
    return rows.exclude(status="cancelled").get()


@pytest.fixture
def world(db):
    """Four T-shirts for 10.02, so that their cents differ."""
    world = make_world(policy={"credit_trigger": "goods_received"})
    line = make_order_line(quantity=4, net="8.35", tax="1.67", unit_price="2.51")
    world.add_order(lines=[line])
    add_mapping(world, "fee", "adjustment", {"component": "adjustment", "erp_code": "ADJ"})
    return world


def units(rma_id, count):
    return [make_unit(f"{rma_id}-{at}", paid_price="2.51", paid_tax="0.42") for at in range(count)]


def other_takes_three_then_ours(world):
    """Another return's credit takes three of four units; of the last, a cent less is left."""
    world.add_return("5002", items=units("5002", 3), refunded=None)
    world.carry()
    later = f"{world.clock.advance(minutes=1):%Y-%m-%dT%H:%M:%S}"
    world.add_return("5001", items=units("5001", 1), refunded=None, updated_at=later)
    world.carry()


def test_the_credit_is_posted_as_quoted_for_an_order_nobody_had_read(world):
    quote = quoted(world)

    world.clock.advance(minutes=10)
    world.add_return("5001", items=units("5001", 1), refunded=None)
    world.carry()

    (memo,) = world.documents("CM")
    quote.refresh_from_db()
    assert quote.gross == Decimal("2.51")
    assert Decimal(memo["total_amt"]) == quote.gross
    assert credit_of("5001").status == "confirmed"
    assert quote.rma.external_id == "5001"
    assert AuditEntry.objects.filter(act="quote.bind").count() == 1
    assert world.open_types() == []


def test_a_quote_whose_time_is_over_binds_nothing(world):
    quote = quoted(world)

    world.clock.advance(minutes=31)
    world.add_return("5001", items=units("5001", 1), refunded=None)
    world.carry()

    quote.refresh_from_db()
    assert (quote.rma, quote.bound_at) == (None, None)
    assert credit_of("5001").gross == Decimal("2.51")
    assert not AuditEntry.objects.filter(act="quote.bind").exists()


def test_a_credit_that_took_units_meanwhile_opens_a_case_and_nothing_is_posted(world):
    quote = quoted(world)
    other_takes_three_then_ours(world)

    (case,) = Case.objects.exclude(status="resolved")
    assert case.type == "QUOTE_CHANGED"
    assert case.facts | {"quoted": "2.51", "credit": "2.50", "difference": "0.01"} == case.facts
    assert case.facts["quote"] == f"Q-{quote.pk}"
    assert case.facts["changed"] == "what other credits took of the order"
    assert case.title == "The credit of return RMA5001 is not the £2.51 that was quoted"
    posting = credit_of("5001")
    assert (posting.status, posting.blocked_by, posting.gross) == (
        "blocked",
        "QUOTE_CHANGED",
        Decimal("2.50"),
    )
    assert len(world.documents("CM")) == 1


@pytest.mark.parametrize(
    ("kind", "payload", "posted"),
    [
        ("correct_credit", {"adjustment": "0.11"}, "2.51"),
        ("accept_difference", {"difference": "0.11"}, "2.40"),
    ],
)
def test_finance_keeps_the_quote_or_takes_the_new_figure(world, kind, payload, posted):
    quoted(world)
    SalesOrderLine.objects.update(net="8.00", tax="1.60")
    world.add_return("5001", items=units("5001", 1), refunded=None)
    world.carry()
    case = Case.objects.get(type="QUOTE_CHANGED")

    fix = fixes.request(
        kind=kind,
        bridge=world.bridge,
        actor=make_user("finn"),
        now=world.clock.now,
        payload=payload,
        case=case,
        rma=case.rma,
        reason_code="rounding",
    )
    fixes.approve(
        fix_id=fix.pk,
        seen_hash=fix.payload_hash,
        actor=make_user("fiona", "finance"),
        now=world.clock.now,
    )
    world.clock.advance(seconds=61)
    with world.connected():
        fixes.release_due(now=world.clock.now)
    world.settle()

    assert Fix.objects.get().status == "applied"
    assert credit_of("5001").gross == Decimal(posted)
    assert (credit_of("5001").status, credit_of("5001").blocked_by) == ("confirmed", "")
    (memo,) = world.documents("CM")
    assert memo["total_amt"] == Decimal(posted)
    assert world.open_types() == []


def test_a_changed_order_moves_no_figure_silently(world):
    quoted(world)
    SalesOrderLine.objects.update(net="8.00", tax="1.60")

    world.add_return("5001", items=units("5001", 1), refunded=None)
    world.carry()

    case = Case.objects.get(type="QUOTE_CHANGED")
    assert case.facts["changed"] == "the order’s own amounts"
    assert world.documents("CM") == []


def test_a_return_of_other_units_is_not_the_one_quoted(world):
    quote = quoted(world)

    world.add_return("5001", items=units("5001", 2), refunded=None)
    world.carry()

    quote.refresh_from_db()
    assert quote.rma is None
    assert credit_of("5001").status == "confirmed"


def test_a_quote_that_binds_a_return_holds_its_units_until_they_are_credited(world):
    world.bridge.policy = {"credit_trigger": "refund_confirmed"}
    world.bridge.save()
    quote = quoted(world)
    world.add_return("5001", items=units("5001", 1), refunded=None)
    world.carry()
    world.clock.advance(minutes=40)

    with pytest.raises(errors.QuoteHeld) as refused:
        quoted(world)

    quote.refresh_from_db()
    assert quote.rma.external_id == "5001"
    assert f"promised by quote Q-{quote.pk} to RMA5001" in str(refused.value)
    assert CreditQuote.objects.count() == 1


def test_quotes_that_lapsed_long_ago_and_bound_nothing_are_forgotten(world):
    lapsed = quoted(world)
    bound = quoted(world, lines=[], shipping=True)
    world.add_return("5001", items=units("5001", 1), refunded=None)
    world.carry()
    bound.refresh_from_db()
    CreditQuote.objects.filter(pk=bound.pk).update(rma=None)

    sweeping.sweep(now=world.clock.now + timedelta(days=91))

    assert list(CreditQuote.objects.values_list("pk", flat=True)) == [lapsed.pk]


@pytest.mark.django_db(transaction=True)
def test_of_two_quotes_for_the_same_units_at_once_one_is_promised():
    world = make_world()
    world.add_order()
    quoted(world, lines=[], shipping=True)
    start, outcomes = threading.Barrier(2), []
    finn = make_user("finn")

    def ask(key):
        try:
            start.wait(timeout=10)
            asked = {
                "bridge": "uk",
                "order": "SO-1",
                "lines": [{"order_line_id": "1", "units": 2}],
            }
            quotes.make(
                asked=quote_requests.read(asked),
                actor=finn,
                now=world.clock.now,
                idempotency_key=key,
            )
            outcomes.append("promised")
        except errors.QuoteHeld:
            outcomes.append("held")
        finally:
            database.close()

    threads = [threading.Thread(target=ask, args=(key,)) for key in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(outcomes) == ["held", "promised"]
    assert CreditQuote.objects.filter(units={"1": 2}).count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_key_sent_twice_at_once_makes_one_quote():
    world = make_world()
    world.add_order()
    quoted(world, lines=[], shipping=True)
    start, made = threading.Barrier(2), []
    finn = make_user("finn")

    def ask():
        try:
            start.wait(timeout=10)
            asked = {
                "bridge": "uk",
                "order": "SO-1",
                "lines": [{"order_line_id": "1", "units": 2}],
            }
            quote, is_new = quotes.make(
                asked=quote_requests.read(asked),
                actor=finn,
                now=world.clock.now,
                idempotency_key="once",
            )
            made.append((quote.pk, is_new))
        finally:
            database.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert len({pk for pk, _ in made}) == 1
    assert sorted(is_new for _, is_new in made) == [False, True]


def test_the_pages_show_the_quote_beside_the_money(world, client):
    quote = quoted(world)
    SalesOrderLine.objects.update(net="8.00", tax="1.60")
    world.add_return("5001", items=units("5001", 1), refunded=None)
    world.carry()
    quote.refresh_from_db()
    case = Case.objects.get(type="QUOTE_CHANGED")

    client.force_login(make_user("finn"))
    shown = client.get(f"/returns/{quote.rma_id}/").text
    asked = client.get(f"/exceptions/{case.pk}/").text
    client.force_login(make_user("ada"))
    listed = client.get("/admin/exceptions_app/creditquote/").text
    one = client.get(f"/admin/exceptions_app/creditquote/{quote.pk}/change/").text

    said = "Quoted £2.51 on 20 May 2026, 09:00, until 20 May 2026, 09:30"
    assert f"{said}, quote Q-{quote.pk}" in shown
    assert "<h2>Quoted</h2>" in asked
    assert f"Quote Q-{quote.pk}" in asked
    assert "Binds a return" in listed
    assert "£2.51" in one
