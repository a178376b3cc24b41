"""Files of returns: judged as a whole, taken in once, and the same twice changes nothing."""

from datetime import timedelta
from decimal import Decimal

import pytest

from exceptions_app import errors
from exceptions_app.models import AuditEntry, InboundEvent, ReturnFile, Rma
from exceptions_app.services import flow, return_files, sweeping
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db

NOW = factories.NOW
HEADS = "Transaction ID;Order;State;Created at;SKU;Qty;Price;Customer email;Product status;Restock"
LINES = (
    "R-1;SO-1;Accepted;20/05/2026;TEE-BLK-M;2;36,00;ida@customer.example;Accepted;Yes",
    "R-1;SO-1;Accepted;20/05/2026;SOCK-GRY;1;8,00;ida@customer.example;Rejected;",
    "R-2;SO-2;In progress;21/05/2026;CAP-RED;1;'=12+1;;;",
)
RIGHT = (*LINES[:2], "R-2;SO-2;In progress;21/05/2026;CAP-RED;1;12,50;;;")


@pytest.fixture
def source():
    return factories.BridgeFactory(
        source__kind="reveni", source__name="Reveni", erp__is_active=False
    ).source


@pytest.fixture
def ines():
    return make_user("ines")


def keep(source, ines, lines=RIGHT, heads=HEADS, encoding="utf-8-sig"):
    content = "\r\n".join([heads, *lines]).encode(encoding)
    return return_files.keep(
        connection=source, file_name="export.csv", content=content, actor=ines, now=NOW
    )


def choose(found, **changes):
    writing = {name: found.writing[name] for name in ("date_order", "decimal_sign", "currency")}
    columns = {**found.columns, **changes}
    return return_files.choose(file_id=found.pk, columns=columns, writing=writing)


def take(found, ines, **changes):
    given = {"seen": return_files.stamp(found), "leaves_out_wrong": False, **changes}
    return return_files.take(file_id=found.pk, actor=ines, now=NOW, **given)


def drain(now=NOW):
    flow.ingest(clock=lambda: now)


def nothing_came():
    return not (
        InboundEvent.objects.exists() or Rma.objects.exists() or AuditEntry.objects.exists()
    )


def test_a_file_of_a_spreadsheet_becomes_returns(source, ines):
    found = keep(source, ines)
    assert found.writing == {
        "date_order": "dmy",
        "decimal_sign": ",",
        "timezone": "Europe/London",
        "currency": "GBP",
    }
    found = choose(found)
    assert found.verdict["returns"] == {"new": 2, "changed": 0, "same": 0, "wrong": 0}
    assert (found.verdict["units"], found.verdict["sums"]) == (4, {"GBP": "92.50"})
    assert "ida@customer.example" not in str(found.verdict)

    take(found, ines)
    drain()

    found.refresh_from_db()
    first, second = Rma.objects.order_by("external_id")
    assert (found.status, found.position, found.kept, bytes(found.content)) == ("taken", 2, 2, b"")
    assert (first.external_id, first.status_raw, first.amount_in) == ("R-1", "Accepted", 80)
    assert first.customer_email == "ida@customer.example"
    assert [(line.sku, line.disposition) for line in first.lines.order_by("line_no")] == [
        ("TEE-BLK-M", "accepted/restock"),
        ("SOCK-GRY", "rejected/not_stated"),
    ]
    assert second.amount_in == Decimal("12.50")
    assert set(InboundEvent.objects.values_list("origin", "topic", "state")) == {
        ("file", "FILE", "processed")
    }
    entry = AuditEntry.objects.get(act="return_file.take")
    assert entry.text == "export.csv taken in for Reveni: 2 returns"


def test_the_same_file_twice_changes_nothing(source, ines):
    take(choose(keep(source, ines)), ines)
    drain()
    before = list(Rma.objects.values_list("source_digest", "plan_due_at").order_by("pk"))

    again = choose(keep(source, ines))
    take(again, ines)
    drain(NOW + timedelta(hours=1))

    again.refresh_from_db()
    assert again.verdict["returns"] == {"new": 0, "changed": 0, "same": 2, "wrong": 0}
    assert (again.status, again.kept) == ("taken", 0)
    assert InboundEvent.objects.count() == 2
    after = list(Rma.objects.values_list("source_digest", "plan_due_at").order_by("pk"))
    assert after == before


def test_a_later_file_changes_what_it_tells_otherwise_and_back(source, ines):
    other = (*RIGHT[:2], RIGHT[2].replace("In progress", "Shipped"))
    states = []
    for number, lines in enumerate((RIGHT, other, RIGHT)):
        found = choose(keep(source, ines, lines))
        take(found, ines)
        return_files.take_next(now=NOW + timedelta(hours=number))
        drain(NOW + timedelta(hours=number))
        states.append(Rma.objects.get(external_id="R-2").status_raw)

    assert states == ["In progress", "Shipped", "In progress"]
    assert InboundEvent.objects.filter(subject_id="R-1").count() == 1


def test_nothing_is_taken_in_while_one_row_is_wrong(source, ines):
    found = choose(keep(source, ines, LINES))
    assert found.verdict["returns"] == {"new": 1, "changed": 0, "same": 0, "wrong": 1}
    assert found.verdict["wrong"] == [
        {
            "line": 4,
            "return_id": "R-2",
            "column": "Price of a unit",
            "got": "=12+1",
            "expected": "expected an amount with a comma, as in 1.234,50",
        }
    ]

    with pytest.raises(errors.InvalidChoice, match="Nothing was taken in"):
        take(found, ines)
    drain()

    found.refresh_from_db()
    assert found.status == "open"
    assert nothing_came()


