import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
import tablib
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from exceptions_app.models import (
    AuditEntry,
    CallCount,
    ConnectionBudget,
    ConnectionHealth,
)
from exceptions_app.selectors import operations as selector
from exceptions_app.selectors import paging
from exceptions_app.services import connections
from exceptions_app.services import operations as acts
from tests import factories
from tests.cast import make_user
from tests.factories import NOW
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def ines(client):
    user = make_user("ines")
    client.force_login(user)
    return user


def queries(client, path):
    with CaptureQueriesContext(database) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_a_good_check_says_so_closes_the_breaker_and_is_in_the_trail(ines):
    world = make_world()
    source = world.bridge.source
    ConnectionHealth.objects.filter(connection=source).update(state="open", failures=5)

    with world.connected():
        text = acts.check_connection(connection_id=source.pk, actor=ines, now=world.clock.now)

    assert text.startswith("ReturnGO: ")
    assert ConnectionHealth.objects.get(connection=source).state == "closed"
    entry = AuditEntry.objects.get(act="connection.check")
    assert (entry.actor, entry.text) == ("Ines", text)
    assert CallCount.objects.filter(connection=source, reason="check").exists()


def test_a_check_with_wrong_credentials_tells_and_opens_the_breaker(ines):
    world = make_world()
    source = world.bridge.source
    source.sealed_secrets = connections.seal({"api_key": "wrong"})
    source.save()

    with world.connected():
        text = acts.check_connection(connection_id=source.pk, actor=ines, now=world.clock.now)

    assert "did not pass" in text or "ReturnGO: " in text
    assert "wrong" not in text


def test_a_connection_that_is_switched_off_is_not_called(client, ines):
    row = factories.ConnectionFactory(is_active=False)

    answer = client.post(f"/operations/connections/{row.pk}/check/", follow=True)

    assert "is switched off" in answer.text
    assert not AuditEntry.objects.exists()
    assert not CallCount.objects.exists()


def test_letting_the_next_call_through_is_in_the_trail(client, ines):
    health = factories.HealthFactory(state="open", probe_at=NOW.replace(year=2099))
    factories.BudgetFactory(connection=health.connection)

    client.post(f"/operations/connections/{health.connection_id}/resume/")

    health.refresh_from_db()
    assert health.probe_at.year < 2099
    assert AuditEntry.objects.get().act == "connection.resume"


@pytest.mark.parametrize("path", ["/operations/inbox/", "/operations/postings/"])
def test_a_long_list_costs_what_a_short_one_costs(client, ines, path):
    rma = factories.RmaFactory()

    def add(count):
        for _ in range(count):
            factories.PostingFactory(rma=rma)
            factories.InboundEventFactory(connection=rma.bridge.source)

    add(10)
    few = queries(client, path)
    add(90)

    assert queries(client, path) == few


def test_the_overview_costs_the_same_for_two_and_for_twelve_connections(client, ines):
    def add(count):
        for _ in range(count):
            row = factories.BudgetFactory(connection=factories.HealthFactory().connection)
            factories.WatermarkFactory(connection=row.connection)

    add(2)
    few = queries(client, "/operations/")
    add(10)

    assert queries(client, "/operations/") == few


def test_the_inbox_narrows_by_state_and_connection(client, ines):
    parked = factories.InboundEventFactory(state="parked")
    factories.InboundEventFactory(state="processed")

    by_state = client.get("/operations/inbox/?state=parked").context["rows"]
    by_code = client.get(f"/operations/inbox/?connection={parked.connection.code}").context["rows"]
    nonsense = client.get("/operations/inbox/?state=%00&topic=%27").context["rows"]

    assert [row["event"].pk for row in by_state] == [parked.pk]
    assert [row["event"].pk for row in by_code] == [parked.pk]
    assert nonsense == []


def test_postings_narrow_by_state_and_kind(client, ines):
    wanted = factories.PostingFactory(status="ready", kind="stock_receipt")
    factories.PostingFactory(status="ready")

    rows = client.get("/operations/postings/?status=ready&kind=stock_receipt").context["rows"]

    assert [row["posting"].pk for row in rows] == [wanted.pk]


def test_the_raw_body_is_for_integrators_and_admins_only(client):
    event = factories.InboundEventFactory(body=b'{"customer": "cara@example.com"}')
    path = f"/operations/inbox/{event.pk}/"

    client.force_login(make_user("finn"))
    hidden = client.get(path).text
    client.force_login(make_user("ines"))
    shown = client.get(path).text

    assert "cara@example.com" not in hidden
    assert "Raw messages may hold personal data" in hidden
    assert "cara@example.com" in shown


