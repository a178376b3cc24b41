"""The shipped profile against the BlueCherry twin: every gateway method, over the wire form."""

import dataclasses
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors import errors, types
from connectors.sandbox.wsgi_transport import WsgiTransport
from connectors.types import DocumentKind, DocumentStatus
from tests.connectors.profiled.profiled_cast import PROFILED_KINDS

DRESS = types.ErpItem(
    erp_id="WOM|00042|RED|A||M",
    sku="DRESS-RED-M",
    barcode="5012345678900",
    description="Midi dress",
    division="WOM",
    is_active=True,
    is_returnable=True,
    unit_cost=Decimal("11.25"),
    key_parts={"style": "00042", "color_code": "RED", "lbl_code": "A", "size_desc": "M"},
)


def test_check_tells_that_the_key_is_accepted(gateway):
    check = gateway.check()

    assert check.is_ok is True
    assert check.details["mode"] == "sandbox"
    assert check.details["answer"] == "simulated-1"


def test_check_tells_that_the_key_is_refused(gateway, twin, monkeypatch):
    monkeypatch.setattr(twin, "credentials", lambda: {"Ocp-Apim-Subscription-Key": "another"})

    check = gateway.check()

    assert (check.is_ok, check.text) == (
        False,
        "The other side refused our credentials (HTTP 401).",
    )


def test_check_says_later_when_nobody_answers(make_gateway, twin):
    transport = WsgiTransport({"/bluecherry": twin})
    transport.is_unreachable = True

    with pytest.raises(errors.RetryLater):
        make_gateway(transport).check()


def test_locations_come_with_their_division_and_state(gateway):
    assert gateway.list_locations() == (
        types.ErpLocation(code="LDN", name="London returns", division="WOM", is_active=True),
        types.ErpLocation(code="OLD", name="Closed depot", division="WOM", is_active=False),
    )


def test_items_are_found_by_sku_and_by_barcode_each_once(gateway, pacer):
    found = gateway.find_items(["DRESS-RED-M", "5012345678900", "DRESS-RED-M", "NOPE", "00000000"])

    assert found == (DRESS,)
    assert [operation for operation, _ in pacer.operations] == [
        "find_item",
        "find_item",
        "find_item_by_barcode",
        "find_item",
        "find_item",
        "find_item_by_barcode",
    ]


def test_only_the_variant_asked_for_is_found(gateway):
    (item,) = gateway.find_items(["DRESS-RED-L"])

    assert (item.sku, item.is_returnable) == ("DRESS-RED-L", False)


def test_an_order_comes_with_its_lines_without_the_rows_of_zero(gateway, pacer):
    (order,) = gateway.find_orders(["#1001", "#1001", "O'Neil", "' or pkey gt '0"])

    assert dataclasses.replace(order, erp_id="") == types.ErpOrder(
        erp_id="",
        number="#1001",
        customer_code="WEB",
        customer_name="Web shop",
        vat_setting="prices_include_vat",
        currency="GBP",
        division="WOM",
        warehouse="LDN",
        invoice_number="INV9",
        ordered_at=datetime(2026, 2, 1, 9, 30, tzinfo=UTC),
        lines=(
            types.ErpOrderLine(
                line_id="77001",
                sku="DRESS-RED-M",
                description="Midi dress, red, M",
                quantity=2,
                unit_price=Decimal("36.00"),
                discount=Decimal("6.00"),
                net=Decimal("55.00"),
                tax=Decimal("11.00"),
                tax_code="S",
            ),
        ),
        shipping_net=Decimal("4.00"),
        shipping_tax=Decimal("0.80"),
        shipping_tax_code="S",
    )
    assert order.erp_id.isdigit()
    assert len(pacer.operations) == 3


def read_all(gateway, since):
    pages = [gateway.changed_items(since=since)]
    while pages[-1].next_cursor:
        pages.append(gateway.changed_items(since=since, cursor=pages[-1].next_cursor))
    return pages


