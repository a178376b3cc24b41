import csv
import io

import openpyxl
import pytest
import tablib
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from exceptions_app.admin import mapping_urls
from exceptions_app.models import AuditEntry, Bulk, Fix, Mapping, MappingImport, Rma
from exceptions_app.rules.change_words import DAYS
from exceptions_app.services import fixes, mapping_files, mapping_imports
from tests import factories
from tests.cast import ROLES, make_user

pytestmark = pytest.mark.django_db

EVERYBODY = set(ROLES) - {"otto"}
READERS = EVERYBODY - {"cleo"}
OPERATORS = {"ines", "ada", "aud", "finn", "fiona"}
# Per address: who gets in by GET (None: nobody gets by GET), and who by POST.
DOORS = {
    "mappings": (READERS, None),
    "mapping-kind": (READERS, None),
    "mapping-map": ({"mira", "mona", "ada"}, {"mira", "mona", "ada"}),
    "mapping-history": (READERS, None),
    "mapping-export": (READERS, None),
    "mapping-export-all": (READERS, None),
    "mapping-upload": ({"ada"}, {"ada"}),
    "mapping-import": (READERS, None),
    "mapping-import-apply": (None, {"ada"}),
    "mapping-import-try": (None, {"ada"}),
    "mapping-import-discard": (None, {"ada"}),
    "mapping-import-file": (READERS, None),
    "mapping-import-take-back": ({"ada"}, {"ada"}),
    "mapping-withdraw": ({"mira", "mona", "ada"}, {"mira", "mona", "ada"}),
    "bridge-change": ({"ada", "ines"}, {"ada", "ines"}),
    "bridge-policy": (READERS, {"ada", "ines"}),
    "calendars": ({"ada"}, None),
    "calendar": ({"ada"}, {"ada"}),
    "connection-history": (OPERATORS, {"ada", "ines"}),
    "connection-profile": (OPERATORS, {"ada", "ines"}),
}


@pytest.fixture
def bridge():
    bridge = factories.BridgeFactory()
    for sku in ("TEE-BLK-M", "TEE-BLK-S"):
        factories.ItemFactory(connection=bridge.erp, sku=sku)
    return bridge


@pytest.fixture
def ada(client):
    user = make_user("ada")
    client.force_login(user)
    return user


@pytest.fixture
def found(bridge):
    alias(bridge, "A", "TEE-BLK-S")
    return mapping_imports.check(
        bridge=bridge,
        kind="sku_alias",
        file_name="aliases.csv",
        content=b"value,sku\nB,TEE-BLK-M\n",
        reason="New season",
        actor=make_user("ada"),
        now=factories.NOW,
    )


def alias(bridge, value, sku, **values):
    return factories.MappingFactory(
        bridge=bridge, kind="sku_alias", source_value=value, target={"sku": sku}, **values
    )


def page_of(bridge, name="kind", kind="sku_alias", **query):
    return reverse(f"admin:mapping-{name}", args=[bridge.pk, kind], query=query)


def take_back_of(found):
    return reverse("admin:mapping-import-take-back", args=[found.pk])


def applied(bridge, content=b"value,sku\nZ,TEE-BLK-M\n", kind="sku_alias"):
    found = mapping_imports.check(
        bridge=bridge,
        kind=kind,
        file_name="season.csv",
        content=content,
        reason="New season",
        actor=make_user("ada"),
        now=factories.NOW,
    )
    return mapping_imports.apply(import_id=found.pk, actor=make_user("ada"), now=factories.NOW)


