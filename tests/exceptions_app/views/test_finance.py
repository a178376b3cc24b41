"""Finance's room and its credit runs: asked before, listed after, refused when things changed."""

import csv
import io
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from exceptions_app.catalogue import entry
from exceptions_app.models import AuditEntry, CreditRun, Posting, Rma
from tests import factories
from tests.cast import make_user
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def exported(client, path):
    text = b"".join(client.get(path).streaming_content).decode()
    return csv.DictReader(io.StringIO(text))


@pytest.fixture
def finn(client):
    user = make_user("finn")
    client.force_login(user)
    return user


@pytest.fixture
def bridge():
    return factories.BridgeFactory()


def hold(bridge, count=2, **values):
    return [
        factories.PostingFactory(
            rma=factories.RmaFactory(bridge=bridge),
            **{"status": "held", "hold_reason": "run", "gross": Decimal("12.50"), **values},
        )
        for _ in range(count)
    ]


def form_of(client, bridge, query=""):
    """The hidden fields of the question, as a browser would send them back."""
    ready = client.get(f"/runs/{bridge.pk}/{query}").context["ready"]
    return {
        "currency": ready.currency,
        "count": ready.count,
        "total": f"{ready.total:f}",
        "last_id": ready.last_id,
    }


def test_the_question_states_count_sum_date_and_place(client, finn, bridge):
    hold(bridge)

    page = client.get(f"/runs/{bridge.pk}/").text

    assert "Start the credit run of 2 credits?" in page
    assert "£25.00" in page
    assert "27 May 2026" in page
    assert "BlueCherry" in page
    assert "Send 2 credits" in page
    assert not CreditRun.objects.exists()


def test_the_question_lists_each_credit_with_its_order_and_who_agreed_to_its_amount(
    client, finn, bridge
):
    plain, corrected = hold(bridge)
    Rma.objects.filter(pk=plain.rma_id).update(order_name="#5001")
    fix = factories.FixFactory(
        rma=corrected.rma,
        bridge=bridge,
        kind="correct_credit",
        status="applied",
        level="finance",
        payload={"adjustment": "3.20"},
        requested_by=finn,
    )
    fix.approvals.create(approver=make_user("fiona"), payload_hash="x", at=NOW)
    # Another bridge's run is another question.
    hold(factories.BridgeFactory(), 1)

    page = client.get(f"/runs/{bridge.pk}/")
    text = page.text

    members = [(each.posting, each.decision) for each in page.context["members"]]
    assert members == [(plain, None), (corrected, fix)]
    assert f'<a href="/returns/{plain.rma_id}/">{plain.rma}</a>' in text
    assert "#5001" in text
    linked = f'<a href="/approvals/{fix.pk}/">Correct the credit by £3.20</a>'
    assert f"{linked}, agreed by Fiona" in text
    assert "One person of finance starts it" in text
    assert "by two above" in text


def test_the_list_of_a_run_is_read_by_pages_in_as_many_queries(client, finn, bridge):
    hold(bridge, 3)

    def cost():
        with CaptureQueriesContext(database) as captured:
            page = client.get(f"/runs/{bridge.pk}/")
        return len(captured), page

    few, _ = cost()
    hold(bridge, 40)
    many, page = cost()
    older = client.get(f"/runs/{bridge.pk}/?cursor={page.context['older']}")

    assert many == few
    assert (len(page.context["members"]), len(older.context["members"])) == (30, 13)
    assert older.context["ready"].count == 43


