"""Exceptions that come from time, faults and lost replies: each driven, none written by hand."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from exceptions_app.management.demo import names, records, setup
from exceptions_app.management.demo.world import World
from exceptions_app.models import Bridge, Posting, Rma
from exceptions_app.services import claims, events, flow, gaps, posting, quotes, rereading, rmas
from exceptions_app.services.credit_cases import quote_requests

_COAT = names.BY_SKU["COT-OAT-S"]
_DRESS = names.BY_SKU["DRS-BLK-S"]
# Nothing listens there, and it is no path of the sandbox.
UNREACHABLE = "http://127.0.0.1:1/erp"


def one_return(
    world: World, number: int, *, code: str = "uk", article: names.Article = _DRESS, **values: Any
) -> None:
    """Load an order and its return; a return ages from this moment on."""
    at = world.clock.now
    sold = records.order(f"SO-{number}", [(article, 1)], at - timedelta(days=9))
    units = values.pop("units", None) or [records.unit(f"{number}1", article, at)]
    world.sell([sold], code)
    asked = records.rma(str(number), sold["number"], units, at, **values)
    world.load_platform({"rmas": [asked]}, code)


def refunded_too_early(world: World) -> None:
    """Paid out before anyone opened the parcel: past the grace time it is a refund without a
    credit."""
    for number in (4201, 4202):
        at = world.clock.now
        unit = records.unit(f"{number}1", _COAT, at, validation=None)
        one_return(world, number, code="counter", article=_COAT, units=[unit], status="Received")
    world.carry("counter")


def refused_by_the_erp(world: World) -> None:
    """A credit and a receipt that BlueCherry refuses in its own words."""
    refused = {"kind": "status", "method": "POST", "status": 400, "times": 1}
    for number, path, words in (
        (4210, "/api/SimCreditMemo", "Credit run is in use by another user"),
        (4211, "/api/SimReturnReceipt", "Receipt batch is locked by a stock count"),
    ):
        body = json.dumps({"message": words})
        world.erp().faults.parse([{**refused, "path": path, "body": body}])
        one_return(world, number)
        world.carry()
        world.erp().faults.parse([])


def quoted_with_shipping(world: World) -> None:
    """The storefront quoted the dress with its shipping; the platform refunded the dress alone."""
    number = 4260
    at = world.clock.now
    sold = records.order(f"SO-{number}", [(_DRESS, 1)], at - timedelta(days=9))
    world.sell([sold])
    lines = [{"order_line_id": "1", "units": 1}]
    wanted = {"bridge": "uk", "order": sold["number"], "lines": lines, "shipping": True}
    quotes.make(asked=quote_requests.read(wanted), actor=None, now=at)
    one_return(world, number)
    world.carry()


def accepted_but_absent(world: World) -> None:
    """BlueCherry says yes and keeps nothing: five read-backs find no credit."""
    one_return(world, 4220)
    until_credit_is_next(world, "4220")
    world.erp().set_switches({"silent_success": True})
    world.carry(rounds=60)
    world.erp().set_switches({"silent_success": False})


def lost_reply_that_differs(world: World) -> None:
    """The reply was lost and somebody edited the document: it is found, but it is not ours."""
    one_return(world, 4230)
    until_credit_is_next(world, "4230")
    world.erp().set_switches({"edit_after_post": "amount"})
    world.erp().faults.parse(
        [{"kind": "drop_after", "method": "POST", "path": "/api/SimCreditMemo"}]
    )
    for minutes in (0, 3, 3):
        world.clock.advance(minutes=minutes)
        world.run()
    world.erp().faults.parse([])
    world.erp().set_switches({"edit_after_post": ""})


def given_up(world: World) -> None:
    """BlueCherry's receipts are out of order for a while: eight tries, then a person."""
    world.erp().faults.parse(
        [{"kind": "status", "method": "POST", "path": "/api/SimReturnReceipt", "times": None}]
    )
    one_return(world, 4240)
    world.poll()
    for _ in range(60):
        world.run()
        if Posting.objects.filter(rma__external_id="4240", status="failed").exists():
            break
        due = world.next_due("uk") or world.clock.now
        world.clock.now = max(due, world.clock.now + timedelta(seconds=31))
    world.erp().faults.parse([])
    # The breaker opened on the way; the next answer closes it.
    one_return(world, 4241)
    world.clock.advance(minutes=1)
    world.carry()
    world.run()


def strange_messages(world: World) -> None:
    """A message nobody can read, one that came too early, and one that came twice, differing."""
    at = world.clock.now
    twice = [records.unit("42501", _DRESS, at), records.unit("42501", _COAT, at)]
    one_return(world, 4250, units=twice)
    source = world.bridges["uk"].source
    common: dict[str, Any] = {"connection": source, "origin": "webhook", "now": at}
    events.receive(
        external_id="early-4999",
        topic="REFUND_CREATED",
        body=b'{"eventName": "REFUND_CREATED", "data": {"rmaId": "4999"}}',
        subject_id="4999",
        **common,
    )
    one_return(world, 4251)
    for status in ("Received", "Validated"):
        body = {"eventName": "RMA_STATUS_UPDATED", "data": {"rmaId": "4251", "status": status}}
        events.receive(
            external_id="delivery-88213",
            topic="RMA_STATUS_UPDATED",
            body=json.dumps(body).encode(),
            subject_id="4251",
            **common,
        )
    world.carry()


