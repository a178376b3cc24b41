import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from exceptions_app.models import AuditEntry, Case
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db

NINA = {"name": "Nina de Vries", "email": "nina@example.com", "roles": ["cx", "warehouse"]}
NEW = "a-long-enough-password-7"


@pytest.fixture
def ada(client):
    user = make_user("ada")
    client.force_login(user)
    return user


@pytest.fixture
def mailing(settings):
    cache.clear()
    settings.CAN_MAIL = True


def link_in(answer):
    return re.search(r'id="invitation">http://testserver(/welcome/[^<]+)<', answer.text)[1]


def test_an_invitation_is_shown_once_and_opens_the_desk(client, ada):
    answer = client.post("/people/invite/", NINA)

    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    assert "No mail was sent" in answer.text
    link = link_in(answer)
    guest = Client()
    page = guest.get(link)
    assert "Welcome, Nina" in page.text
    assert "no-store" in page["Cache-Control"]
    led = guest.post(link, {"password1": NEW, "password2": NEW}, follow=True)
    assert "Password kept. Sign in as nina." in led.text
    assert guest.get(link).status_code == 410
    assert guest.post("/sign-in/", {"username": "nina", "password": NEW}).url == "/"
    assert guest.get("/account/").context["roles"] == ["CX", "Warehouse"]


def test_the_same_form_again_makes_no_second_person(client, ada):
    client.post("/people/invite/", NINA)

    answer = client.post("/people/invite/", NINA)

    assert answer.status_code == 422
    assert "Somebody already has this e-mail address." in answer.text
    assert User.objects.filter(email="nina@example.com").count() == 1
    assert AuditEntry.objects.count() == 1


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"name": ""}, id="no name"),
        pytest.param({"email": "nobody"}, id="no e-mail"),
        pytest.param({"roles": []}, id="no role"),
        pytest.param({"roles": ["superuser"]}, id="no role of ours"),
    ],
)
def test_a_wrong_invitation_makes_nobody(client, ada, changed):
    answer = client.post("/people/invite/", NINA | changed)

    assert answer.status_code == 422
    assert "data-focus" in answer.text
    assert User.objects.count() == 1
    assert not AuditEntry.objects.exists()


def test_the_link_is_mailed_when_there_is_a_mail_server(client, ada, mailing):
    answer = client.post("/people/invite/", NINA)

    (message,) = mail.outbox
    assert message.to == ["nina@example.com"]
    assert link_in(answer) in message.body
    assert "The link was handed to the mail server" in answer.text


def test_a_mail_server_that_fails_is_no_secret(client, ada, mailing, monkeypatch):
    def refuse(*args, **kwargs):
        raise ConnectionRefusedError

    monkeypatch.setattr("exceptions_app.views.people.send_mail", refuse)

    answer = client.post("/people/invite/", NINA)

    assert "The mail was not sent" in answer.text
    assert client.get(link_in(answer)).status_code == 200


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"password1": NEW, "password2": "other"}, "The two passwords differ."),
        ({"password1": "12345678", "password2": "12345678"}, "too common"),
        ({"password1": "nina@example.com", "password2": "nina@example.com"}, "too similar"),
    ],
)
def test_a_password_that_will_not_do_leaves_the_link_as_it_is(client, ada, answers, said):
    link = link_in(client.post("/people/invite/", NINA))

    answer = Client().post(link, answers)

    assert answer.status_code == 422
    assert said in answer.text
    assert not User.objects.get(username="nina").has_usable_password()
    assert Client().get(link).status_code == 200


def test_the_list_says_who_may_sign_in_and_how(client, ada):
    client.post("/people/invite/", NINA)
    gone = make_user("finn")
    gone.is_active = False
    gone.save()

    page = client.get("/people/")

    rows = [(row["user"].username, row["roles"], row["state"]) for row in page.context["rows"]]
    assert rows == [
        ("ada", "Admin", ""),
        ("nina", "CX, Warehouse", "Invited"),
        ("finn", "Finance", "Switched off"),
    ]


def test_the_list_costs_the_same_for_one_person_and_for_sixty(client, ada):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/people/").status_code == 200
        return len(captured)

    few = queries()
    for number in range(39):
        make_user(f"person{number}", "cx")

    assert queries() == few


