"""Views of a list kept under a name: whose they are, what they count, and who may change them."""

from decimal import Decimal

import pytest
from django.urls import reverse

from exceptions_app.models import AuditEntry, SavedView
from exceptions_app.selectors import paging
from exceptions_app.selectors.sums import Amount
from tests.cast import make_user
from tests.factories import CaseFactory, SavedViewFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def mira(client):
    user = make_user("mira")
    client.force_login(user)
    return user


def _save(client, **values):
    return client.post(
        reverse("view-save"),
        {"page": "case-list", "name": "Grave", "query": "severity=critical", **values},
    )


def _names(client):
    saved = client.get(reverse("case-list")).context["saved"]
    return [(view["name"], view["team"], view["count"]) for view in saved["views"]]


def test_filters_are_kept_without_the_place_in_the_list(client, mira):
    answer = _save(
        client, query="?view=list&cursor=x&severity=critical&open=4&picked=y".lstrip("?")
    )

    view = SavedView.objects.get()
    assert (view.owner, view.team, view.query) == (mira, "", "severity=critical&view=list")
    assert answer.url == "/exceptions/?severity=critical&view=list"
    assert AuditEntry.objects.get().act == "view.save"


def test_views_show_what_they_would_find_now_at_the_cost_of_one_query(
    client, mira, django_assert_max_num_queries
):
    CaseFactory(severity="critical")
    CaseFactory(severity="low")
    SavedViewFactory(owner=mira, name="Grave", query="severity=critical")
    SavedViewFactory(owner=None, team="merchandising", name="Ours", query="")
    SavedViewFactory(owner=None, team="finance", name="Theirs")
    SavedViewFactory(owner=make_user("mona"), name="Hers")

    assert _names(client) == [("Grave", "", "1"), ("Ours", "Merchandising", "2")]
    for number in range(10):
        SavedViewFactory(owner=mira, name=f"More {number}", query="team=finance")
    with django_assert_max_num_queries(18):
        assert len(_names(client)) == 12


def test_a_view_says_the_money_of_what_it_finds_per_currency_and_never_more(
    client, mira, monkeypatch
):
    for value, currency in (("10.50", "GBP"), ("2.00", "GBP"), ("7.00", "EUR")):
        CaseFactory(severity="critical", value=Decimal(value), currency=currency)
    CaseFactory(severity="low", value=Decimal(99))
    SavedViewFactory(owner=mira, name="Grave", query="severity=critical")

    page = client.get(reverse("case-list"))
    (view,) = page.context["saved"]["views"]
    assert (view["count"], view["is_cut"]) == ("3", False)
    assert view["sums"] == (Amount(Decimal("7.00"), "EUR"), Amount(Decimal("12.50"), "GBP"))
    assert '<b>3</b> <span class="money">€7.00</span> <span class="money">£12.50</span>' in (
        page.text
    )

    monkeypatch.setattr(paging, "COUNT_CAP", 2)
    page = client.get(reverse("case-list"), {"view": "list"})
    assert page.context["saved"]["views"][0]["count"] == "2+"
    assert '<b>2+</b> <span class="quiet">at least</span>' in page.text


def test_a_role_view_is_kept_by_admins_and_shown_to_who_has_the_role(client, mira):
    ada, aud = make_user("ada"), make_user("aud")
    refused = client.get(_save(client, team="role:auditor").url)
    assert "Only admins keep views for a role." in refused.text
    assert not SavedView.objects.exists()
    client.force_login(ada)
    assert "Everybody with the role Auditor" in client.get("/exceptions/?severity=low").text

    _save(client, team="role:auditor")

    view = SavedView.objects.get()
    assert (view.role, view.team, view.owner) == ("auditor", "", None)
    assert AuditEntry.objects.get().text == "View for Auditor: Grave"
    assert _names(client) == []
    client.force_login(aud)
    assert _names(client) == [("Grave", "Auditor", "0")]
    assert client.post(reverse("view-delete", args=[view.pk])).status_code == 404
    client.force_login(ada)
    client.post(reverse("view-delete", args=[view.pk]), {"page": "case-list"})
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("whose", ["role:nobody", "role:"])
def test_a_role_nobody_knows_keeps_no_view(client, whose):
    client.force_login(make_user("ada"))

    _save(client, team=whose)

    assert not SavedView.objects.filter(role__gt="").exists()


def test_a_team_view_is_saved_by_its_team_only(client, mira):
    _save(client, team="merchandising")
    refused = client.get(_save(client, team="finance", name="Other").url)

    assert list(SavedView.objects.values_list("team", "owner")) == [("merchandising", None)]
    assert "Only people of a team keep views for it." in refused.content.decode()


def test_a_name_in_use_writes_nothing_over(client, mira):
    _save(client)

    refused = client.get(_save(client, query="severity=low").url)

    assert SavedView.objects.get().query == "severity=critical"
    assert "There is a view called Grave already." in refused.content.decode()
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize("name", ["", "   ", "n" * 61])
def test_a_view_needs_a_short_name(client, mira, name):
    _save(client, name=name)

    assert not SavedView.objects.exists()


def test_one_renames_and_deletes_ones_own(client, mira):
    view = SavedViewFactory(owner=mira)

    client.post(reverse("view-rename", args=[view.pk]), {"page": "case-list", "name": "New name"})
    view.refresh_from_db()
    assert view.name == "New name"
    client.post(reverse("view-delete", args=[view.pk]), {"page": "case-list"})

    assert not SavedView.objects.exists()
    assert list(AuditEntry.objects.order_by("id").values_list("act", flat=True)) == [
        "view.rename",
        "view.delete",
    ]


@pytest.mark.parametrize("act", ["rename", "delete"])
def test_another_persons_or_teams_view_is_out_of_reach(client, mira, act):
    hers = SavedViewFactory(owner=make_user("mona"), name="Hers")
    theirs = SavedViewFactory(owner=None, team="finance", name="Theirs")

    for view in (hers, theirs):
        answer = client.post(reverse(f"view-{act}", args=[view.pk]), {"name": "Mine now"})
        assert answer.status_code == 404

    assert set(SavedView.objects.values_list("name", flat=True)) == {"Hers", "Theirs"}
    assert not AuditEntry.objects.exists()


def test_a_list_that_keeps_no_views_is_refused(client, mira):
    assert _save(client, page="home").status_code == 404
    assert not SavedView.objects.exists()


def test_a_name_with_a_zero_byte_is_kept_without_it(client, mira):
    _save(client, name="Gra\0ve")
    view = SavedView.objects.get()
    assert view.name == "Gra ve"

    client.post(reverse("view-rename", args=[view.pk]), {"page": "case-list", "name": "\0"})

    view.refresh_from_db()
    assert view.name == "Gra ve"
