import pytest

from exceptions_app.models import AuditEntry, Bridge, Connection, ConnectionBudget, Item, Mapping
from exceptions_app.services import connections, webhook_addresses
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db

NEW_CONNECTION = {
    "code": "returngo-uk",
    "name": "ReturnGO UK",
    "kind": "returngo",
    "mode": "sandbox",
    "base_url": "http://127.0.0.1:9000/returngo",
    "is_active": "on",
    "returngo__setting__shop_name": "alder",
    "returngo__secret__api_key": "very-secret-key",
}

TYPE_AGAIN = "Type it again: it is not kept in a form that is refused."


@pytest.fixture
def ada(client):
    user = make_user("ada")
    client.force_login(user)
    return user


def errors_of(answer):
    form = answer.context["adminform"].form
    return {name: [str(text) for text in texts] for name, texts in form.errors.items()}


def add_connection(client, **changes):
    return client.post("/admin/exceptions_app/connection/add/", NEW_CONNECTION | changes)


def test_a_connection_is_made_with_sealed_secrets_and_one_entry(client, ada):
    answer = add_connection(client)

    assert answer.status_code == 302
    row = Connection.objects.get()
    assert connections.unseal(bytes(row.sealed_secrets)) == {"api_key": "very-secret-key"}
    assert row.settings["shop_name"] == "alder"
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.act) == ("Ada", "connection.create")
    assert "very-secret-key" not in str(entry.after)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"returngo__setting__shop_name": ""}, "returngo__setting__shop_name"),
        ({"returngo__secret__api_key": ""}, "returngo__secret__api_key"),
        ({"kind": "fax"}, "kind"),
        ({"mode": "live"}, "__all__"),
        ({"code": "not a slug"}, "code"),
    ],
)
def test_what_cannot_be_a_connection_is_refused_on_the_form(client, ada, changes, field):
    answer = add_connection(client, **changes)

    assert answer.status_code == 200
    assert field in errors_of(answer)
    assert not Connection.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_code_in_use_never_overwrites_the_other_connection(client, ada):
    add_connection(client)

    answer = add_connection(client, name="Other", returngo__secret__api_key="stolen")

    assert errors_of(answer) == {"code": ["Another connection has this code."]}
    row = Connection.objects.get()
    assert row.name == "ReturnGO UK"
    assert connections.unseal(bytes(row.sealed_secrets)) == {"api_key": "very-secret-key"}


def change_connection(client, row, *, seen=None, **changes):
    path = f"/admin/exceptions_app/connection/{row.pk}/change/"
    shown = client.get(path).context["adminform"].form["seen"].value()
    values = NEW_CONNECTION | {"reason": "Agreed", "seen": seen or shown} | changes
    return client.post(path, {name: value for name, value in values.items() if value is not None})


def test_secrets_are_never_shown_and_an_empty_field_keeps_them(client, ada):
    add_connection(client)
    row = Connection.objects.get()
    path = f"/admin/exceptions_app/connection/{row.pk}/change/"

    assert "very-secret-key" not in client.get(path).text
    change_connection(client, row, name="New name", returngo__secret__api_key="")

    row.refresh_from_db()
    assert row.name == "New name"
    assert connections.unseal(bytes(row.sealed_secrets)) == {"api_key": "very-secret-key"}
    entry = AuditEntry.objects.latest("pk")
    assert entry.text == "New name changed: Agreed"
    assert (entry.before["name"], entry.after["name"]) == ("ReturnGO UK", "New name")


@pytest.mark.parametrize(("key", "told"), [("new-key", [TYPE_AGAIN]), ("", None)])
def test_a_refused_form_says_that_a_typed_key_is_not_kept(client, ada, key, told):
    add_connection(client)
    row = Connection.objects.get()

    answer = change_connection(client, row, reason="", returngo__secret__api_key=key)

    assert errors_of(answer).get("returngo__secret__api_key") == told
    assert "reason" in errors_of(answer) or "__all__" in errors_of(answer)
    row.refresh_from_db()
    assert connections.unseal(bytes(row.sealed_secrets)) == {"api_key": "very-secret-key"}