def test_a_body_that_is_no_text_and_markup_are_shown_harmlessly(client, ines):
    event = factories.InboundEventFactory(body=b"\xff<script>alert(1)</script>")

    page = client.get(f"/operations/inbox/{event.pk}/")

    assert page.status_code == 200
    assert "<script>alert(1)" not in page.text


def test_replaying_sets_a_message_back_to_new(client, ines):
    event = factories.InboundEventFactory(state="processed")

    client.post(f"/operations/inbox/{event.pk}/replay/")

    event.refresh_from_db()
    assert event.state == "new"
    assert AuditEntry.objects.get().act == "event.replay"
    assert OrmQ.objects.count() == 1


def test_a_message_already_waiting_is_not_replayed(client, ines):
    event = factories.InboundEventFactory(state="new")

    answer = client.post(f"/operations/inbox/{event.pk}/replay/", follow=True)

    assert "already waiting" in answer.text
    assert not AuditEntry.objects.exists()
    assert not OrmQ.objects.exists()


def test_a_credit_tells_how_it_was_rounded_whatever_the_policy_says_now(client, ines):
    kept = {"mode": "half_even", "scope": "document", "cash_step": "0.05"}
    credit = factories.PostingFactory(rounding=kept)
    older = factories.PostingFactory()

    page = client.get(f"/operations/postings/{credit.pk}/").content.decode()

    words = "The document’s sums, spread over its lines, halves to the even digit"
    assert f"<dt>Rounded</dt><dd>{words}, cash in steps of 0.05</dd>" in page
    assert (
        "<dt>Rounded</dt>" not in client.get(f"/operations/postings/{older.pk}/").content.decode()
    )


@pytest.mark.lesson(9)
def test_a_document_shows_every_try_with_its_evidence(client, ines):
    posting = factories.PostingFactory()
    factories.PostingAttemptFactory(posting=posting, outcome="unknown", request="<doc/>")
    factories.PostingAttemptFactory(posting=posting, outcome="found", response="CM-1 is there")

    page = client.get(f"/operations/postings/{posting.pk}/")

    assert [row.outcome for row in page.context["attempts"]] == ["found", "unknown"]
    assert "&lt;doc/&gt;" in page.text
    assert "CM-1 is there" in page.text


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"open_type": "JOB_STUCK", "sent_at": NOW}, "stopped before its call was written down"),
        ({"open_type": "OUTCOME_UNKNOWN", "sent_at": NOW}, "No try yet."),
        ({}, "No try yet."),
    ],
)
def test_work_that_began_and_left_no_try_says_that_its_call_had_not_left(
    client, ines, values, told
):
    posting = factories.PostingFactory(status="unconfirmed", **values)

    assert told in client.get(f"/operations/postings/{posting.pk}/").text


def exported(client, path):
    answer = client.get(path)
    assert answer["Content-Type"].startswith("text/csv")
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_the_inbox_as_a_file_holds_what_its_filters_find_and_no_formula(client, ines):
    wanted = factories.InboundEventFactory(state="parked", topic="=cmd()", subject_id="")
    factories.InboundEventFactory(state="processed")

    (row,) = exported(client, "/operations/inbox/export.csv?state=parked")

    assert row["Message"] == "'=cmd()"
    assert (row["Connection"], row["About"]) == (wanted.connection.name, "Not told")
    assert row["State"] == wanted.get_state_display()


def test_postings_as_a_file_hold_every_page_in_the_order_of_the_screen(client, ines, monkeypatch):
    monkeypatch.setattr(paging, "FILE_SIZE", 2)
    rma = factories.RmaFactory()
    made = [
        factories.PostingFactory(rma=rma, status="confirmed", gross=Decimal("12.50"))
        for _ in range(5)
    ]
    factories.PostingFactory(rma=rma, status="cancelled")

    rows = exported(client, "/operations/postings/export.csv?status=confirmed")

    assert [row["Key"] for row in rows] == [row.key for row in reversed(made)]
    assert (rows[0]["Amount"], rows[0]["Currency"]) == ("12.50", "GBP")
    workbook = client.get("/operations/postings/export.xlsx?status=confirmed")
    assert tablib.Dataset().load(workbook.content, format="xlsx").height == 5


