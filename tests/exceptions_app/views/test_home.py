from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from exceptions_app import permissions
from exceptions_app.choices import Role
from exceptions_app.selectors import today
from exceptions_app.selectors.sums import Amount
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db


def queries(client, path="/"):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return len(captured)


def test_each_person_sees_their_own_teams_queue_first(client):
    mine = factories.CaseFactory(team="merchandising", value=Decimal("30.00"))
    factories.CaseFactory(team="finance")
    client.force_login(make_user("mira"))

    queue = client.get("/").context["queue"]

    assert (queue.team, queue.count) == ("merchandising", 1)
    assert [cause.title for cause in queue.causes] == [mine.title]
    assert queue.causes[0].bridge == mine.bridge.name
    assert f"{mine.bridge.name}. Open for" in client.get("/").text
    assert queue.values == (Amount(Decimal("30.00"), "GBP"),)


def test_another_teams_queue_is_a_link_away_and_nonsense_is_ones_own(client):
    factories.CaseFactory(team="finance")
    client.force_login(make_user("mira"))

    assert client.get("/?team=finance").context["queue"].count == 1
    assert client.get("/?team=nobody").context["queue"].team == "merchandising"


def test_sums_of_different_currencies_are_not_added_up(client):
    group = factories.CauseGroupFactory()
    for currency, value in (("GBP", "5.00"), ("EUR", "7.00"), ("GBP", "1.00")):
        factories.CaseFactory(group=group, team="finance", currency=currency, value=Decimal(value))

    queue = today.queue(team="finance", now=factories.NOW)

    sums = (Amount(Decimal("7.00"), "EUR"), Amount(Decimal("6.00"), "GBP"))
    assert queue.values == sums
    assert queue.causes[0].values == sums
    assert queue.causes[0].count == 3


def test_lists_put_the_gravest_first_and_today_the_promise_then_money_then_the_clock(client):
    client.force_login(make_user("boss", *Role.values))
    now = timezone.now()

    def add(severity, hours, value):
        return factories.CaseFactory(
            team="finance",
            severity=severity,
            due_at=now + timedelta(hours=hours),
            value=Decimal(value),
            rma__money="none" if value == 900 else "confirmed",
        )

    in_time = add("high", 1, 900)
    late = add("high", -1, 1)
    low = add("low", -9, 500)
    grave = add("critical", 5, 2)

    wanted = [case.group_id for case in (grave, late, in_time, low)]
    one_by_one = client.get("/exceptions/", {"team": "finance", "view": "list"})
    today_first = [row.group_id for row in client.get("/?team=finance").context["queue"].causes]
    assert today_first == [case.group_id for case in (in_time, low, grave, late)]
    assert [row.pk for row in client.get("/exceptions/").context["page"].rows] == wanted
    assert [row.group_id for row in one_by_one.context["page"].rows] == wanted
    assert [row.group_id for row in client.get("/finance/").context["rows"]] == wanted


def test_what_a_person_put_off_is_counted_apart():
    later = factories.NOW + timedelta(hours=1)
    factories.CaseFactory(team="cx", snoozed_until=later)
    factories.CaseFactory(team="cx", snoozed_until=factories.NOW)

    queue = today.queue(team="cx", now=factories.NOW)

    assert (queue.count, queue.put_off, queue.cause_count) == (1, 1, 1)


def test_today_costs_the_same_queries_for_10_and_100_exceptions(client):
    client.force_login(make_user("finn"))
    bridge = factories.BridgeFactory()
    rma = factories.RmaFactory(bridge=bridge)

    def add(count):
        for _ in range(count):
            factories.CaseFactory(rma=rma, team="finance")
            factories.PostingFactory(rma=rma, status="held", hold_reason="run")
            factories.FixFactory(bridge=bridge, requested_by=make_user("mira"))

    add(10)
    few = queries(client)
    add(90)

    assert queries(client) == few


