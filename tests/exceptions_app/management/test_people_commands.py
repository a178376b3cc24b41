from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command

from exceptions_app.models import AuditEntry, Connection
from exceptions_app.services import connections
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db


def run(*words):
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


def test_the_first_admin_gets_a_link_that_works(client):
    said = run("invite_admin", "Ada Voss", "ada@alder.example")

    link = said.rsplit(" ", 1)[1].strip()
    assert "User name: ada" in said
    assert "Welcome, Ada" in client.get(link).text
    assert [(entry.actor, entry.act) for entry in AuditEntry.objects.all()] == [
        ("Returnsbridge", "user.invite")
    ]


def test_a_taken_address_is_said_and_nobody_is_made():
    make_user("ada")

    with pytest.raises(CommandError, match="Somebody already has this e-mail address"):
        run("invite_admin", "Ada Two", "ada@example.com")

    assert not AuditEntry.objects.exists()


def test_second_factors_outlive_the_old_key(settings):
    cleo = make_user("cleo")
    key = totp.generate_totp_secret()
    totp.TOTP.activate(cleo, key)
    codes = RecoveryCodes.activate(cleo).get_unused_codes()
    old, new = settings.CREDENTIAL_KEYS, Fernet.generate_key().decode()
    settings.CREDENTIAL_KEYS = [new, *old]

    assert run("rotate_keys") == (
        "0 connections and 2 second factors are sealed with the newest key.\n"
    )

    settings.CREDENTIAL_KEYS = [new]
    counter = next(totp.yield_hotp_counters_from_time())
    code = totp.format_hotp_value(totp.hotp_value(key, counter))
    assert Authenticator.objects.get(type="totp").wrap().validate_code(code)
    assert Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes() == codes


def test_what_no_key_opens_is_named_and_the_rest_is_sealed(settings):
    for name in ("cleo", "finn"):
        totp.TOTP.activate(make_user(name), totp.generate_totp_secret())
    factories.ConnectionFactory(code="plain", sealed_secrets=b"")
    factories.ConnectionFactory(code="lost", sealed_secrets=b"unreadable")
    factories.ConnectionFactory(code="kept", sealed_secrets=connections.seal({"api_key": "k"}))
    Authenticator.objects.filter(user__username="finn").update(data={"secret": "unreadable"})
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode(), *settings.CREDENTIAL_KEYS]
    out = StringIO()

    with pytest.raises(CommandError, match=r"Connections: lost\. Second factors of: finn\."):
        call_command("rotate_keys", stdout=out)

    assert "1 connections and 1 second factors are sealed" in out.getvalue()
    settings.CREDENTIAL_KEYS = settings.CREDENTIAL_KEYS[:1]
    kept = Connection.objects.get(code="kept")
    assert connections.unseal(bytes(kept.sealed_secrets)) == {"api_key": "k"}
    assert bytes(Connection.objects.get(code="lost").sealed_secrets) == b"unreadable"
