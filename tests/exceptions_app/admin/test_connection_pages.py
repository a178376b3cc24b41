import pytest

from exceptions_app.models import AuditEntry, Connection
from exceptions_app.services import connections
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db

SECRET = "canary-key-7f3a"


def errors_of(answer):
    form = answer.context["form"]
    return {name: [str(text) for text in texts] for name, texts in form.errors.items()}


def confirm(client, connection, **changes):
    values = {
        "operation": "create_credit_memo",
        "evidence": "Test of 3 May with the ERP team",
        **changes,
    }
    return client.post(f"/admin/connections/{connection.pk}/history/", values)


def test_an_integrator_confirms_a_write_with_evidence(client):
    connection = factories.ErpFactory()
    client.force_login(make_user("ines"))

    answer = confirm(client, connection)

    assert answer.status_code == 302
    assert Connection.objects.get().confirmed_operations == ["create_credit_memo"]
    entry = AuditEntry.objects.get()
    assert entry.text == "create_credit_memo confirmed by: Test of 3 May with the ERP team"
    assert entry.actor == "Ines"
    assert "Confirmed by evidence" in client.get(answer.url).text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"operation": "check_connection"}, "__all__"),
        ({"operation": "fly"}, "__all__"),
        ({"operation": ""}, "operation"),
        ({"evidence": " "}, "evidence"),
    ],
)
def test_a_confirmation_without_sense_changes_nothing(client, changes, field):
    connection = factories.ErpFactory()
    client.force_login(make_user("ines"))

    answer = confirm(client, connection, **changes)

    assert answer.status_code == 422
    assert field in errors_of(answer)
    assert Connection.objects.get().confirmed_operations == []
    assert not AuditEntry.objects.exists()


def test_an_auditor_reads_a_connections_history_and_no_secret(client):
    sealed = connections.seal({"subscription_key": SECRET})
    connection = factories.ErpFactory(sealed_secrets=sealed)
    client.force_login(make_user("ines"))
    confirm(client, connection)
    client.force_login(make_user("aud"))

    page = client.get(f"/admin/connections/{connection.pk}/history/")

    assert page.status_code == 200
    assert "Test of 3 May" in page.text
    # What the connection was sealed with.
    assert connections.unseal(bytes(connection.sealed_secrets)) == {"subscription_key": SECRET}
    assert SECRET not in page.text
    assert confirm(client, connection, operation="create_stock_move").status_code == 403
    assert Connection.objects.get().confirmed_operations == ["create_credit_memo"]
