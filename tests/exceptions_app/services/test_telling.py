"""Who is told of what, once in effect, and what becomes of a message that did not arrive."""

from datetime import timedelta

import pytest

from connectors import errors as border
from connectors.messaging import sending
from exceptions_app import errors
from exceptions_app.models import AuditEntry, Case, Message, MessagePlace, ToldCause
from exceptions_app.services import flow, telling, telling_places, telling_sends
from tests import factories
from tests.cast import make_user
from tests.factories import NOW
from tests.message_servers import room

pytestmark = pytest.mark.django_db
WISHES = telling_places.Wishes(least_severity="high", is_quiet_at_weekends=False)


@pytest.fixture
def lead():
    return make_user("mona", "merchandising", "lead")


@pytest.fixture
def web():
    with room() as own:
        yield own


@pytest.fixture(autouse=True)
def _a_clone(settings):
    settings.DEBUG = True


def place_of(lead, url="https://ours.example.com/in", wishes=WISHES, **given):
    asked = {"team": "merchandising", "name": "Room", "kind": "webhook", "address": url} | given
    return telling_places.add(
        wishes=wishes, desk_url="https://desk.example.com/", actor=lead, now=NOW, **asked
    )


def open_cases(count=1, group=None, **given):
    group = group or factories.CauseGroupFactory()
    return [factories.CaseFactory(group=group, bridge=group.bridge, **given) for _ in range(count)]


def states():
    return list(Message.objects.order_by("pk").values_list("state", flat=True))


def drain(at=NOW):
    return flow.tell(clock=lambda: at)


def test_many_exceptions_of_one_cause_are_one_message_that_leaves_once(lead, web):
    place_of(lead, web.url)
    cases = open_cases(12)

    assert [drain(), drain(), drain(NOW + timedelta(hours=30))] == [2, 0, 0]

    (got,) = web.got
    assert got["title"] == f"High: {cases[0].title}"
    assert "12 exceptions of 12 returns" in got["message"]
    assert "At risk: £240.00." in got["message"]
    assert f"https://desk.example.com/exceptions/causes/{cases[0].group_id}/" in got["message"]
    message = Message.objects.get()
    assert (message.state, message.tries) == ("sent", 1)
    assert web.keys == [message.key]
    assert list(message.groups.all()) == [cases[0].group]


def test_one_exception_leads_to_its_own_page(lead, web):
    place_of(lead, web.url)
    (case,) = open_cases()

    drain()

    assert f"https://desk.example.com/exceptions/{case.pk}/" in web.got[0]["message"]


def test_a_new_place_is_told_of_news_not_of_the_backlog_but_hears_when_it_gets_graver(lead):
    (old,) = open_cases(severity="medium")
    open_cases(severity="high")
    place = place_of(lead)

    assert telling.plan(now=NOW) == 0

    Case.objects.filter(pk=old.pk).update(severity="critical", severity_rank=4)
    assert telling.plan(now=NOW) == 1
    assert Message.objects.get().title == f"Now critical: {old.title}"
    assert place.messages.count() == 1


def test_only_the_teams_own_and_grave_enough_causes_are_told(lead):
    place_of(lead)
    open_cases(team="finance")
    open_cases(severity="medium")
    open_cases(snoozed_until=NOW + timedelta(hours=1))

    assert telling.plan(now=NOW) == 0


def test_more_than_three_causes_at_once_are_one_message(lead):
    place_of(lead)
    cases = [open_cases()[0] for _ in range(4)]

    assert [telling.plan(now=NOW), telling.plan(now=NOW)] == [1, 0]

    message = Message.objects.get()
    assert message.title == "4 causes for Merchandising, the gravest high"
    assert message.groups.count() == len(cases)
    assert "https://desk.example.com/exceptions/?team=merchandising" in message.body


def test_a_cause_that_closed_and_came_back_is_told_again_but_not_all_day(lead):
    place_of(lead)
    (case,) = open_cases()
    telling.plan(now=NOW)

    def turn(status, at):
        Case.objects.filter(pk=case.pk).update(status=status)
        return telling.plan(now=at)

    turned = [
        turn("resolved", NOW + timedelta(hours=1)),
        turn("open", NOW + timedelta(hours=2)),
        turn("open", NOW + timedelta(hours=12)),
    ]

    assert turned == [0, 0, 1]
    assert Message.objects.first().title == f"Back again: {case.title}"


