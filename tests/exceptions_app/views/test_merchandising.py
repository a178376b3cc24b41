"""The data owners' room: causes ticked where they stand, and what was mapped by whom."""

import re

import pytest
from django.utils import timezone

from exceptions_app.models import AuditEntry, Case, MappingImport
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def mira(client):
    user = make_user("mira")
    client.force_login(user)
    return user


def post(client, path, **values):
    return client.post(path, {"room": "merchandising", "newest": "999999999", **values})


def frozen(answer):
    return re.search(r'name="frozen" value="([^"]+)"', answer.text)[1]


def test_ticked_causes_are_taken_after_being_shown_and_the_reader_is_back_in_the_room(client, mira):
    group = factories.CauseGroupFactory()
    factories.CaseFactory.create_batch(2, group=group)
    factories.CaseFactory()
    path = "/exceptions/act/?view=sku"

    asked = client.get(post(client, path, act="mine", group=group.pk, at=f"row-g{group.pk}").url)
    done = post(client, path, act="mine", frozen=frozen(asked), at=f"row-g{group.pk}")

    assert "Assign 2 exceptions to me?" in asked.text
    assert 'name="room" value="merchandising"' in asked.text
    assert done.url.startswith("/merchandising/?view=sku&")
    assert done.url.endswith(f"#row-g{group.pk}")
    assert Case.objects.filter(assignee=mira).count() == 2
    page = client.get(done.url)
    assert "2 assigned to you." in page.text
    assert [(row.owner, row.assigned) for row in page.context["rows"]] == [("Mira", 2), ("", 0)]


def test_nothing_ticked_changes_nothing_and_stays_in_the_room(client, mira):
    factories.CaseFactory()

    answer = post(client, "/exceptions/act/?view=mapping", act="mine")

    assert answer.url == "/merchandising/?view=mapping"
    assert not Case.objects.exclude(assignee=None).exists()
    assert not AuditEntry.objects.exists()


def test_a_room_that_is_none_leads_to_the_queue(client, mira):
    case = factories.CaseFactory()

    answer = client.post(
        "/exceptions/act/", {"room": "people", "act": "mine", "case": f"{case.pk}.{case.version}"}
    )

    assert answer.url.startswith("/exceptions/?")


def test_who_may_not_assign_sees_no_ticks(client):
    factories.CaseFactory()
    client.force_login(make_user("aud"))

    page = client.get("/merchandising/").text

    assert '<input type="checkbox"' not in page
    assert 'name="act"' not in page


@pytest.mark.lesson(5)
def test_an_exception_opened_from_the_room_leads_back_to_it(client, mira):
    case = factories.CaseFactory()
    page = client.get("/merchandising/").text

    address = f"/exceptions/{case.pk}/?room=merchandising&amp;view=sku"
    assert f'data-first-case="{address}"' in page
    shown = client.get(f"/exceptions/{case.pk}/?room=merchandising&view=sku").context["back"]
    assert shown == {"url": "/merchandising/?view=sku", "label": "Merchandising"}
    plain = client.get(f"/exceptions/{case.pk}/?team=finance&room=people").context["back"]
    assert plain["label"] == "Exceptions"


def test_what_a_file_brought_is_among_what_was_mapped_lately(client, mira):
    now = timezone.now()
    bridge = factories.BridgeFactory()
    file = MappingImport.objects.create(
        bridge=bridge,
        kind="sku_alias",
        status="applied",
        file_name="season.csv",
        uploaded_by=make_user("ada"),
        uploaded_at=now,
    )
    factories.MappingFactory(
        bridge=bridge,
        kind="sku_alias",
        source_value="TEE",
        target={"sku": "TEE-BLK-M"},
        activated_at=now,
        file=file,
    )

    page = client.get("/merchandising/?view=recent").text

    assert "season.csv" in page
    assert f"/admin/mappings/{bridge.pk}/sku_alias/history/?value=TEE" in page
