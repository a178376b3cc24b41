"""Goods: received against the credit, told when the ERP's staff receive them, released, written
off."""

from decimal import Decimal

import pytest

from connectors import errors
from connectors.errors import RejectionCode
from connectors.types import DocumentKind, DocumentRef, DocumentStatus
from tests.connectors.brightpearl.brightpearl_cast import (
    ROOT,
    goods_line,
    make_draft,
    make_line,
)

RECEIPT, MOVE, WRITE_OFF = (
    DocumentKind.STOCK_RECEIPT,
    DocumentKind.STOCK_MOVE,
    DocumentKind.WRITE_OFF,
)
DRESS = 1001


def made(twin, kind):
    return [row for row in twin.documents() if row["kind"] == kind]


def three_dresses(credit_of):
    return credit_of(make_line(quantity=3, net=Decimal("75.00"), tax=Decimal("15.00")))


def found(gateway, draft, external_id=""):
    refs = {draft.key: DocumentRef(external_id=external_id, based_on=draft.based_on)}
    return gateway.find_documents(draft.kind, [draft.key], refs)


# --- goods-in notes ----------------------------------------------------------------------------


def test_each_line_goes_to_the_place_of_its_bucket(gateway, twin, credit_of):
    based_on = three_dresses(credit_of)
    lines = [goods_line(2, "saleable"), goods_line(1, "damaged", line_no=2)]

    receipt = gateway.create(make_draft(RECEIPT, "RC-1", lines, based_on=based_on))

    (note,) = made(twin, "goods_in")
    assert (note["reference"], str(note["order"])) == ("RC-1", based_on["return_authorisation"])
    assert [(row["quantity"], row["destinationLocationId"]) for row in note["moved"]] == [
        (2, 20),
        (1, 21),
    ]
    assert len({row["purchaseOrderRowId"] for row in note["moved"]}) == 1
    assert receipt.external_id == str(note["id"])


def test_goods_come_back_at_the_value_they_left_with(gateway, transport, credit_of):
    sent = []
    send = transport.send

    def watched(request, *args, **options):
        sent.append(request)
        return send(request, *args, **options)

    transport.send = watched
    gateway.create(make_draft(RECEIPT, "RC-1", [goods_line()], based_on=credit_of()))

    assert b'"productValue": {"currency": "GBP", "value": "9.0000"}' in sent[-1].body


def test_a_further_receipt_takes_the_units_that_are_still_awaited(gateway, twin, credit_of):
    based_on = credit_of(make_line(), make_line(line_no=2, order_line_id="7009"))
    first = gateway.create(make_draft(RECEIPT, "RC-1", [goods_line()], based_on=based_on))
    later = {**based_on, "stock_receipt": first.external_id}

    gateway.create(make_draft(RECEIPT, "RC-2", [goods_line()], based_on=later))

    rows = [row["purchaseOrderRowId"] for note in made(twin, "goods_in") for row in note["moved"]]
    assert len(set(rows)) == 2


def test_more_units_than_the_credit_awaits_are_refused_before_any_write(gateway, twin, credit_of):
    draft = make_draft(RECEIPT, "RC-1", [goods_line(2)], based_on=credit_of())

    with pytest.raises(errors.Rejected, match="waits for 1 of the 2 units") as refused:
        gateway.create(draft)

    assert refused.value.code == RejectionCode.QUANTITY
    assert made(twin, "goods_in") == []


def test_where_a_credit_is_received_whole_or_not_at_all_a_part_is_refused(gateway, twin, credit_of):
    twin.set_switches({"partial_receipt": "refused"})
    based_on = three_dresses(credit_of)

    with pytest.raises(errors.Rejected, match="in full") as refused:
        gateway.create(make_draft(RECEIPT, "RC-1", [goods_line(1)], based_on=based_on))
    whole = gateway.create(make_draft(RECEIPT, "RC-1", [goods_line(3)], based_on=based_on))

    assert refused.value.code == RejectionCode.QUANTITY
    assert [str(note["id"]) for note in made(twin, "goods_in")] == [whole.external_id]


def test_goods_without_a_sales_credit_are_refused(gateway, twin):
    with pytest.raises(errors.Rejected) as refused:
        gateway.create(make_draft(RECEIPT, "RC-1", [goods_line()]))

    assert refused.value.field == "return_authorisation"
    assert made(twin, "goods_in") == []


