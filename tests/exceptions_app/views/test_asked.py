"""A question about chosen rows stands at an address of its own."""

import pytest
import time_machine
from django.urls import reverse

from exceptions_app.models import AuditEntry
from tests.cast import make_user
from tests.factories import NOW, CaseFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def moment():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def mira(client):
    user = make_user("mira")
    client.force_login(user)
    return user


def _ticks(*cases):
    return [f"{case.pk}.{case.version}" for case in cases]


def test_a_question_is_a_page_of_its_own_that_back_and_reload_find_again(client, mira):
    case = CaseFactory()
    values = {"act": "snooze", "case": _ticks(case), "at": f"row-{case.pk}"}

    asked = client.post(f"{reverse('case-act')}?view=list", values)

    assert asked.status_code == 302
    first, again = client.get(asked.url), client.get(asked.url)
    assert "Snooze 1 exception?" in again.text
    assert first.context["frozen"] == again.context["frozen"]
    assert first.context["query"] == "?view=list"
    client.post(
        reverse("case-act"),
        {"act": "snooze", "frozen": again.context["frozen"], "choice": "tomorrow"},
    )
    case.refresh_from_db()
    assert case.snoozed_until is not None


def test_a_question_this_session_does_not_know_leads_back_to_the_list(client, mira):
    case = CaseFactory()
    asked = client.post(reverse("case-act"), {"act": "snooze", "case": _ticks(case)})
    client.force_login(make_user("mona"))

    answer = client.get(f"{asked.url}&team=merchandising", follow=True)

    assert "That question is no longer open. Choose the rows again." in answer.text
    assert answer.redirect_chain == [(f"/exceptions/?open={case.group_id}&team=merchandising", 302)]
    assert not AuditEntry.objects.exists()


def test_only_the_latest_questions_are_kept(client, mira):
    ticks = _ticks(CaseFactory())
    asked = [client.post(reverse("case-act"), {"act": "snooze", "case": ticks}) for _ in range(6)]

    assert [client.get(each.url).status_code for each in asked] == [302, *[200] * 5]
