from datetime import timedelta

import pytest
from django.utils import timezone

from exceptions_app.models import SignInTry
from exceptions_app.services import access
from tests.cast import make_user

pytestmark = pytest.mark.django_db

NOW = timezone.now()


def test_a_person_s_codes_wait_after_exactly_five_wrong_ones():
    for _ in range(4):
        access.note_wrong_code(user_id=1, now=NOW)
    assert not access.is_code_waiting(user_id=1, now=NOW)

    access.note_wrong_code(user_id=1, now=NOW)

    assert access.is_code_waiting(user_id=1, now=NOW)
    assert not access.is_code_waiting(user_id=2, now=NOW)
    assert not access.is_code_waiting(user_id=1, now=NOW + access.WINDOW)


def test_a_code_is_taken_once_per_person():
    assert access.use_code(user_id=1, code="123456", now=NOW)
    assert not access.use_code(user_id=1, code="123 456", now=NOW)
    assert access.use_code(user_id=2, code="123456", now=NOW)


def test_a_right_code_forgets_the_wrong_ones():
    for _ in range(5):
        access.note_wrong_code(user_id=1, now=NOW)

    access.use_code(user_id=1, code="123456", now=NOW)

    assert not access.is_code_waiting(user_id=1, now=NOW)


def test_three_mails_go_to_one_address_and_the_fourth_does_not():
    asked = [access.may_mail(email="cleo@example.com", now=NOW) for _ in range(4)]

    assert asked == [True, True, True, False]
    assert access.may_mail(email="finn@example.com", now=NOW)
    assert access.may_mail(email="cleo@example.com", now=NOW + access.WINDOW)


def test_success_forgets_the_name_and_not_the_address():
    for number in range(access.ADDRESS_TRIES - 1):
        access.note_failure(username=f"name {number}", address="10.0.0.1", now=NOW)
    access.note_failure(username="cleo", address="10.0.0.1", now=NOW)

    access.note_success(username="cleo", address="10.0.0.1", now=NOW)

    assert access.is_waiting(username="cleo", address="10.0.0.1", now=NOW)
    assert not access.is_waiting(username="cleo", address="10.0.0.2", now=NOW)


def test_rows_whose_time_is_over_are_dropped():
    access.note_failure(username="cleo", address="10.0.0.1", now=NOW)

    access.note_success(username="finn", address="10.0.0.1", now=NOW + access.WINDOW)

    assert not SignInTry.objects.exists()
    assert not access.is_waiting(username="cleo", address="10.0.0.1", now=NOW + timedelta(1))


def test_an_e_mail_of_nobody_or_of_two_names_nobody():
    cleo, finn = make_user("cleo"), make_user("finn")

    assert access.by_email("Cleo@example.com") == cleo
    assert access.by_email("") is None
    finn.email = cleo.email
    finn.save()
    assert access.by_email("cleo@example.com") is None
    assert access.by_name_or_email("FINN") == finn
    assert access.by_name_or_email("  ") is None
