"""Waking a queue: in the caller's transaction, and never more often than helps."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from exceptions_app import jobs

pytestmark = pytest.mark.django_db


def test_a_nudge_goes_with_the_transaction_that_asked_for_it():
    with transaction.atomic():
        jobs.nudge("post")
        transaction.set_rollback(True)

    assert not OrmQ.objects.exists()


def test_a_queue_that_is_behind_is_not_asked_again_while_another_is():
    for _ in range(jobs.MOST_WAITING + 5):
        jobs.nudge("plan")
    jobs.nudge("post")

    assert OrmQ.objects.filter(key="ingest").count() == jobs.MOST_WAITING
    assert OrmQ.objects.filter(key="post").count() == 1


def test_wake_ups_already_taken_do_not_count_as_waiting():
    for _ in range(jobs.MOST_WAITING):
        jobs.nudge("plan")
    OrmQ.objects.update(lock=timezone.now() + timedelta(minutes=1))

    jobs.nudge("plan")

    assert OrmQ.objects.filter(key="ingest").count() == jobs.MOST_WAITING + 1


def test_nobody_is_woken_inside_quiet():
    with jobs.quiet():
        jobs.nudge("plan")

    assert not OrmQ.objects.exists()


def test_schedules_are_installed_once_and_put_right_again():
    jobs.install_schedules()
    Schedule.objects.filter(name="drain post").update(minutes=59, cluster="elsewhere")

    assert jobs.install_schedules() == Schedule.objects.count() == len(jobs.QUEUES)

    schedule = Schedule.objects.get(name="drain post")
    assert (schedule.minutes, schedule.cluster) == (1, "post")