def addresses(bridge, found):
    import_id = [found.pk]
    return {
        "mappings": reverse("admin:mappings"),
        "mapping-kind": page_of(bridge),
        "mapping-map": page_of(bridge, "map"),
        "mapping-history": page_of(bridge, "history", value="A"),
        "mapping-export": reverse("admin:mapping-export", args=[bridge.pk, "sku_alias", "csv"]),
        "mapping-export-all": reverse("admin:mapping-export-all", args=[bridge.pk, "csv"]),
        "mapping-upload": page_of(bridge, "upload"),
        "mapping-import": reverse("admin:mapping-import", args=import_id),
        "mapping-import-apply": reverse("admin:mapping-import-apply", args=import_id),
        "mapping-import-try": reverse("admin:mapping-import-try", args=import_id),
        "mapping-import-discard": reverse("admin:mapping-import-discard", args=import_id),
        "mapping-import-file": reverse("admin:mapping-import-file", args=[found.pk, "csv"]),
        "mapping-import-take-back": take_back_of(applied(bridge)),
        "mapping-withdraw": page_of(bridge, "withdraw", value="A"),
        "bridge-change": reverse("admin:bridge-change", args=[bridge.pk]),
        "bridge-policy": reverse("admin:bridge-policy", args=[bridge.pk]),
        "calendars": reverse("admin:calendars"),
        "calendar": reverse("admin:calendar", args=["finance"]),
        "connection-history": reverse("admin:connection-history", args=[bridge.erp_id]),
        "connection-profile": reverse("admin:connection-profile", args=[bridge.erp_id]),
    }


def state():
    return (
        list(Mapping.objects.order_by("pk").values_list("pk", "status")),
        list(MappingImport.objects.order_by("pk").values_list("pk", "status")),
        Fix.objects.count(),
        AuditEntry.objects.count(),
    )


def test_every_address_of_ours_is_in_the_table():
    assert {pattern.name for pattern in mapping_urls.urlpatterns} == set(DOORS)


@pytest.mark.parametrize("name", DOORS)
def test_strangers_are_led_to_sign_in_and_others_refused(client, bridge, found, name):
    address = addresses(bridge, found)[name]
    readers, writers = DOORS[name]
    before = state()

    for method, allowed in (("get", readers), ("post", writers)):
        if allowed is None:
            continue
        client.logout()
        assert getattr(client, method)(address).url.startswith("/sign-in/?next=")
        for person in sorted((EVERYBODY | {"otto"}) - allowed):
            client.force_login(make_user(person))
            assert getattr(client, method)(address).status_code == 403, (person, method)
    assert state() == before


@pytest.mark.parametrize("name", [name for name, (readers, _) in DOORS.items() if readers])
def test_readers_get_in(client, bridge, found, name):
    address = addresses(bridge, found)[name]

    for person in sorted(DOORS[name][0]):
        client.force_login(make_user(person))
        assert client.get(address).status_code == 200, person


@pytest.mark.parametrize("name", [name for name, (_, writers) in DOORS.items() if writers])
def test_a_post_without_its_token_is_refused(bridge, found, name):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_user("ada"))
    address = addresses(bridge, found)[name]
    before = state()

    assert strict.post(address).status_code == 403
    assert state() == before


def waiting_return(bridge, sku="TEE-BLAK-M"):
    rma = factories.RmaFactory(bridge=bridge)
    factories.RmaLineFactory(rma=rma, sku=sku, name="Black tee")
    group = factories.CauseGroupFactory(type="SKU_UNKNOWN", bridge=bridge, cause=sku.casefold())
    factories.CaseFactory(
        rma=rma, type="SKU_UNKNOWN", group=group, facts={"sku": sku}, value=20, currency="GBP"
    )
    return rma


def test_the_overview_counts_what_is_seen_mapped_and_waiting(client, ada, bridge):
    waiting_return(bridge)
    mapped = factories.RmaFactory(bridge=bridge)
    factories.RmaLineFactory(rma=mapped, sku="tee-old")
    factories.RmaLineFactory(rma=mapped, sku="TEE-BLK-M")
    alias(bridge, "TEE-OLD", "TEE-BLK-S")

    (row,) = client.get(reverse("admin:mappings")).context["rows"]
    covered = {each.kind: each for each in row.kinds}["sku_alias"]

    assert (covered.active, covered.seen, covered.known, covered.unknown) == (1, 3, 2, 1)
    assert (covered.waiting_values, covered.waiting_returns) == (1, 1)
    assert [(each.amount, each.currency) for each in covered.values] == [(20, "GBP")]


def test_an_unknown_sku_is_offered_with_ranked_items(client, ada, bridge):
    waiting_return(bridge)

    answer = client.get(page_of(bridge))

    (unknown,) = answer.context["unknowns"]
    assert (unknown.value, unknown.returns) == ("TEE-BLAK-M", 1)
    assert unknown.suggestions[0].sku == "TEE-BLK-M"
    assert "?value=TEE-BLAK-M&amp;sku=TEE-BLK-M" in answer.text