def test_in_quiet_hours_nothing_is_told_and_afterwards_all_of_it_is(lead):
    quiet = telling_places.Wishes(quiet_from=0, quiet_until=NOW.hour + 1, least_severity="high")
    place_of(lead, wishes=quiet)
    open_cases()

    assert telling.plan(now=NOW) == 0
    assert telling.plan(now=NOW + timedelta(hours=1)) == 1


def test_what_is_critical_may_break_the_quiet(lead):
    night = telling_places.Wishes(quiet_from=0, quiet_until=NOW.hour + 1, has_critical_anytime=True)
    place_of(lead, wishes=night)
    open_cases()
    (grave,) = open_cases(severity="critical")

    assert telling.plan(now=NOW) == 1
    assert Message.objects.get().title == f"Critical: {grave.title}"


def test_a_digest_is_written_once_a_day_with_the_day_s_figures(lead):
    wishes = telling_places.Wishes(has_alerts=False, digest_hour=NOW.hour, time_zone="UTC")
    place_of(lead, wishes=wishes)
    open_cases(2, opened_at=NOW - timedelta(hours=3), due_at=NOW - timedelta(hours=1))
    open_cases(
        status="resolved",
        opened_at=NOW - timedelta(days=2),
        resolved_at=NOW - timedelta(hours=2),
    )

    later = NOW + timedelta(minutes=5)
    assert [telling.plan(now=NOW), telling.plan(now=later)] == [1, 0]

    message = Message.objects.get()
    assert message.title.endswith(": 2 open, £40.00 at risk")
    assert "Open: 2 exceptions in 1 cause; 2 past due." in message.body
    assert "Last 24 hours: 2 opened, 1 closed." in message.body
    assert telling.plan(now=NOW + timedelta(days=1)) == 1


@pytest.mark.parametrize(
    ("answer", "state", "tries"),
    [
        pytest.param(0, "perhaps", 1, id="a-lost-reply-is-perhaps-sent"),
        pytest.param(404, "failed", 1, id="a-refusal-is-not-tried-again"),
    ],
)
def test_a_message_in_doubt_or_refused_is_not_sent_again_and_operations_hears(
    lead, web, answer, state, tries
):
    place = place_of(lead, web.url)
    (case,) = open_cases()
    web.answer = answer

    drain()
    drain(NOW + timedelta(hours=3))

    assert (states(), len(web.got)) == ([state], tries)
    raised = Case.objects.get(type="MESSAGE_NOT_SENT")
    assert (raised.team, raised.title) == ("operations", "Messages to Room do not arrive")
    assert web.url not in str(raised.facts)

    web.answer = 200
    tested = telling_places.test(place_id=place.pk, actor=lead, now=NOW + timedelta(hours=4))

    raised.refresh_from_db()
    assert (tested.state, raised.status, raised.closure) == ("sent", "resolved", "proof")
    assert Case.objects.get(pk=case.pk).status == "open"


def test_what_surely_did_not_leave_is_tried_later_and_dropped_when_it_is_over(lead, web):
    place_of(lead, web.url)
    (case,) = open_cases()
    web.answer = 503
    drain()
    assert states() == ["waiting"]
    assert drain(NOW + timedelta(seconds=59)) == 0

    Case.objects.filter(pk=case.pk).update(status="resolved")
    drain(NOW + timedelta(seconds=60))

    assert (states(), len(web.got)) == (["dropped"], 1)


def test_after_six_tries_it_is_told_as_not_sent(lead, web):
    place_of(lead, web.url)
    open_cases()
    web.answer = 429

    for day in range(8):
        drain(NOW + timedelta(days=day))

    assert (states(), len(web.got)) == (["failed"], 6)


def test_a_worker_that_was_lost_leaves_perhaps_and_never_a_second_message(lead, web, monkeypatch):
    place_of(lead, web.url)
    open_cases()

    class Killed(BaseException):
        pass

    def die(*_):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(sending, "send", die)
        with pytest.raises(Killed):
            drain()
    assert states() == ["sending"]

    drain(NOW + timedelta(minutes=2))

    assert (states(), web.got) == (["perhaps"], [])


