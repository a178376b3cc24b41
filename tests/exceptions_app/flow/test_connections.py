"""A sick connection is one exception, burns no tries, and drains by itself when it is well."""

from datetime import timedelta

import pytest

from exceptions_app.models import Case, ConnectionHealth, InboundEvent, Posting, Rma
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.services import claims, connections, events, flow
from tests.cast import make_user
from tests.world import make_rma, make_world

pytestmark = pytest.mark.django_db


def _rules(world, *rules):
    world.erp.faults.parse([{"times": None, **rule} for rule in rules])


def _post(kind, **values):
    return {"method": "POST", "path": ".*", "kind": kind, **values}


def _loaded(returns=3):
    world = make_world()
    for number in range(1, returns + 1):
        world.add_order(f"SO-{number}")
        world.add_return(f"500{number}", order_name=f"SO-{number}")
    return world


def test_an_unreachable_erp_is_one_exception_and_everything_drains_afterwards():
    world = _loaded(8)
    world.poll()
    with world.connected():
        world.transport.is_unreachable = True
    for _ in range(20):
        world.run()
        world.clock.advance(seconds=31)
    down = world.open_types()

    world.transport.is_unreachable = False
    world.clock.advance(minutes=11)
    world.carry()

    assert down.count("CONNECTION_DOWN") == len(down) in (1, 2)
    assert world.open_types() == []
    assert len(world.documents("CM")) == 8


def test_a_feed_of_a_paused_connection_is_read_as_soon_as_it_is_well():
    world = _loaded(1)
    ConnectionHealth.objects.filter(connection=world.bridge.source).update(
        state="open", probe_at=world.clock.now + timedelta(minutes=1)
    )
    world.poll()
    before = InboundEvent.objects.count()

    with world.connected():
        world.clock.advance(seconds=61)
        flow.poll(clock=world.clock)

    assert before == 0
    assert InboundEvent.objects.filter(topic="POLL").count() == 1


def test_refused_credentials_pause_the_connection_and_burn_no_try():
    world = _loaded()
    world.poll()
    good = world.bridge.erp.sealed_secrets
    world.bridge.erp.sealed_secrets = connections.seal({"subscription_key": "wrong"})
    world.bridge.erp.save()
    for _ in range(5):
        world.run()
        world.clock.advance(seconds=31)
    refused = world.open_types()

    world.bridge.erp.sealed_secrets = good
    world.bridge.erp.save()
    world.clock.advance(minutes=11)
    world.settle(seconds=31)

    assert refused == ["AUTH_EXPIRED"]
    assert world.open_types() == []
    assert len(world.documents("CM")) == 3
    assert max(Posting.objects.values_list("attempts", flat=True)) == 1


@pytest.mark.parametrize(
    "sealed", [b"", b"sealed with a key nobody has"], ids=["no secrets", "unknown key"]
)
def test_a_connection_that_cannot_be_opened_stops_alone(sealed):
    world = _loaded(2)
    world.poll()
    good = world.bridge.erp.sealed_secrets
    world.bridge.erp.sealed_secrets = sealed
    world.bridge.erp.save()
    for _ in range(3):
        world.run()
        world.clock.advance(seconds=31)
    stopped = world.open_types()

    world.bridge.erp.sealed_secrets = good
    world.bridge.erp.save()
    for _ in range(30):
        world.clock.advance(seconds=31)
        world.run()

    assert stopped == ["AUTH_EXPIRED"]
    assert world.open_types() == []
    assert len(world.documents("CM")) == 2


def test_throttling_slows_down_and_is_a_case_only_when_it_lasts():
    world = _loaded()
    world.poll()
    _rules(
        world,
        {"path": ".*", "kind": "status", "status": 429, "headers": {"Retry-After": "60"}},
    )
    world.run()
    at_once = world.open_types()
    for _ in range(14):
        world.clock.advance(seconds=61)
        world.run()
    lasting = world.open_types()
    calls = sum(world.erp.calls().values())

    world.erp.faults.set([])
    for _ in range(12):
        world.clock.advance(seconds=61)
        world.run()

    assert (at_once, lasting) == ([], ["RATE_LIMITED"])
    # One probe a minute, however many returns wait.
    assert calls <= 25
    assert world.open_types() == []
    assert len(world.documents("CM")) == 3