def load_items(twin, numbers):
    base = {"color_code": "RED", "lbl_code": "A", "dimension": "", "size_desc": "M", "upc": ""}
    rows = [
        {
            **base,
            "sku": f"SKU{number}",
            "style": f"S{number:05}",
            "description": "Scarf",
            "division": "WOM",
            "unit_cost": "1.00",
        }
        for number in numbers
    ]
    twin.load({"items": rows})


def test_the_item_master_is_read_in_pages_with_one_watermark(gateway, twin, clock):
    clock.pass_seconds(60)
    load_items(twin, range(400))

    pages = read_all(gateway, "")

    assert [len(page.rows) for page in pages] == [201, 200, 2, 0]
    assert len({item.erp_id for page in pages for item in page.rows}) == 403
    assert pages[-1].watermark == "2026-03-05 10:01:00"


def test_a_page_cap_nobody_told_us_loses_no_item(gateway, twin):
    load_items(twin, range(100))
    twin.set_switches({"page_cap": 40})

    pages = read_all(gateway, "")

    assert len({item.sku for page in pages for item in page.rows}) == 103


def test_the_watermark_never_goes_back_on_a_later_page(gateway, twin, clock):
    clock.pass_seconds(60)
    load_items(twin, [0])
    clock.pass_seconds(-30)
    load_items(twin, range(1, 205))

    assert [page.watermark for page in read_all(gateway, "")] == [
        "2026-03-05 10:01:00",
        "2026-03-05 10:01:00",
        "2026-03-05 10:01:00",
    ]


def test_only_what_changed_comes_again_and_the_overlap_before_it(gateway, twin, clock):
    clock.pass_seconds(3_600)
    load_items(twin, [1])
    clock.pass_seconds(120)
    load_items(twin, [2])

    page, _ = read_all(gateway, "2026-03-05 11:02:00")
    (quiet,) = read_all(gateway, "2026-03-05 12:02:00")

    assert [item.sku for item in page.rows] == ["SKU1", "SKU2"]
    assert page.watermark == "2026-03-05 11:02:00"
    assert (quiet.rows, quiet.watermark) == ((), "2026-03-05 12:02:00")


@pytest.mark.parametrize("kind", PROFILED_KINDS)
def test_a_document_is_staged_then_posted(gateway, twin, clock, make_draft, kind):
    draft = make_draft(kind)

    receipt = gateway.create(draft)
    (staged,) = gateway.find_documents(kind, [draft.key])
    clock.pass_seconds(5)
    (posted,) = gateway.find_documents(kind, [draft.key])

    assert receipt.status is DocumentStatus.STAGED
    assert (staged.status, staged.number, staged.posted_at) == (DocumentStatus.STAGED, "", None)
    assert posted.status is DocumentStatus.POSTED
    assert posted.number.endswith("000001")
    assert posted.posted_at == datetime(2026, 3, 5, 10, 0, 1, tzinfo=UTC)
    assert (posted.kind, posted.key, posted.external_id) == (kind, draft.key, receipt.external_id)
    assert (posted.units, posted.warehouse, posted.division) == (1, "LDN", "WOM")
    is_credit = kind is DocumentKind.CREDIT_MEMO
    assert posted.gross == (Decimal("33.00") if is_credit else None)
    assert posted.currency == ("GBP" if is_credit else "")
    assert len(twin.documents()) == 1


def test_a_lost_reply_is_an_unknown_outcome_that_the_look_up_settles(gateway, twin, make_draft):
    twin.faults.parse([{"kind": "drop_after", "method": "POST", "path": "/api/SimCreditMemo"}])
    draft = make_draft()

    with pytest.raises(errors.OutcomeUnknown):
        gateway.create(draft)
    (found,) = gateway.find_documents(draft.kind, [draft.key])

    assert (found.gross, found.units) == (draft.gross, draft.units)
    assert len(twin.documents()) == 1


def test_sending_again_what_landed_is_an_unknown_outcome_not_a_second_document(
    gateway, twin, make_draft
):
    gateway.create(make_draft())

    with pytest.raises(errors.OutcomeUnknown) as unknown:
        gateway.create(make_draft())

    assert "Control number already used: 000000041" in unknown.value.text
    assert len(twin.documents()) == 1


