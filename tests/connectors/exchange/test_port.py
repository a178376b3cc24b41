"""The gateway: what leaves, what is told of it, and what happens when an answer is lost."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors import errors, types
from connectors.exchange import options, port
from connectors.exchange.local import LocalStore
from connectors.exchange.shapes import LineResult
from connectors.sandbox.sftp_server import SftpFault
from connectors.types import DocumentStatus, OperationSupport
from tests.connectors.exchange.exchange_cast import (
    AUTHORISATION,
    CREDIT,
    NOW,
    JsonLayout,
    MemoryBook,
    make_draft,
)

NAME = "returns-credit_memo-json-1-000000017-20260305T100000Z.json"


@pytest.fixture
def book():
    return MemoryBook()


@pytest.fixture
def folder(root):
    return root / "depot"


@pytest.fixture
def make_gateway(root, book):
    def make(store=None, **settings):
        config = types.ConnectionConfig(
            kind=options.KIND, base_url="folder:depot", settings=settings, files_root=str(root)
        )
        return port.FileExchangeGateway(
            store=store or LocalStore(root=str(root), steps=("depot",)),
            layout=JsonLayout(),
            options=options.read(config),
            book=book,
            clock=lambda: NOW,
        )

    return make


@pytest.fixture
def gateway(make_gateway):
    return make_gateway()


def files(folder, name="out"):
    return {path.name: path.read_bytes() for path in (folder / name).iterdir() if path.is_file()}


def found(gateway, *keys):
    return {state.key: state for state in gateway.find_documents(CREDIT, keys)}


def test_documents_leave_in_one_file_and_are_staged(gateway, folder):
    receipts = gateway.create_many([make_draft("CM-1"), make_draft("CM-2")])

    assert files(folder) == {NAME: b'[17, ["CM-1", "CM-2"]]'}
    assert [(each.external_id, each.status) for each in receipts] == [
        ("CM-1", DocumentStatus.STAGED),
        ("CM-2", DocumentStatus.STAGED),
    ]
    assert receipts[0].evidence.url == f"out/{NAME}"
    assert {key: state.status for key, state in found(gateway, "CM-1", "CM-2").items()} == {
        "CM-1": DocumentStatus.STAGED,
        "CM-2": DocumentStatus.STAGED,
    }


def test_a_document_no_file_can_hold_is_refused_alone(gateway, folder, book):
    drafts = [make_draft("CM-1"), make_draft("CM-2", note="!"), make_draft("CM-3")]

    first, second, third = gateway.create_many(drafts)

    assert (first.external_id, third.external_id) == ("CM-1", "CM-3")
    assert (second.code, second.field, second.value) == ("unclassified", "note", "CM-2")
    assert files(folder) == {NAME: b'[17, ["CM-1", "CM-3"]]'}
    assert found(gateway, "CM-2") == {}


def test_sent_again_it_is_the_same_file(gateway, folder, book):
    gateway.create(make_draft())
    gateway.create(make_draft())

    assert files(folder) == {NAME: b'[17, ["CM-1"]]'}
    assert len(book.batches) == 1


def test_documents_that_stand_in_a_file_leave_with_it_and_the_others_in_a_new_one(
    make_gateway, folder, book
):
    gateway = make_gateway()
    (folder / "out").rename(folder / "elsewhere")
    with pytest.raises(errors.Misconfigured):
        gateway.create_many([make_draft("CM-1"), make_draft("CM-2")])
    (folder / "elsewhere").rename(folder / "out")

    receipts = gateway.create_many([make_draft("CM-2"), make_draft("CM-3")])

    assert [each.external_id for each in receipts] == ["CM-2", "CM-3"]
    assert sorted(files(folder).values()) == [b'[17, ["CM-1", "CM-2"]]', b'[18, ["CM-3"]]']


def test_a_file_that_only_was_begun_is_absent(gateway, book):
    draft = make_draft()
    book.begin(
        kind=CREDIT,
        drafts=[draft],
        made_at=NOW,
        build=lambda number: b"x",
        name=lambda number: NAME,
    )

    assert found(gateway, "CM-1") == {}


@pytest.mark.parametrize("place", ["out", "out/sent"])
def test_a_file_begun_that_lies_there_has_left(gateway, book, folder, place):
    draft = make_draft()
    batch = book.begin(
        kind=CREDIT,
        drafts=[draft],
        made_at=NOW,
        build=lambda number: b"x",
        name=lambda number: NAME,
    )
    (folder / place / batch.name).write_bytes(b"x")

    assert found(gateway, "CM-1")["CM-1"].status is DocumentStatus.STAGED
    gateway.create(draft)
    assert files(folder, "out") == ({NAME: b"x"} if place == "out" else {})


def test_a_lost_answer_to_the_hand_over_is_in_doubt_and_then_found(
    make_gateway, make_sftp, partner, folder
):
    gateway = make_gateway(store=make_sftp())
    partner.faults.append(SftpFault.DROP_AFTER_RENAME)

    with pytest.raises(errors.OutcomeUnknown):
        gateway.create(make_draft())

    assert found(gateway, "CM-1")["CM-1"].status is DocumentStatus.STAGED
    assert files(folder) == {NAME: b'[17, ["CM-1"]]'}
    assert partner.calls["rename"] == 1


def test_a_hand_over_that_did_not_happen_is_absent_and_goes_out_as_the_same_file(
    make_gateway, make_sftp, partner, folder
):
    gateway = make_gateway(store=make_sftp())
    partner.faults.append(SftpFault.DROP_BEFORE_RENAME)

    with pytest.raises(errors.OutcomeUnknown):
        gateway.create(make_draft())
    assert found(gateway, "CM-1") == {}
    gateway.create(make_draft())

    assert files(folder) == {NAME: b'[17, ["CM-1"]]'}


def test_the_partners_answer_is_told_with_its_number(gateway, book):
    gateway.create(make_draft())
    book.answers["CM-1"] = {
        "result": LineResult.ACCEPTED,
        "number": "CR-900",
        "erp_id": "77",
        "answered_at": NOW,
    }

    state = found(gateway, "CM-1")["CM-1"]

    assert (state.status, state.external_id, state.number) == (
        DocumentStatus.POSTED,
        "CM-1",
        "CR-900",
    )
    assert (state.gross, state.currency, state.posted_at) == (Decimal("30.00"), "GBP", NOW)


def test_a_refusal_is_told_with_code_field_and_words(gateway, book):
    gateway.create(make_draft())
    book.answers["CM-1"] = {
        "result": LineResult.REJECTED,
        "code": "unknown_item",
        "field": "sku",
        "text": "Not stocked",
    }

    state = found(gateway, "CM-1")["CM-1"]

    assert (state.status, state.refusal_code, state.refusal_field, state.refusal_text) == (
        DocumentStatus.REJECTED,
        "unknown_item",
        "sku",
        "Not stocked",
    )


def test_what_goes_by_hand_leaves_in_no_file_and_is_a_task(make_gateway, folder, book):
    gateway = make_gateway(by_hand="credit_memo")

    with pytest.raises(errors.Misconfigured, match="keyed by hand"):
        gateway.create(make_draft())

    creates = gateway.capabilities.creates
    assert creates[CREDIT] is OperationSupport.MANUAL
    assert creates[AUTHORISATION] is OperationSupport.SUPPORTED
    assert CREDIT in gateway.capabilities.unseen_kinds
    assert (files(folder), book.batches) == ({}, [])
    assert gateway.preview(make_draft()) == ""
    task = gateway.manual_task(make_draft())
    assert task.title == "Key the credit"
    assert ("Our reference", "CM-1") in task.fields
    assert ("Net", "25.00") in task.lines[0]


def test_a_preview_is_the_file_with_this_document_alone(gateway, folder, book):
    assert gateway.preview(make_draft()) == '[1, ["CM-1"]]'
    assert (files(folder), book.batches) == ({}, [])


def test_the_check_says_which_folders_are_missing(gateway, folder):
    assert gateway.check().is_ok
    (folder / "in" / "bad").rmdir()
    (folder / "ack").rmdir()

    check = gateway.check()

    assert (check.is_ok, check.text) == (
        False,
        "There is no folder in/bad/. There is no folder ack/.",
    )


def test_the_check_says_once_that_the_feed_itself_is_missing(gateway, folder):
    folder.rename(folder.parent / "elsewhere")

    assert gateway.check().text == "There is no folder depot/ for this feed."


def test_a_check_over_sftp_shows_the_key_to_pin(make_gateway, make_sftp):
    check = make_gateway(store=make_sftp(host_keys=())).check()

    assert check.is_ok is False
    assert "SHA256:" in check.text


def test_without_its_book_nothing_leaves(root, folder):
    config = types.ConnectionConfig(
        kind=options.KIND, base_url="folder:depot", files_root=str(root)
    )
    gateway = port.FileExchangeGateway(
        store=port.open_store(config, None),
        layout=JsonLayout(),
        options=options.read(config),
        book=None,
    )

    with pytest.raises(errors.Misconfigured, match="without its book"):
        gateway.create(make_draft())

    assert files(folder) == {}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("layout", "edifact", "Layout must be one of: generic-csv, x12-4010."),
        ("overdue_hours", "0", "Hours until overdue must be a whole number, 1 to 744."),
        ("feed", "../x", "Feed must be letters and digits only, at most 20."),
        ("by_hand", "credit", "Keyed by hand: 'credit' is no document"),
        ("acknowledgement", "maybe", "Acknowledgement must be one of: per_line, all_or_nothing."),
    ],
)
def test_a_setting_that_cannot_be_is_named(name, value, told):
    config = types.ConnectionConfig(kind=options.KIND, base_url="", settings={name: value})

    with pytest.raises(errors.Misconfigured) as refused:
        options.read(config)

    assert refused.value.text.startswith(told)


# --- what the partner lays ready ----------------------------------------------------------------

_ORDERS = (
    "order,id,customer,customer_name,vat,currency,division,warehouse,invoice,ordered_at,"
    "prices_include_tax,shipping_net,shipping_tax,shipping_tax_code,line,sku,description,quantity,"
    "unit_price,discount,net,tax,tax_code,parent_line\n"
    "#1001,,WEB,Web shop,,GBP,WOM,LDN,INV9,2026-02-01T09:30:00+00:00,yes,4.00,0.80,S,"
    "77001,DRESS-RED-M,Midi dress,2,30.00,0,50.00,10.00,S,\n"
    "#1001,,WEB,Web shop,,GBP,WOM,LDN,INV9,2026-02-01T09:30:00+00:00,yes,4.00,0.80,S,"
    "77002,HAT,Hat,1,12.00,2.00,8.33,1.67,S,77001\n"
)


def lay_ready(folder, name, text):
    (folder / "reference").mkdir(exist_ok=True)
    (folder / "reference" / name).write_text(text, encoding="utf-8-sig")


def test_without_reference_files_nothing_is_known(gateway):
    assert gateway.list_locations() == ()
    assert gateway.find_items(["HAT"]) == ()
    assert gateway.find_orders(["#1001"]) == ()


def test_an_order_is_read_with_its_lines(gateway, folder):
    lay_ready(folder, "orders.csv", _ORDERS)

    (order,) = gateway.find_orders(["#1001", "#9999"])

    assert (order.number, order.currency, order.prices_include_tax) == ("#1001", "GBP", True)
    assert [(line.line_id, line.quantity, line.net, line.tax) for line in order.lines] == [
        ("77001", 2, Decimal("50.00"), Decimal("10.00")),
        ("77002", 1, Decimal("8.33"), Decimal("1.67")),
    ]
    assert order.lines[1].parent_line_id == "77001"


def test_items_come_in_pages_by_sku(gateway, folder):
    rows = "".join(f"S{number:04d},,,yes,,,,\n" for number in range(port.PAGE + 3))
    head = "sku,id,barcode,active,description,division,returnable,cost\n"
    lay_ready(folder, "items.csv", head + rows)

    first = gateway.changed_items(since="")
    second = gateway.changed_items(since="", cursor=first.next_cursor)

    assert (len(first.rows), len(second.rows), second.next_cursor) == (port.PAGE, 3, "")
    assert second.rows[-1].sku == "S0502"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sku,color\nA,red\n", "Unknown: color. Missing: id, barcode"),
        (
            "id,sku,barcode,description,division,active,returnable,cost\n,A,,,,maybe,,\n",
            "reference/items.csv, line 2: active is neither yes nor no.",
        ),
        (
            "id,sku,barcode,description,division,active,returnable,cost\n,A,,,,,,NaN\n",
            "reference/items.csv, line 2: cost is no amount.",
        ),
        (
            "id,sku,barcode,description,division,active,returnable,cost\n,A\n",
            "reference/items.csv, line 2: it has not 8 cells.",
        ),
    ],
)
def test_a_reference_file_that_is_not_as_agreed_is_told_by_line_and_column(
    gateway, folder, text, told
):
    lay_ready(folder, "items.csv", text)

    with pytest.raises(errors.UnreadableReply) as unreadable:
        gateway.find_items(["A"])

    assert told in unreadable.value.text
