"""What the playbooks about places tell a stranger: parcel, depots, warehouses, people."""

import pytest
from django.urls import reverse

from exceptions_app import errors
from exceptions_app.forms.kinds import FORMS
from exceptions_app.models import AuditEntry, ConnectionHealth, Fix
from exceptions_app.services import fixes
from tests.cast import make_user
from tests.factories import (
    NOW,
    CaseFactory,
    CauseGroupFactory,
    ErpLocationFactory,
    MappingFactory,
    RmaFactory,
    RmaLineFactory,
    ShipmentFactory,
)

pytestmark = pytest.mark.django_db


def make_case(kind, rma=None, **facts):
    rma = rma or RmaFactory()
    group = CauseGroupFactory(bridge=rma.bridge, type=kind)
    told = {"platform": "ReturnGO", "erp": "BlueCherry", "rma": str(rma), **facts}
    return CaseFactory(rma=rma, group=group, team="warehouse", facts=told)


def see(client, case, name="wanda"):
    client.force_login(make_user(name))
    return client.get(reverse("case-detail", args=[case.pk]))


def step(response, beginning):
    return next(row for row in response.context["steps"] if row["title"].startswith(beginning))


# --- No location -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received_at", "told"),
    [
        (None, "Nobody said that it was delivered, or who received it."),
        (NOW, "ReturnGO says received 27 May 2026, 09:12, but not where or by whom."),
    ],
)
def test_the_parcel_is_told_with_what_nobody_said(client, received_at, told):
    case = make_case("LOCATION_MISSING", RmaFactory(received_at=received_at))
    ShipmentFactory(rma=case.rma, carrier="DPD", tracking_number="AL03", tracking_url="")

    shown = step(see(client, case), "Find out who received")

    assert shown["note"].startswith(f"DPD, AL03. {told} Look the number up")
    assert shown["url"] == reverse("return-detail", args=[case.rma_id])


@pytest.mark.parametrize(
    ("url", "name", "label"),
    [
        ("https://track.example.com/AL03", "wanda", "Open the carrier's page"),
        ("javascript:alert(1)", "wanda", "Open the return"),
        ("https://track.example.com/AL03", "finn", "Open the return"),
    ],
)
def test_a_carrier_s_page_is_linked_for_who_may_see_parcel_numbers(client, url, name, label):
    case = make_case("LOCATION_MISSING")
    ShipmentFactory(rma=case.rma, carrier="DPD", tracking_number="AL031897", tracking_url=url)

    response = see(client, case, name)

    assert step(response, "Find out who received")["url_label"] == label
    assert ("AL031897" in response.text) == (name == "wanda")


def test_the_likely_depots_are_named_with_the_reason_the_likeliest_first(client):
    case = make_case("LOCATION_MISSING")
    bridge = case.rma.bridge
    for place, count in (("Leeds", 1), ("York", 2)):
        for _ in range(count):
            RmaLineFactory(rma=RmaFactory(bridge=bridge), location=place)
    MappingFactory(
        bridge=bridge,
        kind="location",
        source_value="York",
        target={"division": "10", "warehouse": "YRK"},
    )

    page = see(client, case)
    shown = step(page, "Ask the likely depots")

    assert "Not listed, because not mapped yet: Leeds. Are the goods there, map" in page.text
    assert shown["note"].startswith(
        f"Likeliest first: York (10/YRK), where 2 of the last 3 units of {bridge.name} went; Leeds,"
        f" not mapped, where 1 of the last 3 units of {bridge.name} went."
    )
    form = client.get(shown["url"]).context["form"]
    assert (form["team"].value(), str(case.rma) in form["text"].value()) == ("cx", True)


def set_place(case, note):
    MappingFactory(
        bridge=case.bridge,
        kind="location",
        source_value="Leeds",
        target={"division": "10", "warehouse": "LEE"},
    )
    return fixes.request(
        kind="set_location",
        bridge=case.bridge,
        actor=make_user("wanda"),
        now=NOW,
        payload={"location": "Leeds"},
        case=case,
        rma=case.rma,
        note=note,
    )


def test_where_goods_are_is_said_with_how_one_knows(client):
    case = make_case("LOCATION_MISSING")

    with pytest.raises(errors.InvalidChoice, match="Say how you know that the goods are there"):
        set_place(case, " ")

    assert not Fix.objects.exists()
    assert not AuditEntry.objects.exists()


def test_one_letter_does_not_say_how_one_knows(client):
    case = make_case("LOCATION_MISSING")

    with pytest.raises(errors.InvalidChoice, match="Say in a few words how you know"):
        set_place(case, "x")

    assert not Fix.objects.exists()


def test_a_closed_exception_tells_whose_word_the_place_is(client):
    case = make_case("LOCATION_MISSING")
    set_place(case, "Wes saw the parcel on shelf 4.")
    case.status, case.closure, case.resolved_at = "resolved", "proof", NOW
    case.save()
    Fix.objects.update(status="applied")

    text = see(client, case).text

    assert "“Set the location to Leeds”" in text
    assert "Set by Wanda: Leeds, because: Wes saw the parcel on shelf 4. The proof says" in text


# --- A location without a mapping --------------------------------------------------------------


def pairs_of(case):
    form = FORMS["location"](kind="location", case=case, now=NOW)
    return form.fields["pair"].choices


