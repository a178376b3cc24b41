import json

import pytest

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Bridge, Rma
from exceptions_app.services import bridges
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def ines(client):
    user = make_user("ines")
    client.force_login(user)
    return user


@pytest.fixture
def bridge():
    return factories.BridgeFactory()


def change(client, bridge, **changes):
    values = {
        "name": bridge.name,
        "timezone": bridge.timezone,
        "is_active": "on",
        "reason": "Moved to Dublin",
        "seen": json.dumps(bridges.state(bridge)),
        **changes,
    }
    return client.post(f"/admin/bridges/{bridge.pk}/", values)


def kept():
    return Bridge.objects.values_list("name", "timezone", "is_active").get()


def test_a_bridge_gets_another_zone_and_its_open_returns_are_planned_again(client, ines, bridge):
    waiting = factories.RmaFactory(bridge=bridge)
    factories.CaseFactory(rma=waiting)

    answer = change(client, bridge, name="Alder IE", timezone="Europe/Dublin")

    assert answer.status_code == 302
    assert kept() == ("Alder IE", "Europe/Dublin", True)
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.actor) == ("bridge.change", "Ines")
    assert entry.text == "Alder IE changed: Moved to Dublin"
    assert entry.before == {
        "name": "Alder UK",
        "timezone": "Europe/London",
        "is_active": True,
        "storefront": "",
    }
    assert Rma.objects.filter(plan_due_at__isnull=False).get() == waiting
    page = client.get(f"/admin/bridges/{bridge.pk}/").text
    assert "Time zone: Europe/London → Europe/Dublin" in page


def test_a_bridge_is_taken_out_of_use(client, ines, bridge):
    change(client, bridge, is_active="")

    assert kept() == ("Alder UK", "Europe/London", False)


def test_a_bridge_gets_a_shop_and_gives_it_up_again(client, ines, bridge):
    shop = factories.ConnectionFactory(kind="shopify", code="shop", name="Alder shop")

    change(client, bridge, storefront="shop")
    bridge.refresh_from_db()
    given = bridge.storefront
    change(client, bridge)

    assert given == shop
    assert Bridge.objects.get().storefront is None
    told = [
        (entry.before["storefront"], entry.after["storefront"])
        for entry in AuditEntry.objects.order_by("pk")
    ]
    assert told == [("", "shop"), ("shop", "")]
    assert "Shop: none → shop" in client.get(f"/admin/bridges/{bridge.pk}/").text


def test_a_platform_that_is_no_shop_is_not_offered_and_not_taken(client, ines, bridge):
    answer = change(client, bridge, storefront=bridge.source.code)

    assert "storefront" in answer.context["form"].errors
    with pytest.raises(errors.InvalidChoice, match="is not a shop"):
        bridges.change(
            bridge_id=bridge.pk,
            name="Other",
            timezone_name=bridge.timezone,
            is_active=True,
            storefront=bridge.source,
            actor=ines,
            now=factories.NOW,
            reason="Why not",
            seen=bridges.state(bridge),
        )
    assert kept() == ("Alder UK", "Europe/London", True)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"timezone": "Europe/Londn"}, "timezone"),
        ({"name": ""}, "name"),
        ({"reason": " ", "name": "Other"}, "reason"),
        ({}, "__all__"),
        ({"name": "Other", "seen": "{}"}, "__all__"),
        ({"name": "Other", "seen": "?"}, "seen"),
    ],
)
def test_a_change_without_sense_changes_nothing(client, ines, bridge, changes, field):
    answer = change(client, bridge, **changes)

    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert kept() == ("Alder UK", "Europe/London", True)
    assert not AuditEntry.objects.exists()


def test_somebody_elses_change_meanwhile_is_not_overwritten(client, ines, bridge):
    Bridge.objects.update(timezone="Europe/Paris")

    answer = change(client, bridge, name="Mine")

    assert kept() == ("Alder UK", "Europe/Paris", True)
    assert answer.context["form"]["name"].value() == "Mine"
    again = answer.context["form"]["seen"].value()
    assert json.loads(again)["timezone"] == "Europe/Paris"


@pytest.mark.parametrize("name", ["cleo", "finn", "mira", "aud"])
def test_others_do_not_change_a_bridge(client, bridge, name):
    client.force_login(make_user(name))

    assert change(client, bridge, name="Mine").status_code == 403
    assert kept() == ("Alder UK", "Europe/London", True)


def make_values(**changes):
    return {
        "code": "uk",
        "name": "Alder UK",
        "source": factories.ConnectionFactory().pk,
        "erp": factories.ErpFactory().pk,
        "preset": "bluecherry+returngo",
        "currency": "GBP",
        "timezone": "Europe/London",
        **changes,
    }


def test_each_side_offers_the_connections_that_can_stand_there(client, ines):
    source, erp = factories.ConnectionFactory(), factories.ErpFactory()

    form = client.get("/admin/exceptions_app/bridge/add/").context["adminform"].form

    assert list(form.fields["source"].queryset) == [source]
    assert list(form.fields["erp"].queryset) == [erp]


@pytest.mark.parametrize("field", ["timezone", "source", "erp"])
def test_a_bridge_that_could_not_work_is_refused(client, ines, field):
    values = make_values()
    wrong = {"timezone": "Europe/Londn", "source": values["erp"], "erp": values["source"]}

    answer = client.post("/admin/exceptions_app/bridge/add/", values | {field: wrong[field]})

    assert field in answer.context["adminform"].form.errors
    assert not Bridge.objects.exists()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("field", ["timezone_name", "source", "erp"])
def test_no_door_makes_a_bridge_that_could_not_work(ines, field):
    given = {
        "code": "uk",
        "name": "Alder UK",
        "source": factories.ConnectionFactory(),
        "erp": factories.ErpFactory(),
        "preset": "bluecherry+returngo",
        "currency": "GBP",
        "timezone_name": "Europe/London",
        "policy": {},
        "actor": ines,
        "now": factories.NOW,
    }
    wrong = {"timezone_name": "Moon", "source": given["erp"], "erp": given["source"]}

    with pytest.raises(errors.InvalidChoice):
        bridges.create(**given | {field: wrong[field]})

    assert not Bridge.objects.exists()


@pytest.mark.parametrize("number", ["abc", "999999", "²"])
def test_a_bridge_that_does_not_exist_is_not_found(client, ines, number):
    answer = client.get(f"/admin/exceptions_app/bridge/{number}/change/", follow=True)

    assert answer.status_code == 404