def put(client, address, values):
    """Look at what it would do, then act on just that."""
    seen = client.post(address, {**values, "preview": "1"}).context["seen"]
    return client.post(address, {**values, "seen": seen})


def test_an_admin_maps_a_value_after_seeing_what_it_does(client, ada, bridge):
    rma = waiting_return(bridge)
    address = page_of(bridge, "map", value="TEE-BLAK-M", sku="TEE-BLK-M")

    shown = client.get(address)
    assert shown.context["effect"].touched == 1
    assert not Mapping.objects.exists()
    values = {"value": "TEE-BLAK-M", "sku": "TEE-BLK-M", "reason": "Typo"}
    client.post(address, {**values, "seen": shown.context["seen"]})

    row = Mapping.objects.get()
    assert (row.target, row.status, row.reason) == ({"sku": "TEE-BLK-M"}, "active", "Typo")
    assert Rma.objects.get(pk=rma.pk).plan_due_at is not None
    assert not Fix.objects.exists()


@pytest.mark.parametrize("person", ["ada", "mira"])
@pytest.mark.parametrize("change", [{"value": "B"}, {"sku": "TEE-BLK-S"}, {"seen": ""}])
def test_nothing_is_put_in_force_that_was_not_shown(client, bridge, person, change):
    client.force_login(make_user(person))
    values = {"value": "A", "sku": "TEE-BLK-M", "reason": "Typo"}
    address = page_of(bridge, "map")
    seen = client.post(address, {**values, "preview": "1"}).context["seen"]
    before = state()

    answer = client.post(address, {**values, "seen": seen, **change})

    assert answer.status_code == 422
    assert "is not what was shown" in answer.text
    assert state() == before
    again = {**values, **change, "seen": answer.context["seen"]}
    assert client.post(address, again).status_code == 302


def test_of_two_admins_the_second_sees_what_the_first_did(client, ada, bridge):
    values = {"value": "A", "sku": "TEE-BLK-M", "reason": "Typo"}
    address = page_of(bridge, "map")
    seen = client.post(address, {**values, "preview": "1"}).context["seen"]
    alias(bridge, "A", "TEE-BLK-S")
    before = state()

    answer = client.post(address, {**values, "seen": seen})

    assert answer.status_code == 422
    assert "In force now: <b>TEE-BLK-S</b>" in answer.text
    assert state() == before


def test_a_nul_breaks_no_page(client, ada, bridge):
    alias(bridge, "A", "TEE-BLK-S")
    nul = "\0"

    assert client.get(page_of(bridge, q=nul)).status_code == 200
    assert client.get(page_of(bridge, "history", value=f"A{nul}")).status_code == 200
    assert client.get(page_of(bridge, "map", value=nul, sku=nul)).status_code == 200
    values = {"value": f"A{nul}", "sku": f"TEE-BLK-M{nul}", "reason": nul}
    assert client.post(page_of(bridge, "map"), values).status_code == 422


def test_targets_are_shown_and_refused_in_words(client, ada, bridge):
    factories.MappingFactory(bridge=bridge, source_value="Torn", target={"bucket": "none"})

    page = client.get(page_of(bridge, kind="disposition")).text
    found = mapping_imports.check(
        bridge=bridge,
        kind="disposition",
        file_name="x.csv",
        content=b"value,bucket\nA,nowhere\n",
        reason="x",
        actor=ada,
        now=factories.NOW,
    )

    assert 'data-l="Stands for">No stock effect<' in page
    words = "Choose one of: Saleable, "
    assert found.rows[0]["error"].startswith(words)
    assert found.rows[0]["error"].endswith(", No stock effect.")


def test_a_merchandiser_asks_and_another_person_decides(client, bridge):
    client.force_login(make_user("mira"))
    values = {"value": "X", "sku": "TEE-BLK-M", "reason": "Typo"}

    put(client, page_of(bridge, "map"), values)

    assert Mapping.objects.get().status == "proposed"
    assert Fix.objects.get().status == "requested"


