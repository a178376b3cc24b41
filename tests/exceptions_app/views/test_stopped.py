"""What stands still in the inbox and among the documents, and why."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from exceptions_app.models import AuditEntry
from exceptions_app.services import events, ingesting
from tests import factories
from tests.cast import make_user
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def ines(client):
    user = make_user("ines")
    client.force_login(user)
    return user


def exported(client, path):
    answer = client.get(path)
    name = answer["Content-Disposition"]
    return name, list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def make_stopped():
    """One document of each kind that stands still, and their exceptions."""
    refused = factories.PostingFactory(status="failed", open_type="CM_REJECTED")
    factories.PostingAttemptFactory(posting=refused, text="EX-1: first", ended_at=NOW)
    factories.PostingAttemptFactory(
        posting=refused, text="EX-2: closed", ended_at=NOW - timedelta(minutes=5)
    )
    case = factories.CaseFactory(rma=refused.rma, posting=refused)
    blocked = factories.PostingFactory(status="blocked", blocked_by="SKU_UNKNOWN, VAT_SETTING")
    cause = factories.CaseFactory(rma=blocked.rma, opened_at=NOW - timedelta(days=2))
    factories.CaseFactory(
        rma=blocked.rma, group=factories.CauseGroupFactory(type="DUPLICATE_SIGNAL")
    )
    unknown = factories.PostingFactory(status="unconfirmed", unknown_since=NOW)
    factories.PostingFactory(status="ready")
    factories.PostingFactory(status="held", hold_reason="run")
    return refused, blocked, unknown, case, cause


def test_documents_that_need_somebody_stand_together_with_their_reason(client, ines):
    refused, blocked, unknown, case, cause = make_stopped()

    rows = client.get("/operations/postings/?status=needs").context["rows"]

    assert [row["posting"].pk for row in rows] == [unknown.pk, blocked.pk, refused.pk]
    stops = [row["stop"] for row in rows]
    assert [stop.reason for stop in stops] == [
        "unknown outcome",
        "unknown SKU, undecided VAT setting",
        "refused document",
    ]
    assert [stop.message for stop in stops] == ["", "", "EX-2: closed"]
    assert [stop.cases for stop in stops] == [(), (cause.pk,), (case.pk,)]
    assert [stop.since for stop in stops] == [
        NOW,
        NOW - timedelta(days=2),
        NOW - timedelta(minutes=5),
    ]


def test_the_file_of_documents_says_why_since_when_and_where_to_go(client, ines):
    *_, case, _cause = make_stopped()

    name, rows = exported(client, "/operations/postings/export.csv?status=needs")
    _, held = exported(client, "/operations/postings/export.csv?status=held")

    assert name == f'attachment; filename="postings-{timezone.localdate():%Y-%m-%d}.csv"'
    assert [row["Why"] for row in rows] == [
        "unknown outcome",
        "unknown SKU, undecided VAT setting",
        "refused document",
    ]
    last = rows[-1]
    assert (last["The ERP's message"], last["Exception"]) == ("EX-2: closed", f"EX-{case.pk}")
    assert last["Exception's page"] == f"http://testserver/exceptions/{case.pk}/"
    assert last["Since"] == "27 May 2026, 09:07"
    assert [(row["Why"], row["Exception"], row["Since"]) for row in held] == [
        ("Waits for a credit run", "", "")
    ]


def test_messages_that_need_somebody_stand_together_and_say_why_in_words(client, ines):
    parked = factories.InboundEventFactory(
        state="parked",
        subject_id="777",
        error_type="OUT_OF_ORDER",
        error_facts={"needs": "return 777"},
    )
    case = factories.CaseFactory(event=parked, rma=None, bridge=None)
    refused = factories.InboundEventFactory(state="refused", connection=parked.connection)
    factories.InboundEventFactory(state="processed")
    words = (
        "ReturnGO sent RMA_UPDATED for return 777. It builds on return 777, which has not arrived."
    )

    rows = client.get("/operations/inbox/?state=needs").context["rows"]
    _, (_, line) = exported(client, "/operations/inbox/export.csv?state=needs")

    assert [row["event"].pk for row in rows] == [refused.pk, parked.pk]
    assert rows[1]["stop"].cases == (case.pk,)
    assert (line["Why"], line["In words"]) == ("message out of order", words)
    assert (line["Exception"], line["Since"]) == (f"EX-{case.pk}", "26 May 2026, 09:12")
    assert words in client.get(f"/operations/inbox/{parked.pk}/").text


@pytest.mark.parametrize("path", ["/operations/inbox/", "/operations/postings/"])
def test_many_rows_that_stand_still_cost_what_few_do(client, ines, path):
    rma = factories.RmaFactory()

    def add(count):
        for _ in range(count):
            posting = factories.PostingFactory(rma=rma, status="failed", open_type="CM_REJECTED")
            factories.PostingAttemptFactory(posting=posting)
            factories.InboundEventFactory(
                connection=rma.bridge.source, state="parked", error_type="OUT_OF_ORDER"
            )

    def queries():
        with CaptureQueriesContext(database) as captured:
            assert client.get(path).status_code == 200
        return len(captured)

    add(2)
    few = queries()
    add(20)

    assert queries() == few


def test_all_messages_about_one_return_lead_to_its_exception(client, ines):
    values = {"state": "parked", "subject_id": "4250", "error_type": "PAYLOAD_INVALID"}
    first = factories.InboundEventFactory(**values)
    second = factories.InboundEventFactory(**values, connection=first.connection)
    subject = f"event:{first.connection_id}:4250"
    case = factories.CaseFactory(event=second, rma=None, bridge=None, subject=subject)

    rows = client.get("/operations/inbox/?state=needs").context["rows"]
    page = client.get(f"/operations/inbox/{first.pk}/").text

    assert [row["stop"].cases for row in rows] == [(case.pk,), (case.pk,)]
    assert f"/exceptions/{case.pk}/" in page
    assert "It is not tried again by itself." in page


def test_a_blocked_document_leads_to_what_is_in_its_way(client, ines):
    posting = factories.PostingFactory(status="blocked", blocked_by="SKU_UNKNOWN")
    case = factories.CaseFactory(rma=posting.rma)

    page = client.get(f"/operations/postings/{posting.pk}/").text

    assert f"/exceptions/{case.pk}/" in page
    assert "<dt>Blocked by</dt><dd>Unknown SKU</dd>" in page


def test_a_refund_that_waits_is_told_by_its_number_and_leads_to_its_return(client, ines):
    refund = factories.RefundFactory(external_id="9001")
    event = factories.InboundEventFactory(
        connection=refund.bridge.source, external_id="refund:9001", topic="REFUND"
    )
    strange = factories.InboundEventFactory(external_id="refund:9002", topic="REFUND")

    page = client.get(f"/operations/inbox/{event.pk}/").text
    other = client.get(f"/operations/inbox/{strange.pk}/").text

    assert f'<a href="/returns/{refund.rma_id}/">' in page
    assert "refund 9001" in page
    assert "Refund 9002, not here yet." in other


def test_each_replay_shows_what_became_of_it(client, ines):
    event = factories.InboundEventFactory(state="processed", processed_at=NOW)
    events.replay(event_id=event.pk, actor=ines, now=NOW)
    claimed = ingesting.claim_due(now=NOW)

    # Without a bridge there is nothing to apply it to.
    ingesting.process(claimed=[claimed], now=NOW + timedelta(minutes=1))
    page = client.get(f"/operations/inbox/{event.pk}/").text

    assert "Handled again: there was nothing to do, 27 May 2026, 09:13" in page
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", "actor"))
    assert acts == [("event.replay", "Ines"), ("event.replayed", "Returnsbridge")]


def test_a_message_handled_without_a_replay_leaves_nothing_in_the_trail():
    event = factories.InboundEventFactory(state="new", processed_at=NOW)
    factories.InboundEventFactory(state="processed")

    ingesting.process(claimed=[ingesting.claim_due(now=NOW)], now=NOW)

    event.refresh_from_db()
    assert event.state == "quiet"
    assert not AuditEntry.objects.exists()


def test_the_request_that_waits_stands_on_its_document_until_it_has_left(client, ines):
    waiting = factories.PostingFactory(status="ready")
    waiting.draft["control_number"] = 41
    waiting.save()
    sent = factories.PostingFactory(status="confirmed")

    page = client.get(f"/operations/postings/{waiting.pk}/").text
    other = client.get(f"/operations/postings/{sent.pk}/").text

    assert "What would be sent" in page
    assert waiting.key in page[page.index("What would be sent") :]
    assert f'data-copy="#waiting-{waiting.pk}"' in page
    assert "What would be sent" not in other


def test_a_request_that_cannot_be_computed_says_why_and_the_page_stands(client, ines):
    posting = factories.PostingFactory(
        status="ready", connection=factories.ErpFactory(kind="gone", name="Old ERP")
    )

    page = client.get(f"/operations/postings/{posting.pk}/")

    assert page.status_code == 200
    assert "It cannot be shown now:" in page.text


def test_an_answer_is_laid_out_with_a_button_that_copies_it(client, ines):
    attempt = factories.PostingAttemptFactory(response='{"number":"CM-1","email":"***"}')

    page = client.get(f"/operations/postings/{attempt.posting_id}/").text

    shown = "{\n  &quot;number&quot;: &quot;CM-1&quot;,\n  &quot;email&quot;: &quot;***&quot;\n}"
    assert f'id="answered-{attempt.pk}" tabindex="0">{shown}</pre>' in page
    assert f'data-copy="#answered-{attempt.pk}"' in page


def test_a_connection_without_an_answer_for_a_day_needs_somebody(client, ines):
    now = timezone.now()
    factories.HealthFactory(
        connection=factories.ConnectionFactory(name="Zebra"), last_ok_at=now - timedelta(hours=25)
    )
    factories.HealthFactory(
        connection=factories.ConnectionFactory(name="Adder"), last_ok_at=now - timedelta(hours=23)
    )

    page = client.get("/operations/")

    assert [row.connection.name for row in page.context["needing"]] == ["Zebra"]
    assert page.context["rows"][0].connection.name == "Zebra"
    assert page.text.count("No answer for a day") == 1
