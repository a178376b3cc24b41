"""Each type that a check raises comes by the normal flow, from a defect and not from a row."""

import json
import re
from datetime import datetime
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction

from exceptions_app import permissions
from exceptions_app.catalogue import CATALOGUE
from exceptions_app.choices import CaseStatus, Closure, FixKind, Role
from exceptions_app.management.demo import curing, every_type, twins
from exceptions_app.management.demo.world import Clock, World
from exceptions_app.models import AuditEntry, Case, Connection, Fix
from tests import factories
from tests.cast import make_user
from tests.exceptions_app.demo.proofs import BY_HAND, PROOFS

PEOPLE = {
    Role.CX: "cleo",
    Role.WAREHOUSE: "wanda",
    Role.FINANCE: "finn",
    Role.MERCHANDISING: "mira",
    Role.INTEGRATOR: "ines",
    Role.AUDITOR: "aud",
}
pytestmark = pytest.mark.django_db


BASE_URL = "http://sandbox.test"
UNTIL = datetime.fromisoformat("2026-05-27T09:12:00+00:00")
# Documents that show it, behind the sentence of a proof.
DOCUMENTS = re.compile(r"(( |; )[A-Z][a-z -]+ [A-Z]*[0-9]+( \([a-z ]+\))?)*")
# A document that a person linked: its number, and what is known of it.
LINKED = re.compile(
    r"[A-Z]+[0-9]+(, differs by £1\.00: £97\.00 stands there, £96\.00 was sent\."
    r"|\. It counts on the word of who linked it; it was not read back\.)"
)


@pytest.fixture(scope="module")
def planted(django_db_setup, django_db_blocker):
    """One world for all that is asked of it: it drives a few thousand queries."""
    around = transaction.atomic()
    # As a test's own: what must be durable is so within it.
    around._from_testcase = True
    with django_db_blocker.unblock(), around:
        made = World(Clock(UNTIL), twins.make())
        every_type.seed(made, base_url=BASE_URL, until=UNTIL)
        yield made
        transaction.set_rollback(True)


# These two need a database without bridges, so they come before the planted one is made.
def test_a_database_with_bridges_is_left_alone():
    factories.BridgeFactory()
    before = Connection.objects.count()

    with pytest.raises(CommandError, match="has bridges"):
        call_command("seed_exceptions", "--every-type", "--json")

    assert Connection.objects.count() == before
    assert not Case.objects.exists()


def test_the_command_prints_what_was_raised_and_what_closed(monkeypatch):
    counts = dict.fromkeys(every_type.watched(), 2)
    monkeypatch.setattr(every_type, "seed", lambda *_args, **_values: None)
    monkeypatch.setattr(curing, "cure", lambda *_args, **_values: None)
    monkeypatch.setattr(every_type, "counts", lambda *, is_closed=False: counts)
    out = StringIO()

    call_command("seed_exceptions", "--every-type", "--cure", "--json", stdout=out)

    assert json.loads(out.getvalue()) == {"cases": counts, "closed": counts}
    del counts["SKU_UNKNOWN"]
    monkeypatch.setattr(every_type, "watched", lambda: frozenset({"SKU_UNKNOWN", "BACKLOG"}))
    with pytest.raises(CommandError, match=r"^Not raised: SKU_UNKNOWN$"):
        call_command("seed_exceptions", "--every-type", stdout=out)


def test_every_watched_type_is_raised_by_the_flow_and_refuses_the_wrong_role(planted, client):
    counts = every_type.counts()
    agreed = set(counts) & every_type.watched()
    assert agreed == every_type.watched()
    assert len(agreed) >= 65
    assert all(count > 0 for count in counts.values())
    opened = AuditEntry.objects.filter(act="case.open").values("case_id").distinct()
    assert opened.count() == Case.objects.count()
    _check_words()
    _check_roles(client)


def test_every_type_ends_by_the_proof_that_its_entry_states(planted):
    curing.cure(planted, base_url=BASE_URL)

    told = {}
    for case in Case.objects.filter(status=CaseStatus.RESOLVED).order_by("pk"):
        told.setdefault(case.type, []).append((case.closure, case.proof))
    assert set(told) >= every_type.watched()
    for code in sorted(every_type.watched()):
        closure = Closure.BY_HAND if code in BY_HAND else Closure.PROOF
        found = [proof for how, proof in told[code] if how == closure]
        rests = [row.removeprefix(PROOFS[code]) for row in found if row.startswith(PROOFS[code])]
        shape = LINKED if PROOFS[code] == "Linked by hand as " else DOCUMENTS
        assert [row for row in rests if shape.fullmatch(row)], (code, found)
    assert not [row for rows in told.values() for _, row in rows if "{" in row or not row]


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
            allowed = permissions.CAPABILITIES[permissions.fix_capability(action, code)]
            if action == FixKind.CLOSE:
                # Every team closes exceptions by hand, each its own.
                allowed = permissions.closing_roles(CATALOGUE[code])
            lacking = [known for known in PEOPLE if known not in allowed]
            assert action != FixKind.CLOSE or lacking[0] != Role.AUDITOR, code
            if role in (lacking[0], Role.AUDITOR):
                yield code, action