def test_switching_a_connection_off_is_in_the_trail(client, ada):
    add_connection(client)
    row = Connection.objects.get()

    change_connection(client, row, is_active=None)

    row.refresh_from_db()
    assert row.is_active is False
    entry = AuditEntry.objects.get(act="connection.change")
    assert (entry.before["is_active"], entry.after["is_active"]) == (True, False)


def test_a_new_number_of_calls_a_day_takes_effect(client, ada):
    add_connection(client)
    row = Connection.objects.get()

    change_connection(client, row, returngo__setting__daily_call_limit="5000")
    assert ConnectionBudget.objects.get().daily_limit == 5000

    change_connection(client, row, returngo__setting__daily_call_limit="")
    assert ConnectionBudget.objects.get().daily_limit == 2000


def test_a_form_saved_as_it_was_shown_changes_only_what_was_typed(client, ada):
    add_connection(client)
    row = Connection.objects.get()
    ConnectionBudget.objects.update(daily_limit=100_000)
    path = f"/admin/exceptions_app/connection/{row.pk}/change/"
    shown = client.get(path).context["adminform"].form
    assert shown["returngo__setting__daily_call_limit"].value() == "100000"
    as_shown = {field.name: field.value() or "" for field in shown}

    change_connection(client, row, **as_shown | {"name": "Renamed", "reason": "Agreed"})

    assert ConnectionBudget.objects.get().daily_limit == 100_000
    entry = AuditEntry.objects.latest("pk")
    differs = {name for name, value in entry.before.items() if entry.after[name] != value}
    assert differs == {"name"}


def test_saving_says_so_in_our_words_and_leads_to_the_history(client, ada):
    add_connection(client)
    row = Connection.objects.get()

    answer = change_connection(client, row, name="New name")

    assert answer.url == f"/admin/connections/{row.pk}/history/"
    page = client.get(answer.url).text
    assert "New name is changed. It holds from the next call on." in page
    assert "successfully" not in page


def test_mistakes_are_told_in_our_own_summary(client, ada):
    page = add_connection(client, name="").text

    assert "1 answer needs another look" in page
    assert "correct the error" not in page
    assert "<title>Error: " in page


@pytest.mark.parametrize("limit", ["2,000", "many", "0", "-5", "٣", "1" * 30])
def test_a_limit_that_is_no_number_of_calls_is_refused(client, ada, limit):
    answer = add_connection(client, returngo__setting__daily_call_limit=limit)

    assert list(errors_of(answer)) == ["returngo__setting__daily_call_limit"]
    assert not Connection.objects.exists()


def test_settings_that_the_form_does_not_ask_for_stay(client, ada):
    add_connection(client)
    row = Connection.objects.get()
    Connection.objects.update(settings={**row.settings, "poll_seconds": "300"})

    change_connection(client, row, name="New name")

    assert Connection.objects.get().settings["poll_seconds"] == "300"


@pytest.mark.parametrize("changes", [{"reason": "", "name": "New"}, {}])
def test_a_change_of_nothing_or_without_a_reason_is_refused(client, ada, changes):
    add_connection(client)
    row = Connection.objects.get()

    answer = change_connection(client, row, **changes)

    assert "__all__" in errors_of(answer)
    assert Connection.objects.get().name == "ReturnGO UK"
    assert AuditEntry.objects.count() == 1


def test_somebody_elses_change_of_a_connection_is_told_before_it_is_overwritten(client, ada):
    add_connection(client)
    row = Connection.objects.get()
    seen = connections.stamp(row)
    change_connection(client, row, base_url="http://127.0.0.1:9001/returngo")

    answer = change_connection(client, row, seen=seen, name="Mine")

    assert "somebody else changed the connection" in errors_of(answer)["__all__"][0]
    form = answer.context["adminform"].form
    assert form["name"].value() == "Mine"
    assert Connection.objects.get().name == "ReturnGO UK"
    assert form["seen"].value() == connections.stamp(Connection.objects.get())


