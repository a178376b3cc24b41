"""A note that did not go out is CX's: they send it again, and no other document."""

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from exceptions_app.models import AuditEntry, Fix, Posting
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, CauseGroupFactory, PostingFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def moment():
    with time_machine.travel(NOW, tick=False):
        yield


def client_of(name, *roles):
    client = Client()
    client.force_login(make_user(name, *roles))
    return client


def case_about(code, kind):
    posting = PostingFactory(status="failed", number="", confirmed_at=None)
    Posting.objects.filter(pk=posting.pk).update(kind=kind)
    group = CauseGroupFactory(bridge=posting.rma.bridge, type=code)
    return CaseFactory(rma=posting.rma, group=group, posting=posting, team="cx")


def ask(client, case, posting=None):
    values = {"kind": "retry", "posting_id": (posting or case.posting).pk}
    shown = client.post(reverse("fix-preview", args=[case.pk]), values)
    if shown.status_code == 403:
        return shown
    previewed = shown.text.partition('name="previewed" value="')[2].partition('"')[0]
    return client.post(
        reverse("fix-request", args=[case.pk]), {**values, "previewed": previewed, "in_spite": "1"}
    )


def test_cx_sends_a_note_again_from_its_exception():
    case = case_about("NOTIFY_FAILED", "platform_update")
    cleo = client_of("cleo")
    page = cleo.get(reverse("case-detail", args=[case.pk])).text
    assert 'id="fix-retry"' in page
    assert "Your role may not do this" not in page

    answer = ask(cleo, case)

    assert answer.status_code == 302
    fix = Fix.objects.get()
    assert (fix.kind, fix.status, fix.payload["posting_id"]) == ("retry", "held", case.posting_id)
    assert fix.requested_by.username == "cleo"
    assert AuditEntry.objects.filter(act="fix.request", actor="Cleo").exists()


def test_cx_cannot_send_another_document_through_the_exception_of_a_note():
    case = case_about("NOTIFY_FAILED", "platform_update")
    credit = PostingFactory(
        rma=case.rma, kind="credit_memo", status="failed", number="", confirmed_at=None, key="CM-9"
    )

    answer = ask(client_of("cleo"), case, credit)

    assert answer.status_code == 422
    assert "Your role may send the note again, and no other document." in answer.text
    assert not Fix.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("name", "code", "kind"),
    [
        pytest.param("cleo", "CM_REJECTED", "credit_memo", id="cx-and-another-document"),
        pytest.param("aud", "NOTIFY_FAILED", "platform_update", id="an-auditor"),
    ],
)
def test_others_are_refused_and_nothing_changes(name, code, kind):
    case = case_about(code, kind)

    answer = ask(client_of(name), case)

    assert answer.status_code == 403
    assert not Fix.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(("code", "status"), [("NOTIFY_FAILED", 201), ("CM_REJECTED", 403)])
def test_the_api_asks_for_the_same_right(code, status):
    case = case_about(code, "platform_update")

    answer = client_of("cleo").post(
        reverse("api-fix-list"),
        {"kind": "retry", "case_id": case.pk, "payload": {"posting_id": case.posting_id}},
        content_type="application/json",
    )

    assert answer.status_code == status, answer.text
    assert Fix.objects.count() == (status == 201)
