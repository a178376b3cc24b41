"""The trail is append-only, and the database itself refuses to break a two-person rule."""

from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from exceptions_app.models import AuditEntry, Fix
from exceptions_app.services import audit
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def entry():
    return audit.record(
        actor=make_user("ada"), act="test", subject=make_user("otto"), text="Looked", now=NOW
    )


def test_an_entry_cannot_be_changed(entry):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(text="Did not look")

    assert AuditEntry.objects.get().text == "Looked"


def test_an_entry_cannot_be_deleted(entry):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        entry.delete()

    assert AuditEntry.objects.count() == 1


def test_an_entry_outlives_its_actor(entry):
    make_user("ada").delete()

    assert AuditEntry.objects.get().actor == "Ada"


def test_no_row_can_say_that_someone_approved_their_own_request():
    fix = factories.FixFactory(requested_by=make_user("mira"))

    with pytest.raises(IntegrityError), transaction.atomic():
        Fix.objects.filter(pk=fix.pk).update(status="held", decided_by=make_user("mira"))

    fix.refresh_from_db()
    assert fix.status == "requested"