@pytest.mark.lesson(14)
def test_a_lost_reply_is_looked_up_after_the_settle_window_and_adopted():
    world = _loaded(1)
    _rules(world, _post("drop_after", times=1))
    world.poll()
    world.run()
    unknown = Posting.objects.get(kind="return_authorisation")
    sent_once = len(world.documents("RA"))

    world.settle(seconds=60, rounds=40)

    assert (unknown.status, sent_once) == ("unconfirmed", 1)
    assert len(world.documents("RA")) == 1
    assert set(Posting.objects.values_list("status", flat=True)) == {"confirmed"}
    assert world.open_types() == []


def test_an_outcome_that_stays_unknown_becomes_a_critical_exception():
    world = _loaded(1)
    _rules(
        world,
        _post("drop_after", times=1),
        {"method": "GET", "path": ".*SimDocument.*", "kind": "status", "status": 500},
    )
    world.poll()
    for _ in range(40):
        world.run()
        world.clock.advance(minutes=2)

    assert "OUTCOME_UNKNOWN" in world.open_types()
    assert Case.objects.get(type="OUTCOME_UNKNOWN").severity == "critical"
    assert len(world.documents("RA")) == 1


def test_an_accepted_document_that_is_not_there_is_found_out():
    world = _loaded(1)
    world.erp.set_switches({"silent_success": True})
    world.poll()
    for _ in range(20):
        world.run()
        world.clock.advance(minutes=2)

    assert "SILENT_SUCCESS" in world.open_types()
    assert world.documents() == []


def test_a_document_that_differs_from_what_we_meant_is_never_adopted():
    world = _loaded(1)
    world.erp.set_switches({"edit_after_post": "amount"})
    world.carry()

    assert "SILENT_SUCCESS" in world.open_types()
    case = Case.objects.get(type="SILENT_SUCCESS")
    assert "meant £20.00" in case.facts["vendor_text"]


def test_a_try_that_always_fails_is_handed_to_a_person_with_its_last_words():
    world = _loaded(1)
    _rules(world, _post("status", status=503))
    world.poll()
    for _ in range(80):
        world.run()
        world.clock.advance(minutes=10)

    types = world.open_types()
    assert "RETRY_EXHAUSTED" in types or "CONNECTION_DOWN" in types


@pytest.mark.lesson(13)
def test_a_worker_that_died_leaves_a_stuck_job_that_is_looked_up_first():
    world = _loaded(1)
    world.poll()
    with world.connected():
        flow.ingest(clock=world.clock)
        flow.plan(clock=world.clock)
        claimed = claims.claim(now=world.clock.now)
    world.clock.advance(minutes=3)
    world.run()
    stuck = world.open_types()
    world.settle(seconds=60, rounds=40)

    assert claimed.kind == "return_authorisation"
    assert stuck == ["JOB_STUCK"]
    assert world.open_types() == []
    assert len(world.documents("RA")) == 1


def _carry_on(world):
    """Long enough for every try of a reply that cannot be read."""
    for _ in range(4):
        world.carry()
        world.clock.advance(minutes=2)


def test_a_reply_garbled_twice_is_read_again_and_nobody_is_asked():
    world = _loaded(1)
    world.platform.faults.parse([{"path": ".*/rma/.*", "kind": "garbage", "times": 2}])

    _carry_on(world)

    assert not Case.objects.filter(type="PAYLOAD_INVALID").exists()
    assert len(world.documents("CM")) == 1


