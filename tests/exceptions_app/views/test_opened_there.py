"""A step done in the ERP or at the platform leads there, where an admin told the address."""

import pytest
import time_machine
from django.urls import reverse

from exceptions_app.catalogue import CATALOGUE
from exceptions_app.models import AuditEntry, Connection
from exceptions_app.services import connections
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, ConnectionFactory

pytestmark = pytest.mark.django_db

THERE = "https://erp.example.com/items"
HELD = {"sku": "HAT-FELT-OS", "erp": "BlueCherry", "platform": "ReturnGO", "rma": "7", "units": "1"}


@pytest.fixture(autouse=True)
def moment():
    with time_machine.travel(NOW, tick=False):
        yield


def playbook(client, case):
    client.force_login(make_user("mira"))
    page = client.get(reverse("case-detail", args=[case.pk])).text
    return page[page.index('id="playbook"') :].split("</section>")[0]


def held(**erp):
    case = CaseFactory(type="SKU_INACTIVE", facts=HELD)
    Connection.objects.filter(pk=case.bridge.erp_id).update(name="BlueCherry", **erp)
    return case


def test_a_step_done_in_the_erp_opens_it_in_a_new_tab(client):
    shown = playbook(client, held(console_url=THERE, mode="live"))

    link = f'<a href="{THERE}" target="_blank" rel="noopener noreferrer">Open BlueCherry'
    assert f'{link}<span class="sr">, in a new tab</span></a>' in shown
    assert shown.count(THERE) == 1


def test_a_simulated_system_is_called_so(client):
    address = "http://127.0.0.1:8100/_systems/bluecherry/"

    assert "Open BlueCherry (simulated)<" in playbook(
        client, held(console_url=address, mode="sandbox")
    )


def test_without_an_address_there_is_no_link(client):
    assert "Open BlueCherry" not in playbook(client, held())


@pytest.mark.parametrize(
    ("code", "sides"),
    [
        ("SKU_INACTIVE", {"erp"}),
        ("PAYLOAD_INVALID", {"platform"}),
        ("SO_LINK_MISSING", {"erp"}),
        ("PERIOD_CLOSED", {"erp"}),
        ("QTY_SHORT", {"erp", "platform"}),
        ("REASON_UNMAPPED", set()),
    ],
)
def test_what_a_step_says_tells_where_it_is_done(code, sides):
    assert {step.opens for step in CATALOGUE[code].playbook} - {""} == sides


def change(client, row, **typed):
    address = f"/admin/exceptions_app/connection/{row.pk}/change/"
    form = client.get(address).context["adminform"].form
    sent = {name: form[name].value() or "" for name in form.fields}
    values = {**sent, "reason": "So that playbooks lead there", **typed}
    return client.post(address, {name: str(each) for name, each in values.items()})


@pytest.fixture
def row():
    return ConnectionFactory(
        kind="returngo",
        mode="sandbox",
        base_url="http://127.0.0.1:9/returngo",
        settings={"shop_name": "alder"},
        sealed_secrets=connections.seal({"api_key": "k"}),
    )


def test_an_admin_sets_the_address_and_the_history_says_so(client, row):
    client.force_login(make_user("ada"))

    assert change(client, row, console_url=THERE).status_code == 302

    row.refresh_from_db()
    assert row.console_url == THERE
    history = client.get(f"/admin/connections/{row.pk}/history/").context["entries"][0]["changes"]
    assert [(each.label, each.after) for each in history] == [("Where people open it", THERE)]
    page = client.get(f"/admin/connections/{row.pk}/history/").text
    assert f'<a href="{THERE}" target="_blank" rel="noopener noreferrer">Open {row.name}' in page


def test_an_address_in_clear_is_refused_and_kept_nowhere(client, row):
    client.force_login(make_user("ada"))

    answer = change(client, row, console_url="http://erp.example.com/")

    assert answer.status_code in (200, 422)
    assert "Write an address that begins with https:// and names a host." in answer.text
    row.refresh_from_db()
    assert row.console_url == ""
    assert not AuditEntry.objects.filter(act="connection.change").exists()
