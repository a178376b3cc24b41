"""Credentials are sealed, rotated and never shown."""

from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet

from connectors.errors import Misconfigured
from exceptions_app import errors
from exceptions_app.models import AuditEntry, Connection
from exceptions_app.services import connections

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
CANARY = "canary-key-7f3a"


def _save(**values):
    given = {
        "code": "erp",
        "name": "ERP",
        "kind": "bluecherry",
        "mode": "sandbox",
        "base_url": "http://127.0.0.1:9/bluecherry",
        "settings_values": {},
        "secrets": {"subscription_key": CANARY},
        "actor": None,
        "now": NOW,
        **values,
    }
    return connections.save(**given)


def test_no_secret_is_in_the_row_or_in_the_trail():
    row = _save()

    assert CANARY.encode() not in bytes(Connection.objects.get().sealed_secrets)
    assert CANARY not in str(list(AuditEntry.objects.values()))
    assert CANARY not in repr(connections.config_of(row))
    assert connections.config_of(row).secrets == {"subscription_key": CANARY}


def test_rotation_seals_with_the_new_key_and_the_old_one_can_go(settings):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.CREDENTIAL_KEYS = [old]
    _save()
    settings.CREDENTIAL_KEYS = [new, old]

    assert connections.rotate_keys(now=NOW) == 1

    settings.CREDENTIAL_KEYS = [new]
    assert connections.config_of(Connection.objects.get()).secrets["subscription_key"] == CANARY


def test_a_connection_sealed_with_a_lost_key_says_what_to_do(settings):
    _save()
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(Misconfigured, match="RETURNSBRIDGE_CREDENTIAL_KEYS"):
        connections.config_of(Connection.objects.get())


def test_changing_a_connection_without_secrets_keeps_those_it_has():
    _save()

    row = _save(name="Renamed", secrets=None)

    assert connections.config_of(row).secrets == {"subscription_key": CANARY}


@pytest.mark.parametrize(
    "address",
    ["http://169.254.169.254/", "https://10.0.0.1/", "http://erp.example.com", "ftp://127.0.0.1/"],
)
def test_an_address_that_may_not_be_called_live_is_refused_and_nothing_is_saved(address):
    with pytest.raises(Misconfigured):
        _save(mode="live", base_url=address)

    assert not Connection.objects.exists()


def test_a_webhook_secret_is_kept_only_as_a_digest():
    row = _save()

    secret = connections.new_webhook_secret(connection_id=row.pk, actor=None, now=NOW)

    row.refresh_from_db()
    assert len(secret) >= 32
    assert secret not in str(Connection.objects.values().get())
    assert row.webhook_secret_hash == connections.webhook_digest(secret)
    assert secret not in str(list(AuditEntry.objects.values()))


def test_confirming_an_operation_needs_its_evidence(django_user_model):
    row = _save()
    user = django_user_model.objects.create_user("ines")

    with pytest.raises(errors.InvalidChoice):
        connections.confirm_operation(
            connection_id=row.pk, operation="create_credit_memo", evidence=" ", actor=user, now=NOW
        )

    row.refresh_from_db()
    assert row.confirmed_operations == []