def test_people_are_found_by_words_and_role(client, ada):
    make_user("cleo")
    make_user("finn")

    def found(query):
        rows = client.get(f"/people/?{query}").context["rows"]
        return [row["user"].username for row in rows]

    assert found("q=CLEO") == ["cleo"]
    assert found("q=finn@") == ["finn"]
    assert found("role=finance") == ["finn"]
    assert found("q=nobody") == []
    assert found("role=superuser") == ["ada", "cleo", "finn"]


def test_forty_people_are_read_in_two_pages(client, ada):
    for number in range(39):
        make_user(f"person{number:02}", "cx")

    first = client.get("/people/")
    second = client.get(f"/people/?cursor={first.context['older']}")

    assert [len(page.context["rows"]) for page in (first, second)] == [30, 10]
    assert first.context["count"] == "40"


def test_roles_are_changed_on_the_person_s_page(client, ada):
    cleo = make_user("cleo")

    led = client.post(f"/people/{cleo.pk}/roles/", {"roles": ["finance"]})

    assert led.url == f"/people/{cleo.pk}/"
    assert "Finance" in client.get(led.url).text
    refused = client.post(f"/people/{cleo.pk}/roles/", {"roles": []})
    assert refused.status_code == 422
    assert list(cleo.groups.values_list("name", flat=True)) == ["finance"]


def test_one_s_own_admin_role_stays(client, ada):
    answer = client.post(f"/people/{ada.pk}/roles/", {"roles": ["cx"]})

    assert answer.status_code == 422
    assert "You cannot change your own roles. Another admin can." in answer.text
    assert list(ada.groups.values_list("name", flat=True)) == ["admin"]


def test_nobody_gives_themselves_a_role(client, ada):
    make_user("otto", "admin")

    answer = client.post(f"/people/{ada.pk}/roles/", {"roles": ["admin", "finance"]})

    assert answer.status_code == 422
    assert "You cannot change your own roles. Another admin can." in answer.text
    assert list(ada.groups.values_list("name", flat=True)) == ["admin"]
    assert not AuditEntry.objects.exists()


def test_the_other_admins_hear_of_each_grant_of_finance_or_admin(client, ada, mailing):
    cleo, otto = make_user("cleo"), make_user("otto", "admin")
    gone = make_user("gone", "admin")
    gone.is_active = False
    gone.save()

    client.post(f"/people/{cleo.pk}/roles/", {"roles": ["cx", "warehouse"]})
    assert mail.outbox == []
    client.post(f"/people/{cleo.pk}/roles/", {"roles": ["finance", "admin"]})
    client.post("/people/invite/", NINA | {"roles": ["finance"]})
    # Kept roles are no grant, and those taken away are none either.
    client.post(f"/people/{cleo.pk}/roles/", {"roles": ["finance"]})

    told = [message for message in mail.outbox if message.to == [otto.email]]
    assert [message.subject for message in told] == [
        "cleo was given Finance and Admin in Returnsbridge",
        "nina was given Finance in Returnsbridge",
    ]
    assert "Ada gave Cleo (cleo) a role in Returnsbridge: Finance and Admin." in told[0].body
    assert f"http://testserver/people/{cleo.pk}/" in told[0].body
    assert {address for message in mail.outbox for address in message.to} == {
        otto.email,
        "cleo@example.com",
        "nina@example.com",
    }


def test_without_a_mail_server_roles_are_given_all_the_same(client, ada):
    make_user("otto", "admin")
    cleo = make_user("cleo")

    assert client.post(f"/people/{cleo.pk}/roles/", {"roles": ["finance"]}).status_code == 302

    assert mail.outbox == []


def test_who_left_holds_no_exception(client, ada):
    mira = make_user("mira")
    held = [factories.CaseFactory(assignee=mira, status="assigned") for _ in range(2)]
    closed = factories.CaseFactory(assignee=mira, status="resolved", resolved_at=timezone.now())
    other = factories.CaseFactory(assignee=make_user("mona"), status="assigned")

    answer = client.post(f"/people/{mira.pk}/deactivate/", {"reason": "Left"}, follow=True)

    assert "2 exceptions are free again." in answer.text
    rows = Case.objects.filter(pk__in=[case.pk for case in held])
    assert {(row.assignee, row.status) for row in rows} == {(None, "open")}
    assert Case.objects.get(pk=closed.pk).assignee == mira
    assert Case.objects.get(pk=other.pk).assignee.username == "mona"
    entries = AuditEntry.objects.filter(act="case.release").order_by("case_id")
    assert [(entry.case_id, entry.text) for entry in entries] == [
        (case.pk, "Free again: Mira left") for case in held
    ]


