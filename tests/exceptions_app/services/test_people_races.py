"""Two people at once: one wins, the other is told, one effect."""

import threading

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from exceptions_app import errors
from exceptions_app.models import AuditEntry
from exceptions_app.services import people
from tests.cast import make_user

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts):
    """What each act came to: "done", or the words of its refusal."""
    start, outcomes = threading.Barrier(len(acts)), []

    def run(act):
        try:
            start.wait(timeout=10)
            act()
            outcomes.append("done")
        except errors.DeskError as error:
            outcomes.append(str(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return sorted(outcomes)


def test_two_admins_who_switch_each_other_off_leave_one():
    ada, otto = make_user("ada"), make_user("otto", "admin")
    now = timezone.now()

    outcomes = at_once(
        lambda: people.deactivate(user_id=otto.pk, actor=ada, reason="Left", now=now),
        lambda: people.deactivate(user_id=ada.pk, actor=otto, reason="Left", now=now),
    )

    assert outcomes == [
        "This is the last admin who can sign in. Name another first.",
        "done",
    ]
    assert User.objects.filter(is_active=True).count() == 1
    assert AuditEntry.objects.count() == 1


def test_of_two_who_open_one_link_one_sets_the_password():
    nina, secret = people.invite(
        name="Nina de Vries",
        email="nina@example.com",
        roles=["cx"],
        actor=make_user("ada"),
        now=timezone.now(),
    )

    outcomes = at_once(
        *(
            lambda word=word: people.accept(secret=secret, password=word, now=timezone.now())
            for word in ("first-password-7", "second-password-8")
        )
    )

    assert outcomes == [
        "This link was used, replaced by a newer one, or has expired.",
        "done",
    ]
    nina.refresh_from_db()
    words = ("first-password-7", "second-password-8")
    assert sum(nina.check_password(word) for word in words) == 1
    assert AuditEntry.objects.filter(act="user.accept").count() == 1