@pytest.mark.parametrize(
    ("page", "path", "query", "make"),
    [
        ("inbox", "/operations/inbox/", "state=parked", factories.InboundEventFactory),
        ("posting-list", "/operations/postings/", "status=failed", factories.PostingFactory),
    ],
)
def test_views_of_messages_and_documents_are_kept_and_counted(
    client, ines, page, path, query, make
):
    for _ in range(3):
        make(**dict([query.split("=")]))
    make()

    client.post("/views/save/", {"page": page, "name": "Stuck", "query": query})
    saved = client.get(f"{path}?{query}").context["saved"]

    assert [(view["name"], view["count"], view["url"]) for view in saved["views"]] == [
        ("Stuck", "3", f"{path}?{query}")
    ]
    assert saved["is_current"]


def test_the_pace_is_what_the_pacer_would_reckon_now():
    budget = factories.BudgetFactory(
        capacity=20, refill_per_second=Decimal("0.5"), tokens=2, refilled_at=NOW
    )

    def pace(seconds):
        (row,) = [
            row
            for row in selector.connections(now=NOW + timedelta(seconds=seconds))
            if row.connection == budget.connection
        ]
        return row.pace

    assert pace(0) == selector.Pace(Decimal(30), 2, 20, None)
    assert pace(9).free_now == 6
    assert pace(3600).free_now == 20

    budget.daily_limit, budget.calls_today, budget.day = 100, 97, NOW.date()
    budget.save()
    assert pace(3600).free_now == 3
    budget.quiet_until = NOW + timedelta(minutes=1)
    budget.save()
    assert (pace(9).free_now, pace(9).quiet_until) == (0, budget.quiet_until)
    assert pace(61).quiet_until is None
    factories.HealthFactory(connection=budget.connection, state="open")
    assert pace(3600).free_now == 0


def test_a_side_that_wants_quiet_is_shown_as_such_until_it_is_over(client, ines):
    now = timezone.now()
    factories.BudgetFactory(quiet_until=now + timedelta(minutes=5))

    assert "asked to be quiet until" in client.get("/operations/").text

    ConnectionBudget.objects.update(quiet_until=now - timedelta(minutes=5))

    page = client.get("/operations/").text
    assert "asked to be quiet until" not in page
    assert "a minute" in page


def test_the_overview_counts_what_waits_for_somebody_and_names_who_needs_you(client, ines):
    factories.InboundEventFactory(state="parked")
    posting = factories.PostingFactory(status="failed")
    factories.PostingFactory(status="blocked", rma=posting.rma)
    factories.HealthFactory(
        connection=factories.ConnectionFactory(name="Zebra"), state="open", reason="No answer"
    )

    page = client.get("/operations/")

    shown = [(each["row"].label, each["count"]) for each in page.context["stuck"]]
    assert shown == [
        ("Messages parked", "1"),
        ("Documents refused", "1"),
        ("Documents blocked", "1"),
    ]
    assert page.context["rows"][0].connection.name == "Zebra"
    assert f"1 of {len(page.context['rows'])} connections need you:" in page.text
    assert "?state=parked" in page.text
    assert "?status=failed" in page.text


def test_a_document_leads_to_its_exception_and_says_what_was_found(client, ines):
    found = "Booked as CM000173, £97.00 instead of £96.00"
    posting = factories.PostingFactory(status="unconfirmed", open_facts={"found": found})
    case = factories.CaseFactory(rma=posting.rma, posting=posting)
    done = factories.CaseFactory(rma=posting.rma, posting=posting, status="resolved")

    page = client.get(f"/operations/postings/{posting.pk}/")

    assert f"/exceptions/{case.pk}/" in page.text
    assert f"EX-{done.pk}<" not in page.text
    assert found in page.text


def test_a_parked_message_leads_to_its_exception_and_names_who_tried_it_again(client, ines):
    event = factories.InboundEventFactory(state="parked")
    case = factories.CaseFactory(event=event)
    client.post(f"/operations/inbox/{event.pk}/replay/")
    waiting = client.get(f"/operations/inbox/{event.pk}/").text
    type(event).objects.update(state="parked")

    page = client.get(f"/operations/inbox/{event.pk}/").text

    assert f"/exceptions/{case.pk}/" in page
    assert "It waits to be handled" in waiting
    assert "<dd>Ines, " in page
    assert "Tried again: it is still parked" in page
