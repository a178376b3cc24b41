from datetime import timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import MD5PasswordHasher
from django.test import Client
from django.utils import timezone

from exceptions_app.models import SignInTry
from exceptions_app.services import access
from exceptions_app.views import adapters
from tests.cast import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def sign_in(client, username="cleo", password=PASSWORD, **extra):
    return client.post("/sign-in/", {"username": username, "password": password, **extra})


def test_the_right_password_leads_to_today_with_a_new_session_key(client):
    make_user("cleo")
    client.get("/sign-in/")
    session = client.session
    session["before"] = True
    session.save()
    old_key = session.session_key
    client.cookies["sessionid"] = old_key

    answer = sign_in(client)

    assert answer.status_code == 302
    assert answer.url == "/"
    assert client.session.session_key != old_key


@pytest.mark.parametrize(
    ("username", "password"),
    [
        pytest.param("cleo", "wrong", id="wrong password"),
        pytest.param("nobody", PASSWORD, id="unknown name"),
    ],
)
def test_a_wrong_name_and_a_wrong_password_get_the_same_words(client, username, password):
    make_user("cleo")

    answer = sign_in(client, username, password)

    assert answer.status_code == 200
    assert answer.context["form"].non_field_errors() == [access.WRONG]
    assert "_auth_user_id" not in client.session


def test_a_person_who_left_gets_the_words_of_a_wrong_password(client):
    cleo = make_user("cleo")
    cleo.is_active = False
    cleo.save()

    assert sign_in(client).context["form"].non_field_errors() == [access.WRONG]


def test_after_five_wrong_tries_even_the_right_password_waits(client):
    make_user("cleo")
    for _ in range(access.TRIES):
        sign_in(client, password="wrong")

    answer = sign_in(client)

    assert answer.context["form"].non_field_errors() == [access.WAIT]
    assert "_auth_user_id" not in client.session
    assert [row.failures for row in SignInTry.objects.all()] == [access.TRIES, access.TRIES]


def test_case_of_the_name_is_no_way_around_the_limit(client):
    make_user("cleo")
    for name in ("cleo", "CLEO", "Cleo", "cLeo", "clEo"):
        sign_in(client, name, "wrong")

    assert sign_in(client).context["form"].non_field_errors() == [access.WAIT]


def test_another_address_and_another_name_do_not_wait(client):
    make_user("cleo")
    make_user("finn")
    for _ in range(access.TRIES):
        sign_in(client, password="wrong")

    elsewhere = Client(REMOTE_ADDR="10.0.0.9")

    assert sign_in(elsewhere).status_code == 302
    assert sign_in(client, "finn").status_code == 302


def test_one_address_that_tries_many_names_waits_at_every_name(client, monkeypatch):
    monkeypatch.setattr(access, "ADDRESS_TRIES", 7)
    make_user("cleo")
    for number in range(7):
        sign_in(client, f"nobody{number}", "wrong")

    assert sign_in(client).context["form"].non_field_errors() == [access.WAIT]
    assert sign_in(Client(REMOTE_ADDR="10.0.0.9")).status_code == 302


def test_a_name_that_does_not_exist_waits_alike(client):
    for _ in range(access.TRIES):
        sign_in(client, "nobody", "wrong")

    assert sign_in(client, "nobody").context["form"].non_field_errors() == [access.WAIT]


def test_a_wait_at_a_name_tells_nothing_about_its_e_mail(client):
    make_user("cleo")
    for _ in range(access.TRIES):
        sign_in(client, "cleo", "wrong")

    answer = sign_in(client, "cleo@example.com", "wrong")

    assert answer.context["form"].non_field_errors() == [access.WRONG]


def test_the_e_mail_opens_too_and_one_of_two_people_opens_nothing(client):
    cleo = make_user("cleo")

    assert sign_in(client, "CLEO@example.com").status_code == 302
    assert client.session["_auth_user_id"] == str(cleo.pk)
    client.post("/sign-out/")
    finn = make_user("finn")
    finn.email = "cleo@example.com"
    finn.save()
    assert sign_in(client, "cleo@example.com").status_code == 200


