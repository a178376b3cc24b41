"""Who of a team has how much, and what a lead hands over."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from exceptions_app.models import Bulk, Case, Delegation, Question
from exceptions_app.selectors.sums import Amount
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db


def held(person, *, hours=48, severity="high", value=10, team="finance"):
    return factories.CaseFactory(
        team=team,
        assignee=person,
        status="assigned",
        severity=severity,
        due_at=timezone.now() + timedelta(hours=hours),
        value=Decimal(value),
    )


def test_each_person_stands_with_what_they_have_and_who_is_away_is_marked(client):
    finn, fiona = make_user("finn"), make_user("fiona")
    held(finn, hours=-1, severity="critical", value=30)
    held(finn, hours=2)
    held(finn, team="cx")
    held(make_user("wanda"))
    factories.CaseFactory(team="finance")
    now = timezone.now()
    Delegation.objects.create(
        person=fiona,
        delegate=finn,
        starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=1),
        created_at=now,
    )
    client.force_login(make_user("ada"))

    page = client.get("/load/?team=finance")

    rows = {row["name"]: row["load"] for row in page.context["rows"]}
    assert list(rows) == ["Finn", "Wanda", "Fiona"]
    assert (rows["Finn"].count, rows["Finn"].late, rows["Finn"].soon) == (2, 1, 1)
    assert rows["Finn"].by_severity == (("critical", 1), ("high", 1))
    assert rows["Finn"].values == (Amount(Decimal("40.00"), "GBP"),)
    assert (rows["Wanda"].is_of_team, rows["Finn"].is_of_team) == (False, True)
    assert (rows["Fiona"].count, rows["Fiona"].away.delegate) == (0, finn)
    assert page.context["nobody"].count == 1
    listed = client.get(f"/exceptions/?view=list&team=finance&person={finn.pk}&snoozed=with")
    assert listed.context["totals"].count == 2


def test_a_lead_hands_over_all_that_somebody_has_of_their_team(client):
    finn, fiona = make_user("finn"), make_user("fiona")
    own = [held(finn), held(finn)]
    held(finn, team="cx")
    client.force_login(make_user("frida", "finance", "lead"))

    answer = client.post(f"/load/{finn.pk}/hand-over/?team=finance")

    bulk = Bulk.objects.get()
    assert answer.url == f"/exceptions/bulk/{bulk.pk}/"
    assert (bulk.kind, bulk.words) == ("assign", "All that Finn has of Finance")
    assert set(bulk.rows.values_list("case", flat=True)) == {case.pk for case in own}
    assert client.post(f"{answer.url}start/", {"assignee": fiona.pk}).status_code == 302


def test_only_a_lead_of_the_team_hands_over_and_nothing_is_frozen(client):
    finn = make_user("finn")
    held(finn)
    client.force_login(make_user("wilma", "warehouse", "lead"))

    client.post(f"/load/{finn.pk}/hand-over/?team=finance")

    assert (Bulk.objects.count(), Case.objects.get().assignee) == (0, finn)


def test_a_lead_sees_how_long_questions_to_the_team_waited_in_its_hours(client):
    now = timezone.now()
    case, asker = factories.CaseFactory(team="cx"), make_user("cleo")
    given = [("Yes", 1, 3), ("No", 5, 25), ("Yes", 6, 8), ("", 2, 1), ("Yes", 31, 9)]
    for answer, days, hours in given:
        asked = now - timedelta(days=days)
        Question.objects.create(
            case=case,
            team="finance",
            text="Paid?",
            asked_by=asker,
            asked_at=asked,
            due_at=asked + timedelta(hours=8),
            answer=answer,
            ended_at=asked + timedelta(hours=hours),
        )
    Question.objects.create(
        case=case, team="finance", text="And now?", asked_by=asker, asked_at=now, due_at=now
    )
    client.force_login(make_user("ada"))

    page = client.get("/load/?team=finance")

    waits = page.context["waits"]
    assert (waits.answered, waits.open, waits.median, waits.longest) == (3, 1, "8 h", "25 h")
    assert "8 h in the middle, 25 h the longest" in page.text
    other = client.get("/load/?team=cx")
    assert other.context["waits"].answered == 0
    assert "None was answered" in other.text