def test_a_bundle_is_received_by_its_parts(gateway, twin, credit_of):
    line = make_line(sku="SET", item_erp_id="1003", net=Decimal("60.00"), tax=Decimal("12.00"))
    based_on = credit_of(line, order_erp_id="502")

    gateway.create(make_draft(RECEIPT, "RC-1", [goods_line(2)], based_on=based_on))

    (note,) = made(twin, "goods_in")
    assert [(row["productId"], row["quantity"]) for row in note["moved"]] == [(DRESS, 2)]


def test_a_bundle_whose_parts_have_no_rows_is_not_received_as_something_else(
    gateway, twin, credit_of
):
    twin.set_switches({"bundle_rows": "left"})
    line = make_line(sku="SET", item_erp_id="1003", net=Decimal("60.00"), tax=Decimal("12.00"))
    based_on = credit_of(line, order_erp_id="502")

    with pytest.raises(errors.Rejected, match="waits for 0 of the 2 units"):
        gateway.create(make_draft(RECEIPT, "RC-1", [goods_line(2)], based_on=based_on))

    assert made(twin, "goods_in") == []


def test_a_note_is_found_by_its_id_where_the_credit_is_not_known(gateway, credit_of):
    draft = make_draft(RECEIPT, "RC-1", [goods_line()], based_on=credit_of())
    receipt = gateway.create(draft)

    refs = {"RC-1": DocumentRef(external_id=receipt.external_id)}
    (state,) = gateway.find_documents(RECEIPT, ["RC-1"], refs)

    assert (state.key, state.units) == ("RC-1", 1)
    assert gateway.find_documents(RECEIPT, ["RC-1"]) == ()


# --- what the ERP's own staff check in ---------------------------------------------------------


def test_what_the_erps_staff_check_in_is_told_with_place_and_row(gateway, twin, credit_of):
    based_on = three_dresses(credit_of)
    credit_id = based_on["return_authorisation"]
    twin.load({"goods_in": [{"credit": "RA-1", "lines": [{"sku": "DRESS-M", "quantity": 2}]}]})
    twin.load({"goods_in": [{"credit": credit_id, "place": "quarantine"}]})

    receipts = gateway.receipts([credit_id, "not-an-id", "999"])

    assert [
        (row.authorisation_id, row.warehouse, row.key, row.lines[0].sku) for row in receipts
    ] == [(credit_id, "2", "", "DRESS-M")] * 2
    assert [(line.quantity, line.place) for row in receipts for line in row.lines] == [
        (2, "default"),
        (1, "quarantine"),
    ]


def test_a_receipt_of_ours_bears_our_key(gateway, credit_of):
    based_on = credit_of()
    gateway.create(make_draft(RECEIPT, "RC-1", [goods_line()], based_on=based_on))

    (receipt,) = gateway.receipts([based_on["return_authorisation"]])

    assert receipt.key == "RC-1"


def test_where_warehouses_share_a_location_the_credit_tells_which_it_was(gateway, twin, credit_of):
    shared = {"default_location": 2, "quarantine_location": 7}
    twin.load({"warehouses": [{"id": 2, "name": "A", **shared}, {"id": 3, "name": "B", **shared}]})
    based_on = credit_of(warehouse="3")
    twin.load({"goods_in": [{"credit": "RA-1"}]})

    (receipt,) = gateway.receipts([based_on["return_authorisation"]])

    assert (receipt.warehouse, receipt.lines[0].place) == ("3", "default")


# --- release from quarantine -------------------------------------------------------------------


def in_quarantine(gateway, credit_of, units=3):
    based_on = three_dresses(credit_of)
    line = goods_line(units, "quarantine")
    gateway.create(make_draft(RECEIPT, "RC-1", [line], based_on=based_on))
    return based_on


def test_a_release_makes_goods_saleable_and_leaves_a_note_that_proves_it(gateway, twin, credit_of):
    based_on = in_quarantine(gateway, credit_of)
    draft = make_draft(MOVE, "MV-1", [goods_line(2, "saleable")], based_on=based_on)

    receipt = gateway.create(draft)

    (release,) = made(twin, "quarantine_release")
    assert [(row["quantity"], row["destinationLocationId"]) for row in release["moved"]] == [
        (2, 20)
    ]
    (credit,) = made(twin, "sales_credit")
    assert credit["notes"] == ["[MV-1 1001x2] Released from quarantine. Return RMA5001"]
    (state,) = found(gateway, draft)
    assert (state.units, state.external_id) == (2, receipt.external_id)


