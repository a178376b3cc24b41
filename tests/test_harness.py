import socket

import pytest
from django.contrib.auth.models import Group

from exceptions_app.choices import Role


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", ["first", "second"])
def test_what_migrations_put_in_survives_a_test_that_truncates(time):
    assert set(Group.objects.values_list("name", flat=True)) >= set(Role.values)


def test_no_test_reaches_the_network():
    with socket.socket() as outside, pytest.raises(AssertionError, match=r"198\.51\.100\.7"):
        outside.connect(("198.51.100.7", 80))