def test_the_address_is_sealed_and_stands_in_no_row_trail_or_error(lead, web):
    secret = f"{web.url}/in?token=s3cr3t-token"
    place = place_of(lead, secret)
    open_cases()
    web.answer = 404
    drain()

    assert telling_sends.address_of(place) == secret
    kept = [
        *MessagePlace.objects.values_list("masked", "name"),
        *Message.objects.values_list("title", "body", "outcome", "place_masked"),
        *AuditEntry.objects.values_list("text", "before", "after", "subject_label"),
        *Case.objects.values_list("facts", "title"),
    ]
    assert "s3cr3t" not in str(kept)
    assert b"s3cr3t" not in bytes(MessagePlace.objects.get().sealed_address)


def test_only_who_leads_a_team_sets_up_its_places(lead):
    for person in (make_user("mira"), make_user("fina", "finance", "lead")):
        with pytest.raises(errors.FixNotAllowed):
            place_of(person)
    place = place_of(lead)
    for person in (make_user("mira"), make_user("fina", "finance", "lead")):
        with pytest.raises(errors.FixNotAllowed):
            telling_places.remove(place_id=place.pk, actor=person, now=NOW)
        with pytest.raises(errors.FixNotAllowed):
            telling_places.test(place_id=place.pk, actor=person, now=NOW)

    assert AuditEntry.objects.filter(act__startswith="place.").count() == 1
    assert not Message.objects.exists()


def test_an_address_inside_our_network_is_refused_and_nothing_is_kept(lead, settings):
    settings.DEBUG = False

    for url in ("http://127.0.0.1:8000/x", "https://169.254.169.254/latest", "https://10.0.0.1/"):
        with pytest.raises(errors.InvalidChoice):
            place_of(lead, url)

    assert not MessagePlace.objects.exists()


def test_a_person_is_told_by_mail_of_what_is_theirs(settings, monkeypatch):
    settings.CAN_MAIL, settings.EMAIL_HOST = True, "mail.example.com"
    sent = []
    monkeypatch.setattr(sending, "send", lambda *given: sent.append(given[:2]))
    mira = make_user("mira")
    wishes = telling_places.Wishes(is_only_mine=True, is_quiet_at_weekends=False)
    telling_places.prefer(wishes=wishes, desk_url="https://desk.example.com", actor=mira, now=NOW)
    open_cases()
    (mine,) = open_cases(assignee=mira)

    drain()

    message = Message.objects.get()
    assert message.title == f"High: {mine.title}"
    assert message.place_masked == "m…@example.com"
    assert sent == [("mail", "mira@example.com")]


def test_a_place_that_is_removed_leaves_its_record_and_its_exception_is_over(lead, web):
    place = place_of(lead, web.url)
    open_cases()
    web.answer = 404
    drain()

    telling_places.remove(place_id=place.pk, actor=lead, now=NOW)

    message = Message.objects.get()
    assert (message.place, message.place_name, message.state) == (None, "Room", "failed")
    assert Case.objects.get(type="MESSAGE_NOT_SENT").status == "resolved"
    assert not ToldCause.objects.exists()
    assert telling.plan(now=NOW) == 0


def test_a_place_removed_while_a_message_is_under_way_raises_nothing(lead, monkeypatch):
    place = place_of(lead)
    open_cases()

    def unknown(*_):
        telling_places.remove(place_id=place.pk, actor=lead, now=NOW)
        raise border.OutcomeUnknown("It was sent, and no answer came.")

    monkeypatch.setattr(sending, "send", unknown)
    drain()

    assert states() == ["perhaps"]
    assert not Case.objects.filter(type="MESSAGE_NOT_SENT").exists()


def test_a_library_that_fails_in_passing_is_no_reason_to_send_twice(lead, monkeypatch):
    place_of(lead)
    open_cases()

    def unknown(*_):
        raise border.OutcomeUnknown("It was sent, and no answer came.")

    monkeypatch.setattr(sending, "send", unknown)
    drain()

    assert Message.objects.get().outcome == (
        "It was sent, and no answer came. It is not sent again by itself."
    )
