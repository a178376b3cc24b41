import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse

from exceptions_app import permissions
from exceptions_app.choices import FixKind, Role
from tests.cast import make_user

pytestmark = pytest.mark.django_db


def test_every_change_needs_a_capability_that_exists():
    assert set(permissions.FIX_CAPABILITY) == set(FixKind.values)
    assert set(permissions.FIX_CAPABILITY.values()) <= set(permissions.CAPABILITIES)


def test_an_auditor_only_ever_looks():
    held = {name for name, roles in permissions.CAPABILITIES.items() if Role.AUDITOR in roles}

    # Everyone looks after their own account: password, second factor, sessions.
    assert {name.partition("_")[0] for name in held - {"use_account"}} == {"view"}
    assert permissions.CAPABILITIES["use_account"] == permissions.EVERYONE


def test_money_is_finances_alone():
    for name in ("fix_money", "approve_money", "start_run"):
        assert permissions.CAPABILITIES[name] == {Role.FINANCE}


def test_a_person_who_left_may_nothing():
    finn = make_user("finn")
    finn.is_active = False

    assert permissions.capabilities_of(finn) == frozenset()


def test_a_superuser_flag_is_no_role():
    otto = make_user("otto")
    otto.is_superuser = True

    assert permissions.capabilities_of(otto) == frozenset()


def test_an_unknown_capability_is_a_mistake_of_ours():
    with pytest.raises(KeyError):
        permissions.can(AnonymousUser(), "fly")
    with pytest.raises(KeyError):
        permissions.required("fly")


def test_roles_are_read_once(django_assert_num_queries):
    finn = make_user("finn")

    with django_assert_num_queries(1):
        assert permissions.can(finn, "start_run")
        assert not permissions.can(finn, "manage_users")


def test_the_actor_of_a_stranger_is_refused(rf):
    request = rf.post("/")
    request.user = AnonymousUser()

    with pytest.raises(PermissionDenied):
        permissions.actor_of(request)


def test_the_guard_keeps_the_capability_where_a_test_can_read_it():
    guarded = permissions.required("view_desk")(lambda request: HttpResponse())

    assert guarded.capability == "view_desk"
