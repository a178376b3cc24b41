"""The pages of assignment rules, as leads use them."""

from decimal import Decimal

import pytest

from exceptions_app.models import AssignmentRule
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db

ADD = "/load/rules/add/?team=finance"


@pytest.fixture
def lead(client):
    frida = make_user("frida", "finance", "lead")
    client.force_login(frida)
    return frida


def given(*people, **answers):
    return {"way": "turn", "people": [make_user(name).pk for name in people], **answers}


def test_a_rule_is_tried_on_what_is_open_before_it_is_kept(client, lead):
    factories.CaseFactory.create_batch(3, team="finance", value=Decimal(50), currency="GBP")
    factories.CaseFactory(team="finance", value=Decimal(5), currency="GBP")
    factories.CaseFactory(team="finance", assignee=lead, status="assigned")
    factories.CaseFactory(team="cx")
    answers = given("finn", "fiona", at_least="20", currency="GBP")

    tried = client.post(ADD, answers | {"look": "1"})

    effect = tried.context["effect"]
    assert [(each["name"], each["count"]) for each in effect["given"]] == [
        ("Finn", 2),
        ("Fiona", 1),
    ]
    assert (effect["count"], effect["left"]) == (4, 1)
    assert "4 open exceptions of Finance are with nobody" in tried.text
    assert AssignmentRule.objects.count() == 0

    assert client.post(ADD, answers).url == "/load/rules/?team=finance"
    page = client.get("/load/rules/?team=finance")
    assert [(row["words"], row["count"]) for row in page.context["rows"]] == [
        ("from 20.00 GBP at risk", 3)
    ]


def test_an_amount_without_a_currency_and_nobody_chosen_are_named_at_their_fields(client, lead):
    answer = client.post(ADD, {"way": "turn", "at_least": "20"})

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"currency", "people"}
    assert AssignmentRule.objects.count() == 0


def test_who_edits_what_another_changed_meanwhile_is_told(client, lead):
    client.post(ADD, given("finn"))
    rule = AssignmentRule.objects.get()
    address = f"/load/rules/{rule.pk}/"

    assert client.get(address).context["form"]["people"].value() == [make_user("finn").pk]
    assert client.post(address, given("fiona", seen="1")).status_code == 302
    late = client.post(address, given("finn", seen="1"))

    assert late.status_code == 422
    assert "Another changed this rule meanwhile" in late.text
    assert [turn.person.username for turn in rule.turns.all()] == ["fiona"]


def test_a_lead_looks_at_another_teams_rules_and_changes_only_their_own(client, lead):
    rule = AssignmentRule.objects.create(
        team="cx", position=1, way="turn", created_at=factories.NOW
    )

    page = client.get("/load/rules/?team=cx")

    assert (page.status_code, page.context["may_edit"]) == (200, False)
    assert client.get(f"/load/rules/{rule.pk}/").status_code == 404
    assert client.post(f"/load/rules/{rule.pk}/turn/", {"act": "drop"}).status_code == 404
    assert client.post("/load/rules/add/?team=cx", given("cleo")).status_code == 403
    assert AssignmentRule.objects.get().is_active


def test_a_rule_by_warehouse_and_division_is_kept_told_and_kept_in_its_form(client, lead):
    bridge = factories.BridgeFactory()
    place = factories.ErpLocationFactory(connection=bridge.erp)
    other = factories.ErpLocationFactory(code="WH9", is_active=False, connection=bridge.erp)
    asked = client.get(ADD).context["form"].fields

    answer = client.post(ADD, given("finn", place=place.pk, division="10"))
    page = client.get(answer.url)
    rule = AssignmentRule.objects.get()
    form = client.get(f"/load/rules/{rule.pk}/").context["form"]

    assert (list(asked["place"].queryset), asked["division"].choices[1:]) == (
        [place],
        [("10", "10")],
    )
    words = f"goods at Leeds, 10/WH1 of {bridge.erp.name}, division 10"
    assert [row["words"] for row in page.context["rows"]] == [words]
    assert (form["place"].value(), form["division"].value()) == (place.pk, "10")
    refused = client.post(ADD, given("finn", place=other.pk))
    assert (refused.status_code, set(refused.context["form"].errors)) == (422, {"place"})
    assert AssignmentRule.objects.count() == 1
