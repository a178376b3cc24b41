"""Each type that a check raises comes by the normal flow, from a defect and not from a row."""

import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from exceptions_app import permissions
from exceptions_app.catalogue import CATALOGUE
from exceptions_app.choices import FixKind, Role
from exceptions_app.management.demo import every_type
from exceptions_app.models import AuditEntry, Case, Connection, Fix
from tests import factories
from tests.cast import make_user

PEOPLE = {
    Role.CX: "cleo",
    Role.WAREHOUSE: "wanda",
    Role.FINANCE: "finn",
    Role.MERCHANDISING: "mira",
    Role.INTEGRATOR: "ines",
    Role.AUDITOR: "aud",
}
pytestmark = pytest.mark.django_db


def plant():
    out = StringIO()
    until = "2026-05-27T09:12:00+00:00"
    call_command("seed_exceptions", "--every-type", "--json", "--until", until, stdout=out)
    return json.loads(out.getvalue())["cases"]


def test_every_watched_type_is_raised_by_the_flow_and_refuses_the_wrong_role(client):
    # One world for all that is asked of it: it drives a few thousand queries.
    counts = plant()

    agreed = set(counts) & every_type.watched()
    assert agreed == every_type.watched()
    assert len(agreed) >= 65
    assert all(count > 0 for count in counts.values())
    opened = AuditEntry.objects.filter(act="case.open").values("case_id").distinct()
    assert opened.count() == Case.objects.count()
    _check_words()
    _check_roles(client)


def _check_words():
    """No exception shows a place that its check left open, but for what nobody told."""
    for case in Case.objects.select_related("group"):
        assert "{" not in case.title, case.type
        told = case.group.title.casefold().replace("is not known", "")
        assert "not known" not in told, case.type


def _check_roles(client):
    """Whoever lacks the right is refused at the door, and nothing is changed."""
    users = {role: make_user(name) for role, name in PEOPLE.items()}
    before = (Fix.objects.count(), AuditEntry.objects.count())
    for role, user in users.items():
        client.force_login(user)
        for code, action in _forbidden(role):
            case = Case.objects.filter(type=code).exclude(status="resolved").first()
            if case is None:
                continue
            is_closing = action == FixKind.CLOSE
            path = f"/exceptions/{case.pk}/{'close' if is_closing else 'request'}/"
            answer = client.post(path, {"kind": action, "reason": "x", "fix": action})
            assert answer.status_code == 403, (role, code, action)
    assert (Fix.objects.count(), AuditEntry.objects.count()) == before


def _forbidden(role):
    """Each action of each type, by one working role that lacks it and by the auditor."""
    for code in sorted(every_type.watched()):
        for action in CATALOGUE[code].actions:
            allowed = permissions.CAPABILITIES[permissions.FIX_CAPABILITY[action]]
            lacking = [known for known in PEOPLE if known not in allowed]
            if role in (lacking[0], Role.AUDITOR):
                yield code, action


def test_a_database_with_bridges_is_left_alone():
    factories.BridgeFactory()
    before = Connection.objects.count()

    with pytest.raises(CommandError, match="has bridges"):
        plant()

    assert Connection.objects.count() == before
    assert not Case.objects.exists()