def shown_late(world: World) -> None:
    """A return changed hours ago, and its platform lists it only now: no poll asks so far back."""
    world.poll()
    one_return(world, 6306, updated_at=records.text(world.clock.now - timedelta(hours=5)))
    world.poll()
    gaps.look_due(now=world.clock.now)
    world.carry()


def left_to_themselves(world: World) -> None:
    """Two credits are booked and proven. Somebody changes one in BlueCherry and tells nobody, and
    takes the other off its invoice.
    """
    one_return(world, 6305)
    world.carry()
    edit(world, "6305", "amount")
    one_return(world, 6307)
    world.carry()
    edit(world, "6307", "unapply")
    for later in (timedelta(hours=25), timedelta(days=7)):
        world.clock.now += later
        rereading.read_due(now=world.clock.now)
        flow.plan(clock=world.clock)


def edit(world: World, external_id: str, what: str) -> None:
    """Have somebody in the ERP change the credit of a return (`bluecherry_edits.WAYS`)."""
    credit = Posting.objects.get(
        bridge=world.bridges["uk"], rma__external_id=external_id, kind="credit_memo"
    )
    world.erp().load({"edits": [{"doc_num": credit.number, "what": what}]})


def paid_by_voucher(world: World) -> None:
    """A refund was paid in a way that Alder DE has no payment method for."""
    one_return(world, 6901, code="de", transactions=[_by_voucher(world, 6901)])
    world.carry("de")


def _by_voucher(world: World, number: int) -> dict[str, Any]:
    at = world.clock.now
    units = [records.unit(f"{number}1", _DRESS, at)]
    paid = records.refund(str(number), units, _DRESS.price, at)
    return {**paid, "processor": "Voucherly"}


def closed_month(world: World) -> None:
    """Credits were held for a run that nobody started before the month was closed."""
    row = world.bridges["outlet"]
    rows = Posting.objects.filter(bridge=row, kind="credit_memo", status="held")
    month = min(str(found.draft["date"])[:7] for found in rows)
    world.erp("outlet").load({"closed_periods": [month]})
    Bridge.objects.filter(pk=row.pk).update(closed_periods=[month])
    rmas.make_due(rma_ids=list(rows.values_list("rma_id", flat=True)), now=world.clock.now)
    world.run("outlet")


def left_to_hands(world: World, *, base_url: str) -> None:
    """Alder Home's BlueCherry takes no credits and write-offs by call: people key them."""
    setup.erp_connection(
        world, "home", base_url=base_url, by_hand=("create_credit_memo", "create_write_off")
    )
    at = world.clock.now
    soiled = records.validation(
        at,
        store_location_id=names.LOCATIONS[0][0],
        is_restockable=False,
        non_restockable_reason="Soiled",
    )
    one_return(world, 4270, code="home")
    one_return(world, 4271, code="home", article=_COAT)
    unit = records.unit("42721", _DRESS, at, validation=soiled)
    one_return(world, 4272, code="home", units=[unit])
    world.carry("home")


def expired_key(world: World, *, base_url: str) -> None:
    """The API key of Alder Home ran out: the platform answers 401."""
    setup.source_connection(world, "home", base_url=base_url, api_key="expired-key")
    world.poll("home")


def worker_died_then_erp_went(world: World) -> None:
    """A worker ended in the middle of a credit at Alder Kids; then the ERP could not be reached.

    The credit stays unknown: nothing is sent again until it can be looked up.
    """
    one_return(world, 4301, code="kids")
    until_credit_is_next(world, "4301", code="kids")
    assert claims.claim(now=world.clock.now) is not None
    world.clock.now += claims.LEASE + timedelta(seconds=1)
    world.settle("kids")
    flow.plan(clock=world.clock)
    world.erp("kids").set_switches({"availability": "maintenance"})
    one_return(world, 4302, code="kids")
    world.poll("kids")
    for _ in range(12):
        flow.plan(clock=world.clock)
        world.clock.advance(seconds=20)


def throttled(world: World) -> None:
    """The platform of Alder Counters answers 429 for longer than ten minutes."""
    world.platform("counter").set_switches({"daily_limit": 0})
    for _ in range(3):
        world.poll("counter")
        world.clock.advance(minutes=6)


def until_credit_is_next(world: World, external_id: str, *, code: str = "uk") -> None:
    """Carry a return until its credit is ready and everything before is confirmed."""
    world.poll(code)
    found = Rma.objects.filter(bridge=world.bridges[code], external_id=external_id)
    for _ in range(20):
        flow.plan(clock=world.clock)
        world.settle(code)
        flow.plan(clock=world.clock)
        kinds = Posting.objects.filter(rma__in=found).exclude(status__in=["confirmed", "cancelled"])
        if list(kinds.values_list("kind", flat=True)) == ["credit_memo"]:
            return
        posting.post_next(now=world.clock.now)
        world.clock.advance(seconds=3)
