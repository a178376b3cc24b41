"""The pages of messages: what was sent, where it goes, and one's own mail."""

import pytest
from django.urls import reverse

from exceptions_app.models import AuditEntry, Message, MessagePlace
from exceptions_app.selectors import paging
from exceptions_app.services import flow
from tests import factories
from tests.cast import make_user
from tests.factories import NOW
from tests.message_servers import room

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_clone(settings):
    settings.DEBUG = True


@pytest.fixture
def web():
    with room() as own:
        yield own


def answers(web, **given):
    return {
        "team": "merchandising",
        "name": "Data room",
        "kind": "webhook",
        "address": f"{web.url}/in?token=s3cr3t",
        "has_alerts": "on",
        "is_on": "on",
        "least_severity": "high",
        "digest_hour": "",
        "quiet_from": "",
        "quiet_until": "",
        "time_zone": "Europe/London",
    } | given


def shown(client, name, *args):
    return client.get(reverse(name, args=args)).content.decode()


def test_a_lead_sets_a_place_up_tests_it_and_reads_what_was_sent(client, web):
    client.force_login(make_user("mona", "merchandising", "lead"))

    client.post(reverse("message-place-add"), answers(web))
    place = MessagePlace.objects.get()
    tested = client.post(reverse("message-place-test", args=[place.pk]), follow=True)

    assert "Test message to Data room: Sent. Taken by the other side." in tested.content.decode()
    assert web.got[0]["title"] == "Test message from Returnsbridge"
    case = factories.CaseFactory()
    flow.tell(clock=lambda: NOW)
    message = Message.objects.get(purpose="alert")
    for page in (
        shown(client, "message-list"),
        shown(client, "message", message.pk),
        shown(client, "message-places"),
        shown(client, "message-place", place.pk),
    ):
        assert "127.0.0.1/…cr3t" in page
        assert "s3cr3t" not in page
    assert ">Merchandising, Team lead</" in shown(client, "message-place", place.pk)
    assert reverse("cause-list", args=[case.group_id]) in shown(client, "message", message.pk)


def test_what_a_test_came_to_is_told_as_it_is(client, web):
    client.force_login(make_user("mona", "merchandising", "lead"))
    client.post(reverse("message-place-add"), answers(web))
    place = MessagePlace.objects.get()
    web.answer = 0

    tested = client.post(reverse("message-place-test", args=[place.pk]), follow=True)

    assert "Perhaps sent. It was sent, and no answer came." in tested.content.decode()


def test_a_wrong_address_is_refused_beside_its_field_and_nothing_is_kept(client, web):
    client.force_login(make_user("mona", "merchandising", "lead"))

    page = client.post(
        reverse("message-place-add"),
        answers(web, kind="slack", address="https://evil.example.com/x"),
    )

    assert page.status_code == 422
    assert "This is no address of Slack." in page.content.decode()
    assert not MessagePlace.objects.exists()
    assert not AuditEntry.objects.filter(act="place.add").exists()


def test_an_empty_address_keeps_the_one_there_is(client, web):
    client.force_login(make_user("mona", "merchandising", "lead"))
    client.post(reverse("message-place-add"), answers(web))
    place = MessagePlace.objects.get()
    before = bytes(place.sealed_address)

    client.post(
        reverse("message-place", args=[place.pk]),
        answers(web, address="", name="New name", digest_hour="8"),
    )

    place.refresh_from_db()
    assert (place.name, place.digest_hour, bytes(place.sealed_address)) == ("New name", 8, before)


@pytest.mark.parametrize("roles", [("merchandising",), ("finance", "lead")])
def test_who_does_not_lead_the_team_changes_nothing(client, web, roles):
    client.force_login(make_user("mona", "merchandising", "lead"))
    client.post(reverse("message-place-add"), answers(web))
    place = MessagePlace.objects.get()
    client.force_login(make_user("else", *roles))

    statuses = [
        client.post(reverse("message-place-add"), answers(web, name="Mine")).status_code,
        client.post(reverse("message-place", args=[place.pk]), answers(web)).status_code,
        client.post(reverse("message-place-test", args=[place.pk])).status_code,
        client.post(reverse("message-place-remove", args=[place.pk])).status_code,
    ]

    assert set(statuses) <= {403, 404, 422}
    assert [row.name for row in MessagePlace.objects.all()] == ["Data room"]
    assert web.got == []


def test_ones_own_mail_is_ones_own_to_set_and_to_read(client, settings, monkeypatch):
    settings.CAN_MAIL, settings.EMAIL_HOST = True, "mail.example.com"
    monkeypatch.setattr("connectors.messaging.sending.send", lambda *given: None)
    client.force_login(make_user("mira"))
    client.post(
        reverse("account-messages"),
        {"has_alerts": "on", "is_on": "on", "least_severity": "low", "time_zone": "UTC"},
    )
    client.post(reverse("account-messages-test"))
    message = Message.objects.get()

    assert (message.state, message.place_masked) == ("sent", "m…@example.com")
    assert message.title in shown(client, "message-list")
    client.force_login(make_user("ada"))
    assert message.title not in shown(client, "message-list")
    assert client.get(reverse("message", args=[message.pk])).status_code == 404


def test_a_list_of_many_messages_costs_no_more_queries(client, django_assert_max_num_queries):
    client.force_login(make_user("ada"))
    for number in range(60):
        Message.objects.create(
            key=f"k{number}",
            place_name="Room",
            place_masked="x/…1",
            kind="slack",
            team="finance",
            purpose="alert",
            title=f"Number {number}",
            not_before=NOW,
            created_at=NOW,
        )

    with django_assert_max_num_queries(6):
        page = shown(client, "message-list")

    assert page.count("Number ") == paging.PAGE_SIZE
