import pytest

from exceptions_app.models import AuditEntry, Connection
from exceptions_app.services import audit, connections
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
        "seen": connections.basis_stamp(connection),
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


def test_evidence_for_another_profile_confirms_nothing(client):
    connection = factories.ErpFactory()
    client.force_login(make_user("ines"))
    page = client.get(f"/admin/connections/{connection.pk}/history/")
    Connection.objects.update(mode="sandbox" if connection.mode == "live" else "live")

    answer = confirm(client, connection, seen=page.context["form"]["seen"].value())

    assert answer.status_code == 422
    assert "the mode changed since you opened the page" in errors_of(answer)["__all__"][0]
    assert answer.context["form"]["evidence"].value() == "Test of 3 May with the ERP team"
    assert Connection.objects.get().confirmed_operations == []
    assert not AuditEntry.objects.exists()

    confirm(client, connection, seen=answer.context["form"]["seen"].value())

    assert Connection.objects.get().confirmed_operations == ["create_credit_memo"]


def test_an_act_that_kept_no_values_is_not_offered_to_go_back_to(client):
    connection = factories.ErpFactory()
    for text in ("Set up", "Changed"):
        audit.record(
            actor=None,
            act="connection.change",
            subject=connection,
            text=text,
            now=factories.NOW,
            after=None if text == "Set up" else {"name": "BlueCherry"},
        )
    client.force_login(make_user("ines"))

    page = client.get(f"/admin/connections/{connection.pk}/history/")

    assert [each["back"] for each in page.context["entries"]] == [None, None]


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


def withdraw(client, connection, **changes):
    values = {"operation": "create_credit_memo", "reason": "The test was of another system"}
    values |= {"withdraw": "1"} | changes
    return client.post(f"/admin/connections/{connection.pk}/history/", values)


def test_a_confirmation_is_taken_back_with_a_reason(client):
    connection = factories.ErpFactory()
    client.force_login(make_user("ines"))
    confirm(client, connection)

    answer = withdraw(client, connection)

    assert answer.status_code == 302
    assert Connection.objects.get().confirmed_operations == []
    entry = AuditEntry.objects.latest("pk")
    assert entry.text == ("create_credit_memo is confirmed no more: The test was of another system")
    assert "create_credit_memo" in client.get(answer.url).context["waiting"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"operation": "create_stock_move"}, "__all__"),
        ({"operation": "\0"}, "operation"),
    ],
)
def test_what_cannot_be_taken_back_changes_nothing(client, changes, field):
    connection = factories.ErpFactory()
    client.force_login(make_user("ines"))
    confirm(client, connection)

    answer = withdraw(client, connection, **changes)

    assert answer.status_code == 422
    assert field in answer.context["withdraw_form"].errors
    assert Connection.objects.get().confirmed_operations == ["create_credit_memo"]
    assert AuditEntry.objects.count() == 1


def test_an_auditor_takes_no_confirmation_back(client):
    connection = factories.ErpFactory(confirmed_operations=["create_credit_memo"])
    client.force_login(make_user("aud"))

    assert withdraw(client, connection).status_code == 403
    assert Connection.objects.get().confirmed_operations == ["create_credit_memo"]


def test_the_history_says_what_differs_and_hides_no_long_setting(client):
    ines = make_user("ines")
    connection = factories.ErpFactory(mode="sandbox", base_url="http://127.0.0.1:9/bluecherry")
    values = {"code": connection.code, "name": "BlueCherry", "kind": "bluecherry", "secrets": None}
    for number, settings in enumerate(
        [{"vnd_id": "X"}, {"vnd_id": "X", "profile_text": "a = 1\n" * 40}]
    ):
        connections.save(
            **values,
            mode="sandbox",
            base_url="http://127.0.0.1:9/bluecherry",
            settings_values=settings,
            actor=ines,
            now=factories.NOW,
            reason=f"Reason {number}",
        )
    client.force_login(ines)

    page = client.get(f"/admin/connections/{connection.pk}/history/")

    newest, older = page.context["entries"]
    assert [(each.label, each.before, each.after) for each in older["changes"]] == [
        ("Sender id", "RB", "X")
    ]
    assert [(each.label, each.before, each.after) for each in newest["changes"]] == [
        ("Profile of your own", "nothing", "a text of 40 lines, 240 characters")
    ]
    assert newest["back"] is None
    assert f"?back={older['back']}" in page.text
    assert "Reason 0" in page.text


def test_the_form_says_that_another_mode_ends_what_was_confirmed(client):
    said = "Another mode, or another profile, ends what was confirmed"
    connection = factories.ErpFactory()
    client.force_login(make_user("ines"))
    address = f"/admin/exceptions_app/connection/{connection.pk}/change/"
    assert said not in client.get(address).text

    confirm(client, connection)

    assert said in client.get(address).text


def test_going_back_restores_the_calls_a_day_that_were_in_force(client):
    ines = make_user("ines")
    values = {
        "code": "shop",
        "name": "ReturnGO",
        "kind": "returngo",
        "mode": "sandbox",
        "base_url": "http://127.0.0.1:9/returngo",
        "secrets": None,
        "actor": ines,
        "now": factories.NOW,
    }
    row = connections.save(
        **values, settings_values={"shop_name": "alder"}, daily_limit=100_000, reason="New"
    )
    connections.save(
        **values,
        settings_values={"shop_name": "alder", "daily_call_limit": "99000"},
        daily_limit=99_000,
        reason="Less",
    )
    client.force_login(ines)

    history = client.get(f"/admin/connections/{row.pk}/history/")
    newest, oldest = history.context["entries"]
    address = f"/admin/exceptions_app/connection/{row.pk}/change/?back={oldest['back']}"
    page = client.get(address)

    assert [(each.before, each.after) for each in newest["changes"]] == [("100000", "99000")]
    assert "99000 → 100000" in page.text
    form = page.context["adminform"].form
    sent = {name: form[name].value() or "" for name in form.fields} | {"reason": "Back"}
    answer = client.post(address, {name: str(each) for name, each in sent.items()})
    assert answer.status_code == 302, errors_of(answer)
    row.budget.refresh_from_db()
    assert row.budget.daily_limit == 100_000


def test_a_platform_that_signs_has_an_address_without_a_secret(client):
    connection = factories.ConnectionFactory(
        code="shop-uk",
        name="Shopify",
        kind="shopify",
        settings={"shop_domain": "alder.myshopify.com"},
        sealed_secrets=connections.seal({"access_token": "shpat_x", "api_secret": "shpss_x"}),
    )
    client.force_login(make_user("ines"))

    page = client.get(f"/admin/exceptions_app/connection/{connection.pk}/webhook/").text

    assert "http://testserver/hooks/shop-uk/</code>" in page
    assert "each message is signed" in page
    assert "Make a new address" not in page
    assert Connection.objects.get().webhook_secret_hash == ""