def test_known_and_unknown_names_cost_one_hash_each(client, monkeypatch):
    make_user("cleo")
    hashed = []
    real = MD5PasswordHasher.encode

    def encode(self, password, salt):
        hashed.append(password)
        return real(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", encode)
    for name in ("cleo", "cleo@example.com", "nobody", "nobody@example.com"):
        sign_in(client, name, "wrong")

    assert hashed == ["wrong"] * 4


def test_the_wait_ends_after_fifteen_minutes(client):
    make_user("cleo")
    for _ in range(access.TRIES):
        sign_in(client, password="wrong")
    SignInTry.objects.update(first_at=timezone.now() - access.WINDOW - timedelta(seconds=1))

    assert sign_in(client).status_code == 302
    assert not SignInTry.objects.exists()


def test_the_row_holds_neither_name_nor_address(client):
    sign_in(client, "cleo", "wrong")

    kept = list(SignInTry.objects.values_list("key", flat=True))

    assert [len(key) for key in kept] == [64, 64]
    assert not any("cleo" in key or "127.0.0.1" in key for key in kept)


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        pytest.param("/returns/?q=5001", "/returns/?q=5001", id="own page"),
        pytest.param("https://evil.example/", "/", id="other site"),
        pytest.param("//evil.example/", "/", id="no scheme"),
        pytest.param("javascript:alert(1)", "/", id="script"),
    ],
)
def test_next_leads_only_to_this_site(client, asked, led):
    make_user("cleo")

    assert sign_in(client, next=asked).url == led


def test_signing_out_is_a_post_and_ends_the_session(client):
    client.force_login(make_user("cleo"))

    assert client.get("/sign-out/").url == "/"
    assert "_auth_user_id" in client.session
    assert client.post("/sign-out/").url == "/sign-in/"
    assert "_auth_user_id" not in client.session


def test_the_proxy_in_front_names_the_address(settings, rf):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    request = rf.get("/", HTTP_X_FORWARDED_FOR="1.2.3.4, 10.0.0.7")

    assert adapters.address_of(request) == "10.0.0.7"


def test_without_a_proxy_a_forwarded_address_is_not_believed(rf):
    request = rf.get("/", HTTP_X_FORWARDED_FOR="1.2.3.4")

    assert adapters.address_of(request) == "127.0.0.1"


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:51324", "203.0.113.9"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("", "0.0.0.0"),
        ("unknown", "0.0.0.0"),
    ],
)
def test_an_address_is_read_however_a_proxy_writes_it(settings, given, address):
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    make_user("cleo")
    client = Client(HTTP_X_FORWARDED_FOR=f"1.2.3.4, {given}", HTTP_X_FORWARDED_PROTO="https")
    if not given:
        client = Client(REMOTE_ADDR="")

    assert sign_in(client).url == "/"

    assert UserSession.objects.get().ip == address


def test_the_addresses_of_one_household_are_one_guesser(client):
    make_user("cleo")
    for number in range(access.TRIES):
        sign_in(Client(REMOTE_ADDR=f"2001:db8:1:1::{number + 1}"), password="wrong")

    same, other = Client(REMOTE_ADDR="2001:db8:1:1::99"), Client(REMOTE_ADDR="2001:db8:1:2::1")

    assert sign_in(same).context["form"].non_field_errors() == [access.WAIT]
    assert sign_in(other).url == "/"


def test_what_depends_on_a_person_is_kept_in_no_cache(client):
    make_user("cleo")
    sign_in(client)

    for path in ("/", "/returns/", "/returns/export.csv", "/no-such-page/", "/api/v1/cases/"):
        assert "no-store" in client.get(path)["Cache-Control"], path
        assert "private" in client.get(path)["Cache-Control"], path
    assert client.post("/sign-out/")["Clear-Site-Data"] == '"cache"'