def test_nobody_maps_a_value_somebody_has_asked_about(client, bridge):
    values = {"value": "X", "sku": "TEE-BLK-M", "reason": "Typo"}
    client.force_login(make_user("mira"))
    put(client, page_of(bridge, "map"), values)
    client.force_login(make_user("ada"))
    before = state()

    answer = put(client, page_of(bridge, "map"), values)

    assert answer.status_code == 422
    assert "Mira has asked for a change of this value" in answer.text
    assert state() == before


def test_money_is_asked_for_by_finance_even_here(client, bridge):
    client.force_login(make_user("ada"))
    assert client.get(page_of(bridge, "map", kind="vat")).status_code == 403
    assert client.get(page_of(bridge, "upload", kind="vat")).status_code == 403

    client.force_login(make_user("finn"))
    put(
        client,
        page_of(bridge, "map", kind="vat"),
        {"value": "reverse", "treatment": "exempt", "reason": "Tax office"},
    )

    assert Mapping.objects.get().status == "proposed"
    assert Fix.objects.get().level == "finance"


def test_going_back_to_a_version_is_the_next_version(client, ada, bridge):
    alias(bridge, "Old", "TEE-BLK-S", status="superseded", ended_at=factories.NOW)
    alias(bridge, "Old", "TEE-BLK-M", version=2)

    form = client.get(page_of(bridge, "map", value="Old", version="1")).context["form"]
    assert (form["sku"].value(), form["reason"].value()) == ("TEE-BLK-S", "Back to version 1: ")
    put(
        client,
        page_of(bridge, "map"),
        {"value": "Old", "sku": "TEE-BLK-S", "reason": "Back to version 1: it was right"},
    )

    rows = Mapping.objects.order_by("version").values_list("version", "status", "target")
    assert [(number, status, target["sku"]) for number, status, target in rows] == [
        (1, "superseded", "TEE-BLK-S"),
        (2, "superseded", "TEE-BLK-M"),
        (3, "active", "TEE-BLK-S"),
    ]
    versions = client.get(page_of(bridge, "history", value="old")).context["versions"]
    assert [(each.target, each.before) for each in versions] == [
        ("TEE-BLK-S", "TEE-BLK-M"),
        ("TEE-BLK-M", "TEE-BLK-S"),
        ("TEE-BLK-S", ""),
    ]


@pytest.mark.parametrize(
    ("query", "heads", "count"),
    [
        ("", ["value", "sku", *DAYS, "reason"], 1),
        ("?rows=none", ["value", "sku", *DAYS, "reason"], 0),
        ("?rows=all", ["value", "sku", *DAYS, "reason", *mapping_files.HISTORY_FIELDS], 2),
    ],
)
def test_files_leave_with_the_columns_an_import_takes(client, ada, bridge, query, heads, count):
    alias(bridge, "=old", "TEE-BLK-S", status="superseded")
    alias(bridge, "=old", "TEE-BLK-M", version=2)
    address = reverse("admin:mapping-export", args=[bridge.pk, "sku_alias", "csv"])

    answer = client.get(address + query)

    assert answer.streaming
    lines = body(answer).decode("utf-8-sig").splitlines()
    assert lines[0].split(",") == heads
    assert len(lines) == count + 1
    assert all(line.startswith("'=old") for line in lines[1:])
    assert "attachment" in answer["Content-Disposition"]


def upload(client, bridge, content, name="aliases.csv", reason="New season"):
    file = SimpleUploadedFile(name, content)
    return client.post(page_of(bridge, "upload"), {"file": file, "reason": reason})


def test_a_file_is_shown_then_applied_then_closed(client, ada, bridge):
    answer = upload(client, bridge, b"value,sku\nA,TEE-BLK-M\n")
    found = MappingImport.objects.get()
    assert answer.url == reverse("admin:mapping-import", args=[found.pk])
    assert "Apply 1 mapping" in client.get(answer.url).text
    assert not Mapping.objects.exists()

    apply = reverse("admin:mapping-import-apply", args=[found.pk])
    assert "1 added and 0 changed" in client.post(apply, follow=True).text
    assert "had been applied already" in client.post(apply, follow=True).text

    assert Mapping.objects.count() == 1