def test_an_earlier_state_of_a_connection_is_brought_back_as_a_change(client, ada):
    add_connection(client)
    row = Connection.objects.get()
    first = AuditEntry.objects.get()
    change_connection(client, row, base_url="http://127.0.0.1:9001/returngo")
    path = f"/admin/exceptions_app/connection/{row.pk}/change/"

    page = client.get(f"{path}?back={first.pk}")

    form = page.context["adminform"].form
    assert form["base_url"].value() == "http://127.0.0.1:9000/returngo"
    assert "Credentials stay as they are" in page.text
    assert Connection.objects.get().base_url == "http://127.0.0.1:9001/returngo"
    assert client.get(f"{path}?back=999999").status_code == 404
    assert client.get(f"{path}?back=²").status_code == 404


def test_a_webhook_address_is_made_by_a_post_and_shown_once(client, ada):
    add_connection(client)
    row = Connection.objects.get()
    path = f"/admin/exceptions_app/connection/{row.pk}/webhook/"
    assert client.get(path).context["address"] == ""
    assert Connection.objects.get().webhook_secret_hash == ""

    answer = client.post(path)

    address = answer.context["address"]
    secret = address.rstrip("/").rpartition("/")[2]
    row.refresh_from_db()
    assert row.webhook_secret_hash == webhook_addresses.digest(secret)
    assert "no-store" in answer["Cache-Control"]
    assert secret not in client.get(path).text
    assert client.post(address, b"{}", content_type="application/json").status_code == 202


def make_bridge_values(**changes):
    source, erp = factories.ConnectionFactory(), factories.ErpFactory()
    return {
        "code": "uk",
        "name": "Alder UK",
        "source": source.pk,
        "erp": erp.pk,
        "preset": "bluecherry+returngo",
        "currency": "GBP",
        "timezone": "Europe/London",
        **changes,
    }


def test_a_bridge_is_made_with_the_rows_of_its_preset(client, ada):
    client.post("/admin/exceptions_app/bridge/add/", make_bridge_values(undo_seconds="90"))

    bridge = Bridge.objects.get()
    assert bridge.policy == {"undo_seconds": "90"}
    assert bridge.mappings.count() == 9
    assert AuditEntry.objects.get().act == "bridge.create"


def test_a_bridge_that_exists_has_a_page_of_its_own(client, ada):
    bridge = factories.BridgeFactory()

    answer = client.get(f"/admin/exceptions_app/bridge/{bridge.pk}/change/")

    assert answer.url == f"/admin/bridges/{bridge.pk}/policy/"


def test_a_version_is_never_edited_or_deleted(client, ada):
    row = factories.MappingFactory()
    base = f"/admin/exceptions_app/mapping/{row.pk}"

    assert client.post(f"{base}/change/", {"source_value": "x"}).status_code == 403
    assert client.post(f"{base}/delete/", {"post": "yes"}).status_code == 403
    assert Mapping.objects.get() == row


def test_the_list_of_versions_says_words_and_leads_to_the_page_that_previews(client, ada):
    row = factories.MappingFactory(source_value="Torn", target={"bucket": "none"})

    assert "No stock effect" in client.get("/admin/exceptions_app/mapping/").text
    address = f"/admin/mappings/{row.bridge_id}/disposition/history/?value=Torn"
    assert address in client.get(f"/admin/exceptions_app/mapping/{row.pk}/change/").text
    for page in ("add/", "add/?from=²"):
        assert client.get(f"/admin/exceptions_app/mapping/{page}").status_code == 403