def test_a_release_whose_reply_is_lost_is_found_and_never_made_twice(gateway, twin, credit_of):
    based_on = in_quarantine(gateway, credit_of)
    draft = make_draft(MOVE, "MV-1", [goods_line(1, "saleable")], based_on=based_on)
    twin.faults.parse([{"kind": "drop_after", "path": f"{ROOT}/multi-message"}])

    with pytest.raises(errors.OutcomeUnknown):
        gateway.create(draft)

    assert [state.units for state in found(gateway, draft)] == [1]
    assert gateway.create(draft).status is DocumentStatus.POSTED
    assert len(made(twin, "quarantine_release")) == 1


def test_a_release_stopped_half_way_is_told_as_what_it_is(gateway, twin, credit_of):
    """The first line was released, the second refused: neither a yes nor a no for the whole."""
    based_on = in_quarantine(gateway, credit_of)
    lines = [goods_line(1, "saleable"), goods_line(5, "saleable", line_no=2)]
    draft = make_draft(MOVE, "MV-1", lines, based_on=based_on)

    with pytest.raises(errors.OutcomeUnknown, match="Some lines were released"):
        gateway.create(draft)

    assert [state.units for state in found(gateway, draft)] == [1]
    twin.load({"stock": [{"product_id": DRESS, "location_id": 21, "quantity": 5}]})
    gateway.create(draft)
    assert [state.units for state in found(gateway, draft)] == [6]
    assert len(made(twin, "quarantine_release")) == 2


def test_goods_that_are_not_in_quarantine_cannot_be_released(gateway, twin, credit_of):
    draft = make_draft(MOVE, "MV-1", [goods_line(1, "saleable")], based_on=credit_of())

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(draft)

    assert refused.value.code == RejectionCode.QUANTITY
    assert found(gateway, draft) == ()
    assert made(twin, "quarantine_release") == []


def test_what_is_not_to_be_sold_is_not_released(gateway, twin, credit_of):
    based_on = in_quarantine(gateway, credit_of)

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(make_draft(MOVE, "MV-1", [goods_line(1, "repair")], based_on=based_on))

    assert (refused.value.field, refused.value.value) == ("bucket", "repair")
    assert made(twin, "quarantine_release") == []


def test_a_release_is_not_sent_again_alone_when_multi_messages_fail(gateway, twin, credit_of):
    based_on = in_quarantine(gateway, credit_of)
    twin.set_switches({"multi_message_fails": True})

    with pytest.raises(errors.OutcomeUnknown):
        gateway.create(make_draft(MOVE, "MV-1", [goods_line(1, "saleable")], based_on=based_on))

    assert made(twin, "quarantine_release") == []


# --- write-off ---------------------------------------------------------------------------------


def test_a_write_off_takes_units_out_of_quarantine_under_our_key(gateway, twin, credit_of):
    based_on = in_quarantine(gateway, credit_of)
    lines = [goods_line(2, "damaged"), goods_line(1, "disposal", line_no=2)]
    draft = make_draft(WRITE_OFF, "WO-1", lines, based_on=based_on)

    receipt = gateway.create(draft)

    corrections = made(twin, "stock_correction")
    assert [row["reason"] for row in corrections] == ["[WO-1] Return RMA5001"] * 2
    assert [row["moved"][0]["quantity"] for row in corrections] == [-2, -1]
    ids = ",".join(str(row["id"]) for row in corrections)
    assert receipt.external_id == f"2/{ids}"
    (by_id,) = found(gateway, draft, receipt.external_id)
    (by_key,) = found(gateway, draft)
    assert (by_id.units, by_id.warehouse) == (3, "2")
    assert by_key.external_id == by_id.external_id


def test_a_write_off_is_looked_for_before_it_is_made(gateway, twin, credit_of):
    based_on = in_quarantine(gateway, credit_of)
    draft = make_draft(WRITE_OFF, "WO-1", [goods_line(1, "damaged")], based_on=based_on)
    gateway.create(draft)

    with pytest.raises(errors.OutcomeUnknown, match="holds a correction under this key"):
        gateway.create(draft)

    assert len(made(twin, "stock_correction")) == 1


def test_write_offs_on_a_later_page_are_found(gateway, twin, credit_of):
    based_on = in_quarantine(gateway, credit_of)
    drafts = [
        make_draft(WRITE_OFF, f"WO-{at}", [goods_line(1, "damaged")], based_on=based_on)
        for at in range(3)
    ]
    gateway.create_many(drafts)
    twin.set_switches({"page_cap": 1})

    (state,) = found(gateway, drafts[0])

    assert (state.key, state.units) == ("WO-0", 1)
