"""Real processes are killed where it hurts; the ERP's ledger must not show it (C.4, P1-P14)."""

from __future__ import annotations

import os
import signal

import pytest
import requests
from django.db import connection as database
from django.db.models import QuerySet
from django.utils import timezone
from django_q.models import OrmQ

from exceptions_app.choices import CASE_OPEN
from exceptions_app.models import Case, InboundEvent, Posting, PostingAttempt, Rma
from tests.faults.processes.site import Site
from tests.faults.processes.verdict import violations

pytestmark = pytest.mark.django_db

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "1"))

# How long a call hangs that a round wants to see under way, on a slow machine too.
SEEN_SECONDS = 15

rounds = pytest.mark.parametrize("number", range(1, ROUNDS + 1))


@rounds
@pytest.mark.parametrize(
    "point",
    [
        pytest.param("after_claim", id="P1-after-the-claim"),
        pytest.param("before_call", id="P2-before-the-bytes-leave"),
        pytest.param("after_call", id="P4-answer-read-not-recorded"),
    ],
)
def test_a_killed_worker_loses_and_doubles_nothing(site: Site, point: str, number: int):
    rma_id = site.add_return()
    site.arm(point)
    site.poll()

    site.wait("the kill", site.has_struck)
    site.wait("the return's documents", lambda: site.is_done(rma_id))

    assert Posting.objects.filter(rma__external_id=rma_id, crashes=1).count() == 1
    assert violations(site) == []


@rounds
def test_a_worker_killed_while_the_erp_works_is_settled_by_a_look_up(site: Site, number: int):
    """P3: the request is sent, there is no answer yet."""
    rma_id = site.add_return()
    site.slow_down(seconds=20)
    site.poll()
    sent = site.wait("the call", lambda: _sending(site, rma_id))

    worker = site.clusters["post"].talking_to(site.sandbox_port)
    assert worker is not None
    worker.kill()
    site.wait("the return's documents", lambda: site.is_done(rma_id))

    outcomes = PostingAttempt.objects.filter(posting=sent).exclude(purpose="confirm")
    assert list(outcomes.values_list("purpose", "outcome")) == [
        ("post", "started"),
        ("lookup", "found"),
    ]
    assert violations(site) == []


@rounds
def test_a_task_that_ended_without_its_ack_finds_nothing_to_do(site: Site, number: int):
    """P5: the work is recorded, the broker does not know."""
    rma_id = site.add_return()
    site.arm("drain_done", "post")
    site.poll()
    site.wait("the kill", site.has_struck)
    site.wait("the return's documents", lambda: site.is_done(rma_id))
    tries = PostingAttempt.objects.count()

    again = _deliver_again()
    site.wait("the broker's rows", lambda: not OrmQ.objects.filter(pk__in=again).exists())

    assert again

    assert PostingAttempt.objects.count() == tries
    assert violations(site) == []


@rounds
@pytest.mark.parametrize(
    ("point", "kept"),
    [
        pytest.param("before_keep", 0, id="P6-before-the-row"),
        pytest.param("after_keep", 1, id="P6-after-the-row-before-the-yes"),
    ],
)
def test_a_webhook_whose_receiver_dies_is_sent_again_and_has_one_effect(
    site: Site, point: str, kept: int, number: int
):
    rma_id = site.add_return()
    delivery = f"delivery-{rma_id}"
    site.arm(point, delivery)

    with pytest.raises(requests.ConnectionError):
        _call_hook(site, rma_id, delivery)
    rows = InboundEvent.objects.filter(external_id=delivery)
    assert rows.count() == kept
    site.wait("a yes", lambda: _is_accepted(site, rma_id, delivery))
    site.wait("the return's documents", lambda: site.is_done(rma_id))

    assert rows.count() == 1
    assert Rma.objects.filter(external_id=rma_id).count() == 1
    assert violations(site) == []


@rounds
@pytest.mark.parametrize("part", ["worker", "sentinel", "main", "monitor", "pusher"])
def test_a_cluster_that_lost_a_part_works_again(site: Site, part: str, number: int):
    """P9: the process is idle, and nobody is told that it is gone."""
    site.wait("the first sign of life", site.is_alive)
    site.clusters["post"].part(part).kill()
    rma_id = site.add_return()
    site.poll()

    site.wait("the return's documents", lambda: site.is_done(rma_id))

    assert violations(site) == []


