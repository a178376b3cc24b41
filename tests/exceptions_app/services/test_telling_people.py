"""Who is told that they are named, asked, or wanted for an approval: once, together, in time."""

from datetime import timedelta

import pytest

from exceptions_app.models import Fix, FixEdit, Mention, Message, MessagePlace, Question
from exceptions_app.services import mentions, notes, questions, telling_people, telling_sends
from tests import factories
from tests.cast import make_user
from tests.factories import NOW

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
HOUR = 60 * MINUTE


def place(**values):
    given = {
        "name": "Room",
        "kind": "webhook",
        "masked": "…",
        "team": "warehouse",
        "has_alerts": False,
        "has_questions": True,
        "is_quiet_at_weekends": False,
        "time_zone": "UTC",
        "desk_url": "https://desk.example.com",
        "created_by": "Lola",
        "created_at": NOW - 90 * HOUR,
    }
    return MessagePlace.objects.create(**given | values)


def own(person, **values):
    return place(
        **{"name": person.username, "team": "", "owner": person, "has_questions": False} | values
    )


def tell(at=NOW):
    return telling_people.plan(now=at)


def name(case, text="@mira look at Jane Roe", at=NOW):
    notes.about_case(case_id=case.pk, text=text, actor=make_user("finn"), now=at)


def request(by="mia", at=NOW, **values):
    given = {"requested_by": make_user(by, "merchandising"), "requested_at": at}
    return factories.FixFactory(**given | values)


def test_who_is_named_gets_one_mail_with_the_link_and_without_what_was_written():
    mira = make_user("mira")
    own(mira)
    case = factories.CaseFactory()
    name(case)

    assert [tell(), tell(), tell(NOW + HOUR)] == [1, 0, 0]

    message = Message.objects.get()
    assert (message.purpose, message.owner_id, message.state) == ("mention", mira.pk, "waiting")
    assert message.title == f"Finn named you in a note about EX-{case.pk}"
    assert message.body.splitlines() == [
        f"{message.title}, by {case.due_at:%-d %b %Y, %H:%M}: "
        f"https://desk.example.com/exceptions/{case.pk}/",
        "As of 27 May 2026, 09:12 (UTC).",
    ]


def test_more_notes_within_a_quarter_of_an_hour_are_one_more_mail():
    own(make_user("mira"))
    case = factories.CaseFactory()
    name(case)
    assert tell() == 1

    for minutes in (1, 2, 3):
        name(case, at=NOW + minutes * MINUTE)
        assert tell(NOW + minutes * MINUTE) == 0

    assert tell(NOW + 15 * MINUTE) == 1
    message = Message.objects.first()
    assert message.title == "3 notes are for you"
    assert "All of them: https://desk.example.com/" in message.body
    assert message.mentions.count() == 3


def test_what_was_read_came_before_the_place_or_falls_into_quiet_hours_is_not_told():
    mira = make_user("mira")
    mine = own(mira, created_at=NOW - HOUR)
    name(factories.CaseFactory(), at=NOW - 2 * HOUR)
    case = factories.CaseFactory()
    name(case)
    MessagePlace.objects.update(quiet_from=9, quiet_until=10)
    assert tell() == 0

    MessagePlace.objects.filter(pk=mine.pk).update(has_mentions=False)
    assert tell(NOW + HOUR) == 0
    MessagePlace.objects.filter(pk=mine.pk).update(has_mentions=True)
    mentions.read(person=mira, now=NOW)
    assert tell(NOW + HOUR) == 0
    assert not Message.objects.exists()


def test_the_team_asked_is_told_and_who_asked_when_it_answers():
    room, finn = place(), own(make_user("finn"))
    case = factories.CaseFactory(team="finance")
    other = place(name="Stock", team="merchandising")
    questions.ask(
        case_id=case.pk,
        team="warehouse",
        text="Was Jane's coat worn?",
        hours=8,
        actor=make_user("finn"),
        now=NOW,
    )

    assert [tell(), tell()] == [1, 0]
    asked = Message.objects.get()
    assert (asked.place, asked.purpose) == (room, "question")
    assert asked.title == f"Finance asks Warehouse about EX-{case.pk}"
    assert f", by 27 May 2026, 17:12: https://desk.example.com/exceptions/{case.pk}/" in asked.body
    assert "Jane" not in asked.body

    question = Question.objects.get()
    questions.answer(
        question_id=question.pk, text="Yes", actor=make_user("wanda"), now=NOW + MINUTE
    )
    assert tell(NOW + MINUTE) == 1
    told = Message.objects.first()
    assert told.place == finn
    assert told.title == f"Wanda answered your question about EX-{case.pk}"
    assert not other.messages.exists()


def test_those_who_may_approve_are_told_of_all_requests_in_one_mail():
    own(make_user("mira"), has_approvals=True)
    own(make_user("mia", "merchandising"), has_approvals=True)
    own(make_user("wanda"), has_approvals=True)
    bridge = factories.BridgeFactory(name="Alder UK")
    case = factories.CaseFactory(bridge=bridge)
    for _ in range(3):
        request(bridge=bridge, case=case)

    assert [tell(), tell(), tell(NOW + HOUR)] == [1, 0, 0]

    message = Message.objects.get()
    assert (message.place.name, message.purpose) == ("mira", "approval")
    assert message.title == "3 changes wait for your approval"
    assert message.body.splitlines() == [
        f"Map the SKU, Alder UK: 3, asked for by Mia, by {case.due_at:%-d %b %Y, %H:%M}.",
        "Decide on them: https://desk.example.com/approvals/",
        "As of 27 May 2026, 09:12 (UTC).",
    ]
    assert message.fixes.count() == 3


def test_an_edited_request_is_told_of_again_and_a_decided_one_is_not():
    room = place(team="merchandising", has_approvals=True)
    fix = request()
    assert tell() == 1
    edit = {"editor": fix.requested_by, "why": "Typo", "before": {}, "after": {}}
    FixEdit.objects.create(fix=fix, at=NOW + HOUR, **edit)

    assert [tell(NOW + HOUR), tell(NOW + 2 * HOUR)] == [1, 0]
    assert f"https://desk.example.com/approvals/{fix.pk}/" in room.messages.first().body

    other = request(at=NOW + 3 * HOUR)
    Fix.objects.filter(pk=other.pk).update(status="rejected")
    assert tell(NOW + 3 * HOUR) == 0


@pytest.mark.parametrize(("is_read", "state"), [(True, "dropped"), (False, "sent")])
def test_a_later_try_of_what_was_read_meanwhile_is_dropped(is_read, state, monkeypatch):
    monkeypatch.setattr("connectors.messaging.sending.send", lambda *given: None)
    mira = make_user("mira")
    mira.email = "mira@example.com"
    mira.save()
    own(mira)
    name(factories.CaseFactory())
    tell()
    Message.objects.update(tries=1)
    if is_read:
        Mention.objects.update(read_at=NOW)

    telling_sends.send_next(now=NOW)

    assert Message.objects.get().state == state
