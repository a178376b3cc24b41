import csv
import io
import re
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from exceptions_app.models import AuditEntry
from exceptions_app.selectors import trail
from exceptions_app.services import audit, connections, rmas
from tests import factories, plans
from tests.cast import make_user
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def aud(client):
    user = make_user("aud")
    client.force_login(user)
    return user


def record(subject, *, actor=None, text="Done", **changes):
    return audit.record(
        actor=actor, act="test", subject=subject, text=text, now=factories.NOW, **changes
    )


def texts(client, query=""):
    rows = client.get(f"/trail/{query}").context["rows"]
    return [each["row"].entry.text for each in rows]


def test_the_trail_is_read_newest_first_with_what_differs(client, aud):
    connection = factories.ConnectionFactory()
    record(connection, text="First")
    record(
        connection,
        actor=make_user("ines"),
        text="Second",
        before={"kind": "returngo", "mode": "sandbox", "settings": {"shop_name": "a"}},
        after={"kind": "returngo", "mode": "live", "settings": {"shop_name": "b"}},
    )

    page = client.get("/trail/")

    assert texts(client) == ["Second", "First"]
    changes = page.context["rows"][0]["row"].changes
    assert [(each.label, each.before, each.after) for each in changes] == [
        ("Mode", "Simulated", "Live"),
        ("Shop", "a", "b"),
    ]
    assert f"/admin/connections/{connection.pk}/history/" in page.text


@pytest.mark.parametrize(
    ("act", "before", "after", "said"),
    [
        pytest.param(
            "bridge.policy",
            {"undo_seconds": "90"},
            {"schedule": {"credit_memo": "run"}},
            [
                (
                    "When each kind of document leaves",
                    "as the preset",
                    "Credit memo: when finance starts a run; all others at once",
                ),
                ("Time to take a decision back", "90 s", "as the preset"),
            ],
            id="policy",
        ),
        pytest.param(
            "bridge.create",
            None,
            {"policy": {"note_to_platform": False}},
            [("Note the ERP's numbers on the return", "as the preset", "No")],
            id="new bridge",
        ),
    ],
)
def test_a_policy_is_said_as_on_its_own_page(client, aud, act, before, after, said):
    bridge = factories.BridgeFactory()
    audit.record(
        actor=None,
        act=act,
        subject=bridge,
        text="Policy",
        now=factories.NOW,
        before=before,
        after=after,
    )

    (row,) = client.get("/trail/").context["rows"]

    assert [(each.label, each.before, each.after) for each in row["row"].changes] == said


def test_an_amount_that_is_the_same_is_no_difference(client, aud):
    world = make_world()
    world.add_order()
    world.add_return(status="Approved", refunded=None)
    for status in ("Approved", "Validated"):
        world.platform.load({"changes": [{"rma_id": "5001", "status": status}]})
        with world.connected():
            reading = connections.source(connection=world.bridge.source, reason="poll").rma("5001")
        rmas.apply(bridge=world.bridge, reading=reading, now=world.clock.now)
        world.clock.advance(minutes=1)

    row, *_ = client.get("/trail/?kind=rma").context["rows"]

    assert row["row"].entry.text.endswith("says: Validated")
    assert [each.label for each in row["row"].changes] == ["Status"]


def test_roles_are_said_in_words(client, aud):
    record(aud, before={"roles": []}, after={"roles": ["cx", "finance"]})

    (row,) = client.get("/trail/").context["rows"]

    (change,) = row["row"].changes
    assert (change.label, change.before, change.after) == ("Roles", "nothing", "CX, Finance")


def test_stored_codes_are_said_in_words(client, aud):
    posting = factories.PostingFactory()
    record(posting, after={"status": "held", "kind": "credit_memo", "units": 2, "note": {"a": "b"}})

    (row,) = client.get("/trail/").context["rows"]

    assert [(each.label, each.after) for each in row["row"].changes] == [
        ("Kind", "Credit memo"),
        ("Note, a", "b"),
        ("Units", "2"),
        ("Status", "Held"),
    ]


def test_it_is_narrowed_to_a_kind_a_thing_and_a_person(client, aud):
    first, second = factories.ConnectionFactory(), factories.ConnectionFactory()
    ines = make_user("ines")
    record(first, text="One")
    record(second, actor=ines, text="Two")
    record(factories.BridgeFactory(source=first), text="Bridge")

    assert texts(client, "?kind=connection") == ["Two", "One"]
    assert texts(client, f"?kind=connection&number={first.pk}") == ["One"]
    assert texts(client, f"?person={ines.pk}") == ["Two"]
    assert texts(client, "?person=system") == ["Bridge", "One"]
    assert texts(client, f"?number={first.pk}") == ["Bridge", "Two", "One"]
    assert "Filters in use" not in client.get(f"/trail/?number={first.pk}").text


@pytest.mark.parametrize(
    "query",
    ["?kind=nothing", "?kind=connection&number=%C2%B2", "?person=x", f"?person={10**30}"],
)
def test_an_unknown_filter_finds_nothing(client, aud, query):
    record(factories.ConnectionFactory())

    assert texts(client, query) == []


def test_a_page_holds_thirty_and_the_next_one_goes_on(client, aud):
    connection = factories.ConnectionFactory()
    for number in range(40):
        record(connection, text=str(number))

    older = client.get("/trail/").context["older"]

    assert len(texts(client)) == 30
    assert texts(client, f"?cursor={older}") == [str(number) for number in range(9, -1, -1)]
    assert client.get("/trail/?cursor=guess").status_code == 400