def test_accepted_differences_show_reason_people_return_and_sums(client, finn, bridge):
    rma = factories.RmaFactory(bridge=bridge)
    fix = factories.FixFactory(
        rma=rma,
        bridge=bridge,
        kind="accept_difference",
        status="applied",
        level="finance",
        payload={"difference": "-3.20"},
        reason_code="fee_waived",
        note="Agreed by telephone",
        requested_by=finn,
        decided_by=make_user("fiona"),
        decided_at=timezone.now(),
    )

    page = client.get("/finance/").text
    rows = list(exported(client, "/finance/accepted.csv"))

    assert f'<a href="/returns/{rma.pk}/">{rma}</a>' in page
    assert f'<a href="/approvals/{fix.pk}/">the decision</a>' in page
    assert "A fee was waived" in page
    assert "Agreed by telephone" in page
    assert "−£3.20" in page
    assert [(row["Return"], row["Difference"], row["Currency"]) for row in rows] == [
        (str(rma), "-3.20", "GBP"),
        ("Total GBP, refunds more", "0.00", "GBP"),
        ("Total GBP, credits more", "-3.20", "GBP"),
    ]
    assert (rows[0]["Reason"], rows[0]["Asked by"], rows[0]["Agreed by"]) == (
        "A fee was waived",
        "Finn",
        "Fiona",
    )
    assert len(list(exported(client, "/finance/accepted.csv?bridge=gone"))) == 0


def test_a_yes_starts_exactly_what_was_shown_and_leads_to_the_run(client, finn, bridge):
    shown = hold(bridge)
    form = form_of(client, bridge)
    (later,) = hold(bridge, 1)

    answer = client.post(f"/runs/{bridge.pk}/start/", form, follow=True)

    run = CreditRun.objects.get()
    assert answer.redirect_chain == [(f"/finance/runs/{run.pk}/", 302)]
    assert (run.count, run.total, run.started_by) == (2, Decimal("25.00"), "Finn")
    assert set(Posting.objects.filter(run=run)) == set(shown)
    assert set(Posting.objects.filter(run=run).values_list("status", flat=True)) == {"ready"}
    later.refresh_from_db()
    assert (later.status, later.hold_reason) == ("held", "run")
    assert AuditEntry.objects.filter(act="run.start").count() == 1
    assert "2 credits, £25.00" in answer.text


def test_a_yes_to_something_else_than_what_waits_starts_nothing(client, finn, bridge):
    first, _ = hold(bridge)
    form = form_of(client, bridge)
    Posting.objects.filter(pk=first.pk).update(gross=Decimal("99.00"))

    answer = client.post(f"/runs/{bridge.pk}/start/", form, follow=True)

    assert "Nothing was started." in answer.text
    assert not CreditRun.objects.exists()
    assert set(Posting.objects.values_list("status", flat=True)) == {"held"}
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("form", [{}, {"count": "2", "total": "NaN", "last_id": "9"}])
def test_a_request_that_was_shown_nothing_is_asked_first(client, finn, bridge, form):
    hold(bridge)

    answer = client.post(f"/runs/{bridge.pk}/start/", form)

    assert (answer.status_code, answer.url) == (302, f"/runs/{bridge.pk}/")
    assert not CreditRun.objects.exists()


def test_two_people_say_yes_and_one_run_starts(client, finn, bridge):
    hold(bridge)
    form = form_of(client, bridge)
    client.post(f"/runs/{bridge.pk}/start/", form)
    client.force_login(make_user("fiona"))

    answer = client.post(f"/runs/{bridge.pk}/start/", form, follow=True)

    assert "No credit of Alder UK waits for a run." in answer.text
    assert CreditRun.objects.count() == 1


def test_each_currency_is_a_run_of_its_own(client, finn, bridge):
    hold(bridge, 1)
    hold(bridge, 1, currency="EUR", gross=Decimal("7.00"))

    client.post(f"/runs/{bridge.pk}/start/", form_of(client, bridge, "?currency=EUR"))

    run = CreditRun.objects.get()
    assert (run.count, run.total, run.currency) == (1, Decimal("7.00"), "EUR")
    assert Posting.objects.get(currency="GBP").status == "held"


