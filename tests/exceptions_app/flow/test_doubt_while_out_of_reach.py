"""A lost reply while the ERP cannot be reached: nothing is claimed that nobody looked for."""

import pytest
from django.urls import reverse

from exceptions_app.models import Case, Fix, Posting
from exceptions_app.services import fixes
from tests.cast import make_user
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world():
    """The credit memo was booked, its reply was lost, and the ERP has been silent ever since."""
    world = make_world()
    world.add_order()
    world.add_return()
    lost = {"kind": "drop_after", "method": "POST", "path": "/api/SimCreditMemo", "times": 1}
    world.erp.faults.parse([lost])
    world.poll()
    while not Posting.objects.filter(kind="credit_memo", status="unconfirmed").exists():
        world.clock.advance(seconds=5)
        world.run()
    silent = {"kind": "status", "status": 500, "method": "GET", "path": ".*SimDocument.*"}
    world.erp.faults.parse([{**silent, "times": None}])
    while not Case.objects.filter(type="OUTCOME_UNKNOWN").exists():
        world.clock.advance(minutes=2)
        world.run()
    while not Case.objects.filter(type="CONNECTION_DOWN").exists():
        world.clock.advance(seconds=35)
        world.run()
    return world


def _shown(client, name, pk):
    return " ".join(client.get(reverse(name, args=[pk])).content.decode().split())


def _approved(world, case):
    fix = fixes.request(
        kind="retry",
        bridge=case.bridge,
        actor=make_user("ines"),
        now=world.clock.now,
        payload={"posting_id": case.posting_id},
        case=case,
        rma=case.rma,
    )
    fiona = make_user("fiona", "finance")
    fixes.approve(fix_id=fix.pk, seen_hash=fix.payload_hash, actor=fiona, now=world.clock.now)
    return fix


def test_an_unknown_outcome_says_that_nobody_could_look_yet(world, client):
    case = Case.objects.get(type="OUTCOME_UNKNOWN")
    down = Case.objects.get(type="CONNECTION_DOWN")
    client.force_login(make_user("ines"))

    page = _shown(client, "case-detail", case.pk)
    document = _shown(client, "posting-detail", case.posting_id)

    for shown in (page, document):
        assert f"Not looked for yet in {case.bridge.erp.name}: it cannot be reached since" in shown
        assert f'<a href="{reverse("case-detail", args=[down.pk])}">EX-{down.pk}</a>' in shown
    assert "It has not been found" not in page
    assert page.count(f"until {case.bridge.erp.name} answers (EX-{down.pk})") == 3
    assert ">Send again</a>" in page.split('id="playbook"')[1]


def test_the_preview_names_the_document_and_that_the_host_is_silent(world, client):
    case = Case.objects.get(type="OUTCOME_UNKNOWN")
    client.force_login(make_user("ines"))

    with world.connected():
        answer = client.post(
            reverse("fix-preview", args=[case.pk]),
            {"kind": "retry", "posting_id": case.posting_id},
        )

    posting = Posting.objects.get(pk=case.posting_id)
    assert f"Credit memo for £20.00, key {posting.key}, to {case.bridge.erp.name}." in answer.text
    assert f"{case.bridge.erp.name} cannot be reached since" in answer.text
    assert not Fix.objects.exists()


def test_an_approved_retry_waits_for_the_host_and_keeps_the_age_of_the_doubt(world, client):
    case = Case.objects.get(type="OUTCOME_UNKNOWN")
    since = Posting.objects.get(pk=case.posting_id).unknown_since

    fix = _approved(world, case)
    for _ in range(3):
        world.clock.advance(minutes=2)
        world.run()

    case.refresh_from_db()
    assert case.status == "waiting"
    assert case.waiting_for == f"An answer of {case.bridge.erp.name}, which cannot be reached"
    assert Posting.objects.get(pk=case.posting_id).unknown_since == since
    client.force_login(make_user("fay", "finance"))
    shown = _shown(client, "fix-detail", fix.pk)
    assert f"Nothing has left yet: it waits until {case.bridge.erp.name} answers" in shown
    assert "Left " not in shown


def test_when_the_host_is_back_the_document_is_found_and_the_exception_closes(world):
    case = Case.objects.get(type="OUTCOME_UNKNOWN")
    _approved(world, case)
    assert len(world.documents("CM")) == 1

    world.erp.faults.parse([])
    for _ in range(6):
        world.clock.advance(minutes=2)
        world.run()

    case.refresh_from_db()
    assert (case.status, case.closure) == ("resolved", "proof")
    assert Posting.objects.get(pk=case.posting_id).status == "confirmed"
    assert len(world.documents("CM")) == 1
    assert not Case.objects.filter(type="CONNECTION_DOWN", status="open").exists()