def test_wrong_returns_may_be_left_out(source, ines):
    found = choose(keep(source, ines, LINES))

    take(found, ines, leaves_out_wrong=True)
    drain()

    assert [rma.external_id for rma in Rma.objects.all()] == ["R-1"]
    entry = AuditEntry.objects.get(act="return_file.take")
    assert entry.text == "export.csv taken in for Reveni: 1 return, 1 left out"


def test_what_was_not_shown_is_not_taken_in(source, ines):
    found = choose(keep(source, ines))
    seen = return_files.stamp(found)
    choose(found, unit_price="", quantity="Qty")

    with pytest.raises(errors.InvalidChoice, match="chosen anew"):
        take(found, ines, seen=seen)

    assert nothing_came()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sku": ""}, "Choose a column for: SKU"),
        ({"sku": "Order"}, "chosen twice"),
        ({"sku": "No such head"}, "among the columns"),
    ],
)
def test_columns_that_cannot_be_are_refused(source, ines, changes, said):
    found = keep(source, ines)

    with pytest.raises(errors.InvalidChoice, match=said):
        choose(found, **changes)

    assert ReturnFile.objects.get().verdict == {}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"A,B\r\n", "no row below"),
        (b"A,A\r\n1,2\r\n", "there twice"),
        (b"A,,B\r\n1,2,3\r\n", "Column 2 has no head"),
        (b'A,B\r\n"1,2\r\n', "Line 2 cannot be read"),
        (b"A\x00,B\r\n1,2\r\n", "not a text file"),
        (b"A,B\r\n" + b"1,2\r\n" * 10_001, "more than 10,000 rows"),
        (b"A" * (8 * 1024 * 1024 + 1), "more than 8 MB"),
    ],
)
def test_what_is_no_such_file_is_refused(source, ines, content, said):
    with pytest.raises(errors.InvalidChoice, match=said):
        return_files.keep(
            connection=source, file_name="x.csv", content=content, actor=ines, now=NOW
        )

    assert not ReturnFile.objects.exists()


def test_a_connection_of_no_bridge_takes_no_file(ines):
    with pytest.raises(errors.InvalidChoice, match="no bridge in use"):
        keep(factories.ConnectionFactory(), ines)


def test_letters_of_an_old_code_page_are_read(source, ines):
    heads = HEADS.replace("State", "Zustand für alles")
    found = keep(source, ines, heads=heads, encoding="cp1252")

    assert "Zustand für alles" in found.heads
    assert "status" not in found.columns
    assert choose(found, status="Zustand für alles").verdict["returns"]["new"] == 2


def test_a_line_that_names_the_separator_is_no_head(source, ines):
    found = choose(keep(source, ines, heads=f"sep=;\r\n{HEADS}", lines=LINES))

    assert found.heads[0] == "Transaction ID"
    assert [wrong["line"] for wrong in found.verdict["wrong"]] == [5]


def test_the_choice_is_remembered_for_the_next_file(source, ines):
    heads = HEADS.replace("State", "Estado")
    choose(keep(source, ines, heads=heads), status="Estado")

    assert keep(source, ines, heads=heads).columns["status"] == "Estado"


def test_a_file_is_taken_in_step_by_step(source, ines, monkeypatch):
    monkeypatch.setattr(return_files, "STEP", 1)
    found = take(choose(keep(source, ines)), ines)

    return_files.take_next(now=NOW)
    found.refresh_from_db()
    half = (found.status, found.position, InboundEvent.objects.count())
    drain()

    found.refresh_from_db()
    assert half == ("taking", 1, 1)
    assert (found.status, found.position, Rma.objects.count()) == ("taken", 2, 2)


def test_a_file_is_decided_on_once(source, ines):
    found = choose(keep(source, ines))
    return_files.discard(file_id=found.pk, actor=ines, now=NOW)

    with pytest.raises(errors.FixAlreadyDecided, match="was discarded"):
        take(found, ines)
    with pytest.raises(errors.FixAlreadyDecided, match="was discarded"):
        return_files.discard(file_id=found.pk, actor=ines, now=NOW)

    found.refresh_from_db()
    assert (found.status, bytes(found.content)) == ("discarded", b"")
    assert [entry.act for entry in AuditEntry.objects.all()] == ["return_file.discard"]


def test_a_file_nobody_took_in_is_forgotten_in_time(source, ines):
    found = choose(keep(source, ines))

    sweeping.forget_raw(now=NOW + timedelta(days=91))

    found.refresh_from_db()
    assert (found.status, bytes(found.content)) == ("discarded", b"")


def test_a_message_whose_body_is_gone_is_parked(source, ines):
    take(choose(keep(source, ines)), ines)
    drain()
    event = InboundEvent.objects.order_by("pk").first()
    InboundEvent.objects.filter(pk=event.pk).update(body=b"", state="new", attempts=0)

    drain()

    event.refresh_from_db()
    assert (event.state, event.error_type) == ("parked", "PAYLOAD_INVALID")
    assert Rma.objects.count() == 2


def test_a_platform_nobody_confirmed_is_not_asked_for_what_a_file_told(source, ines):
    take(choose(keep(source, ines)), ines)
    drain()
    Rma.objects.update(planned_at=NOW, approval="authorised")

    sweeping.reread_open(now=NOW + timedelta(days=2))

    assert InboundEvent.objects.count() == 2
