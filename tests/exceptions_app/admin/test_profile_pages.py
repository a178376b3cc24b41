"""The page of a connection's profile: problems by line, samples, a trial, versions."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from connectors.profiled import load
from connectors.sandbox.wsgi_transport import WsgiTransport
from exceptions_app.models import AuditEntry, Connection, ProfileVersion
from exceptions_app.services import connections
from tests import factories
from tests.cast import make_user
from tests.connectors.contract import stage_orrery
from tests.connectors.contract.stages import Clock
from tests.connectors.orrery.orrery_twin import KEY

pytestmark = pytest.mark.django_db

SHIPPED = load.shipped_text("bluecherry-rest")
NEXT = SHIPPED.replace('version = "0.2.0"', 'version = "0.3.0"')


@pytest.fixture
def erp():
    return factories.ErpFactory(mode="sandbox")


@pytest.fixture
def ines(client):
    user = make_user("ines")
    client.force_login(user)
    return user


def address(connection, query=""):
    return f"/admin/connections/{connection.pk}/profile/{query}"


def send(client, connection, act, **changes):
    row = Connection.objects.get(pk=connection.pk)
    values = {"act": act, "text": NEXT, "seen": connections.stamp(row), **changes}
    return client.post(address(connection), values)


def test_the_profile_in_force_is_shown_with_what_it_sends_and_what_is_open(client, erp, ines):
    page = client.get(address(erp)).text

    assert load.loads(SHIPPED).label in page
    assert "A plain return: create_credit_memo" in page
    # The connection's own setting stands where the profile asks for it.
    assert "&quot;vnd_id&quot;: &quot;RB&quot;" in page
    assert "6 not confirmed" in page
    assert "Only what came with the product" in page


def test_a_wrong_profile_is_told_line_by_line_and_cannot_come_into_force(client, erp, ines):
    wrong = NEXT.replace('read = "order"', 'read = "orders"')
    line = wrong.splitlines().index('read = "orders"') + 1

    answer = send(client, erp, "activate", text=wrong, reason="To try")

    assert answer.status_code == 422
    assert f"Line {line}: operations.find_order.read: no [readings.orders]" in answer.text
    assert not ProfileVersion.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_profile_is_put_in_force_with_a_reason_and_its_version_is_kept(client, erp, ines):
    answer = send(client, erp, "activate", reason="The ERP's release of May")

    assert answer.status_code == 302
    assert Connection.objects.get().settings["profile_text"] == NEXT
    page = client.get(answer.url).text
    assert "1. bluecherry-rest 0.3.0" in page
    assert "Ines: The ERP&#x27;s release of May" in page


def test_an_earlier_version_is_looked_at_and_put_in_force_again(client, erp, ines):
    send(client, erp, "activate", reason="New")
    send(client, erp, "activate", text=SHIPPED, reason="Another")

    page = client.get(address(erp, "?version=1"))
    assert page.context["form"]["text"].value() == NEXT
    send(client, erp, "activate", text=NEXT, reason="It refused every credit")

    assert [row.restores_id is not None for row in ProfileVersion.objects.all()] == [
        True,
        False,
        False,
    ]
    assert "3. bluecherry-rest 0.3.0</b>, as version 1" in client.get(address(erp)).text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"text": " ", "reason": "Why"}, "text"),
        ({"reason": "Why", "seen": "of before"}, "__all__"),
        ({"reason": "Why", "text": SHIPPED.replace("[[errors]]", "[[errors]", 1)}, None),
    ],
)
def test_what_cannot_come_into_force_changes_nothing(client, erp, ines, changes, field):
    answer = send(client, erp, "activate", **changes)

    assert answer.status_code == 422
    assert field is None or field in answer.context["form"].errors
    assert Connection.objects.get().settings == {"vnd_id": "RB"}
    assert not AuditEntry.objects.exists()


def test_a_file_takes_the_place_of_the_text_and_is_shown_as_it_was_checked(client, erp, ines):
    file = SimpleUploadedFile("mine.toml", NEXT.encode("utf-8-sig"))

    answer = send(client, erp, "check", text="", file=file)

    assert answer.status_code == 200
    assert answer.context["form"]["text"].value() == NEXT
    assert load.loads(NEXT).label in answer.text


def test_a_file_that_is_no_text_is_refused(client, erp, ines):
    answer = send(client, erp, "check", file=SimpleUploadedFile("x", b"\xff\xfe\x00"))

    assert answer.status_code == 422
    assert "file" in answer.context["form"].errors


def test_a_profile_is_tried_on_its_system_and_nothing_is_written(client, ines):
    twin = stage_orrery.make_twin(Clock())
    erp = factories.ErpFactory(
        kind="other",
        mode="sandbox",
        base_url="http://127.0.0.1:8999/orrery",
        settings={"profile_values": "guild = Tailors"},
        sealed_secrets=connections.seal({"api_key": KEY}),
    )
    factories.BudgetFactory(connection=erp)
    text = stage_orrery.PROFILE.read_text(encoding="utf-8")

    with connections.through(WsgiTransport({"/orrery": twin})):
        answer = send(client, erp, "try", text=text, order_number="1001", sku="GHOST")

    assert answer.status_code == 200
    assert "1001 of HOUSE-7: 1 line, 225.00 DKK and 56.25 tax." in answer.text
    assert "There is no item GHOST." in answer.text
    assert twin.documents() == []
    assert ProfileVersion.objects.count() == 0


def test_whoever_may_only_look_sees_the_text_and_no_form(client, erp):
    client.force_login(make_user("aud"))

    page = client.get(address(erp))
    answer = send(client, erp, "activate", reason="Why")

    assert "isa_num" in page.text
    assert "Put it in force" not in page.text
    assert answer.status_code == 403
    assert not ProfileVersion.objects.exists()


@pytest.mark.parametrize("query", ["?version=7", "?version=x", "?version=99999999999"])
def test_a_version_there_is_not_is_not_found(client, erp, ines, query):
    assert client.get(address(erp, query)).status_code == 404


def test_a_system_with_a_public_api_has_no_profile(client, ines):
    assert client.get(address(factories.ConnectionFactory())).status_code == 404
