"""One call a message, to an address we checked, and an honest word of how it ended."""

import contextlib
import json

import pytest
import requests

from connectors import errors, http, types
from connectors.messaging import door, places, sending
from connectors.sandbox.wsgi_transport import WsgiTransport
from tests.message_servers import post_office, room

SANDBOX, LIVE = types.Mode.SANDBOX, types.Mode.LIVE
NOTE = sending.Note("alert-1-2", "High: SKU X is unknown", "3 exceptions\nhttps://desk.test/c/1")
SLACK = "https://hooks.slack.com/services/T00000000/B00000000/NotARealTokenOfAnybody00"
TEAMS = (
    "https://prod-1.westeurope.logic.azure.com:443/workflows/abc123/triggers/manual/paths/invoke"
    "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=iXNxUfXDAo"
)
NATIVE = {
    "slack": SLACK,
    "teams": TEAMS,
    "google_chat": "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=k1&token=t1",
    "discord": "https://discord.com/api/webhooks/123456789/abcDEF-1",
    "webex": f"https://webexapis.com/v1/webhooks/incoming/{'a1' * 40}",
    "mattermost": "https://chat.example.com/sub/hooks/a1b2c3d4e5f6g7h8i9j0k1l2m3",
    "webhook": "https://ours.example.com/in?token=abc",
}


@pytest.fixture
def web():
    with room() as own:
        yield own


@pytest.fixture
def mail():
    with post_office() as own:
        yield own


def server_of(mail):
    return places.MailServer("127.0.0.1", mail.port, "", "", has_tls=False, sender="d@example.com")


def test_a_service_of_ones_own_gets_title_message_and_the_fixed_key(web):
    sending.send("webhook", f"{web.url}/in?token=abc", NOTE, SANDBOX)

    assert [(got["title"], got["message"]) for got in web.got] == [(NOTE.title, NOTE.body)]
    assert (web.paths, web.keys) == (["/in?token=abc"], ["alert-1-2"])


@pytest.mark.parametrize(
    ("path", "outcome"), [("/room", None), ("/hall", errors.RetryLater)], ids=["there", "nobody"]
)
def test_what_stands_in_the_place_of_the_network_takes_the_message(path, outcome):
    got = []

    def app(environ, start):
        got.append(json.loads(environ["wsgi.input"].read())["title"])
        start("200 OK", [])
        return [b""]

    way = WsgiTransport({"/room": app})
    with pytest.raises(outcome) if outcome else contextlib.nullcontext():
        sending.send("webhook", f"http://rooms.test{path}", NOTE, SANDBOX, None, way)

    assert got == ([] if outcome else [NOTE.title])


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(404, errors.Rejected, id="gone"),
        pytest.param(302, errors.Rejected, id="redirect-is-not-followed"),
        pytest.param(429, errors.RetryLater, id="too-many"),
        pytest.param(502, errors.OutcomeUnknown, id="broken-behind-a-gateway"),
        pytest.param(0, errors.OutcomeUnknown, id="hung-up-after-reading"),
    ],
)
def test_how_it_ended_is_told_apart_and_nothing_is_sent_twice(web, answer, error):
    web.answer, web.headers = answer, {"Location": f"{web.url}/else", "Retry-After": "90"}

    with pytest.raises(error) as told:
        sending.send("webhook", web.url, NOTE, SANDBOX)

    assert len(web.got) == 1
    assert getattr(told.value, "after_seconds", 90) == 90


def test_what_nobody_listens_at_was_surely_not_sent():
    with room() as gone:
        url = gone.url
    with pytest.raises(errors.RetryLater, match="Nothing was sent"):
        sending.send("webhook", url, NOTE, SANDBOX)


def test_a_live_desk_reaches_neither_the_loopback_nor_plain_http(web):
    for address in (web.url, web.url.replace("http:", "https:")):
        with pytest.raises(errors.Misconfigured):
            sending.send("webhook", address, NOTE, LIVE)

    assert web.got == []


def test_a_name_that_leads_inside_is_refused_when_it_is_called(web, monkeypatch):
    monkeypatch.setattr("connectors.addresses.resolve", lambda host, port: ["10.0.0.7"])

    with pytest.raises(errors.Misconfigured, match="not allowed"):
        sending.send("mattermost", NATIVE["mattermost"], NOTE, LIVE)


