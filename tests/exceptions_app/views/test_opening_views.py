"""What the queue opens with: one's own choice, the team's view, the role's; all stays in reach."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from exceptions_app.models import AuditEntry, SavedView, UserPreferences
from tests.cast import make_user
from tests.factories import CaseFactory, SavedViewFactory

pytestmark = pytest.mark.django_db

QUEUE = "/exceptions/"
ALL = "/exceptions/?view=all"


@pytest.fixture
def mira(client):
    user = make_user("mira")
    client.force_login(user)
    return user


def _team_view(name="Ours", query="severity=high", **values):
    given = {"owner": None, "team": "merchandising", "is_default": True, **values}
    return SavedViewFactory(name=name, query=query, **given)


def _role_view(name="Role", query="severity=low", role="merchandising", **values):
    given = {"owner": None, "team": "", "role": role, "is_default": True, **values}
    return SavedViewFactory(name=name, query=query, **given)


def _choose(client, view, **values):
    return client.post(reverse("view-opening"), {"page": "case-list", "view": view, **values})


def _default(client, view, is_default="1"):
    given = {"page": "case-list", "is_default": is_default}
    return client.post(reverse("view-default", args=[view.pk]), given)


def _opens(client):
    answer = client.get(QUEUE)
    return answer.url if answer.status_code == 302 else QUEUE


def test_without_a_default_the_queue_shows_all_as_before(client, mira):
    SavedViewFactory(owner=mira)

    assert _opens(client) == QUEUE


def test_the_persons_choice_comes_before_the_teams_and_that_before_the_roles(client, mira):
    _role_view()
    assert _opens(client) == "/exceptions/?severity=low"
    team = _team_view()
    assert _opens(client) == "/exceptions/?severity=high"

    _choose(client, SavedViewFactory(owner=mira, query="severity=critical").pk)

    assert _opens(client) == "/exceptions/?severity=critical"
    _choose(client, "")
    assert _opens(client) == "/exceptions/?severity=high"
    assert list(AuditEntry.objects.order_by("id").values_list("act", "text"))[1] == (
        "view.open",
        "The exceptions open with the view of the team or the role",
    )
    team.delete()
    assert _opens(client) == "/exceptions/?severity=low"


def test_all_stays_in_reach_by_an_address_and_by_every_way_out_of_a_filter(client, mira):
    _team_view(query="team=merchandising")
    CaseFactory(team="finance")

    page = client.get(ALL)
    assert (page.status_code, page.context["totals"].count) == (200, 1)
    shown = client.get(QUEUE, {"team": "merchandising"}).context
    assert shown["tabs"][0]["url"] == "?view=all"
    assert [chip["remove_url"] for chip in shown["chips"]] == ["?view=all"]
    assert shown["switch"][0]["url"] == "?team=merchandising"
    narrowed = client.get(QUEUE, {"view": "all"}).context
    assert narrowed["tabs"][3]["url"] == "?team=finance"
    assert narrowed["switch"][1]["url"] == "?view=list"
    assert 'href="?view=all">Clear all' in client.get(QUEUE, {"team": "cx"}).text


def test_who_wants_all_gets_all_whatever_the_team_has(client, mira):
    _team_view()

    _choose(client, "all")

    assert _opens(client) == QUEUE
    page = client.get(QUEUE).text
    assert "Open what my team has" in page
    _choose(client, "")
    assert _opens(client) == "/exceptions/?severity=high"


def test_the_page_says_which_view_opened_and_how_to_see_all(client, mira):
    _team_view(name="Grave ones")

    page = client.get(QUEUE, follow=True)

    told = "The exceptions open with the view “Grave ones” of Merchandising."
    assert told in page.text
    assert '<a href="?view=all">Show all that are open</a>' in page.text
    assert told not in client.get(ALL).text
    _choose(client, SavedView.objects.get().pk)
    assert "“Grave ones”, as you chose." in client.get(QUEUE, follow=True).text


def test_a_view_that_is_gone_or_no_longer_offered_locks_nobody_out(client, mira):
    own = SavedViewFactory(owner=mira)
    theirs = _team_view(is_default=False, query="severity=critical")
    _choose(client, theirs.pk)
    assert _opens(client) == "/exceptions/?severity=critical"
    SavedView.objects.filter(pk=theirs.pk).update(team="finance")
    assert _opens(client) == QUEUE

    _choose(client, own.pk)
    client.post(reverse("view-delete", args=[own.pk]), {"page": "case-list"})

    assert UserPreferences.objects.get().opens_with is None
    assert _opens(client) == QUEUE


@pytest.mark.parametrize("whose", ["another's", "another list's", "nobody's"])
def test_one_opens_only_with_a_view_of_the_queue_one_is_offered(client, mira, whose):
    view = {
        "another's": lambda: SavedViewFactory(owner=make_user("mona")).pk,
        "another list's": lambda: SavedViewFactory(owner=mira, page="return-list").pk,
        "nobody's": lambda: 999999,
    }[whose]()

    answer = _choose(client, view)

    assert answer.status_code == (302 if whose == "another list's" else 404)
    assert not UserPreferences.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_lead_says_what_opens_for_the_team_and_the_other_no_longer_does(client):
    first, second = _team_view(), _team_view(name="Later", is_default=False)
    client.force_login(make_user("lena", "lead", "merchandising"))
    assert "Open first for all of Merchandising" in client.get(ALL).text

    _default(client, second)

    assert dict(SavedView.objects.values_list("pk", "is_default")) == {
        first.pk: False,
        second.pk: True,
    }
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.text) == (
        "view.default",
        "The exceptions open with the view Later for Merchandising",
    )
    _default(client, second, is_default="0")
    assert not SavedView.objects.filter(is_default=True).exists()


@pytest.mark.parametrize(
    ("who", "status"), [("mira", 302), ("finn", 404), ("aud", 302), ("lena", 404)]
)
def test_nobody_else_says_what_opens_for_a_team(client, who, status):
    view = _team_view(is_default=False)
    client.force_login(make_user(who))

    answer = _default(client, view)

    assert answer.status_code == status
    view.refresh_from_db()
    assert not view.is_default
    assert not AuditEntry.objects.exists()
    assert "Open first for all of" not in client.get(ALL).text


def test_who_only_looks_on_opens_with_no_teams_view_and_changes_none(client):
    view = _team_view()
    client.force_login(make_user("aud"))

    assert _opens(client) == QUEUE
    assert client.post(reverse("view-delete", args=[view.pk])).status_code == 404

    assert SavedView.objects.exists()


def test_admins_say_what_opens_for_a_role(client, mira):
    view = _role_view(is_default=False)
    assert _default(client, view).status_code == 302
    assert not SavedView.objects.get().is_default
    client.force_login(make_user("ada"))

    _default(client, view)

    assert SavedView.objects.get().is_default
    client.force_login(mira)
    assert _opens(client) == "/exceptions/?severity=low"


def test_nobody_s_own_view_opens_for_others_and_a_team_has_one(mira):
    own = SavedViewFactory(owner=mira)
    _team_view()
    for wrong in (
        lambda: SavedView.objects.filter(pk=own.pk).update(is_default=True),
        lambda: _team_view(name="Second"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            wrong()


def test_a_view_of_everything_opens_all(client, mira):
    _choose(client, SavedViewFactory(owner=mira, query="").pk)

    assert _opens(client) == ALL
    assert client.get(QUEUE, follow=True).redirect_chain == [(ALL, 302)]


def test_coming_back_from_an_exception_the_list_is_as_it_was(client, mira):
    case = CaseFactory()
    page = client.get(QUEUE, {"severity": "high", "view": "list", "o": "-value"})
    (row,) = page.context["page"].rows
    carried = page.context["carried"]
    assert row.pk == case.pk

    back = client.get(f"/exceptions/{case.pk}/{carried}").context["back"]["url"]

    assert back == f"/exceptions/?severity=high&view=list&o=-value#row-{case.pk}"
    unfolded = client.get(
        reverse("cause-list", args=[case.group_id]), headers={"HX-Request": "true"}
    )
    assert unfolded.context["carried"] == f"?open={case.group_id}"
    plain = client.get(f"/exceptions/{case.pk}/{client.get(ALL).context['carried']}")
    assert plain.context["back"]["url"] == f"/exceptions/?view=all#row-g{case.group_id}"


def test_the_api_says_which_view_opens(client, mira):
    team = _team_view()
    own = SavedViewFactory(owner=mira, name="Mine")
    url = reverse("api-view-list")

    def opens():
        found = client.get(url).json()["results"]
        return {row["id"]: (row["is_default"], row["opens_first"]) for row in found}

    assert opens() == {own.pk: (False, False), team.pk: (True, True)}
    _choose(client, own.pk)
    assert opens() == {own.pk: (False, True), team.pk: (True, False)}
    assert client.get(url, {"page": "return-list"}).json() == {"results": []}
    assert client.get(url, {"page": "nowhere"}).status_code == 400