def test_a_return_that_stays_unreadable_is_parked_after_three_tries():
    world = _loaded(1)
    world.platform.faults.parse([{"path": ".*/rma/.*", "kind": "garbage", "times": None}])

    _carry_on(world)
    case = Case.objects.get(type="PAYLOAD_INVALID")
    assert case.event.attempts == 3
    assert InboundEvent.objects.get(pk=case.event_id).state == "parked"
    assert case.group.title == "ReturnGO sends messages that cannot be read"
    world.platform.faults.set([])
    events.replay(event_id=case.event_id, actor=make_user("ines"), now=world.clock.now)
    world.settle()
    case.refresh_from_db()
    assert case.status == "resolved"
    told = [each.act for each in cases_selector.story(case)]
    assert told == ["event.replayed", "case.resolve", "event.replay", "case.open"]
    assert len(world.documents("CM")) == 1


def test_a_refund_of_an_unknown_return_waits_and_is_out_of_order_past_its_limit():
    world = make_world()
    world.add_order()
    world.platform.load(
        {
            "rmas": [
                {
                    "rma_id": "777",
                    "status": "Approved",
                    "order_name": "SO-1",
                    "currency": "GBP",
                    "created_at": "2025-01-01T00:00:00",
                    "updated_at": "2025-01-01T00:00:00",
                    "items": [],
                    "transactions": [
                        {
                            "id": "T1",
                            "type": "RefundToPaymentMethod",
                            "amount": "5.00",
                            "status": "Success",
                            "processor": "Shopify",
                            "item_ids": [],
                            "created_at": "2026-05-20T07:45:00",
                            "updated_at": "2026-05-20T07:50:00",
                        }
                    ],
                }
            ]
        }
    )
    world.poll()
    world.run()
    early = world.open_types()
    for _ in range(4):
        world.clock.advance(minutes=6)
        world.run()

    assert early == []
    assert world.open_types() == ["OUT_OF_ORDER"]


def test_one_unreadable_refund_does_not_hold_up_the_money_feed():
    world = _loaded(1)
    world.platform.load({"rmas": [make_rma("9001", order_name="SO-1")]})
    world.platform.load({"changes": [{"rma_id": "9001", "currency": ""}]})
    world.poll()

    health = ConnectionHealth.objects.get(connection=world.bridge.source)
    assert health.failures == 0
    assert Case.objects.filter(type="PAYLOAD_INVALID", event__topic="REFUND").count() == 1
    assert Rma.objects.count() == 0
    world.settle()
    assert Rma.objects.get().money == "confirmed"


def test_a_repeated_message_has_one_effect_and_its_suppression_is_visible():
    world = _loaded(1)
    source = world.bridge.source
    for _ in range(5):
        events.receive(
            connection=source,
            external_id="delivery-1",
            topic="RMA_UPDATED",
            origin="webhook",
            body=b'{"rmaId": "5001"}',
            subject_id="5001",
            now=world.clock.now,
        )
    world.settle()

    event = InboundEvent.objects.get(external_id="delivery-1")
    case = Case.objects.get(type="DUPLICATE_SIGNAL")
    assert (event.copies, event.state) == (4, "processed")
    assert (case.status, case.closure, case.severity) == ("resolved", "proof", "info")
    assert len(world.documents("CM")) == 1


def test_the_same_id_with_another_body_is_kept_apart():
    world = _loaded(1)
    for body in (b'{"rmaId": "5001"}', b'{"rmaId": "9999"}'):
        events.receive(
            connection=world.bridge.source,
            external_id="delivery-1",
            topic="RMA_UPDATED",
            origin="webhook",
            body=body,
            subject_id="5001",
            now=world.clock.now,
        )
    world.settle()

    assert bytes(InboundEvent.objects.get(external_id="delivery-1").body) == b'{"rmaId": "5001"}'
    assert world.open_types() == ["DUPLICATE_SIGNAL"]


def test_health_is_one_row_for_all_workers():
    world = make_world()

    assert ConnectionHealth.objects.count() == 2
    assert set(ConnectionHealth.objects.values_list("state", flat=True)) == {"closed"}
    assert world.open_types() == []