@pytest.mark.parametrize("name", ["aud", "finn", "ada"])
def test_auditors_finance_and_admins_read_it(client, name):
    client.force_login(make_user(name))

    assert client.get("/trail/").status_code == 200
    assert 'href="/trail/"' in client.get("/").text


def test_a_thing_is_linked_only_for_those_who_may_open_it(client):
    person = make_user("zoe")
    record(person, text="Roles changed")
    address = f"/people/{person.pk}/"

    client.force_login(make_user("aud"))
    assert f'href="{address}"' not in client.get("/trail/").text
    client.force_login(make_user("ada"))
    assert f'href="{address}"' in client.get("/trail/").text


def test_more_entries_cost_no_more_queries(client, aud):
    def queries():
        with CaptureQueriesContext(database) as asked:
            client.get("/trail/")
        return len(asked)

    connection = factories.ConnectionFactory()
    record(connection)
    few = queries()

    for _ in range(20):
        record(connection, actor=aud)

    assert queries() == few


@pytest.mark.parametrize(
    ("chosen", "index"),
    [
        pytest.param({"kind": "savedview"}, "audit_by_kind", id="kind"),
        pytest.param({"person": "7"}, "audit_by_person", id="person"),
    ],
)
def test_a_filter_reads_an_index_of_its_own(chosen, index):
    rows = trail.entries(**chosen).order_by(*trail.ORDER)[:51]

    assert plans.indexes_of(rows) == {index}


def test_every_kind_is_a_thing_of_the_house_and_every_thing_acted_on_is_a_kind():
    world = make_world()
    world.add_order("SO-1")
    world.add_return("5001", order_name="SO-1")
    world.carry()

    assert set(AuditEntry.objects.values_list("subject_kind", flat=True)) <= set(trail.KINDS)
    models = {model._meta.model_name for model in apps.get_models()}
    assert set(trail.KINDS) <= models


def test_every_link_of_operations_leads_to_a_connections_page(client):
    connection = factories.ConnectionFactory()
    factories.HealthFactory(connection=connection)
    factories.BudgetFactory(connection=connection)
    client.force_login(make_user("finn"))

    page = client.get("/operations/").text

    (address,) = re.findall(r'href="(/admin/connections/\d+/history/)"', page)
    assert client.get(address).status_code == 200


def days(client, query):
    return [each["row"].entry.text for each in client.get(f"/trail/{query}").context["rows"]]


def test_the_trail_is_narrowed_to_days_and_to_people(client, aud):
    rma = factories.RmaFactory()
    for offset, text in ((-2, "Before"), (-1, "Yesterday"), (0, "Today")):
        actor = make_user("ines") if offset else None
        now = factories.NOW + timedelta(days=offset)
        audit.record(actor=actor, act="test", subject=rma, text=text, now=now)

    assert days(client, "?since=2026-05-26") == ["Today", "Yesterday"]
    assert days(client, "?until=2026-05-26") == ["Yesterday", "Before"]
    assert days(client, "?since=2026-05-26&until=2026-05-26") == ["Yesterday"]
    assert days(client, "?person=people") == ["Yesterday", "Before"]
    assert days(client, "?person=system&since=2026-05-27") == ["Today"]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?since=yesterday", "Enter a valid date."),
        ("?since=0001-01-01", "Choose a day between 2000 and 2100."),
        ("?until=9999-12-31", "Choose a day between 2000 and 2100."),
        ("?since=2026-05-27&until=2026-05-26", "The last day lies before the first."),
    ],
)
def test_a_day_that_cannot_be_is_said_and_finds_nothing(client, aud, query, said):
    record(factories.RmaFactory())

    page = client.get(f"/trail/{query}")

    assert said in page.text
    assert page.context["rows"] == []


def test_an_act_on_a_mapping_names_bridge_and_reason_and_leads_to_its_value(client, aud):
    row = factories.MappingFactory(kind="sku_alias", source_value="TEE & B", reason="New code")
    audit.record(
        actor=None, act="mapping.activate", subject=row, text="In force", now=factories.NOW
    )
    audit.record(actor=None, act="mapping.withdraw", subject=row, text="Back", now=factories.NOW)

    page = client.get("/trail/?kind=mapping")
    answer = client.get("/trail/export.csv?kind=mapping")
    lines = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))

    address = f"/admin/mappings/{row.bridge_id}/sku_alias/history/?value=TEE+%26+B"
    assert [each["url"] for each in page.context["rows"]] == [address, address]
    assert "Mapping, Alder UK" in page.text
    assert page.text.count("Why: New code") == 1
    assert [(line["What"], line["Bridge"], line["Why"]) for line in lines] == [
        ("Back", "Alder UK", ""),
        ("In force", "Alder UK", "New code"),
    ]


def test_the_trail_as_a_file_holds_what_its_filters_find_with_what_differs(client, aud):
    connection = factories.ConnectionFactory(name="ReturnGO UK")
    record(connection, before={"mode": "sandbox"}, after={"mode": "live"}, text="=live()")
    record(factories.RmaFactory(), text="Other")

    answer = client.get("/trail/export.csv?kind=connection")
    (line,) = csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode()))

    assert answer["Content-Disposition"].startswith('attachment; filename="trail-20')
    assert (line["What"], line["About"], line["Kind"]) == ("'=live()", "ReturnGO UK", "Connection")
    assert line["What differs"] == "Mode: Simulated → Live"
    assert line["When"] == "27 May 2026, 09:12"
