"""Who may post to a console, how a system as a whole answers, and what survives a restart."""

import urllib.request

import pytest
from werkzeug.test import Client

from connectors import errors
from connectors.sandbox import server
from connectors.sandbox.bluecherry import BlueCherryTwin
from connectors.sandbox.consoles import roster
from connectors.sandbox.returngo import ReturnGoTwin
from connectors.sandbox.twins import new_twins
from tests.connectors.contract.plays import GatewayPlay
from tests.connectors.contract.stage_bluecherry import stages
from tests.connectors.sandbox.consoles.console_cast import Person, refusal

ADD = {"code": "POP", "name": "Pop-up", "division": "10"}
PAGE = "bluecherry/warehouses/"


@pytest.fixture
def twin():
    return BlueCherryTwin()


@pytest.fixture
def person(twin):
    return Person(bluecherry=twin, returngo=ReturnGoTwin())


@pytest.mark.parametrize("token", ["", "guess", "ü"])
def test_a_post_without_the_pages_token_changes_nothing(person, twin, token):
    answer = person.post(PAGE, "add", token=token, **ADD)

    assert answer.status_code == 403
    assert "Nothing was changed" in answer.text
    assert twin.books.locations == {}


def test_a_post_from_another_site_changes_nothing_though_it_has_the_token(person, twin):
    answer = person.post(PAGE, "add", headers={"Sec-Fetch-Site": "cross-site"}, **ADD)

    assert answer.status_code == 403
    assert twin.books.locations == {}


def test_a_name_that_merely_resolves_here_is_refused(person, twin):
    token = person.token(PAGE)

    read = person.read(PAGE, base_url="http://elsewhere.example:8100")
    posted = person.post(PAGE, "add", token=token, base_url="http://elsewhere.example:8100", **ADD)

    assert (read.status_code, posted.status_code) == (403, 403)
    assert token not in read.text
    assert twin.books.locations == {}


def test_a_page_of_an_earlier_start_says_so(twin):
    before = Person(bluecherry=twin).token(PAGE)

    answer = Person(bluecherry=twin).post(PAGE, "add", token=before, **ADD)

    assert answer.status_code == 403
    assert "Load the page again" in answer.text


def test_only_our_own_words_are_shown_as_done(person):
    assert "All is lost" not in person.text(f"{PAGE}?done=All+is+lost&sign=guess")


def test_no_page_may_be_framed_or_run_a_script(person):
    headers = person.read("").headers

    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'"
    )
    assert headers["X-Simulated"] == "not vendor behaviour"


def test_the_index_names_every_system_and_how_it_answers(person):
    told = person.text("")

    assert "BlueCherry Alder UK Answering http://127.0.0.1:8100/bluecherry/" in told
    assert "returngo Answering" in told


@pytest.mark.parametrize(
    "path", ["melted/", "bluecherry/attic/", "bluecherry/items/two", "bluecherry/items/one?key=x"]
)
def test_a_page_that_is_not_there_says_so(person, path):
    answer = person.read(path)

    assert answer.status_code == 404
    assert "There is no such page here" in answer.text


def test_every_room_of_every_system_can_be_opened_empty():
    twins = new_twins()
    person = Person(**twins)
    for name, each in twins.items():
        for room in roster.rooms(each):
            assert person.read(f"{name}/{room.code}/").status_code == 200, (name, room.code)


def test_a_system_that_is_down_cannot_be_reached_until_it_answers_again():
    play = GatewayPlay(stages()[0])
    person = Person(bluecherry=play.twin)

    said = person.does("bluecherry/", "availability", availability="down")
    with pytest.raises(errors.ConnectorError):
        play.gateway.list_locations()
    person.does("bluecherry/", "availability", availability="up")

    assert said == "Now: Down: connections close without an answer."
    assert [row.code for row in play.gateway.list_locations()] == ["LDN"]


@pytest.mark.parametrize(
    ("availability", "error"),
    [("maintenance", errors.RetryLater), ("refusing", errors.Misconfigured)],
)
def test_maintenance_and_a_refused_key_are_told_apart(availability, error):
    play = GatewayPlay(stages()[0])

    Person(bluecherry=play.twin).does("bluecherry/", "availability", availability=availability)

    with pytest.raises(error):
        play.gateway.list_locations()


def test_faults_of_the_control_address_are_told_and_end_with_a_change(person, twin):
    twin.faults.parse([{"kind": "drop_before", "times": None}])
    before = person.text("bluecherry/")

    person.does("bluecherry/", "availability", availability="up")

    assert "Faults are set through the control address" in before
    assert not twin.faults.is_active


def test_a_way_to_answer_that_there_is_not_is_refused(person, twin):
    answer = person.post("bluecherry/", "availability", availability="on fire")

    assert refusal(answer) == "Nothing was changed. How it answers: choose one from the list."
    assert twin.switches["availability"] == "up"


def test_it_is_served_beside_the_systems():
    with server.running(twins={"bluecherry": BlueCherryTwin()}) as base_url:
        with urllib.request.urlopen(f"{base_url}/_systems/", timeout=5) as answer:
            assert answer.status == 200
            assert b"Simulated systems" in answer.read()
        with urllib.request.urlopen(f"{base_url}/_systems/style.css", timeout=5) as answer:
            assert answer.headers["Content-Type"] == "text/css; charset=utf-8"


def _call(twin, key):
    names = {"x-api-key": key, "x-shop-name": twin.credentials()["shop_name"]}
    return Client(twin).get("/rmas?pagesize=1", headers=names)


def test_a_system_that_refuses_our_key_says_so_and_issues_one_that_it_takes(person):
    twin = ReturnGoTwin()
    person = Person(returngo=twin)
    assert _call(twin, "expired-key").status_code == 401
    before = person.text("returngo/")

    said = person.does("returngo/", "key")

    assert "Now: Refusing the key it was last called with (401)." in before
    assert "api_key is sandbox-returngo-key" in said
    assert _call(twin, "sandbox-returngo-key").status_code != 401
    assert "Now: Answering." in person.text("returngo/")


def test_a_system_that_refuses_every_key_takes_the_one_it_issues():
    twin = ReturnGoTwin()
    twin.set_switches({"availability": "refusing"})

    Person(returngo=twin).does("returngo/", "key")

    assert twin.switches["availability"] == "up"


def test_a_system_whose_calls_are_used_up_says_so_until_its_limit_is_lifted():
    twin = ReturnGoTwin()
    person = Person(returngo=twin)
    twin.set_switches({"daily_limit": 0})
    before = person.text("returngo/")

    said = person.does("returngo/", "limit")

    assert "Now: Turning calls away (429): the calls it allows a day are used up." in before
    assert said == "It allows 2,000 calls a day again."
    assert "Now: Answering." in person.text("returngo/")
    assert "Allow the usual number of calls" not in person.text("returngo/")


def test_a_system_without_keys_issues_none():
    twins = new_twins()
    person = Person(**twins)

    offered = {name for name in twins if "Issue a new key" in person.text(f"{name}/")}

    assert offered == {name for name, twin in twins.items() if twin.credentials()}
