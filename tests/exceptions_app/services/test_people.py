from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from exceptions_app import errors
from exceptions_app.models import AuditEntry, UserPreferences
from exceptions_app.services import people
from tests.cast import PASSWORD, make_user

pytestmark = pytest.mark.django_db

NOW = timezone.now()
NEW_PASSWORD = "a-long-enough-password-7"


@pytest.fixture
def ada():
    return make_user("ada")


def invite(ada, **changed):
    given = {"name": "Nina de Vries", "email": "nina@example.com", "roles": ["cx"]}
    return people.invite(**{**given, **changed}, actor=ada, now=NOW)


def trail():
    return list(AuditEntry.objects.order_by("pk").values_list("act", "actor", "subject_label"))


def roles_of(user):
    return sorted(user.groups.values_list("name", flat=True))


def signed_in(user):
    client = Client()
    client.post("/sign-in/", {"username": user.username, "password": PASSWORD})
    assert client.get("/account/").status_code == 200
    return client


def test_an_invited_person_sets_a_password_once(ada):
    nina, secret = invite(ada)

    assert (nina.username, nina.first_name, nina.last_name) == ("nina", "Nina", "de Vries")
    assert roles_of(nina) == ["cx"]
    assert not nina.has_usable_password()
    assert people.invited(secret=secret, now=NOW) == nina
    people.accept(secret=secret, password=NEW_PASSWORD, now=NOW)
    nina.refresh_from_db()
    assert nina.check_password(NEW_PASSWORD)
    assert trail() == [("user.invite", "Ada", "nina"), ("user.accept", "Nina de Vries", "nina")]


def test_a_used_link_sets_nothing(ada):
    nina, secret = invite(ada)
    people.accept(secret=secret, password=NEW_PASSWORD, now=NOW)

    with pytest.raises(errors.InvitationOver):
        people.accept(secret=secret, password="another-password-8", now=NOW)

    nina.refresh_from_db()
    assert nina.check_password(NEW_PASSWORD)
    assert len(trail()) == 2


@pytest.mark.parametrize(
    ("change", "hours"),
    [
        pytest.param(lambda secret: secret, 72, id="expired"),
        pytest.param(lambda secret: secret[:-2] + "xx", 0, id="changed"),
        pytest.param(lambda secret: "guess", 0, id="guessed"),
    ],
)
def test_a_link_is_over(ada, change, hours):
    nina, secret = invite(ada)

    with pytest.raises(errors.InvitationOver):
        people.accept(
            secret=change(secret), password=NEW_PASSWORD, now=NOW + timedelta(hours=hours)
        )

    nina.refresh_from_db()
    assert not nina.has_usable_password()
    assert len(trail()) == 1


def test_a_link_works_to_its_last_minute(ada):
    _, secret = invite(ada)

    people.accept(secret=secret, password=NEW_PASSWORD, now=NOW + timedelta(hours=71, minutes=59))


def test_a_newer_link_voids_the_older_one_the_password_and_the_sessions(ada):
    cleo = make_user("cleo")
    browser = signed_in(cleo)
    _, first = people.renew_link(user_id=cleo.pk, actor=ada, now=NOW)
    _, second = people.renew_link(user_id=cleo.pk, actor=ada, now=NOW)

    assert browser.get("/account/").status_code == 302
    cleo.refresh_from_db()
    assert not cleo.has_usable_password()
    with pytest.raises(errors.InvitationOver):
        people.invited(secret=first, now=NOW)
    assert people.invited(secret=second, now=NOW) == cleo


def test_a_link_of_somebody_switched_off_is_over(ada):
    nina, secret = invite(ada)
    people.deactivate(user_id=nina.pk, actor=ada, reason="Left", now=NOW)

    with pytest.raises(errors.InvitationOver):
        people.invited(secret=secret, now=NOW)
    with pytest.raises(errors.InvalidChoice):
        people.renew_link(user_id=nina.pk, actor=ada, now=NOW)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"email": "ADA@example.com"}, id="taken e-mail"),
        pytest.param({"roles": []}, id="no role"),
        pytest.param({"roles": ["superuser"]}, id="no role of ours"),
    ],
)
def test_an_invitation_that_cannot_be_makes_nobody(ada, changed):
    with pytest.raises(errors.InvalidChoice):
        invite(ada, **changed)

    assert list(User.objects.values_list("username", flat=True)) == ["ada"]
    assert trail() == []


def test_a_taken_user_name_gets_a_number(ada):
    make_user("cleo")
    first, _ = invite(ada, email="cleo@other.example")
    second, _ = invite(ada, email="CLEO@third.example")

    assert (first.username, second.username) == ("cleo2", "cleo3")


def test_roles_are_exactly_those_given(ada):
    cleo = make_user("cleo")
    people.change_roles(user_id=cleo.pk, roles=["warehouse", "auditor"], actor=ada, now=NOW)

    assert roles_of(cleo) == ["auditor", "warehouse"]
    entry = AuditEntry.objects.get()
    assert (entry.act, entry.before, entry.after) == (
        "user.roles",
        {"roles": ["cx"]},
        {"roles": ["auditor", "warehouse"]},
    )