def test_pairs_of_another_division_than_the_order_s_stand_last_and_apart():
    case = make_case("WAREHOUSE_UNMAPPED", location="Pop-up", order_division="20")
    for division, code, name in (("10", "LEE", "Leeds"), ("20", "PAR", "Paris")):
        ErpLocationFactory(connection=case.bridge.erp, division=division, code=code, name=name)

    _empty, none, own, others = pairs_of(case)

    assert none == ("none", f"None of these: {case.bridge.erp.name} has no warehouse for it yet")
    assert own == ("Division 20, the order's own", [("20|PAR", "Division 20, warehouse PAR Paris")])
    assert others == (
        "Another division than the order's: it would not fit",
        [("10|LEE", "Division 10, warehouse LEE Leeds")],
    )


def test_pairs_stand_in_one_list_where_all_fit():
    case = make_case("WAREHOUSE_UNMAPPED", location="Pop-up")
    ErpLocationFactory(connection=case.bridge.erp)

    assert [value for value, _ in pairs_of(case)] == ["", "none", "10|WH1"]


def test_an_erp_without_divisions_is_asked_for_its_warehouse_alone(client):
    case = make_case("WAREHOUSE_UNMAPPED", location="Pop-up", order_division="")
    ErpLocationFactory(connection=case.bridge.erp, division="", code="DUB", name="Dublin")

    response = see(client, case)

    assert pairs_of(case)[2:] == [("|DUB", "Warehouse DUB Dublin")]
    assert "ivision and" not in response.text
    assert step(response, "Choose its warehouse from those")["url"] == "#fix-location"
    assert step(response, "If BlueCherry has no warehouse")["title"] == (
        "If BlueCherry has no warehouse for it, ask Operations to have one created there first:"
        " active, with the depot's name. Then press “Read locations now”. Do not choose the"
        " nearest one: its stock would be wrong."
    )


def test_a_warehouse_the_erp_has_not_is_answered_with_what_to_do(client):
    case = make_case("WAREHOUSE_UNMAPPED", location="Pop-up", order_division="10")
    client.force_login(make_user("wanda"))

    response = client.post(
        reverse("fix-request", args=[case.pk]), {"kind": "location", "pair": "none", "note": "x"}
    )

    assert response.status_code == 422
    assert (
        "in division 10, the order&#x27;s own, active, with the depot&#x27;s name" in response.text
    )
    assert not Fix.objects.exists()


def test_who_maps_a_place_may_have_the_warehouses_read_again(client, monkeypatch):
    case = make_case("WAREHOUSE_UNMAPPED", location="Pop-up")
    ConnectionHealth.objects.create(connection=case.bridge.erp)
    asked = []
    monkeypatch.setattr(
        "exceptions_app.services.reference.read_locations",
        lambda *, connection, reason, now: asked.append(connection.pk) or 5,
    )
    monkeypatch.setattr(
        "exceptions_app.services.connections.has_locations", lambda connection: True
    )

    shown = step(see(client, case), "If BlueCherry has no warehouse")
    response = client.post(reverse("case-locations", args=[case.pk]), follow=True)

    assert shown["template"] == "cases/_read_locations.html"
    assert asked == [case.bridge.erp_id]
    assert "5 locations read." in response.text


def test_who_may_not_read_the_warehouses_is_told_who_may(client):
    case = make_case("WAREHOUSE_UNMAPPED", location="Pop-up")

    response = see(client, case, "finn")

    assert step(response, "If BlueCherry has no warehouse")["note"] == (
        "They were never read. Reading them again is for: Warehouse, Integrator, Admin."
    )
    assert client.post(reverse("case-locations", args=[case.pk])).status_code == 403
    assert not AuditEntry.objects.exists()


# --- A reason without a mapping ------------------------------------------------------------------


@pytest.mark.parametrize(("name", "note"), [("finn", True), ("wanda", False), ("ada", False)])
def test_ending_an_old_mapping_is_linked_and_names_who_may(client, name, note):
    case = make_case("REASON_UNMAPPED", source_value="Moth holes")
    make_user("ada")

    shown = step(see(client, case, name), "If ReturnGO renamed a reason")

    assert shown["url"] == reverse("admin:mapping-kind", args=[case.bridge_id, "reason"])
    told = "Asking to take one out of force is for: Warehouse, Admin."
    assert shown.get("note", "") == (told if note else "")
    assert client.get(shown["url"]).status_code == 200


# --- Division and warehouse that do not fit --------------------------------------------------


def make_mismatch(others):
    case = make_case(
        "DIVISION_MISMATCH", location="Leeds", division="10", order="SO-4031", order_division="20"
    )
    for name in others:
        RmaLineFactory(rma=RmaFactory(bridge=case.rma.bridge), location=name)
    return case


@pytest.mark.parametrize(
    ("others", "told"),
    [
        (["Leeds", "leeds", "York"], "2 others of the latest 3 returns of {} name “Leeds” too."),
        (["Leeds", "York"], "1 other of the latest 2 returns of {} names “Leeds” too."),
        (["York"], "No other return of {} named “Leeds” lately."),
    ],
)
def test_a_place_that_does_not_fit_says_how_many_returns_its_mapping_moves(client, others, told):
    case = make_mismatch(others)

    shown = step(see(client, case), "If only this return names the wrong place")

    assert shown["note"] == told.format(case.rma.bridge.name)
    assert shown["url"] == reverse("return-detail", args=[case.rma_id])
    assert shown["url_label"] == f"Open return {case.rma}"


def test_a_division_that_does_not_fit_leads_to_the_facts_and_has_its_warehouses_read(client):
    response = see(client, make_mismatch([]))

    assert step(response, "Compare the two divisions")["url"] == "#facts"
    assert 'id="facts"' in response.text
    created = step(response, "If BlueCherry has no warehouse of division 20 there")
    assert created["template"] == "cases/_read_locations.html"
    assert ">Read locations now</button>" in response.text