def test_what_switching_off_does_is_shown_first_and_asks_why(client, ada):
    mira = make_user("mira")
    factories.CaseFactory(assignee=mira, status="assigned")
    path = f"/people/{mira.pk}/deactivate/"

    asked = client.get(path)
    refused = client.post(path, {"reason": "  "})

    assert asked.status_code == 200
    assert "1 open exception is free again for the team." in asked.text
    assert refused.status_code == 422
    mira.refresh_from_db()
    assert mira.is_active
    assert Case.objects.get().assignee == mira
    assert not AuditEntry.objects.exists()

    client.post(path, {"reason": "Left on Friday"})

    assert AuditEntry.objects.get(act="user.deactivate").text == "mira switched off: Left on Friday"


def test_somebody_switched_off_is_out_and_can_come_back(client, ada):
    cleo = make_user("cleo")
    theirs = Client()
    theirs.force_login(cleo)
    assert theirs.get("/").status_code == 200

    client.post(f"/people/{cleo.pk}/deactivate/", {"reason": "Left"})

    assert theirs.get("/").status_code == 302
    assert "Switched off" in client.get(f"/people/{cleo.pk}/").text
    client.post(f"/people/{cleo.pk}/reactivate/")
    theirs.force_login(cleo)
    assert theirs.get("/").status_code == 200


def test_a_refused_act_says_why(client, ada):
    answer = client.post(f"/people/{ada.pk}/deactivate/", {"reason": "Left"})

    assert "You cannot take your own access away. Another admin can." in answer.text
    ada.refresh_from_db()
    assert ada.is_active


def test_a_person_who_is_not_there_is_not_found(client, ada):
    assert client.get("/people/999999/").status_code == 404
    assert client.post("/people/999999/deactivate/").status_code == 404


class TestForgottenPassword:
    def ask(self, email):
        client = Client()
        return client.post("/password/", {"email": email}, follow=True)

    def test_known_and_unknown_addresses_get_the_same_page(self, mailing):
        make_user("cleo")

        known, unknown = self.ask("cleo@example.com"), self.ask("nobody@example.com")

        token = r"[A-Za-z0-9]{64}"
        assert re.sub(token, "", known.text) == re.sub(token, "", unknown.text)
        assert [message.to for message in mail.outbox] == [["cleo@example.com"]]

    def test_the_mailed_link_sets_a_password_once(self, mailing):
        cleo = make_user("cleo")
        self.ask("cleo@example.com")
        link = re.search(r"http://testserver(\S+)", mail.outbox[0].body)[1]
        client = Client()
        form = client.get(link, follow=True)

        done = client.post(
            form.redirect_chain[-1][0], {"password1": NEW, "password2": NEW}, follow=True
        )

        assert "Your new password holds." in done.text
        cleo.refresh_from_db()
        assert cleo.check_password(NEW)
        assert "This link was used" in Client().get(link).text
        entry = AuditEntry.objects.latest("pk")
        assert entry.text == "cleo: the password was set anew by a mailed link"

    def test_somebody_switched_off_gets_no_mail(self, mailing):
        cleo = make_user("cleo")
        cleo.is_active = False
        cleo.save()

        self.ask("cleo@example.com")

        assert mail.outbox == []

    def test_the_fourth_mail_in_a_quarter_of_an_hour_is_not_sent(self, mailing):
        make_user("cleo")
        for _ in range(4):
            answer = self.ask("cleo@example.com")

        assert len(mail.outbox) == 3
        assert "a link is on its way" in answer.text

    def test_without_a_mail_server_no_page_promises_a_mail(self):
        make_user("cleo")

        assert "I forgot my password" not in Client().get("/sign-in/").text
        assert "This desk sends no mail." in Client().get("/password/").text
        self.ask("cleo@example.com")
        assert mail.outbox == []
