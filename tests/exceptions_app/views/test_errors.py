"""What people read when something went wrong: inside, outside, and without a database."""

import logging

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError, connection
from django.http import Http404
from django.test import Client
from django.urls import include, path

from exceptions_app.views import errors
from tests.cast import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def breaks(error):
    def view(request):
        raise error

    return view


def too_slow(request):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 20")
        cursor.execute("SELECT pg_sleep(2)")


urlpatterns = [
    path("break/mistake/", breaks(ZeroDivisionError("division by zero"))),
    path("break/database/", breaks(OperationalError("connection refused"))),
    path("break/slow/", too_slow),
    path("break/right/", breaks(PermissionDenied("start_run"))),
    path("break/refused/", breaks(PermissionDenied)),
    path("break/request/", breaks(SuspiciousOperation("odd"))),
    path("break/missing/", breaks(Http404)),
    path("", include("returnsbridge.urls")),
]
handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error


@pytest.fixture
def visitor():
    # As a server does it: the page is asked for, not the exception.
    return Client(raise_request_exception=False)


@pytest.fixture
def cleo(visitor):
    visitor.force_login(make_user("cleo"))
    return visitor


@pytest.mark.parametrize(
    ("address", "status", "heading"),
    [
        ("mistake", 500, "We made a mistake"),
        ("database", 503, "Returnsbridge cannot reach its database"),
        ("slow", 503, "This took too long"),
        ("right", 403, "You may not do this"),
        ("refused", 403, "You may not do this"),
        ("request", 400, "The request could not be read"),
        ("missing", 404, "This page does not exist"),
        ("nowhere", 404, "This page does not exist"),
    ],
)
@pytest.mark.parametrize("person", ["cleo", "otto", None])
def test_each_says_what_happened_and_what_to_do(visitor, caplog, person, address, status, heading):
    caplog.set_level(logging.CRITICAL)
    if person:
        visitor.force_login(make_user(person))

    page = visitor.get(f"/break/{address}/")

    assert page.status_code == status
    assert page.text.count("<h1>") == 1
    assert f"<h1>{heading}</h1>" in page.text
    assert "What happened" in page.text
    assert "What to do now" in page.text
    assert "Traceback" not in page.text
    assert "division by zero" not in page.text


@pytest.mark.parametrize("address", ["/mappings/", "/returns/999999/", "/break/missing/"])
def test_the_demo_lists_no_addresses_of_ours(visitor, settings, address):
    settings.DEBUG = True
    visitor.force_login(make_user("cleo"))

    page = visitor.get(address)

    assert page.status_code == 404
    assert "<h1>This page does not exist</h1>" in page.text
    assert "urlpatterns" not in page.text
    assert "URLconf" not in page.text


@pytest.mark.parametrize("address", ["mistake", "database", "request"])
def test_the_number_on_the_page_is_the_number_in_the_log(cleo, capsys, caplog, address):
    page = cleo.get(f"/break/{address}/")

    number = page.text.partition("<code>E-")[2].partition("</code>")[0]
    assert len(number) == 8
    assert f"E-{number}" in capsys.readouterr().out + caplog.text


def test_a_refused_person_reads_what_it_needs_and_who_has_it(cleo):
    make_user("finn")
    make_user("fiona")

    page = cleo.get("/break/right/")

    assert "<b>Start a credit run</b>" in page.text
    assert "<dt>Finance</dt><dd>Finn, Fiona</dd>" in page.text
    assert "You are signed in as <b>Cleo</b> (CX)." in page.text
    assert 'href="/manual/owners/"' in page.text


def test_a_person_without_a_role_learns_no_names(visitor):
    make_user("finn")
    visitor.force_login(make_user("otto"))

    page = visitor.get("/break/right/")

    assert "Finn" not in page.text
    assert "start_run" not in page.text
    assert "ask your administrator for the role" in page.text


def test_people_inside_keep_their_navigation_and_strangers_see_none(visitor):
    assert 'aria-label="Main"' not in visitor.get("/break/missing/").text

    visitor.force_login(make_user("cleo"))

    assert 'aria-label="Main"' in visitor.get("/break/missing/").text


@pytest.mark.parametrize("address", ["mistake", "database", "slow"])
def test_what_broke_asks_the_database_nothing(cleo, caplog, django_assert_max_num_queries, address):
    caplog.set_level(logging.CRITICAL)
    # Session and person of the request, and the query that broke with its setting.
    with django_assert_max_num_queries(6) as captured:
        page = cleo.get(f"/break/{address}/")

    assert 'aria-label="Main"' not in page.text
    # A whole page would count exceptions, approvals and connections; roles come with the person.
    asked = [query["sql"] for query in captured.captured_queries]
    assert not [sql for sql in asked if "exceptions_app_c" in sql or "exceptions_app_fix" in sql]
    assert len([sql for sql in asked if "auth_group" in sql]) == 1


def test_a_database_out_of_reach_says_when_to_come_back(cleo, caplog):
    caplog.set_level(logging.CRITICAL)

    assert cleo.get("/break/database/").headers["Retry-After"] == "30"
    assert "Retry-After" not in cleo.get("/break/mistake/").headers


def test_an_old_form_says_that_nothing_was_changed():
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_user("cleo"))

    page = strict.post("/sign-out/")

    assert page.status_code == 403
    assert "The form was open too long" in page.text
    assert "Nothing was changed" in page.text


@pytest.mark.parametrize("address", ["mistake", "database", "missing"])
def test_an_error_page_runs_no_script_when_nobody_is_inside(visitor, caplog, address):
    caplog.set_level(logging.CRITICAL)

    assert "<script" not in visitor.get(f"/break/{address}/").text
