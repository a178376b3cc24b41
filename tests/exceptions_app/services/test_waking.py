"""What was put off comes back once: when its time is over, or when what it waits for has come."""

from datetime import timedelta

import pytest

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Case
from exceptions_app.services import triage, waking
from tests.cast import make_user
from tests.factories import (
    NOW,
    CaseFactory,
    CauseGroupFactory,
    InboundEventFactory,
    MappingFactory,
    PostingFactory,
    RmaFactory,
)

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(hours=1)
LATER = NOW + timedelta(days=2)
UNKNOWN = {"sku": "Tee  Black"}


def put_off(wakes_on="", **values):
    case = CaseFactory(group=CauseGroupFactory(type="SKU_UNKNOWN"), facts=UNKNOWN, **values)
    who = make_user("mira")
    return triage.snooze(
        case_id=case.pk, until=LATER, note="", actor=who, now=NOW, wakes_on=wakes_on
    )


def wakings():
    return list(AuditEntry.objects.filter(act="case.wake").values_list("text", flat=True))


def message(case, **values):
    given = {"received_at": SOON, "state": "processed", **values}
    return InboundEventFactory(
        connection=case.rma.bridge.source, subject_id=case.rma.external_id, **given
    )


def mapping(case, **values):
    given = {"kind": "sku_alias", "source_value": "tee black", "activated_at": SOON, **values}
    return MappingFactory(bridge=case.bridge, target={"sku": "TEE"}, **given)


def document(case, **values):
    given = {"status": "confirmed", "number": "CM1", "confirmed_at": SOON, **values}
    return PostingFactory(rma=case.rma, **given)


CAME = {
    "message": (message, "a new message about the return has come"),
    "mapping": (mapping, "a mapping of its value is in force"),
    "document": (document, "its document has been found in the ERP"),
}


@pytest.mark.parametrize("wakes_on", CAME)
def test_what_came_wakes_it_once_and_is_named(wakes_on):
    case = put_off(wakes_on)
    come, words = CAME[wakes_on]
    assert waking.wake_due(now=SOON) == 0

    come(case)

    assert [waking.wake_due(now=SOON) for _ in range(2)] == [1, 0]
    case.refresh_from_db()
    assert (case.snoozed_until, case.snoozed_at, case.wakes_on) == (None, None, "")
    assert wakings() == [f"Back in the queue: {words}"]


@pytest.mark.parametrize(
    ("wakes_on", "come", "values"),
    [
        pytest.param("message", message, {"state": "quiet"}, id="nothing-new-in-it"),
        pytest.param("message", message, {"received_at": NOW}, id="came-before"),
        pytest.param("message", message, {"subject_id": "another"}, id="of-another-return"),
        pytest.param("mapping", mapping, {"status": "proposed"}, id="not-in-force"),
        pytest.param("mapping", mapping, {"source_value": "tee red"}, id="of-another-value"),
        pytest.param("mapping", mapping, {"kind": "location"}, id="of-another-kind"),
        pytest.param("mapping", mapping, {"activated_at": NOW}, id="in-force-before"),
        pytest.param("document", document, {"confirmed_at": NOW}, id="found-before"),
        pytest.param("document", document, {"number": ""}, id="without-a-number"),
        pytest.param("", document, {}, id="only-its-time"),
    ],
)
def test_what_it_does_not_wait_for_leaves_it_asleep(wakes_on, come, values):
    case = put_off(wakes_on)
    if "subject_id" in values:
        InboundEventFactory(
            connection=case.rma.bridge.source, received_at=SOON, state="processed", **values
        )
    else:
        come(case, **values)

    assert waking.wake_due(now=SOON) == 0
    case.refresh_from_db()
    assert (case.snoozed_until, case.wakes_on) == (LATER, wakes_on)
    assert wakings() == []


def test_a_case_about_a_document_waits_for_that_one():
    case = put_off("document")
    own = PostingFactory(rma=case.rma, status="failed")
    Case.objects.filter(pk=case.pk).update(posting=own)
    document(case)
    assert waking.wake_due(now=SOON) == 0

    type(own).objects.filter(pk=own.pk).update(number="CM2", confirmed_at=SOON)

    assert waking.wake_due(now=SOON) == 1


def test_the_time_that_is_over_wakes_too_and_a_closed_one_stays():
    put_off("document")
    closed = put_off()
    Case.objects.filter(pk=closed.pk).update(status="resolved")

    assert waking.wake_due(now=LATER) == 1

    assert wakings() == ["Back in the queue: its time is over"]


def test_what_cannot_come_is_refused_and_nothing_changes():
    group = CauseGroupFactory(type="OVER_RETURN")
    case = CaseFactory(group=group, rma=RmaFactory(bridge=group.bridge), facts=UNKNOWN)

    with pytest.raises(errors.InvalidChoice, match="That cannot come to this exception"):
        triage.snooze(
            case_id=case.pk,
            until=LATER,
            note="",
            actor=make_user("finn"),
            now=NOW,
            wakes_on="mapping",
        )

    assert Case.objects.get().snoozed_until is None
    assert not AuditEntry.objects.exists()


def test_the_page_offers_what_can_come_and_says_what_it_waits_for(client):
    client.force_login(make_user("mira"))
    case = CaseFactory(group=CauseGroupFactory(type="SKU_UNKNOWN"), facts=UNKNOWN)
    address = f"/exceptions/{case.pk}/"
    assert "When a mapping of its value is in force" in client.get(address).text

    client.post(
        f"{address}snooze/", {"choice": "tomorrow", "wakes_on": "mapping", "seen": case.version}
    )

    page = client.get(address).text
    assert "or when a mapping of its value is in force." in page
    assert ", or earlier when a mapping of its value is in force." in page
