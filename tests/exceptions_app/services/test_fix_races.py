"""Two people ask for the same change at once: one asks, the other is told."""

import contextlib
import threading
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Fix
from exceptions_app.services import closing, fixes, money_requests, triage
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, CauseGroupFactory, RmaFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_who_ask_at_once_for_the_same_change_one_is_told(monkeypatch):
    group = CauseGroupFactory(type="REFUND_CM_MISMATCH")
    rma = RmaFactory(bridge=group.bridge)
    case = CaseFactory(group=group, rma=rma, team="finance")
    people = [make_user("finn"), make_user("fiona", "finance")]
    start, outcomes = threading.Barrier(2), []
    looked, look = threading.Barrier(2), money_requests.refuse_second

    def look_together(**given):
        look(**given)
        # Both would have looked before either wrote; with the lock the second never gets here.
        with contextlib.suppress(threading.BrokenBarrierError):
            looked.wait(timeout=1)

    monkeypatch.setattr(money_requests, "refuse_second", look_together)

    def ask(person):
        try:
            start.wait(timeout=10)
            fixes.request(
                kind="correct_credit",
                bridge=group.bridge,
                actor=person,
                now=NOW,
                payload={"adjustment": "3.20"},
                case=case,
                rma=rma,
                reason_code="goodwill",
            )
            outcomes.append("done")
        except errors.FixAlreadyDecided as error:
            outcomes.append(str(error).partition(" has ")[2])
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(outcomes) == ["already asked for this; it is under way.", "done"]
    assert Fix.objects.count() == 1
    assert AuditEntry.objects.filter(act="fix.request").count() == 1


def test_who_closes_an_exception_while_another_asks_for_a_change_of_it_are_both_heard(monkeypatch):
    group = CauseGroupFactory(type="REFUND_OVER_LINE")
    rma = RmaFactory(bridge=group.bridge)
    case = CaseFactory(group=group, rma=rma, team="finance", value=Decimal("40.00"), currency="GBP")
    finn, fiona = make_user("finn"), make_user("fiona")
    holding, outcomes = threading.Barrier(2), []
    lock_case, look = triage.locked_as_seen, money_requests.refuse_second

    def lock_and_meet(**given):
        found = lock_case(**given)
        _meet(holding)
        return found

    def look_and_meet(**given):
        look(**given)
        if given["kind"] != "close":
            _meet(holding)

    monkeypatch.setattr(triage, "locked_as_seen", lock_and_meet)
    monkeypatch.setattr(money_requests, "refuse_second", look_and_meet)

    def close():
        closing.close(
            case_id=case.pk,
            reason="claimed_back",
            note="Seen in the bank",
            actor=finn,
            now=NOW,
        )

    def ask():
        fixes.request(
            kind="correct_credit",
            bridge=group.bridge,
            actor=fiona,
            now=NOW,
            payload={"adjustment": "3.20"},
            case=case,
            rma=rma,
            reason_code="goodwill",
        )

    threads = [threading.Thread(target=_try, args=(act, outcomes)) for act in (close, ask)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert outcomes == ["done", "done"]
    assert set(Fix.objects.values_list("kind", "status")) == {
        ("close", "requested"),
        ("correct_credit", "requested"),
    }


def _meet(barrier):
    """Each would hold what the other needs next; in turns they never meet here."""
    with contextlib.suppress(threading.BrokenBarrierError):
        barrier.wait(timeout=1)


def _try(act, outcomes):
    try:
        act()
        outcomes.append("done")
    except DatabaseError as error:
        outcomes.append(str(error))
    finally:
        connection.close()