@pytest.mark.parametrize(
    ("team", "own"),
    [("cx", 8), ("finance", 7), ("warehouse", 8), ("merchandising", 8), ("operations", 8)],
)
def test_today_asks_what_decision_0011_says(client, team, own):
    client.force_login(make_user("boss", *Role.values))
    factories.CaseFactory(team=team)
    factories.PostingFactory(status="unconfirmed")
    factories.PostingFactory(status="held", hold_reason="manual")

    # The session, who reads, and what the navigation and the banner say: three on every page.
    assert queries(client, f"/?team={team}") - 3 == own


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/finance/", 9),
        ("/finance/runs/", 3),
        ("/merchandising/", 6),
        ("/operations/", 11),
        ("/operations/inbox/", 6),
        ("/operations/postings/", 6),
        *((f"/warehouse/?view={view}", 5) for view in ("grade", "place", "book")),
        ("/warehouse/?view=decide", 6),
    ],
)
def test_a_room_asks_at_most_what_decision_0011_says(client, path, most):
    boss = make_user("boss", *Role.values)
    client.force_login(boss)
    rma = factories.RmaFactory(inspection="not_inspected")
    factories.RmaLineFactory(rma=rma)
    factories.PostingFactory(rma=rma)
    factories.CaseFactory(rma=rma, team="finance")
    factories.CreditRunFactory(bridge=rma.bridge)
    for page in ("inbox", "posting-list"):
        factories.SavedViewFactory(owner=boss, page=page, query="")

    # The session, who reads, and what the navigation and the banner say: three on every page.
    assert queries(client, path) - 3 <= most


@pytest.mark.parametrize(
    ("team", "reads", "is_shown"),
    [
        ("finance", "wanda", False),
        ("finance", "finn", True),
        ("operations", "cleo", False),
        ("operations", "ines", True),
    ],
)
def test_a_rooms_figures_are_for_those_who_may_enter_it(client, team, reads, is_shown):
    factories.CaseFactory(team="finance", value=Decimal("1234.56"))
    client.force_login(make_user(reads))

    answer = client.get(f"/?team={team}")

    assert bool(answer.context["figures"]) == is_shown
    room = client.get("/finance/" if team == "finance" else "/operations/")
    assert (room.status_code == 200) == is_shown


def test_the_next_look_at_an_unknown_outcome_is_never_in_the_past(client):
    now = timezone.now()
    posting = factories.PostingFactory(status="unconfirmed", not_before=now - timedelta(hours=6))
    client.force_login(make_user("finn"))

    assert "As soon as possible" in client.get("/").text

    type(posting).objects.update(not_before=now + timedelta(minutes=5))

    assert "As soon as possible" not in client.get("/").text


def test_more_unknown_outcomes_than_are_listed_are_all_counted(client):
    bridge = factories.BridgeFactory()
    for _ in range(12):
        rma = factories.RmaFactory(bridge=bridge)
        factories.PostingFactory(rma=rma, status="unconfirmed")
    client.force_login(make_user("finn"))

    answer = client.get("/")

    assert len(answer.context["unknown"]) == 8
    assert answer.context["unknown_count"] == "12"
    assert "12 unknown" in answer.text


def test_the_navigation_takes_one_query_and_the_roles(django_assert_num_queries):
    finn = make_user("finn")
    factories.CaseFactory(team="finance")

    with django_assert_num_queries(2):
        roles = permissions.roles_of(finn)
        shell = today.shell(roles=roles, user_id=finn.pk)

    assert (shell.cases, shell.approvals) == (1, 0)


def test_the_navigation_counts_only_what_this_person_may_decide(client):
    mira = make_user("mira")
    factories.FixFactory(requested_by=mira)
    factories.FixFactory(requested_by=mira, level="finance", kind="accept_difference")

    def approvals(name):
        user = make_user(name)
        return today.shell(roles=permissions.roles_of(user), user_id=user.pk).approvals

    assert approvals("mira") == 0
    assert approvals("mona") == 1
    assert approvals("finn") == 1
    assert approvals("cleo") == 0
    assert approvals("aud") == 0


def test_the_navigation_hides_what_a_role_may_not_open(client):
    client.force_login(make_user("cleo"))
    cleo_sees = [item["label"] for item in client.get("/").context["nav"]]
    client.force_login(make_user("ines"))
    ines_sees = [item["label"] for item in client.get("/").context["nav"]]

    assert cleo_sees == ["Today", "Exceptions", "Approvals", "Returns", "Warehouse", "Manual"]
    assert {"Operations", "Inbox", "Postings", "Merchandising", "Set-up"} <= set(ines_sees)
    assert "Finance" not in ines_sees


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("/", "Today"),
        ("/returns/", "Returns"),
        ("/operations/", "Operations"),
        ("/operations/inbox/", "Inbox"),
        ("/manual/SKU_UNKNOWN/", "Manual"),
    ],
)
def test_one_place_is_marked_as_the_current_one(client, path, label):
    client.force_login(make_user("ines"))

    nav = client.get(path).context["nav"]

    assert [item["label"] for item in nav if item["is_current"]] == [label]