def body(answer):
    """A file as it arrives, streamed or whole."""
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def rows_of(answer, file_format):
    """The rows of a file below its heads."""
    content = body(answer)
    if file_format == "csv":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))[1:]
    rows = tablib.Dataset().load(content, format="xlsx")
    return [[cell or "" for cell in row] for row in rows]


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_the_whole_file_leaves_with_wrong_rows_marked_and_comes_back(
    client, ada, bridge, file_format
):
    answer = upload(client, bridge, b"value,sku\nA,TEE-BLAK-M\nB,TEE-BLK-M\n")
    found = MappingImport.objects.get()

    page = client.get(answer.url).text
    assert "1 row is wrong. Nothing was changed." in page
    assert "Closest: TEE-BLK-M" in page
    assert "Whole file as CSV, wrong rows marked" in page
    assert "Apply" not in page
    file = client.get(reverse("admin:mapping-import-file", args=[found.pk, file_format]))
    rows = rows_of(file, file_format)
    assert [row[:6] for row in rows] == [
        ["A", "TEE-BLAK-M", "", "", "New season", "2"],
        ["B", "TEE-BLK-M", "", "", "New season", "3"],
    ]
    assert "is not in the item master" in rows[0][6]
    assert not rows[1][6]

    heads = [*mapping_files.columns("sku_alias"), *mapping_files.IGNORED]
    corrected = [["A", "TEE-BLK-M", *rows[0][2:]], rows[1]]
    content = mapping_files.written(heads=heads, rows=corrected, file_format=file_format)
    upload(client, bridge, content, name=f"checked.{file_format}")
    assert [row["act"] for row in MappingImport.objects.latest("pk").rows] == ["add", "add"]


def test_a_cell_that_could_not_be_read_leaves_empty_and_is_refused_again(client, ada, bridge):
    book = openpyxl.Workbook()
    book.active.append(["value", "sku"])
    book.active.append(["=1+1", "TEE-BLK-M"])
    content = io.BytesIO()
    book.save(content)
    upload(client, bridge, content.getvalue(), name="a.xlsx")
    found = MappingImport.objects.get()
    assert "A2 holds a formula" in found.rows[0]["error"]

    file = body(client.get(reverse("admin:mapping-import-file", args=[found.pk, "csv"])))
    assert file.decode("utf-8-sig").splitlines()[1].startswith(",TEE-BLK-M,,,New season,2,")
    upload(client, bridge, file)

    assert MappingImport.objects.latest("pk").rows[0]["error"].startswith("The value is empty")


def test_an_admin_withdraws_a_mapping_after_seeing_what_waits_again(client, ada, bridge):
    factories.MappingFactory(
        bridge=bridge, kind="status", source_value="Validated", target={"axis": "authorised"}
    )
    waiting_return(bridge)
    values = {"value": "TEE-BLAK-M", "sku": "TEE-BLK-M", "reason": "Typo"}
    put(client, page_of(bridge, "map"), values)
    history = page_of(bridge, "history", value="TEE-BLAK-M")
    address = page_of(bridge, "withdraw", value="TEE-BLAK-M")
    assert address.replace("&", "&amp;") in client.get(history).text

    shown = client.get(address)
    assert shown.context["effect"].newly_broken == 1
    assert "1 return would wait for it again" in shown.text
    assert "It had no version before; it is mapped no more." in shown.text
    answer = client.post(
        address, {"reason": "Wrong colour", "seen": shown.context["seen"]}, follow=True
    )

    assert Mapping.objects.get(kind="sku_alias").status == "withdrawn"
    entry = AuditEntry.objects.get(act="mapping.withdraw")
    assert entry.text == "SKU TEE-BLAK-M v1 taken back: Wrong colour"
    assert "Taken back by Ada: Wrong colour" in answer.text
    assert "Put in force by hand" in answer.text
    assert "Not known" not in answer.text
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("change", [{"reason": ""}, {"seen": ""}])
def test_nothing_is_withdrawn_without_a_reason_or_unseen(client, ada, bridge, change):
    alias(bridge, "A", "TEE-BLK-S")
    address = page_of(bridge, "withdraw", value="A")
    seen = client.get(address).context["seen"]
    before = state()

    answer = client.post(address, {"reason": "Wrong", "seen": seen, **change})

    assert answer.status_code == 422
    assert state() == before