@rounds
def test_a_zombie_that_held_a_claim_sends_nothing(site: Site, number: int):
    """P12: stopped after the claim for longer than the lease, then awake again."""
    rma_id = site.add_return()
    site.arm("after_claim:stop")
    site.poll()
    zombie = site.wait("the stop", site.clusters["post"].stopped_member)

    with site.patient():
        site.wait("the return's documents", lambda: site.is_done(rma_id))
        zombie.resume()
        site.wait("what the zombie does", lambda: _superseded(rma_id).exists())

    assert _superseded(rma_id).count() == 1
    assert violations(site) == []


@rounds
def test_a_zombie_in_a_call_writes_nothing(site: Site, number: int):
    """P12: stopped while the ERP works; what it reads later is noted and changes nothing."""
    rma_id = site.add_return()
    site.slow_down(seconds=SEEN_SECONDS)
    site.poll()
    site.wait("the call", lambda: _sending(site, rma_id))
    zombie = site.clusters["post"].talking_to(site.sandbox_port)
    assert zombie is not None
    zombie.send_signal(signal.SIGSTOP)

    with site.patient():
        site.wait("the return's documents", lambda: site.is_done(rma_id))
        zombie.resume()
        site.wait("what the zombie does", lambda: _superseded(rma_id).exists())

    assert _superseded(rma_id).count() == 1
    assert violations(site) == []


@rounds
def test_a_broker_that_forgets_everything_delays_by_a_tick(site: Site, number: int):
    """P13: our rows decide what is due, the broker only wakes."""
    rma_ids = [site.add_return() for _ in range(3)]
    site.slow_down(seconds=SEEN_SECONDS)
    site.poll()
    site.wait("a call under way", lambda: any(_sending(site, rma_id) for rma_id in rma_ids))

    with database.cursor() as cursor:
        cursor.execute("TRUNCATE django_q_ormq")
    site.wait("the returns' documents", lambda: site.is_done(*rma_ids))

    assert violations(site) == []


@rounds
def test_a_poison_posting_is_parked_while_others_flow(site: Site, number: int):
    """P14: it kills its worker each time; after three times a person is asked."""
    poison_id, other_id = site.add_return(), site.add_return()
    key = f"RA-{site.world.bridge.code}-{poison_id}-1"

    def is_parked() -> bool:
        if site.has_struck():
            site.arm("before_call", key)
        return Posting.objects.filter(key=key, status="failed").exists()

    site.arm("before_call", key)
    site.poll()
    site.wait("the poison's end", is_parked)
    site.crash_file.unlink(missing_ok=True)
    site.wait("the other's documents", lambda: site.is_done(other_id))
    site.wait("the case", lambda: _open_types(poison_id) == ["RETRY_EXHAUSTED"])

    poison = Posting.objects.get(key=key)
    assert (poison.crashes, poison.external_id) == (3, "")
    assert violations(site) == []


def _sending(site: Site, rma_id: str) -> Posting | None:
    """The return's posting whose call has reached the ERP and is not answered.

    Its own state says so only until the lease ends, which a slow machine may not see.
    """
    begun = PostingAttempt.objects.filter(
        posting__rma__external_id=rma_id, purpose="post", ended_at=None
    ).first()
    documents = site.control("bluecherry", "documents") if begun else []
    is_there = any(row["ord_num"] == f"SO-{rma_id}" for row in documents)
    return begun.posting if begun and is_there else None


def _superseded(rma_id: str) -> QuerySet[PostingAttempt]:
    return PostingAttempt.objects.filter(posting__rma__external_id=rma_id, outcome="superseded")


def _open_types(rma_id: str) -> list[str]:
    rows = Case.objects.filter(rma__external_id=rma_id, status__in=CASE_OPEN)
    return list(rows.values_list("type", flat=True))


def _call_hook(site: Site, rma_id: str, delivery: str) -> int:
    body = {"eventName": "RMA_STATUS_UPDATED", "rmaId": rma_id}
    headers = {"X-Delivery-Id": delivery}
    return requests.post(site.hook_url, json=body, headers=headers, timeout=10).status_code


def _is_accepted(site: Site, rma_id: str, delivery: str) -> bool:
    """What a sender does: once more until somebody says yes."""
    try:
        return _call_hook(site, rma_id, delivery) == 202
    except requests.ConnectionError:
        return False


def _deliver_again() -> list[int]:
    """Let the lease of every claimed row of the broker run out now; returns the rows."""
    claimed = OrmQ.objects.filter(lock__gt=timezone.now())
    rows = list(claimed.values_list("pk", flat=True))
    OrmQ.objects.filter(pk__in=rows).update(lock=timezone.now())
    return rows
