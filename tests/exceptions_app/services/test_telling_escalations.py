"""Who is told that something is past its time: once, one message a cause, and not at night."""

from datetime import timedelta
from decimal import Decimal

import pytest

from exceptions_app.models import AuditEntry, Case, Escalation, Message, MessagePlace, TeamCalendar
from exceptions_app.services import escalating, flow, telling_escalations
from tests import factories
from tests.cast import make_user
from tests.factories import NOW

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
# The alerts of the same causes are not what is told here.
QUIET = {"zone": "UTC", "tell_lead": "4", "tell_next": "8"}


@pytest.fixture
def lola():
    TeamCalendar.objects.create(team="merchandising", settings=QUIET)
    make_user("ada")
    return make_user("lola", "lead", "merchandising")


def place(**values):
    given = {
        "name": "Room",
        "kind": "webhook",
        "masked": "…",
        "team": "merchandising",
        "has_alerts": True,
        "is_quiet_at_weekends": False,
        "time_zone": "UTC",
        "desk_url": "https://desk.example.com",
        "created_by": "Lola",
        "created_at": NOW - 90 * HOUR,
    }
    return MessagePlace.objects.create(**given | values)


def own(person, **values):
    return place(name=person.username, team="", owner=person, **values)


def late(count=1, group=None, **values):
    group = group or factories.CauseGroupFactory(type="SKU_INACTIVE")
    due = {"due_at": NOW - 5 * HOUR, "value": Decimal("12.50"), "currency": "GBP"}
    return [
        factories.CaseFactory(group=group, bridge=group.bridge, **due | values)
        for _ in range(count)
    ]


def told(at=NOW):
    escalating.escalate_due(now=at)
    return telling_escalations.plan(now=at)


def test_the_team_room_and_the_leads_mailbox_get_one_message_a_cause(lola):
    room, mine = place(), own(lola)
    place(team="finance", name="Finance")
    own(make_user("ada"))
    cases = late(3)
    (other,) = late()

    assert told() == 4

    rows = Message.objects.order_by("pk")
    assert {(row.place, row.purpose, row.state) for row in rows} == {
        (room, "escalation", "waiting"),
        (mine, "escalation", "waiting"),
    }
    message = rows.filter(place=room, groups=cases[0].group).get()
    assert message.title == f"Past its time: {cases[0].group.title}"
    assert message.body.splitlines() == [
        "3 exceptions were, the first, to be acted on by 27 May 2026, 04:12.",
        "At risk: £37.50.",
        "Who acts: Merchandising. Told to the lead of Merchandising (Lola).",
        f"https://desk.example.com/exceptions/causes/{cases[0].group_id}/",
        "Figures of 27 May 2026, 09:12.",
    ]
    alone = rows.get(place=room, groups=other.group)
    assert f"https://desk.example.com/exceptions/{other.pk}/" in alone.body
    assert set(message.escalations.values_list("case", flat=True)) == {case.pk for case in cases}
    entries = AuditEntry.objects.filter(act="case.escalate.told", case_id=cases[0].pk)
    assert set(entries.values_list("text", flat=True)) == {
        f"Message to Room: {message.title}",
        f"Message to lola: {message.title}",
    }


def test_nobody_is_told_twice_and_who_is_further_up_is_told_of_the_next_step(lola):
    room, ada = place(), own(make_user("ada"))
    (case,) = late()

    assert [told(), told(), told(NOW + HOUR)] == [1, 0, 0]
    assert told(NOW + 4 * HOUR) == 1

    assert list(Message.objects.order_by("pk").values_list("place", flat=True)) == [
        room.pk,
        ada.pk,
    ]
    assert "Told to the admins (Ada)." in Message.objects.get(place=ada).body
    assert Escalation.objects.filter(messages__isnull=False).count() == 2
    assert Case.objects.get(pk=case.pk).escalated == 2


def test_more_of_a_cause_waits_for_hours_and_is_then_one_message(lola):
    place()
    (first,) = late()
    assert told() == 1

    for number in range(3):
        late(group=first.group)
        assert told(NOW + number * HOUR) == 0

    assert told(NOW + 13 * HOUR) == 1
    assert Message.objects.order_by("pk").last().escalations.count() == 3


def test_quiet_hours_are_kept_and_it_is_told_after_them(lola):
    place(quiet_from=8, quiet_until=11)
    late()

    assert [told(), told(NOW + 2 * HOUR)] == [0, 1]


@pytest.mark.parametrize(
    ("values", "case"),
    [
        pytest.param({"is_on": False}, {}, id="off"),
        pytest.param({"has_alerts": False}, {}, id="wants-no-alerts"),
        pytest.param({"created_at": NOW + HOUR}, {}, id="newer-than-the-step"),
        pytest.param({"team": "finance"}, {}, id="of-another-team"),
        pytest.param({}, {"due_at": NOW}, id="in-time"),
    ],
)
def test_a_place_is_not_told_what_is_not_for_it(lola, values, case):
    place(**values)
    late(**case)

    assert told() == 0
    assert not Message.objects.exists()


def test_what_was_closed_before_it_could_be_told_is_not(lola):
    place(quiet_from=8, quiet_until=11)
    (case,) = late()
    assert told() == 0
    Case.objects.filter(pk=case.pk).update(status="resolved")

    assert told(NOW + 2 * HOUR) == 0


def test_the_queue_writes_and_the_messages_page_lists_it(lola, client, settings):
    settings.DEBUG = True
    place(is_on=True, least_severity="critical")
    late()
    escalating.escalate_due(now=NOW)
    flow.tell(clock=lambda: NOW)
    client.force_login(lola)

    page = client.get("/operations/messages/").text

    assert Message.objects.filter(purpose="escalation").count() == 1
    assert "Past its time: " in page
