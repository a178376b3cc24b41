"""What people say to one another, as they meet it on their pages."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from exceptions_app.models import Mention
from tests.cast import make_user
from tests.factories import CaseFactory

pytestmark = pytest.mark.django_db


def test_a_note_to_somebody_stands_on_their_today_until_they_have_read_it(client):
    case, finn = CaseFactory(), make_user("finn")
    client.force_login(make_user("cleo"))
    page = client.get(reverse("case-detail", args=[case.pk]))
    assert '<option value="Finn">' in page.text

    client.post(reverse("case-note", args=[case.pk]), {"note": "Which rate?", "to": "Finn"})

    assert client.get("/").context["mentions"] == ()
    client.force_login(finn)
    (note,) = client.get("/").context["mentions"]
    assert (note.actor, note.text, note.case_id) == ("Cleo", "Note to Finn: Which rate?", case.pk)
    client.force_login(make_user("cleo"))
    client.post(reverse("mentions-read"), {"mention": note.pk})
    assert Mention.objects.filter(read_at=None).count() == 1
    client.force_login(finn)
    client.post(reverse("mentions-read"), {"mention": note.pk})
    assert client.get("/").context["mentions"] == ()


def test_a_name_that_is_nobodys_is_said_at_the_note_and_nothing_is_kept(client):
    case = CaseFactory()
    client.force_login(make_user("cleo"))

    answer = client.post(
        reverse("case-note", args=[case.pk]), {"note": "@fynn, which rate?", "to": ""}
    )

    assert answer.status_code == 422
    assert "Nobody who may read this is called @fynn" in answer.text
    assert "which rate?" in answer.text
    assert Mention.objects.count() == 0


def test_a_question_stands_on_both_teams_today_until_it_is_answered(client):
    now = timezone.now()
    case = CaseFactory(team="finance", clock_from=now, due_at=now + timedelta(hours=4))
    still = "The clock stands still until Warehouse answers"
    client.force_login(make_user("finn"))
    asked = client.post(
        reverse("case-ask", args=[case.pk]),
        {"team": "warehouse", "text": "Was it worn?", "hours": "8"},
    )
    assert asked.url == f"/exceptions/{case.pk}/#questions"
    assert still in client.get(reverse("case-detail", args=[case.pk])).text

    (ours,) = client.get("/?team=finance").context["questions"]
    (theirs,) = client.get("/?team=warehouse").context["questions"]
    assert (ours.is_asked, theirs.is_asked, theirs.text) == (False, True, "Was it worn?")
    address = reverse("question-answer", args=[theirs.pk])
    assert client.post(address, {"answer": "Yes"}).status_code == 422
    client.force_login(make_user("wanda"))
    assert client.post(address, {"answer": ""}).status_code == 422
    assert client.post(address, {"answer": "Yes, once"}).url == f"/questions/{theirs.pk}/"

    assert client.get("/?team=warehouse").context["questions"] == ()
    page = client.get(reverse("case-detail", args=[case.pk]))
    (shown,) = page.context["questions"]
    assert (shown["team"], shown["state"], shown["answer"]) == (
        "Warehouse",
        "Answered",
        "Yes, once",
    )
    assert still not in page.text


def test_the_team_asked_answers_on_the_exception_s_own_page_and_nobody_else(client):
    case = CaseFactory(team="finance")
    client.force_login(make_user("finn"))
    client.post(
        reverse("case-ask", args=[case.pk]), {"team": "cx", "text": "Was it goodwill?", "hours": 8}
    )
    address = reverse("case-detail", args=[case.pk])
    assert "Answer for CX" not in client.get(address).text

    client.force_login(make_user("cleo"))
    page = client.get(address)
    (question,) = page.context["questions"]
    assert "Answer for CX" in page.text
    client.post(reverse("question-answer", args=[question["pk"]]), {"answer": "Yes, agreed."})

    after = client.get(address)
    assert [each["answer"] for each in after.context["questions"]] == ["Yes, agreed."]
    assert "Answer for CX" not in after.text