def test_a_number_somebody_else_used_is_a_refusal(gateway, twin, make_draft):
    gateway.create(make_draft())

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(make_draft(key="CM-RMA5002"))

    assert (refused.value.code, refused.value.field) == ("duplicate_key", "control_number")
    assert len(twin.documents()) == 1


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        pytest.param({"kind": "drop_before"}, errors.OutcomeUnknown, id="dropped-before"),
        pytest.param({"kind": "garbage"}, errors.OutcomeUnknown, id="garbage"),
        pytest.param({"kind": "truncated"}, errors.OutcomeUnknown, id="truncated"),
        pytest.param({"kind": "status", "status": 500}, errors.OutcomeUnknown, id="server-error"),
        pytest.param({"kind": "status", "status": 429}, errors.RetryLater, id="throttled"),
        pytest.param({"kind": "slow", "seconds": 60}, errors.OutcomeUnknown, id="slow"),
    ],
)
def test_a_fault_during_a_write_is_named_by_what_to_do_next(
    gateway, twin, make_draft, fault, outcome
):
    twin.faults.parse([{**fault, "method": "POST"}])

    with pytest.raises(outcome):
        gateway.create(make_draft())


def refusal_cases(make_line):
    men = {"locations": [{"code": "MEN1", "name": "Men", "division": "MEN", "active": True}]}
    order = {"customer_code": "WEB"}
    return {
        "unknown_item": ({"lines": (make_line(sku="GHOST"),)}, {}),
        "inactive_item": ({"lines": (make_line(sku="HAT-OLD"),)}, {}),
        "unknown_warehouse": ({"warehouse": "MARS"}, {}),
        "unknown_division": ({"division": "PETS"}, {}),
        "division_warehouse_pair": ({"warehouse": "MEN1"}, men),
        "unknown_customer": ({"customer_code": "NOBODY"}, {}),
        "unknown_order": ({"order_number": "#9"}, {}),
        "period_closed": (order, {"closed_periods": ["2026-03"]}),
        "vat_setting": (order, {"refuse_vat_settings": ["prices_include_vat"]}),
        "quantity": ({"lines": (make_line(quantity=3),)}, {}),
        "amount": ({"lines": (make_line(net=Decimal(0), tax=Decimal(0)),)}, {}),
    }


@pytest.mark.parametrize("code", sorted(refusal_cases(lambda **_: None)))
@pytest.mark.parametrize("validate_at", ["accept", "post"])
def test_each_refusal_of_the_twin_gets_its_code(
    gateway, twin, clock, make_draft, make_line, code, validate_at
):
    changes, records = refusal_cases(make_line)[code]
    twin.load(records)
    twin.set_switches({"validate_at": validate_at})
    draft = make_draft(**changes)

    if validate_at == "accept":
        with pytest.raises(errors.Rejected) as refused:
            gateway.create(draft)

        assert refused.value.code == code
        assert twin.documents() == []
    else:
        gateway.create(draft)
        clock.pass_seconds(5)
        (state,) = gateway.find_documents(draft.kind, [draft.key])

        assert (state.status, state.refusal_code) == (DocumentStatus.REJECTED, code)
        assert state.refusal_text != ""


def test_two_documents_under_one_key_are_both_told(gateway, make_draft):
    gateway.create(make_draft(control_number=1))
    gateway.create(make_draft(control_number=2))

    states = gateway.find_documents(DocumentKind.CREDIT_MEMO, ["CM-RMA5001", "CM-NOT-THERE"])

    assert len({state.external_id for state in states}) == 2
    assert {state.key for state in states} == {"CM-RMA5001"}


def test_an_edit_at_the_erp_shows_in_what_is_read_back(gateway, twin, clock, make_draft):
    twin.set_switches({"edit_after_post": "amount"})
    draft = make_draft()

    gateway.create(draft)
    clock.pass_seconds(5)
    (state,) = gateway.find_documents(draft.kind, [draft.key])

    assert state.gross == draft.gross + 1
