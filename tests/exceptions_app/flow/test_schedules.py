"""Stock goes at once, credits by schedule or by a run a person starts; waiting is not failing."""

from datetime import timedelta
from decimal import Decimal

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from exceptions_app import errors
from exceptions_app.models import CreditRun, Posting, Rma, SalesOrder
from exceptions_app.services import keying, runs, sweeping
from tests import factories
from tests.cast import make_user
from tests.world import make_world

pytestmark = pytest.mark.django_db


def test_credits_held_for_a_run_leave_together_and_the_total_is_their_sum():
    world = make_world(policy={"schedule": {"credit_memo": "run"}})
    for number in (1, 2):
        world.add_order(f"SO-{number}")
        world.add_return(f"500{number}", order_name=f"SO-{number}")
    world.carry()
    before = [row["doc_type"] for row in world.documents()]

    run = runs.start(bridge=world.bridge, actor=make_user("finn"), now=world.clock.now)
    world.settle()

    assert before == ["RA", "RA", "RCV", "RCV"]
    assert (run.count, run.total) == (2, Decimal("40.00"))
    assert len(world.documents("CM")) == 2
    assert world.open_types() == []


def test_a_run_without_credits_is_refused_and_leaves_no_row():
    world = make_world()

    with pytest.raises(errors.InvalidChoice):
        runs.start(bridge=world.bridge, actor=make_user("finn"), now=world.clock.now)

    assert not CreditRun.objects.exists()


def test_a_credit_waits_for_its_window_and_then_leaves_by_itself():
    world = make_world(policy={"schedule": {"credit_memo": "13:00-14:00"}})
    world.add_order()
    world.add_return()
    world.carry()
    waiting = Posting.objects.get(kind="credit_memo")

    world.clock.advance(hours=3)
    world.settle()

    assert (waiting.status, waiting.hold_reason) == ("held", "window")
    assert waiting.hold_until.isoformat() == "2026-05-20T12:00:00+00:00"
    assert len(world.documents("CM")) == 1
    assert world.open_types() == []


def test_a_live_erp_without_a_confirmed_api_becomes_a_task_to_key_by_hand():
    world = make_world()
    world.bridge.erp.mode = "live"
    world.bridge.erp.base_url = "https://erp.example.com/bluecherry"
    world.bridge.erp.save()
    world.add_order()
    world.add_return()
    world.poll()
    world.run()
    wanda = make_user("wanda")

    keyed = []
    for _ in range(3):
        posting = Posting.objects.filter(status="held", hold_reason="manual").first()
        task = keying.task(posting=posting)
        assert task.fields
        keying.take(posting_id=posting.pk, actor=wanda, now=world.clock.now)
        keying.key(
            posting_id=posting.pk,
            number=f"ERP-{posting.kind}",
            actor=wanda,
            now=world.clock.now,
        )
        keyed.append(posting.kind)
        world.run()

    assert keyed == ["return_authorisation", "stock_receipt", "credit_memo"]
    assert set(Posting.objects.values_list("status", "keyed")) == {("confirmed", "word")}
    assert world.documents() == []


def test_a_settled_return_forgets_its_customer_after_the_retention_time():
    world = make_world()
    world.add_order()
    world.add_return()
    world.carry()

    world.clock.advance(days=366)
    sweeping.forget_people(now=world.clock.now)

    rma = Rma.objects.get()
    assert (rma.customer_name, rma.customer_email) == ("", "")
    assert "cara" not in str(rma.search)
    assert SalesOrder.objects.get().customer_name == ""


def test_parcels_of_a_return_whose_names_are_gone_already_are_forgotten_too():
    old = factories.NOW - timedelta(days=366)
    rma = factories.RmaFactory(customer_name="", customer_email="", source_updated_at=old)
    kept = factories.RmaFactory(source_updated_at=factories.NOW)
    for each in (rma, kept):
        each.shipments.create(external_id="1", tracking_number="AL1GB", tracking_url="https://c")

    assert sweeping.forget_people(now=factories.NOW) == 1
    assert sweeping.forget_people(now=factories.NOW) == 0

    assert rma.shipments.get().tracking_number == ""
    assert kept.shipments.get().tracking_number == "AL1GB"


def test_sessions_that_are_over_go_with_what_was_noted_of_them():
    now = timezone.now()
    cleo = make_user("cleo")

    def session(key, *, ends, begun):
        Session.objects.create(session_key=key, session_data="", expire_date=now + ends)
        noted(key, begun=begun)

    def noted(key, *, begun):
        UserSession.objects.create(
            user=cleo, session_key=key, ip="10.0.0.1", user_agent="", created_at=now + begun
        )

    session("open", ends=timedelta(hours=1), begun=-timedelta(days=1))
    session("over", ends=-timedelta(hours=1), begun=-timedelta(days=1))
    noted("orphan", begun=-timedelta(days=1))
    noted("being-made", begun=timedelta(0))

    assert sweeping.forget_sessions(now=now) == 3

    assert list(Session.objects.values_list("pk", flat=True)) == ["open"]
    left = UserSession.objects.order_by("session_key").values_list("session_key", flat=True)
    assert list(left) == ["being-made", "open"]
