"""The pages of acts on many, each as a person without scripts walks them."""

import csv
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.urls import reverse

from exceptions_app.models import AuditEntry, Bulk, Case, Fix
from exceptions_app.services import bulk_freezing, bulk_running
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, CauseGroupFactory, PostingFactory, RmaFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def moment():
    with time_machine.travel(NOW, tick=False):
        yield


def _sign_in(client, name):
    user = make_user(name)
    client.force_login(user)
    return user


def _run():
    while bulk_running.run_next(now=NOW):
        pass


def _credited():
    group = CauseGroupFactory(type="CM_NO_REFUND")
    return CaseFactory(group=group, rma=RmaFactory(bridge=group.bridge), team="finance")


def _freeze(client, kind, **values):
    answer = client.post(reverse("case-act"), {"act": kind, **values})
    return Bulk.objects.get(), answer.url


@pytest.mark.lesson(7)
def test_a_bulk_act_with_refusals_from_the_list_to_the_file(client):
    """Done row by row; what was refused says why, stays selected and can be acted on again."""
    _sign_in(client, "finn")
    good, by_proof = _credited(), CaseFactory()
    found = bulk_freezing.freeze(
        kind="close", cases=Case.objects.all(), actor=make_user("finn"), now=NOW
    )
    page = client.get(reverse("bulk", args=[found.pk])).content.decode()
    assert "1 will be left as it is" in page
    assert "closes by proof only" in page
    assert "(fits 1)" in page

    refused = client.post(reverse("bulk-start", args=[found.pk]), {"reason": "because"})
    assert refused.status_code == 422
    client.post(
        reverse("bulk-start", args=[found.pk]),
        {"reason": "on_account", "note": "Seen on the account"},
    )
    going = client.get(reverse("bulk", args=[found.pk])).content.decode()
    assert "Rows gone through: 0 of 2" in going
    assert "Look again" in going
    _run()

    done = client.get(reverse("bulk", args=[found.pk])).content.decode()
    assert "Rows gone through: 2 of 2" in done
    assert "This exception closes by proof only." in done
    assert "Act again on the 1 left as it was" in done
    assert "The 1 that was done is still selected" in done
    file = client.get(reverse("bulk-export", args=[found.pk]), {"state": "refused"})
    rows = list(csv.reader(file.getvalue().decode().splitlines()))
    assert [row[1:6:3] for row in rows[1:]] == [[f"EX-{by_proof.pk}", "Refused"]] or [
        row[1] for row in rows[1:]
    ] == [f"EX-{by_proof.pk}"]

    answer = client.post(reverse("bulk-again", args=[found.pk]), {"act": "mine"})
    again = Bulk.objects.exclude(pk=found.pk).get()
    assert answer.url == reverse("bulk", args=[again.pk])
    client.post(reverse("bulk-start", args=[again.pk]))
    client.post(reverse("bulk-again", args=[found.pk]), {"act": "note", "of": "done"})
    further = Bulk.objects.exclude(pk__in=[found.pk, again.pk]).get()
    assert further.rows.get().case == good
    _run()
    by_proof.refresh_from_db()
    assert by_proof.assignee.username == "finn"

    client.post(reverse("bulk-undo", args=[found.pk]))
    _run()
    good.refresh_from_db()
    assert good.status == "open"
    undone = client.get(reverse("bulk", args=[found.pk])).content.decode()
    assert "What became of each row" in undone
    assert "Take back what was done" not in undone


def test_another_person_sees_it_and_cannot_start_it(client):
    CaseFactory()
    found = bulk_freezing.freeze(
        kind="mine", cases=Case.objects.all(), actor=make_user("mira"), now=NOW
    )
    _sign_in(client, "mona")

    page = client.get(reverse("bulk", args=[found.pk])).content.decode()
    client.post(reverse("bulk-start", args=[found.pk]))

    assert "Only who chose the rows can start it." in page
    found.refresh_from_db()
    assert found.state == "draft"
    assert not AuditEntry.objects.exists()


def test_a_note_to_ticked_rows_is_asked_for_and_kept(client):
    _sign_in(client, "mira")
    first, second, other = CaseFactory(), CaseFactory(), CaseFactory()
    ticks = [f"{case.pk}.{case.version}" for case in (first, second)]
    found, url = _freeze(client, "note", case=ticks)

    assert "Add a note: 2 exceptions?" in client.get(url).content.decode()
    client.post(reverse("bulk-start", args=[found.pk]), {"note": "Supplier told"})
    _run()

    noted = set(AuditEntry.objects.filter(act="note").values_list("case_id", flat=True))
    assert noted == {first.pk, second.pk}
    assert other.pk not in noted


def test_an_act_that_would_do_nothing_cannot_be_started_from_its_page(client):
    _sign_in(client, "finn")
    CaseFactory()
    found = bulk_freezing.freeze(
        kind="close", cases=Case.objects.all(), actor=make_user("finn"), now=NOW
    )

    page = client.get(reverse("bulk", args=[found.pk])).text

    assert "None of them can be done, so there is nothing to start." in page
    assert reverse("bulk-start", args=[found.pk]) not in page


