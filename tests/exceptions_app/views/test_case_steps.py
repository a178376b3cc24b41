"""What an exception's page says of the steps of its playbook: only what the desk can see."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from exceptions_app.catalogue import CATALOGUE, facts_used
from exceptions_app.catalogue.entry import Entry
from exceptions_app.models import AuditEntry, Case
from exceptions_app.services import questions, triage
from tests.cast import make_user
from tests.factories import (
    NOW,
    CaseFactory,
    CauseGroupFactory,
    ConnectionFactory,
    FixFactory,
    RmaFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def moment():
    with time_machine.travel(NOW, tick=False):
        yield


def case_of(code, **facts):
    group = CauseGroupFactory(type=code)
    team = CATALOGUE[code].team
    rma = RmaFactory(bridge=group.bridge)
    return CaseFactory(group=group, rma=rma, team=team, opened_at=NOW, facts=facts)


def steps(case, name="finn"):
    client = Client()
    client.force_login(make_user(name))
    page = client.get(reverse("case-detail", args=[case.pk]))
    return page.context["steps"], page.text


def test_a_step_is_scanned_by_its_first_clause():
    case = case_of("REFUND_CM_MISMATCH", difference="3.20", currency="GBP")

    (read, _, correct, *_), text = steps(case)

    assert (read["lead"], read["rest"]) == (
        "Read why they differ:",
        " every cause is named with its amount, and they sum to £3.20.",
    )
    assert f"<b>{correct['lead']}</b>{correct['rest']}" in text
    assert correct["title"] == "If the refund was right, correct the credit."


def test_a_step_that_asks_a_team_leads_to_the_question_and_says_when_it_was_answered():
    case = case_of("REFUND_OVER_LINE", excess="3.20", currency="GBP")
    (_, ask, *_), text = steps(case)
    assert (ask["state"], ask["url_label"]) == ("", "Ask CX")
    assert ask["url"].startswith(f"/exceptions/{case.pk}/ask/?team=cx&text=Return")
    assert "3.20" in ask["url"]

    question = questions.ask(
        case_id=case.pk, team="cx", text="Was it?", hours=4, actor=make_user("finn"), now=NOW
    )
    (_, ask, *_), text = steps(case)
    assert (ask["state"], ask["note"]) == ("waiting", "Asked; CX has not answered yet.")
    assert ask["url"] == reverse("question", args=[question.pk])

    questions.answer(
        question_id=question.pk, text="Yes, goodwill", actor=make_user("cleo"), now=NOW
    )
    (_, ask, *_), text = steps(case)
    assert (ask["state"], ask["note"]) == ("done", "Done: CX answered.")
    assert "Read the answer" in text


def test_a_step_nobody_can_see_done_bears_its_number_and_claims_nothing():
    (first, *_), text = steps(case_of("REFUND_OVER_LINE", excess="3.20", currency="GBP"))

    assert (first["state"], first["note"]) == ("", "")
    assert '<span class="dot" aria-hidden="true">1</span>' in text
    assert "(not yet)" not in text.split('id="playbook"')[1].split("</section>")[0]


def test_closing_by_hand_is_ticked_and_the_steps_stay_to_be_read():
    case = case_of("REFUND_OVER_LINE", excess="3.20", currency="GBP")
    triage.close_by_hand(
        case_id=case.pk, reason="claimed_back", note="", actor=make_user("finn"), now=NOW
    )

    found, text = steps(Case.objects.get(pk=case.pk))

    assert [step["state"] for step in found] == ["", "", "", "", "", "done"]
    assert found[-1]["note"].startswith("Done ")
    assert "Its steps, and which were taken" in text


def test_a_change_in_force_is_ticked_until_it_is_taken_back_or_the_cause_returns():
    case = case_of("SKU_UNKNOWN", sku="TEE-BLAK-M")
    fix = FixFactory(
        case=case,
        bridge=case.bridge,
        kind="sku_alias",
        status="applied",
        requested_by=make_user("mira"),
    )

    def tell(act, text):
        AuditEntry.objects.create(
            at=NOW + timedelta(minutes=1),
            actor="Mona",
            act=act,
            subject_kind="fix",
            subject_id=fix.pk,
            case_id=case.pk,
            rma_id=case.rma_id,
            text=text,
        )
        return [step["state"] for step in steps(case, "mira")[0]]

    assert tell("fix.approve", f"In force, can be taken back for 60 s: {fix}")[2] == "done"
    assert tell("fix.undo", f"Taken back before anything left: {fix}")[2] == ""
    assert tell("fix.approve", f"In force, can be taken back for 60 s: {fix}")[2] == "done"
    assert tell("case.reopen", "The cause came back")[2] == ""


def test_decisions_of_one_moment_stand_in_the_order_they_were_written():
    case = case_of("SKU_UNKNOWN")
    for minute, text in ((2, "first"), (1, "second"), (2, "third")):
        AuditEntry.objects.create(
            at=NOW + timedelta(minutes=minute),
            actor="Returnsbridge",
            act="case.wait",
            subject_kind="case",
            subject_id=case.pk,
            case_id=case.pk,
            text=text,
        )
    client = Client()
    client.force_login(make_user("mira"))

    story = client.get(reverse("case-detail", args=[case.pk])).context["story"]

    assert [entry["text"] for entry in story] == ["third", "second", "first"]


def asking() -> list[Entry]:
    return [found for found in CATALOGUE.values() if any(step.ask for step in found.playbook)]


@pytest.mark.parametrize("found", [pytest.param(each, id=each.code) for each in asking()])
def test_a_question_begins_with_facts_that_its_type_tells_anyway(found):
    asked = [step for step in found.playbook if step.ask]
    told = facts_used(found) | {"rma", "order", "erp", "platform"}

    for step in asked:
        assert step.question
        assert step.ask != found.team
        names = {part.split("}")[0] for part in step.question.split("{")[1:]}
        assert names <= told


@pytest.mark.parametrize(
    ("name", "form", "note"),
    [
        ("ada", "/admin/exceptions_app/connection/{}/change/", ""),
        ("ines", "/admin/exceptions_app/connection/{}/change/", ""),
        ("finn", "/admin/connections/{}/history/", "That is for: "),
    ],
)
def test_new_credentials_lead_to_the_form_of_their_connection(name, form, note):
    connection = ConnectionFactory(name="ReturnGO Home", console_url="https://go.example/home/")
    case = case_of("AUTH_EXPIRED", connection="ReturnGO Home")
    case.connection = connection
    case.save()

    (_, issue, enter, check), text = steps(case, name)

    assert issue["outside"] == connection
    assert enter["url"] == form.format(connection.pk)
    assert str(enter["note"]).startswith(note)
    assert check["url"].endswith(f"/connections/{connection.pk}/history/")
    assert ">Change the connection ReturnGO Home</a>" in text or name == "finn"