def test_the_same_roles_again_leave_no_trail(ada):
    people.change_roles(user_id=make_user("cleo").pk, roles=["cx"], actor=ada, now=NOW)

    assert trail() == []


def test_nobody_takes_their_own_admin_role_or_access(ada):
    make_user("otto", "admin")

    for act in (
        lambda: people.change_roles(user_id=ada.pk, roles=["cx"], actor=ada, now=NOW),
        lambda: people.deactivate(user_id=ada.pk, actor=ada, reason="Left", now=NOW),
        lambda: people.renew_link(user_id=ada.pk, actor=ada, now=NOW),
        lambda: people.remove_second_factor(user_id=ada.pk, actor=ada, now=NOW),
    ):
        with pytest.raises(errors.InvalidChoice):
            act()

    ada.refresh_from_db()
    assert roles_of(ada) == ["admin"]
    assert ada.is_active
    assert ada.has_usable_password()
    assert trail() == []


def test_the_last_admin_who_can_sign_in_stays(ada):
    """An admin who lost the role meanwhile, in a page still open, cannot take the last one."""
    former = make_user("mira")
    invite(ada, roles=["admin"])

    for act in (
        lambda: people.change_roles(user_id=ada.pk, roles=["cx"], actor=former, now=NOW),
        lambda: people.deactivate(user_id=ada.pk, actor=former, reason="Left", now=NOW),
    ):
        with pytest.raises(errors.InvalidChoice, match="last admin"):
            act()

    ada.refresh_from_db()
    assert (roles_of(ada), ada.is_active) == (["admin"], True)


def test_another_admin_may_be_switched_off(ada):
    other = make_user("otto", "admin")

    people.deactivate(user_id=other.pk, actor=ada, reason="Left", now=NOW)

    other.refresh_from_db()
    assert not other.is_active


def test_switching_off_ends_the_sessions_at_once(ada):
    cleo = make_user("cleo")
    browser = signed_in(cleo)

    people.deactivate(user_id=cleo.pk, actor=ada, reason="Left", now=NOW)
    people.deactivate(user_id=cleo.pk, actor=ada, reason="Left", now=NOW)

    assert browser.get("/account/").status_code == 302
    assert Session.objects.count() == 0
    assert trail() == [("user.deactivate", "Ada", "cleo")]


def test_switched_on_again_the_password_is_as_before(ada):
    cleo = make_user("cleo")
    people.deactivate(user_id=cleo.pk, actor=ada, reason="Left", now=NOW)
    people.reactivate(user_id=cleo.pk, actor=ada, now=NOW)
    people.reactivate(user_id=cleo.pk, actor=ada, now=NOW)

    signed_in(cleo)
    assert [act for act, *_ in trail()] == ["user.deactivate", "user.reactivate"]


def test_a_removed_second_factor_is_gone_with_its_codes(ada):
    cleo = make_user("cleo")
    browser = signed_in(cleo)
    for kind in (Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES):
        Authenticator.objects.create(user=cleo, type=kind, data={})

    people.remove_second_factor(user_id=cleo.pk, actor=ada, now=NOW)
    people.remove_second_factor(user_id=cleo.pk, actor=ada, now=NOW)

    assert not Authenticator.objects.exists()
    assert browser.get("/account/").status_code == 302
    assert [act for act, *_ in trail()] == ["user.second_factor"]


def test_nobody_ends_a_session_of_another():
    cleo, finn = make_user("cleo"), make_user("finn")
    browser = signed_in(cleo)
    session_id = cleo.usersession_set.get().pk

    assert not people.end_session(user=finn, session_id=session_id, now=NOW)
    assert browser.get("/account/").status_code == 200
    assert people.end_session(user=cleo, session_id=session_id, now=NOW)
    assert browser.get("/account/").status_code == 302
    assert [act for act, *_ in trail()] == ["user.session"]


def test_only_sessions_that_were_open_are_counted():
    cleo = make_user("cleo")
    for _ in range(3):
        signed_in(cleo)
    first, second, _ = UserSession.objects.filter(user=cleo).order_by("pk")
    Session.objects.filter(session_key=first.session_key).delete()

    ended = people.end_other_sessions(user=cleo, keep=second.session_key, now=NOW)

    assert ended == 1
    assert list(UserSession.objects.values_list("pk", flat=True)) == [second.pk]
    assert AuditEntry.objects.get().text == "cleo ended 1 session"


def test_preferences_are_one_row_per_person():
    cleo = make_user("cleo")
    people.prefer(user=cleo, time_zone="Europe/Paris", theme="dark", has_single_keys=False)
    people.prefer(user=cleo, time_zone="", theme="light", has_single_keys=True)

    row = UserPreferences.objects.get()
    assert (row.user, row.time_zone, row.theme, row.has_single_keys) == (cleo, "", "light", True)
    assert trail() == []