def test_an_act_the_role_may_not_do_is_not_frozen(client):
    _sign_in(client, "mira")
    case = CaseFactory()

    answer = client.post(reverse("case-act"), {"act": "accept", "case": f"{case.pk}.x"})

    assert answer.status_code == 403
    assert not Bulk.objects.exists()


def test_every_form_of_an_act_opens(client):
    finn = _sign_in(client, "finn")
    CaseFactory(due_at=NOW - timedelta(days=1))
    for kind in ("assign", "snooze", "close", "note", "accept", "retry", "wake"):
        found = bulk_freezing.freeze(kind=kind, cases=Case.objects.all(), actor=finn, now=NOW)
        assert client.get(reverse("bulk", args=[found.pk])).status_code == 200
    assert client.get(reverse("bulk-list")).content.decode().count("<tr>") <= 1


@pytest.mark.lesson(11)
def test_a_window_skips_what_is_proven_and_says_so_before(client):
    _sign_in(client, "ines")
    proven = PostingFactory(created_at=NOW)
    failed = PostingFactory(
        rma=RmaFactory(bridge=proven.bridge), status="failed", created_at=NOW, key="RB-9"
    )
    PostingFactory(
        rma=failed.rma, status="blocked", blocked_by="SKU", sequence=60, kind="refund_record"
    )
    PostingFactory(created_at=NOW)
    group = CauseGroupFactory(type="CM_REJECTED", bridge=proven.bridge)
    CaseFactory(group=group, rma=failed.rma, posting=failed)
    other = CaseFactory(type="RETRY_EXHAUSTED", rma=proven.rma, posting=proven)
    day = {"since": "2026-05-27T00:00", "until": "2026-05-28T00:00"}
    wrong = client.post(
        reverse("replay-window"),
        {
            "bridge": proven.bridge.pk,
            "per_minute": "5",
            "since": "2026-05-27T10:00",
            "until": "2026-05-27T10:00",
        },
    )
    assert wrong.status_code == 422

    answer = client.post(
        reverse("replay-window"), {"bridge": proven.bridge.pk, "per_minute": "5", **day}
    )

    found = Bulk.objects.get()
    page = client.get(answer.url).content.decode()
    assert (found.count, found.per_minute) == (3, 5)
    assert "Proven posted: skipped." in page
    assert "at most 5 a minute" in page
    client.post(reverse("bulk-start", args=[found.pk]))
    _run()
    only = client.post(
        reverse("replay-window"),
        {"bridge": proven.bridge.pk, "per_minute": "5", "case_type": "CM_REJECTED", **day},
    )
    of_type = Bulk.objects.get(pk=found.pk + 1)
    assert (only.status_code, of_type.count, of_type.rows.get().posting) == (302, 1, failed)
    assert of_type.words.startswith("Alder UK, all documents, exception “Refused document”")
    assert other.posting == proven
    rows = dict(found.rows.values_list("posting", "state"))
    assert (rows[proven.pk], rows[failed.pk]) == ("skipped", "done")
    assert Fix.objects.get().payload["posting_id"] == failed.pk
    assert client.get(answer.url).status_code == 200


def test_many_are_put_off_for_a_condition_and_those_it_cannot_come_to_say_why(client):
    _sign_in(client, "mira")
    cases = [CaseFactory(), CaseFactory()]
    cases[0].bridge.policy = {"schedule": {"credit_memo": "13:00-14:00"}}
    cases[0].bridge.save()
    found = bulk_freezing.freeze(
        kind="snooze", cases=Case.objects.all(), actor=make_user("mira"), now=NOW
    )
    page = client.get(reverse("bulk", args=[found.pk])).text
    assert "When the ERP&#x27;s next posting window has opened" in page

    client.post(
        reverse("bulk-start", args=[found.pk]), {"choice": "tomorrow", "wakes_on": "window"}
    )
    _run()

    off = dict(Case.objects.values_list("pk", "wakes_on"))
    assert off == {cases[0].pk: "window", cases[1].pk: ""}
    assert "Alder UK has no posting window" in client.get(reverse("bulk", args=[found.pk])).text
    assert dict(Case.objects.values_list("pk", "snoozed_until"))[cases[1].pk] is None


def test_many_are_put_off_until_each_grew_from_its_own_figure_and_taken_back(client):
    _sign_in(client, "mira")
    cases = [CaseFactory(value=Decimal(value)) for value in ("10.00", "20.00")]
    found = bulk_freezing.freeze(
        kind="snooze", cases=Case.objects.all(), actor=make_user("mira"), now=NOW
    )
    address = reverse("bulk-start", args=[found.pk])
    given = {"choice": "tomorrow", "wakes_on": "value"}
    assert client.post(address, given).status_code == 422

    client.post(address, {**given, "growth": "5"})
    _run()

    kept = dict(Case.objects.values_list("pk", "wakes_for"))
    assert kept == {
        cases[0].pk: {"from": "10.0000", "to": "15.0000"},
        cases[1].pk: {"from": "20.0000", "to": "25.0000"},
    }
    client.post(reverse("bulk-undo", args=[found.pk]))
    _run()
    assert set(Case.objects.values_list("snoozed_until", flat=True)) == {None}