def test_finance_asks_for_the_end_of_a_vat_setting_where_it_stands(client, bridge):
    factories.MappingFactory(
        bridge=bridge, kind="vat", source_value="x", target={"treatment": "exempt"}
    )
    client.force_login(make_user("finn"))
    address = page_of(bridge, "withdraw", kind="vat", value="x")
    history = client.get(page_of(bridge, "history", kind="vat", value="x")).text
    shown = client.get(address)

    answer = client.post(address, {"reason": "Gone", "seen": shown.context["seen"]}, follow=True)

    assert address.replace("&", "&amp;") in history
    assert "Nothing changes before another of finance approves it." in shown.text
    assert "Asked for. It holds until another person approves that it ends." in answer.text
    assert "Nothing: mapped no more" in answer.text
    assert Mapping.objects.get(version=1).status == "active"
    fix = Fix.objects.get()
    assert "mapped no more" in client.get(f"/approvals/{fix.pk}/").text


def test_whoever_asks_for_aliases_rolls_one_back_with_another_person(client, bridge):
    status = {"kind": "status", "source_value": "Validated", "target": {"axis": "authorised"}}
    factories.MappingFactory(bridge=bridge, **status)
    waiting_return(bridge)
    row = factories.MappingFactory(
        bridge=bridge,
        kind="sku_alias",
        source_value="TEE-BLAK-M",
        source_key="tee-blak-m",
        target={"sku": "TEE-BLK-M"},
    )
    mira, mona = make_user("mira"), make_user("mona")
    put_in = factories.FixFactory(
        bridge=bridge,
        kind="sku_alias",
        status="applied",
        mapping=row,
        source_value="TEE-BLAK-M",
        payload={"sku": "TEE-BLK-M"},
        requested_by=mira,
        decided_by=mona,
    )
    client.force_login(make_user("finn"))
    assert "Roll back" not in client.get(f"/approvals/{put_in.pk}/").text
    client.force_login(mira)
    address = page_of(bridge, "withdraw", value="TEE-BLAK-M")
    assert address.replace("&", "&amp;") in client.get(f"/approvals/{put_in.pk}/").text

    shown = client.get(address)
    client.post(address, {"reason": "Wrong colour", "seen": shown.context["seen"]})

    assert shown.context["effect"].newly_broken == 1
    assert "Nothing changes before a colleague who may map this approves it." in shown.text
    assert "What was posted under it stays as it is" in shown.text
    row.refresh_from_db()
    asked = Fix.objects.latest("pk")
    assert (row.status, asked.status, asked.level) == ("active", "requested", "peer")
    assert asked.effect["newly_broken"] == 1
    fixes.approve(fix_id=asked.pk, seen_hash=asked.payload_hash, actor=mona, now=timezone.now())
    row.refresh_from_db()
    assert row.status == "withdrawn"
    assert "Roll back" not in client.get(f"/approvals/{put_in.pk}/").text


def test_money_is_not_withdrawn_by_an_admin_alone(client, ada, bridge):
    factories.MappingFactory(
        bridge=bridge, kind="vat", source_value="x", target={"treatment": "exempt"}
    )
    before = state()

    assert client.get(page_of(bridge, "withdraw", kind="vat", value="x")).status_code == 403
    assert client.post(page_of(bridge, "withdraw", kind="vat", value="x")).status_code == 403
    assert state() == before