@pytest.mark.parametrize("text", ["TEE-BLK", "tee-blk-m", " TEE-BLK"])
def test_lists_find_codes_as_they_are_shown(client, ada, text):
    factories.ItemFactory(sku="TEE-BLK-M")
    factories.ItemFactory(sku="CAP-RED")
    factories.MappingFactory(kind="sku_alias", source_value="TEE-BLK-M", target={"sku": "X"})
    factories.MappingFactory(kind="sku_alias", source_value="CAP-RED", target={"sku": "X"})

    for page in ("item", "mapping"):
        answer = client.get(f"/admin/exceptions_app/{page}/", {"q": text})
        assert answer.context["cl"].result_count == 1, page


@pytest.mark.parametrize("path", ["", "add/", "1/change/"])
def test_accounts_have_one_door(client, ada, path):
    assert client.get(f"/admin/auth/user/{path}").status_code == 404
    assert 'href="/people/"' in client.get("/admin/").text


def test_integrators_set_up_connections_but_see_no_accounts(client):
    client.force_login(make_user("ines"))

    assert client.get("/admin/exceptions_app/connection/").status_code == 200
    assert 'href="/people/"' not in client.get("/admin/").text
    assert client.get("/people/").status_code == 403


def test_the_lists_of_connections_and_bridges_show_words_not_codes(client, ada):
    factories.BridgeFactory(erp__mode="sandbox", erp__is_active=False)

    connections_page = client.get("/admin/exceptions_app/connection/?q=").text
    bridges_page = client.get("/admin/exceptions_app/bridge/").text

    for said in ("Calls may leave", "Simulated", ">BlueCherry<", ">ReturnGO<", ">No<"):
        assert said in connections_page
    assert "In use" in bridges_page
    assert "BlueCherry + ReturnGO" in bridges_page
    for code in ("sandbox", "is active", "Is active", "bluecherry+returngo"):
        assert code not in connections_page + bridges_page


def test_an_item_is_shown_in_words_with_what_is_not_known(client, ada):
    row = factories.ItemFactory(unit_cost=None, is_returnable=False)
    path = f"/admin/exceptions_app/item/{row.pk}/change/"

    page = client.get(path).text

    assert "Number in the ERP" in page
    assert "May be returned" in page
    assert "Not known" in page
    assert "Sku key" not in page
    Item.objects.update(unit_cost="5.1000")
    assert "5.10<" in client.get(path).text


def test_records_are_filtered_by_erps_only_and_nothing_is_counted(client, ada):
    bridge = factories.BridgeFactory()
    factories.ErpFactory()

    page = client.get("/admin/exceptions_app/item/").text

    assert f"connection__id__exact={bridge.erp_id}" in page
    assert f"connection__id__exact={bridge.source_id}" not in page
    assert "By in use" in page
    assert "Show counts" not in page


def test_one_button_saves(client, ada):
    page = client.get("/admin/exceptions_app/connection/add/?kind=bluecherry").text

    assert 'name="_save"' in page
    assert "_addanother" not in page
    assert "_continue" not in page


@pytest.mark.parametrize("model", ["item", "erplocation"])
def test_records_are_only_looked_at(client, ada, model):
    row = factories.ItemFactory() if model == "item" else factories.ErpLocationFactory()
    base = f"/admin/exceptions_app/{model}"

    shown = client.get(f"{base}/")
    assert shown.status_code == 200
    assert "In use" in shown.text
    assert "<img" not in shown.text
    looked_at = client.get(f"{base}/{row.pk}/change/")
    assert looked_at.status_code == 200
    # Nobody writes the admin's own history, so no page says that nothing ever happened.
    assert f"{row.pk}/history/" not in looked_at.text
    assert client.get(f"{base}/{row.pk}/history/").status_code == 404
    assert client.post(f"{base}/{row.pk}/change/", {}).status_code == 403
    assert client.get(f"{base}/add/").status_code == 403
    assert client.post(f"{base}/{row.pk}/delete/", {"post": "yes"}).status_code == 403