def test_others_may_not_start_a_run(client, bridge):
    hold(bridge)
    client.force_login(make_user("aud"))

    page = client.get(f"/runs/{bridge.pk}/").text

    assert "Send 2 credits" not in page
    assert "Finance starts the run." in page
    assert client.post(f"/runs/{bridge.pk}/start/").status_code == 403
    assert not CreditRun.objects.exists()


def test_a_run_lists_each_credit_with_the_erps_number(client, finn, bridge):
    run = factories.CreditRunFactory(bridge=bridge, count=2, total=Decimal("25.00"))
    hold(bridge, 1, run=run, status="confirmed", hold_reason="", number="CM-77")
    hold(bridge, 1, run=run, status="blocked", hold_reason="", blocked_by="PERIOD_CLOSED")

    page = client.get(f"/finance/runs/{run.pk}/").text

    assert "CM-77" in page
    assert entry("PERIOD_CLOSED").short.capitalize() in page
    assert "Started by Finn" in page
    assert client.get(f"/finance/runs/{run.pk + 1}/").status_code == 404


def test_the_room_says_in_words_which_side_is_more(client, finn):
    group = factories.CauseGroupFactory(type="REFUND_CM_MISMATCH")
    factories.CaseFactory(
        group=group, team="finance", facts={"difference": "3.20"}, value=Decimal("3.20")
    )

    page = client.get("/finance/").text

    assert "The refund is £3.20 more" in page


def test_a_bridge_narrows_every_figure_of_the_room(client, finn, bridge):
    other = factories.BridgeFactory()
    for each in (bridge, other):
        group = factories.CauseGroupFactory(bridge=each, type="REFUND_NO_CM")
        factories.CaseFactory(group=group, bridge=each, team="finance", value=Decimal(5))
        hold(each, 1)
        factories.CreditRunFactory(bridge=each)

    whole = client.get("/finance/").context
    part = client.get(f"/finance/?bridge={bridge.code}").context
    none = client.get("/finance/?bridge=gone").context

    def told(page):
        return (
            page["figures"].count,
            page["without_credit"].count,
            page["waiting_count"],
            len(page["ready"]),
            len(page["runs"]),
        )

    assert told(whole) == (2, 2, 2, 2, 2)
    assert told(part) == (1, 1, 1, 1, 1)
    assert told(none) == (0, 0, 0, 0, 0)


def test_yen_have_no_pence_when_a_run_is_refused_and_one_credit_is_one(client, finn, bridge):
    (only,) = hold(bridge, 1, currency="JPY", gross=Decimal(1200))
    form = form_of(client, bridge, "?currency=JPY")
    Posting.objects.filter(pk=only.pk).update(gross=Decimal(1300))

    refused = client.post(f"/runs/{bridge.pk}/start/", form, follow=True).text
    form = form_of(client, bridge, "?currency=JPY")
    started = client.post(f"/runs/{bridge.pk}/start/", form, follow=True).text

    assert "You were shown 1 credit over 1200 JPY; what waits now is 1 credit over 1300 JPY" in (
        refused
    )
    assert "started: 1 credit, " in started
    assert AuditEntry.objects.get().text == "Credit run of 1 credit over 1300 JPY"


def test_the_pages_cost_the_same_queries_for_10_and_100_rows(client, finn, bridge):
    run = factories.CreditRunFactory(bridge=bridge)
    rma = factories.RmaFactory(bridge=bridge)
    paths = ("/finance/", "/finance/runs/", f"/finance/runs/{run.pk}/", f"/runs/{bridge.pk}/")

    def cost():
        with CaptureQueriesContext(database) as captured:
            for path in paths:
                assert client.get(path).status_code == 200
        return len(captured)

    def add(count):
        for _ in range(count):
            factories.CaseFactory(rma=rma, team="finance")
            factories.CreditRunFactory(bridge=bridge)
        hold(bridge, count, run=run, status="ready", hold_reason="")
        hold(bridge, count)

    add(10)
    few = cost()
    add(90)

    assert cost() == few