def test_a_file_is_taken_back_and_says_so(client, ada, bridge):
    alias(bridge, "Old", "TEE-BLK-S")
    found = applied(bridge, b"value,sku\nNew,TEE-BLK-M\nOld,TEE-BLK-M\nLater,TEE-BLK-M\n")
    page = reverse("admin:mapping-import", args=[found.pk])
    assert take_back_of(found) in client.get(page).text
    values = {"value": "Later", "sku": "TEE-BLK-S", "reason": "Better"}
    put(client, page_of(bridge, "map"), values)

    shown = client.get(take_back_of(found))
    assert "1 value goes back to the version before." in shown.text
    assert "1 had no version before and is mapped no more." in shown.text
    assert "1 is left as it is, see below." in shown.text
    answer = client.post(
        take_back_of(found), {"reason": "Wrong season", "seen": shown.context["seen"]}, follow=True
    )

    assert "season.csv is taken back: 1 as before, 1 mapped no more, 1 left." in answer.text
    assert "Taken back by Ada" in answer.text
    assert "1 changed since and left as it is" in answer.text
    assert take_back_of(found) not in answer.text
    rows = Mapping.objects.filter(status="active").order_by("source_key")
    assert [(row.source_value, row.version) for row in rows] == [("Later", 2), ("Old", 1)]
    history = client.get(page_of(bridge, "history", value="new")).text
    assert f'<a href="{page}">season.csv</a>' in history
    assert "Taken back with the whole file" in history
    assert client.get(take_back_of(found)).url == page


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "a.csv", "empty"),
        (b"value;colour\nA;B\n", "a.csv", "The column sku is missing"),
        (b"%PDF", "a.pdf", "Choose a CSV or an XLSX file."),
        (b"x" * (2 * 1024 * 1024 + 1), "a.csv", "more than 2 MB"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_on_the_form(
    client, ada, bridge, content, name, words
):
    answer = upload(client, bridge, content, name)

    assert answer.status_code == 422
    assert words in answer.text
    assert not MappingImport.objects.exists()


def test_unknown_kinds_bridges_and_formats_are_not_found(client, ada, bridge, found):
    for address in (
        page_of(bridge, kind="colour"),
        f"/admin/mappings/{bridge.pk + 99}/sku_alias/",
        f"/admin/mappings/{bridge.pk}/sku_alias/export.pdf",
        f"/admin/mappings/imports/{found.pk}/checked.pdf",
        page_of(bridge, "history", value="nobody"),
        page_of(bridge, "map", value="A", version="9"),
    ):
        assert client.get(address).status_code == 404, address


def queries(client, address):
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def many(bridge, start, count):
    Mapping.objects.bulk_create(
        factories.MappingFactory.build(
            bridge=bridge,
            kind="sku_alias",
            source_value=f"V{number:05}",
            target={"sku": "TEE-BLK-M"},
        )
        for number in range(start, start + count)
    )


def test_pages_ask_the_database_no_more_with_many_mappings(client, ada, bridge):
    waiting_return(bridge)
    many(bridge, 0, 10)
    pages = [reverse("admin:mappings"), page_of(bridge), page_of(bridge, q="v0")]
    few = [queries(client, page) for page in pages]

    many(bridge, 10, 1_990)
    for number in range(20):
        waiting_return(bridge, sku=f"TEE-BLAK-{number}")

    assert [queries(client, page) for page in pages] == few


def test_a_workbook_of_every_version_is_capped_and_says_so(client, ada, bridge, monkeypatch):
    monkeypatch.setattr(mapping_files, "XLSX_ROWS", 2)
    many(bridge, 0, 3)
    address = reverse("admin:mapping-export", args=[bridge.pk, "sku_alias", "xlsx"])

    rows = rows_of(client.get(f"{address}?rows=all"), "xlsx")

    assert [row[0] for row in rows] == [
        "V00000",
        "V00001",
        "Only the first 2 rows. The CSV holds all of them.",
    ]


def test_taking_back_asks_the_database_no_more_for_many_values(client, ada, bridge):
    few = applied(bridge)
    lines = "".join(f"L{number},TEE-BLK-M\n" for number in range(500))
    large = applied(bridge, f"value,sku\n{lines}".encode())
    client.get(take_back_of(few))

    assert queries(client, take_back_of(large)) == queries(client, take_back_of(few))


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_all_that_is_in_force_of_a_bridge_leaves_in_one_file(client, ada, bridge, file_format):
    alias(bridge, "B", "TEE-BLK-S", reason="New season", activated_at=factories.NOW)
    alias(bridge, "A", "TEE-BLK-M", status="superseded")
    factories.MappingFactory(
        bridge=bridge,
        kind="location",
        source_value="Leeds",
        target={"division": "10", "warehouse": "WH1"},
    )
    alias(factories.BridgeFactory(), "C", "TEE-BLK-M")

    answer = client.get(reverse("admin:mapping-export-all", args=[bridge.pk, file_format]))

    name = f"{bridge.code}-mappings.{file_format}"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    rows = rows_of(answer, file_format)
    assert [[cell for cell in row if cell] for row in rows] == [
        ["Location", "Leeds", "10", "WH1", "1", "Ada"],
        ["SKU", "B", "TEE-BLK-S", "New season", "1", "Ada", "27 May 2026, 09:12"],
    ]


def test_the_reason_of_a_wrong_file_stands_on_the_form_of_its_correction(client, ada, bridge):
    answer = upload(client, bridge, b"value,sku\nA,TEE-BLAK-M\n", reason="Autumn range")
    found = MappingImport.objects.get()
    link = f"{page_of(bridge, 'upload')}?corrects={found.pk}"

    assert link in client.get(answer.url).text
    assert 'value="Autumn range"' in client.get(link).text
    other = page_of(factories.BridgeFactory(), "upload")
    for address in (other + f"?corrects={found.pk}", page_of(bridge, "upload") + "?corrects=x"):
        assert "Autumn range" not in client.get(address).text


def test_a_file_that_overrides_a_refusal_says_so_before_and_after(client, ada, bridge):
    factories.FixFactory(
        bridge=bridge,
        status="rejected",
        source_value="A",
        payload={"sku": "TEE-BLK-M"},
        requested_by=make_user("mira"),
        decided_by=make_user("mona"),
    )
    answer = upload(client, bridge, b"value,sku\nA,TEE-BLK-M\nB,TEE-BLK-S\n")
    found = MappingImport.objects.get()

    before = client.get(answer.url).text
    after = client.post(reverse("admin:mapping-import-apply", args=[found.pk]), follow=True).text

    assert "1 row brings what was refused before" in before
    assert "Mona refused this." in before
    assert "Applied, the file overrides the refusal, and the audit trail says so." in before
    assert "The file overrode the refusal." in after


def test_a_mapping_is_tried_on_the_past_and_leads_back_to_its_form_filled_in(client, ada, bridge):
    waiting_return(bridge)
    values = {"value": "TEE-BLAK-M", "sku": "TEE-BLK-M", "reason": "Typo & haste"}
    address = page_of(bridge, "map")
    assert 'name="history" value="30"' in client.post(address, {**values, "preview": "1"}).text
    before = list(Mapping.objects.values())

    answer = client.post(address, {**values, "history": "30"})

    found = Bulk.objects.get()
    assert (answer.url, found.state, found.count) == (f"/exceptions/bulk/{found.pk}/", "running", 1)
    back = client.get(answer.url).context["tried"]["url"]
    form = client.get(back)
    assert form.context["form"].initial.items() >= values.items()
    assert form.context["seen"]
    assert list(Mapping.objects.values()) == before


def test_a_mapping_that_cannot_be_tried_keeps_what_was_typed(client, ada, bridge):
    values = {"value": "TEE-BLAK-M", "sku": "TEE-BLK-M", "reason": "Typo"}

    answer = client.post(page_of(bridge, "map"), {**values, "history": "30"})

    assert answer.status_code == 422
    assert "There is nothing to act on." in answer.text
    assert answer.context["form"]["reason"].value() == "Typo"
    assert not Bulk.objects.exists()


def test_a_file_is_tried_on_the_past_and_leads_back_to_it(client, ada, bridge):
    waiting_return(bridge)
    upload(client, bridge, b"value,sku\nTEE-BLAK-M,TEE-BLK-M\n")
    found = MappingImport.objects.get()
    page = reverse("admin:mapping-import", args=[found.pk])
    attempt = reverse("admin:mapping-import-try", args=[found.pk])
    assert f'action="{attempt}"' in client.get(page).text

    answer = client.post(attempt, {"days": "90"})

    tried = Bulk.objects.get()
    assert (answer.url, tried.given["file"]) == (f"/exceptions/bulk/{tried.pk}/", found.pk)
    assert client.get(answer.url).context["tried"] == {"url": page, "label": "The file"}
    assert "one of the times offered" in client.post(attempt, {"days": "x"}, follow=True).text
    assert MappingImport.objects.get().status == "checked"
    assert Bulk.objects.count() == 1
