from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client

from exceptions_app.models import AuditEntry, UserPreferences
from exceptions_app.services import people
from exceptions_app.views.account import browser_of
from tests import factories
from tests.cast import PASSWORD, make_user

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
NEW = "a-long-enough-password-7"


def signed_in(name="cleo", **headers):
    make_user(name)
    client = Client(**headers)
    client.post("/sign-in/", {"username": name, "password": PASSWORD})
    return client


def test_the_page_names_the_person_the_roles_and_the_sessions():
    client = signed_in(HTTP_USER_AGENT=FIREFOX)
    signed_in(REMOTE_ADDR="10.0.0.9")

    page = client.get("/account/")

    assert page.context["roles"] == ["CX"]
    assert [(each["browser"], each["is_here"]) for each in page.context["sessions"]] == [
        ("Not known", False),
        ("Firefox on Windows", True),
    ]
    assert "10.0.0.9" in page.text
    assert "Password only" in page.text


def test_ending_another_session_ends_it_there():
    here, there = signed_in(), signed_in()
    theirs = next(
        each["row"].pk for each in here.get("/account/").context["sessions"] if not each["is_here"]
    )

    assert here.post(f"/account/sessions/{theirs}/end/").url == "/account/"

    assert there.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200
    again = here.post(f"/account/sessions/{theirs}/end/", follow=True)
    assert "had ended already" in again.text
    assert AuditEntry.objects.count() == 1


def test_ending_all_others_keeps_this_one():
    here, one, two = signed_in(), signed_in(), signed_in()
    stranger = signed_in("finn")

    answer = here.post("/account/sessions/end/", follow=True)

    assert "2 other sessions ended." in answer.text
    assert [client.get("/account/").status_code for client in (here, one, two)] == [200, 302, 302]
    assert stranger.get("/account/").status_code == 200


def test_a_new_password_ends_the_sessions_elsewhere():
    here, there = signed_in(), signed_in()
    answers = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}

    assert here.post("/account/password/", answers).url == "/account/"

    assert User.objects.get(username="cleo").check_password(NEW)
    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 302
    assert len(here.get("/account/").context["sessions"]) == 1
    assert AuditEntry.objects.latest("pk").text == "cleo: the password was changed"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        pytest.param({"oldpassword": "wrong"}, "This is not your present password.", id="old"),
        pytest.param({"password2": "other"}, "same password each time", id="differ"),
        pytest.param({"password1": "12345678", "password2": "12345678"}, "too common", id="weak"),
    ],
)
def test_a_password_that_will_not_do_changes_nothing(changed, said):
    client = signed_in()
    answers = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}

    answer = client.post("/account/password/", answers | changed)

    assert said in answer.text
    assert User.objects.get(username="cleo").check_password(PASSWORD)
    assert not AuditEntry.objects.exists()


def test_guessing_the_old_password_in_a_stolen_session_waits_too():
    client = signed_in()
    answers = {"oldpassword": "wrong", "password1": NEW, "password2": NEW}
    for _ in range(5):
        client.post("/account/password/", answers)

    answer = client.post("/account/password/", answers | {"oldpassword": PASSWORD})

    # The library's brake may answer first; either way the password stays.
    assert answer.status_code in (200, 429)
    assert User.objects.get(username="cleo").check_password(PASSWORD)


def test_preferences_hold_on_every_page():
    client = signed_in()
    wanted = {"time_zone": "America/New_York", "theme": "dark"}

    assert client.post("/account/preferences/", wanted).url == "/account/"

    page = client.get("/manual/").text
    assert '<html lang="en-GB" data-theme="dark">' in page
    assert "<body" in page
    assert 'data-keys="off"' in page


def test_without_preferences_the_page_says_nothing_of_them():
    page = signed_in().get("/manual/").text

    assert "data-theme" not in page
    assert "data-keys" not in page


def test_times_are_the_reader_s_own():
    cleo = make_user("cleo")
    cleo.last_login = datetime(2026, 5, 27, 9, 12, tzinfo=UTC)
    cleo.save()
    ada = make_user("ada")
    people.prefer(user=ada, time_zone="America/New_York", theme="", has_single_keys=True)
    client = Client()
    client.force_login(ada)

    assert "27 May 2026, 05:12" in client.get(f"/people/{cleo.pk}/").text
    client.force_login(make_user("otto", "admin"))
    assert "27 May 2026, 09:12" in client.get(f"/people/{cleo.pk}/").text


def test_times_in_a_file_are_the_reader_s_own_though_it_is_sent_later():
    ines = make_user("ines")
    people.prefer(user=ines, time_zone="America/New_York", theme="", has_single_keys=True)
    factories.InboundEventFactory(received_at=datetime(2026, 5, 27, 9, 12, tzinfo=UTC))
    client = Client()
    client.force_login(ines)

    answer = client.get("/operations/inbox/export.csv")

    sent = b"".join(answer.streaming_content).decode()
    assert "27 May 2026, 05:12" in sent
    assert "09:12" not in sent


def test_the_api_speaks_the_desk_s_own_zone():
    ada = make_user("ada")
    client = Client()
    client.force_login(ada)
    factories.RmaFactory()
    before = client.get("/api/v1/returns/").json()

    people.prefer(user=ada, time_zone="Asia/Tokyo", theme="", has_single_keys=True)

    assert client.get("/api/v1/returns/").json() == before


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param({"time_zone": "Mars/Olympus"}, id="no zone"),
        pytest.param({"theme": "neon"}, id="no theme"),
    ],
)
def test_preferences_we_do_not_know_change_nothing(wanted):
    client = signed_in()

    answer = client.post("/account/preferences/", wanted)

    assert answer.status_code == 422
    assert "data-focus" in answer.text
    assert not UserPreferences.objects.exists()


def test_preferences_and_second_factor_cost_no_query(django_assert_num_queries):
    cleo, finn = make_user("cleo"), make_user("finn")
    people.prefer(user=cleo, time_zone="Asia/Tokyo", theme="dark", has_single_keys=False)
    plain, own = Client(), Client()
    plain.force_login(finn)
    own.force_login(cleo)
    with django_assert_num_queries(4) as without:
        plain.get("/manual/")

    with django_assert_num_queries(len(without.captured_queries)):
        own.get("/manual/")


def test_the_set_up_site_has_no_password_page_and_no_way_out_of_its_own():
    client = signed_in("ada")

    assert client.get("/admin/password_change/").url == "/account/password/"
    assert client.get("/admin/logout/").url == "/sign-in/"
    assert client.get("/account/").status_code == 200
    assert client.post("/admin/logout/").url == "/sign-in/"
    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (FIREFOX, "Firefox on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Safari/5 Edg/140.0", "Edge on Windows"),
        ("curl/8.0", "Not known"),
    ],
)
def test_a_browser_is_named_in_two_words(said, shown):
    assert browser_of(said) == shown