def test_simulated_systems_are_named_on_every_page(client):
    factories.ConnectionFactory(name="ReturnGO", mode="sandbox")
    factories.ConnectionFactory(name="Old one", mode="sandbox", is_active=False)
    client.force_login(make_user("cleo"))

    answer = client.get("/manual/")

    assert answer.context["simulated_systems"] == ("ReturnGO",)
    assert "nothing you do here reaches a real one" in answer.text


def test_the_age_of_the_data_is_that_of_the_oldest_feed(client):
    bridge = factories.BridgeFactory()
    old = factories.NOW.replace(hour=7)
    factories.WatermarkFactory(connection=bridge.source, feed="rmas")
    factories.WatermarkFactory(connection=bridge.source, feed="refunds", read_at=old)
    factories.WatermarkFactory(connection=bridge.erp, read_at=old.replace(hour=1))
    factories.WatermarkFactory(connection=bridge.source, feed="gaps", read_at=old.replace(hour=1))
    client.force_login(make_user("cleo"))

    assert client.get("/").context["data_as_of"] == old


def make_held(count=2):
    bridge = factories.BridgeFactory()
    for _ in range(count):
        rma = factories.RmaFactory(bridge=bridge)
        factories.PostingFactory(rma=rma, status="held", hold_reason="run", gross=Decimal("12.50"))
    return bridge


def test_finance_is_led_from_today_to_the_question_before_a_run(client):
    bridge = make_held()
    client.force_login(make_user("finn"))

    page = client.get("/").text

    assert "Review the run of 2 credits" in page
    assert f"/runs/{bridge.pk}/?currency=GBP" in page
    assert "<button" not in page.partition('id="next"')[2].partition("</section>")[0]


def test_others_see_the_waiting_credits_without_the_way_to_send_them(client):
    make_held()
    client.force_login(make_user("cleo"))

    page = client.get("/").text

    assert "£25.00" in page
    assert "Finance starts the run." in page
    assert "Review the run" not in page


def test_documents_to_key_are_shown_to_those_who_key_them(client):
    posting = factories.PostingFactory(kind="stock_receipt", status="held", hold_reason="manual")

    client.force_login(make_user("wanda"))
    wandas = client.get("/").text
    client.force_login(make_user("cleo"))
    cleos = client.get("/").text

    assert f"/postings/{posting.pk}/key/" in wandas
    assert f"/postings/{posting.pk}/key/" not in cleos


def test_a_person_without_a_role_is_told_so(client):
    client.force_login(make_user("otto"))

    answer = client.get("/")

    assert answer.status_code == 403
    assert "Your role does not include this page" in answer.text
    assert "view_desk" not in answer.text


def test_links_of_today_keep_the_team(client):
    client.force_login(make_user("cleo"))
    case = factories.CaseFactory(team="finance")

    causes = client.get("/", {"team": "finance"}).text
    held = client.get("/", {"team": "cx"}).text

    assert f'<a href="/exceptions/causes/{case.group_id}/?team=finance">' in causes
    assert '<a href="/exceptions/?team=finance">1</a>' in held


def test_of_equal_causes_today_puts_first_what_is_due_first(client):
    client.force_login(make_user("finn"))
    now = timezone.now()
    rows = [
        factories.CaseFactory(
            team="finance",
            due_at=now + timedelta(hours=hours),
            value=Decimal(20),
            rma__money="confirmed",
        )
        for hours in (3, -2, 1)
    ]

    causes = client.get("/").context["queue"].causes

    assert [row.group_id for row in causes] == [rows[place].group_id for place in (1, 2, 0)]


@pytest.mark.parametrize(
    ("roles", "opened"),
    [
        (("finance",), "/exceptions/?team=finance"),
        (("integrator",), "/exceptions/?team=operations"),
        (("finance", "cx"), "/exceptions/?view=all"),
        (("auditor",), "/exceptions/?view=all"),
    ],
)
def test_the_menu_opens_the_exceptions_it_counts(client, roles, opened):
    client.force_login(make_user("nora", *roles))
    (place,) = [each for each in client.get("/").context["nav"] if each["label"] == "Exceptions"]

    assert client.get(place["url"]).url == opened
    assert client.get(opened).status_code == 200


def test_the_menu_opens_the_readers_view_before_the_teams_tab(client):
    finn = make_user("finn")
    client.force_login(finn)
    view = factories.SavedViewFactory(owner=finn, query="severity=critical")
    client.post(reverse("view-opening"), {"view": str(view.pk)})

    assert client.get("/exceptions/?own=1").url == "/exceptions/?severity=critical"
    client.post(reverse("view-opening"), {"view": "all"})
    assert client.get("/exceptions/?own=1").url == "/exceptions/?view=all"
