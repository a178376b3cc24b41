"""Profiles of a connection: each text in force is a row, put in force with a reason, put back."""

import pytest
from django.db import DatabaseError, transaction

from connectors import errors as border
from connectors.profiled import load
from connectors.sandbox.prima import PrimaTwin
from connectors.sandbox.wsgi_transport import WsgiTransport
from exceptions_app import errors
from exceptions_app.models import AuditEntry, Connection, ProfileVersion
from exceptions_app.services import connections, profiles
from tests import factories
from tests.cast import make_user
from tests.connectors.contract import stage_prima
from tests.factories import NOW

pytestmark = pytest.mark.django_db

SHIPPED = load.shipped_text("bluecherry-rest")
NEXT = SHIPPED.replace('version = "0.2.0"', 'version = "0.3.0"')


def activate(connection, text=NEXT, **changes):
    row = Connection.objects.get(pk=connection.pk)
    values = {"reason": "The ERP's release of May", "seen": connections.stamp(row), **changes}
    return profiles.activate(
        connection_id=connection.pk, text=text, actor=make_user("ines"), now=NOW, **values
    )


def test_a_profile_put_in_force_is_a_row_with_who_and_why():
    connection = factories.ErpFactory(confirmed_operations=["create_credit_memo"])

    version = activate(connection, NEXT.replace("\n", "\r\n"))

    kept = Connection.objects.get()
    assert (version.number, version.name, version.version) == (1, "bluecherry-rest", "0.3.0")
    assert (version.text, version.content_hash) == (NEXT, load.loads(NEXT).content_hash)
    assert (version.reason, version.activated_by.username) == ("The ERP's release of May", "ines")
    assert kept.settings == {"vnd_id": "RB", "profile_text": NEXT}
    assert kept.confirmed_operations == []
    assert [entry.act for entry in AuditEntry.objects.all()] == ["connection.change"]
    assert profiles.text_of(kept) == NEXT


def test_going_back_is_a_new_row_that_names_the_one_it_restores():
    connection = factories.ErpFactory()
    first = activate(connection)
    activate(connection, SHIPPED)

    third = activate(connection, first.text, reason="It refused every credit")

    assert (third.number, third.restores, third.text) == (3, first, NEXT)
    assert [row.number for row in ProfileVersion.objects.all()] == [3, 2, 1]


@pytest.mark.parametrize(
    ("text", "changes", "error", "words"),
    [
        ("schema = 1", {}, border.Misconfigured, "it is required"),
        (NEXT, {"reason": " "}, errors.InvalidChoice, "Say why"),
        (NEXT, {"seen": "another"}, errors.ConnectionChanged, "somebody else"),
    ],
)
def test_a_profile_that_cannot_come_into_force_changes_nothing(text, changes, error, words):
    connection = factories.ErpFactory()

    with pytest.raises(error, match=words):
        activate(connection, text, **changes)

    assert Connection.objects.get().settings == {"vnd_id": "RB"}
    assert not ProfileVersion.objects.exists()
    assert not AuditEntry.objects.exists()


def test_the_text_in_force_cannot_be_put_in_force_again():
    connection = factories.ErpFactory()
    activate(connection)

    with pytest.raises(errors.InvalidChoice, match="in force already"):
        activate(connection)

    assert ProfileVersion.objects.count() == 1


def test_a_text_saved_with_the_whole_connection_is_a_version_too():
    row = factories.ErpFactory()
    connections.save(
        code=row.code,
        name=row.name,
        kind=row.kind,
        mode=row.mode,
        base_url=row.base_url,
        settings_values={**row.settings, "profile_text": "not TOML ["},
        secrets=None,
        actor=None,
        now=NOW,
    )

    version = ProfileVersion.objects.get()
    assert (version.name, version.version, version.text) == ("Not known", "Not known", "not TOML [")


@pytest.mark.parametrize("act", ["update", "delete"])
def test_the_database_keeps_a_version_as_it_was(act):
    activate(factories.ErpFactory())
    rows = ProfileVersion.objects.all()

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        rows.update(reason="other") if act == "update" else rows.delete()

    assert ProfileVersion.objects.get().reason == "The ERP's release of May"


def test_a_connection_without_a_text_of_its_own_speaks_by_the_shipped_profile():
    assert profiles.text_of(factories.ErpFactory()) == SHIPPED


def test_a_trial_on_a_connection_counts_its_calls_and_leaves_the_profile_alone():
    twin = PrimaTwin()
    twin.load(stage_prima.records())
    row = factories.ErpFactory(
        kind="prima",
        mode="sandbox",
        settings={},
        base_url="http://127.0.0.1:8999/prima/wsa/wsa1",
    )
    factories.BudgetFactory(connection=row)

    with connections.through(WsgiTransport({"/prima": twin}), lambda: NOW):
        steps = profiles.try_out(
            connection_id=row.pk,
            text=stage_prima.profile_text(),
            order_number="#1001",
            sku="",
            actor=make_user("ines"),
            now=NOW,
        )

    assert [(step.name, step.is_ok) for step in steps] == [
        ("check_connection", True),
        ("list_locations", True),
        ("changed_items", True),
        ("find_order", True),
        ("find_document", True),
    ]
    assert row.calls.filter(reason="trial").count() == 5
    assert Connection.objects.get().settings == {}
    assert AuditEntry.objects.get().text.endswith("tried: 5 of 5 questions answered")


def test_a_connection_that_is_switched_off_is_not_tried():
    row = factories.ErpFactory(is_active=False)

    with pytest.raises(errors.ConnectionUnusable, match="switched off"):
        profiles.try_out(
            connection_id=row.pk,
            text=NEXT,
            order_number="",
            sku="",
            actor=make_user("ines"),
            now=NOW,
        )