def test_every_kind_calls_through_the_door_and_once(monkeypatch):
    sent = []

    class Session:
        prepare_request = requests.Session().prepare_request

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def send(self, prepared, **_):
            sent.append((prepared.url, prepared.body))
            raise requests.ConnectionError("cut")

    monkeypatch.setattr(http, "message_session", lambda *given: Session())
    assert set(NATIVE) == {code for code, kind in places.KINDS.items() if not kind.is_mail}
    for kind, address in NATIVE.items():
        with pytest.raises(errors.RetryLater):
            sending.send(kind, address, NOTE, LIVE)

    urls = dict(zip(NATIVE, (url for url, _ in sent), strict=True))
    assert urls["slack"] == SLACK
    assert urls["mattermost"] == NATIVE["mattermost"]
    assert urls["webhook"] == NATIVE["webhook"]
    assert urls["teams"] == TEAMS
    for _, body in sent:
        text = json.dumps(json.loads(body))
        assert NOTE.title in text
        assert "https://desk.test/c/1" in text
        assert "github.com" not in text


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        pytest.param("slack", "https://evil.example.com/services/T1/A1/xyz", id="other-host"),
        pytest.param("slack", f"{SLACK}?template=/etc/passwd", id="a-file-of-ours"),
        pytest.param("teams", f"{TEAMS}&redirect=yes", id="an-option-of-the-library"),
        pytest.param("teams", TEAMS.replace(".logic.azure.com", ".example.com"), id="no-teams"),
        pytest.param("webhook", "https://127.0.0.1/x", id="loopback"),
        pytest.param("webhook", "https://user:secret@ours.example.com/", id="credentials"),
        pytest.param("webhook", "file:///etc/passwd", id="file"),
        pytest.param("mattermost", "https://chat.example.com/api/v4", id="no-hook"),
        pytest.param("mail", "finance@example.com, x@example.com", id="two-mails"),
        pytest.param("mail", "finance@example.com\nBcc: x@example.com", id="a-header"),
    ],
)
def test_an_address_that_is_more_or_else_than_the_place_is_refused(kind, address):
    with pytest.raises(errors.Misconfigured) as refused:
        places.check(kind, address, LIVE)

    assert "passwd" not in str(refused.value)


def test_a_mask_tells_two_places_apart_and_keeps_the_secret():
    assert places.masked("slack", SLACK) == "hooks.slack.com/…dy00"
    assert places.masked("mail", "finance@alder.example") == "f…@alder.example"


def test_outside_of_a_message_the_library_can_call_nobody(web):
    with pytest.raises(requests.RequestException):
        door.HttpDoor().post(web.url, data=b"{}")

    assert web.got == []


def test_a_stranger_s_text_calls_nobody_in_a_room_and_makes_no_link():
    said = sending.harmless("SKU @channel <!here> [pay](https://evil.example)")

    assert said == "SKU @\u200bchannel ‹!here› [pay] (https://evil.example)"


def test_a_mail_carries_its_key_so_that_a_copy_can_be_told(mail):
    sending.send("mail", "finance@example.com", NOTE, LIVE, server_of(mail))

    (text,) = mail.mails
    assert "X-Returnsbridge-Key: alert-1-2" in text
    assert "To: finance@example.com" in text
    assert "Content-Type: text/plain" in text


@pytest.mark.parametrize(
    ("recipient", "after_data", "error", "mails"),
    [
        pytest.param("550 no such box", "250 taken", errors.Rejected, 0, id="no-such-box"),
        pytest.param("451 later", "250 taken", errors.RetryLater, 0, id="grey-list"),
        pytest.param("250 ok", "554 spam", errors.Rejected, 1, id="refused-whole"),
        pytest.param("250 ok", "", errors.OutcomeUnknown, 1, id="hung-up-after-the-mail"),
    ],
)
def test_how_a_mail_ended_is_told_apart(mail, recipient, after_data, error, mails):
    mail.to_recipient, mail.after_data = recipient, after_data

    with pytest.raises(error):
        sending.send("mail", "finance@example.com", NOTE, LIVE, server_of(mail))

    assert len(mail.mails) == mails


def test_without_a_mail_server_no_mail_is_tried():
    with pytest.raises(errors.Misconfigured, match="no mail server"):
        sending.send("mail", "finance@example.com", NOTE, LIVE, None)
