"""Credentials are sealed, rotated and never shown."""

from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet

from connectors.errors import Misconfigured
from exceptions_app import errors
from exceptions_app.models import AuditEntry, Connection, ConnectionBudget
from exceptions_app.services import connections, sealing, setup, webhook_addresses

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

    assert sealing.rotate_keys(now=NOW) == (1, [])

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

    secret = webhook_addresses.renew(connection_id=row.pk, actor=None, now=NOW)

    row.refresh_from_db()
    assert len(secret) >= 32
    assert secret not in str(Connection.objects.values().get())
    assert row.webhook_secret_hash == webhook_addresses.digest(secret)
    assert secret not in str(list(AuditEntry.objects.values()))


def test_a_credential_typed_into_the_wrong_field_is_not_in_the_trail(ines):
    _save()

    _save(
        settings_values={"vnd_id": CANARY},
        secrets={"subscription_key": "canary-key-9b1c"},
        actor=ines,
        reason="Instead of canary-key-9b1c",
    )

    entry = AuditEntry.objects.latest("pk")
    assert entry.text == "ERP changed: Instead of ***"
    assert entry.after["settings"] == {"vnd_id": "***"}
    assert "canary-key" not in str(list(AuditEntry.objects.values()))
    assert Connection.objects.get().settings == {"vnd_id": CANARY}


@pytest.fixture
def ines(django_user_model):
    return django_user_model.objects.create_user("ines")


def _confirmed(ines, **values):
    row = _save(**values)
    return setup.confirm_operation(
        connection_id=row.pk,
        operation="create_credit_memo",
        evidence="Test of 3 May",
        actor=ines,
        now=NOW,
    )


def test_confirming_an_operation_needs_its_evidence(ines):
    row = _save()

    with pytest.raises(errors.InvalidChoice):
        setup.confirm_operation(
            connection_id=row.pk, operation="create_credit_memo", evidence=" ", actor=ines, now=NOW
        )

    row.refresh_from_db()
    assert row.confirmed_operations == []


OTHER_PROFILE = {"profile_text": "schema = 1"}


@pytest.mark.parametrize(
    "change",
    [
        {"settings_values": OTHER_PROFILE},
        {"settings_values": {"profile": "generic"}},
        {"mode": "live", "base_url": "https://erp.example.com"},
        {"kind": "returngo"},
    ],
)
def test_a_confirmation_ends_with_what_it_was_given_for(ines, monkeypatch, change):
    monkeypatch.setattr(connections, "check_base_url", lambda *_: None)
    _confirmed(ines)

    row = _save(secrets=None, **change)

    assert row.confirmed_operations == []
    entry = AuditEntry.objects.latest("pk")
    assert entry.before["confirmed_operations"] == ["create_credit_memo"]
    assert entry.after["confirmed_operations"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Renamed"},
        {"settings_values": {"vnd_id": "RB"}},
        {"settings_values": {"profile": "bluecherry-rest"}},
    ],
)
def test_a_confirmation_outlives_other_changes(ines, change):
    _confirmed(ines)

    assert _save(**change).confirmed_operations == ["create_credit_memo"]


@pytest.mark.parametrize(("daily_limit", "held"), [(5000, (5000, 500)), (None, (2000, 200))])
def test_a_new_daily_limit_holds_from_the_next_call_on(daily_limit, held):
    row = _save(daily_limit=2000)
    ConnectionBudget.objects.update(calls_today=1900)

    _save(daily_limit=daily_limit)

    budget = ConnectionBudget.objects.get(connection=row)
    assert (budget.daily_limit, budget.write_reserve) == held
    assert budget.calls_today == 1900


def test_what_is_typed_is_laid_over_the_credentials_that_are_there_now():
    _save(secrets={"user": "a", "key": "old"})
    _save(secrets={"key": "new"})

    row = _save(secrets={"user": "b"})

    assert connections.config_of(row).secrets == {"user": "b", "key": "new"}


def test_who_saw_an_older_state_changes_nothing(ines):
    seen = connections.stamp(_save())
    _save(secrets={"subscription_key": "renewed"})

    with pytest.raises(errors.ConnectionChanged, match="somebody else"):
        _save(name="Mine", secrets={"user": "me"}, actor=ines, reason="why", seen=seen)

    row = Connection.objects.get()
    assert row.name == "ERP"
    assert connections.config_of(row).secrets == {"subscription_key": "renewed"}
    assert AuditEntry.objects.count() == 2


def test_a_new_connection_never_takes_the_place_of_another(ines):
    _save()

    with pytest.raises(errors.ConnectionChanged, match="has this code"):
        _save(name="Mine", actor=ines, seen="")

    assert Connection.objects.get().name == "ERP"


@pytest.mark.parametrize(
    ("change", "text"),
    [({"name": "Other"}, "Say why"), ({"reason": "why"}, "values in force already")],
)
def test_a_person_changes_something_and_says_why(ines, change, text):
    _save()

    with pytest.raises(errors.InvalidChoice, match=text):
        _save(actor=ines, **change)

    assert Connection.objects.get().name == "ERP"
    assert AuditEntry.objects.count() == 1
