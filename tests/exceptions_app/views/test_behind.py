"""What waits behind another exception of its return is told apart from what can be done now."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from exceptions_app.catalogue import entry
from exceptions_app.models import Case, MessagePlace
from exceptions_app.selectors import counts, load, telling, today, unreceipted
from exceptions_app.selectors.sums import Amount
from exceptions_app.services import triage
from tests import plans
from tests.bench import crowd
from tests.cast import make_user
from tests.factories import CaseFactory, CauseGroupFactory, RmaFactory, SavedViewFactory

pytestmark = pytest.mark.django_db

LIST = "/exceptions/"


@pytest.fixture
def finn(client):
    user = make_user("finn")
    client.force_login(user)
    return user


@pytest.fixture
def desk(finn):
    """A gap of merchandising's; behind it two of finance's, one of them put off; one on its own."""
    rma = RmaFactory(money="none")
    group = CauseGroupFactory(type="REFUND_CM_MISMATCH", bridge=rma.bridge)
    first = CaseFactory(rma=rma)
    own = {"team": "finance", "group": group, "value": Decimal(5), "assignee": finn}
    later = timezone.now() + timedelta(days=1)
    return {
        "first": first,
        "waits": CaseFactory(rma=rma, behind=first, severity="critical", **own),
        "off": CaseFactory(rma=rma, behind=first, snoozed_until=later, **own),
        "free": CaseFactory(rma=RmaFactory(bridge=rma.bridge), **own),
    }


def _listed(client, query):
    return [case.pk for case in client.get(f"{LIST}?view=list&{query}").context["page"].rows]


def test_tabs_and_totals_tell_what_can_be_done_and_beside_it_what_waits(client, desk):
    page = client.get(f"{LIST}?team=finance")

    assert page.context["totals"].count == 1
    assert page.context["totals"].values == (Amount(Decimal("5.00"), "GBP"),)
    notes = {tab["label"]: tab["note"].split(",")[0] for tab in page.context["tabs"]}
    assert {label: note for label, note in notes.items() if not note.startswith("0")} == {
        "All to do": "2",
        "Merchandising": "1",
        "Finance": "1",
        "Mine": "1",
        "Snoozed": "1",
    }
    text = page.content.decode()
    href = f'href="{LIST}?team=finance&amp;behind=only&amp;view=list"'
    assert f"+ <a {href}>1 waiting behind others</a>" in text
    assert [(row.count, row.severity) for row in page.context["page"].rows] == [(1, "high")]


def test_a_filter_lists_what_waits_and_no_link_to_it_stands_where_it_is_listed(client, desk):
    waits, off, free = (desk[name].pk for name in ("waits", "off", "free"))

    assert _listed(client, "team=finance") == [free]
    assert _listed(client, "team=finance&behind=only") == [waits]
    assert _listed(client, "team=finance&behind=with") == [waits, free]
    assert _listed(client, "team=finance&snoozed=only") == [off]
    assert _listed(client, "team=finance&snoozed=with") == [free]
    assert _listed(client, "team=finance&status=any") == [waits, off, free]
    both = client.get(f"{LIST}?team=finance&behind=with")
    assert (both.context["totals"].count, both.context["behind"]) == (2, "")
    assert [row.count for row in both.context["page"].rows] == [2]
    assert client.get(f"{LIST}?behind=never").context["totals"].count == 0


def test_who_searches_is_told_what_waits_too(client, desk):
    rma = desk["waits"].rma

    page = client.get(f"{LIST}?q={rma.order_name}&team=finance")

    assert (page.context["totals"].count, page.context["behind"]) == (0, "1")
    assert "1 waiting behind others" in page.content.decode()


def test_the_next_one_is_never_one_that_waits_whatever_its_state_says(desk, finn):
    Case.objects.filter(team="finance").update(status="open", assignee=None)

    def take():
        return triage.take_next(
            rows=Case.objects.filter(team="finance"), actor=finn, now=timezone.now()
        )

    assert (take(), take()) == (desk["free"], None)
    assert Case.objects.filter(assignee=finn).count() == 1


def test_today_and_the_navigation_count_what_can_be_done_and_today_says_what_waits(
    client, desk, finn
):
    page = client.get("/?team=finance")

    queue = page.context["queue"]
    assert (queue.count, queue.behind, queue.put_off, queue.cause_count) == (1, 1, 1, 1)
    assert queue.values == (Amount(Decimal("5.00"), "GBP"),)
    assert today.shell(roles=frozenset({"finance"}), user_id=finn.pk).cases == 1
    text = page.content.decode()
    assert f'href="{LIST}?view=list&amp;behind=only&amp;team=finance">1 waiting behind' in text


def test_a_team_whose_work_all_waits_has_nothing_to_check_and_holds_nobody_up(client, desk):
    desk["free"].delete()
    Case.objects.filter(pk=desk["off"].pk).delete()

    page = client.get("/?team=finance").content.decode()
    shown = client.get(f"{LIST}?team=finance")
    cx = client.get("/?team=cx").content.decode()

    assert "What is open waits behind another exception of its return" in page
    assert "1 waiting behind others" in page
    assert shown.context["page"].rows == ()
    assert "1 waiting behind others" in shown.content.decode()
    assert "Held up with Merchandising" in cx
    assert "Held up with Finance" not in cx


def test_the_load_of_a_team_tells_both_and_hands_over_both(client, desk):
    client.force_login(make_user("ada"))

    page = client.get("/load/?team=finance")

    nobody, own, *_ = load.of_team(team="finance", now=timezone.now())
    assert (nobody.count, nobody.behind) == (0, 0)
    # Put off or not.
    assert (own.count, own.behind, own.held) == (1, 2, 3)
    assert own.values == (Amount(Decimal("5.00"), "GBP"),)
    assert own.by_severity == (("high", 1),)
    text = page.content.decode()
    query = f"view=list&team=finance&person={own.person.pk}&behind=only&snoozed=with"
    assert f"{query.replace('&', '&amp;')}" in text
    assert sorted(_listed(client, query)) == sorted([desk["waits"].pk, desk["off"].pk])
    assert "Hand over all 3" in text


def test_saved_views_count_what_their_list_shows(client, desk, finn):
    SavedViewFactory(owner=finn, name="Ours", query="team=finance")
    SavedViewFactory(owner=finn, name="Waiting", query="behind=only&team=finance")

    views = client.get(LIST).context["saved"]["views"]

    assert [(view["name"], view["count"]) for view in views] == [("Ours", "1"), ("Waiting", "1")]


def test_finances_room_decides_on_what_can_be_decided(client, desk):
    page = client.get("/finance/")

    figures = page.context["figures"]
    assert (figures.count, figures.behind, figures.causes) == (1, 1, 1)
    assert figures.values == (Amount(Decimal("5.00"), "GBP"),)
    assert [row.count for row in page.context["rows"]] == [1]
    assert "1 waiting behind others" in page.content.decode()


def test_a_message_to_a_team_is_about_what_it_can_do(desk):
    place = MessagePlace(team="finance", desk_url="https://desk.example")
    now = timezone.now()
    Case.objects.filter(team="finance").update(due_at=now - timedelta(hours=1))

    causes = telling.open_causes(place, now=now)

    assert [cause.count for cause in causes] == [1]
    assert telling.day(place, causes, now=now).late == 1


def test_a_digest_counts_causes_beyond_those_it_lists(desk):
    place = MessagePlace(team="finance", desk_url="https://desk.example")
    now = timezone.now()
    whole = telling.day(place, telling.open_causes(place, now=now), now=now)

    in_part = telling.day(place, [], now=now)

    assert (whole.count, whole.causes, whole.sums) == (1, 1, (("GBP", Decimal("5.00")),))
    assert (in_part.count, in_part.causes, in_part.sums) == (1, 1, whole.sums)


def test_the_api_lists_as_the_page_does_and_names_the_one_that_comes_first(client, desk):
    def rows(query=""):
        return client.get(f"/api/v1/cases/?team=finance{query}").json()["results"]

    assert [(row["id"], row["behind_id"]) for row in rows()] == [(desk["free"].pk, None)]
    assert [(row["id"], row["behind_id"]) for row in rows("&behind=only")] == [
        (desk["waits"].pk, desk["first"].pk)
    ]


def test_what_a_closed_one_waited_for_is_forgotten_so_that_nothing_comes_back_waiting(desk):
    waits = desk["waits"]
    Case.objects.filter(pk=waits.pk).update(type="ITEM_INELIGIBLE")

    triage.close_by_hand(
        case_id=waits.pk,
        actor=make_user("fiona"),
        reason=entry("ITEM_INELIGIBLE").close_reasons[0][0],
        note="",
        now=waits.seen_at,
    )
    again = triage.reopen(case_id=waits.pk, actor=make_user("fiona"), now=waits.seen_at)

    assert (again.status, again.behind) == ("assigned", None)
    assert today.queue(team="finance", now=timezone.now()).count == 2


def test_units_on_no_receipt_are_counted_whether_their_exception_waits_or_not():
    first = CaseFactory()
    group = CauseGroupFactory(type="LOCATION_MISSING", bridge=first.bridge)
    CaseFactory(rma=first.rma, group=group, behind=first, facts={"units": "3"})

    assert unreceipted.units() == (3, 0)
    (row,) = counts.causes(unreceipted.scope(), is_back=False, after=(), limit=9)
    assert [part["count"] for part in row["parts"]] == [1]


def test_however_many_wait_the_first_page_and_the_next_one_walk_past_none(client):
    crowd.fill(300)
    first = Case.objects.first()
    Case.objects.exclude(pk__lte=first.pk + 20).update(behind=first)
    ordered = Case.objects.filter(status__in=("open", "assigned", "waiting", "awaiting_approval"))
    ordered = ordered.filter(behind__isnull=True).order_by("-severity_rank", "due_at", "id")

    assert plans.indexes_of(ordered[:31]) == {"case_to_do_first"}
