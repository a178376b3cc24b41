"""The chain of a return: transforms by number of calls, bodies, states, and what is refused."""

import dataclasses
from decimal import Decimal

import pytest

from connectors import errors
from connectors.errors import RejectionCode
from connectors.sandbox.wsgi_transport import WsgiTransport
from connectors.types import DocumentKind, DocumentRef, DocumentStatus, OperationSupport
from tests.connectors.netsuite.netsuite_cast import (
    AUTHORISATION,
    CREDIT,
    DRESS,
    ORDER,
    RECEIPT,
    REFUND,
    SET,
    TOP,
    CountingPacer,
    draft,
    line,
    make_gateway,
    make_twin,
    order,
    refund_line,
    sold,
)


def authorised(gateway, *lines, **changes):
    """What later documents are based on."""
    receipt = gateway.create(draft(AUTHORISATION, *(lines or (sold(2),)), **changes))
    return {AUTHORISATION.value: receipt.external_id}


def test_what_a_person_keyed_is_found_by_its_number_under_the_key_asked_for(gateway, twin):
    key = "rb-mine"
    for each in ("rb-another", ""):
        gateway.create(dataclasses.replace(draft(AUTHORISATION, sold(1)), key=each))
    theirs, by_hand = (each["number"] for each in twin.documents())

    def found(number):
        refs = {key: DocumentRef(number=number)}
        states = gateway.find_documents(AUTHORISATION, [key], refs)
        return [(state.key, state.number, state.units) for state in states]

    assert found(by_hand) == [(key, by_hand, 1)]
    assert found(theirs) == []
    assert found("NO-SUCH") == []
    assert found("") == []


def last(twin):
    return twin.documents()[-1]


def test_a_return_runs_from_the_order_to_the_refund(gateway, twin):
    based_on = authorised(gateway)
    gateway.create(draft(RECEIPT, line(quantity=2), based_on=based_on))
    credit = gateway.create(draft(CREDIT, sold(2), based_on=based_on))
    based_on[CREDIT.value] = credit.external_id
    gateway.create(draft(REFUND, refund_line("60.00"), based_on=based_on))

    made = twin.documents()
    assert [(each["record"], each["status"], each["total"]) for each in made] == [
        ("returnAuthorization", "G", Decimal("60.00")),
        ("itemReceipt", "A", Decimal(0)),
        ("creditMemo", "B", Decimal("60.00")),
        ("customerRefund", "A", Decimal("60.00")),
    ]
    authorisation, credit_made = made[0]["id"], made[2]["id"]
    origins = [ORDER, authorisation, authorisation, credit_made]
    assert [each["created_from"] for each in made] == origins


def test_a_hundred_returns_cost_no_more_than_4_1_calls_each(twin):
    """Look-ups and read-backs in sets, as the services make them; one gateway for each act."""
    pacers = []
    numbers = [f"#{number}" for number in range(2001, 2101)]
    orders = [order(id=str(20_000 + place), number=name) for place, name in enumerate(numbers)]
    twin.load({"orders": orders})
    transport = WsgiTransport({"/netsuite": twin})

    def gateway():
        pacers.append(CountingPacer())
        return make_gateway(twin, pacers[-1], transport=transport)

    found = gateway().find_orders(numbers)
    based = {each.erp_id: {} for each in found}
    chain = (
        (AUTHORISATION, sold()),
        (RECEIPT, line()),
        (CREDIT, sold()),
        (REFUND, refund_line("30.00")),
    )
    for kind, wanted in chain:
        keys = {}
        for order_id, based_on in based.items():
            key = f"{kind.value}-{order_id}"
            keys[key] = order_id
            posted = draft(kind, wanted, key=key, order_erp_id=order_id, based_on=dict(based_on))
            gateway().create(posted)
        for state in gateway().find_documents(kind, list(keys)):
            based[keys[state.key]][kind.value] = state.external_id

    calls = [name for pacer in pacers for name in pacer.operations]
    assert len(twin.documents()) == 400
    assert len(calls) / 100 <= 4.1
    assert sorted(set(calls)) == [
        "create_credit_memo",
        "create_refund_record",
        "create_return_authorisation",
        "create_stock_receipt",
        "fetch_token",
        "find_documents",
        "find_orders",
        "read_lines",
        "read_periods",
    ]


def test_an_authorisation_names_the_orders_lines_and_copies_its_money(gateway, twin):
    fee = line(
        component="fee",
        sku="",
        item_erp_id="",
        net=Decimal("-3.00"),
        charge_code="7100",
        description="Return fee kept back",
    )

    gateway.create(draft(AUTHORISATION, sold(3), fee))

    sent = last(twin)["sent"]
    assert sent["orderstatus"] == {"id": "B"}
    assert sent["item"]["items"] == [
        {
            "orderDoc": {"id": ORDER},
            "orderLine": 1,
            "item": {"id": DRESS},
            "quantity": 3,
            "rate": Decimal("25.00000"),
            "amount": Decimal("75.00"),
            "taxCode": {"id": "7"},
            "tax1Amt": Decimal("15.00"),
        },
        {
            "item": {"id": "7100"},
            "quantity": 1,
            "description": "Return fee kept back",
            "rate": Decimal("-3.00000"),
            "amount": Decimal("-3.00"),
            "tax1Amt": Decimal(0),
        },
    ]
    assert last(twin)["total"] == Decimal("87.00")


def test_a_draft_that_names_items_only_finds_the_orders_lines(gateway, twin):
    gateway.create(draft(AUTHORISATION, line(quantity=2)))

    (made,) = last(twin)["lines"]
    assert (made["source_line"], made["quantity"]) == (1, 2)
    # Without money of its own a line keeps the order's.
    assert (made["amount"], made["tax"]) == (Decimal("50.00"), Decimal("10.00"))


def test_a_kit_is_authorised_as_itself_and_received_by_its_members(gateway, twin):
    kit = sold(1, sku="SET", item_erp_id=SET, order_line_id="2")
    based_on = authorised(gateway, kit)

    gateway.create(draft(RECEIPT, line(sku="TOP", item_erp_id=TOP, quantity=2), based_on=based_on))

    authorisation, receipt = twin.documents()
    assert [(each["item"], each["quantity"], each["kit"]) for each in authorisation["lines"]] == [
        (SET, 1, 0),
        (TOP, 2, 1),
    ]
    assert (authorisation["status"], receipt["lines"][0]["quantity"]) == ("F", 2)
    (state,) = gateway.find_documents(AUTHORISATION, ["rb-return_authorisation-1"])
    (received,) = gateway.find_documents(RECEIPT, ["rb-stock_receipt-1"])
    assert (state.units, received.units) == (1, 2)


def test_a_kit_received_as_itself_brings_its_members_and_counts_once(gateway, twin):
    kit = sold(1, sku="SET", item_erp_id=SET, order_line_id="2")
    based_on = authorised(gateway, kit)

    gateway.create(draft(RECEIPT, line(sku="SET", item_erp_id=SET), based_on=based_on))

    rows = [(each["item"], each["quantity"], each["kit"]) for each in last(twin)["lines"]]
    assert rows == [(SET, 1, 0), (TOP, 2, 1)]
    (state,) = gateway.find_documents(RECEIPT, ["rb-stock_receipt-1"])
    assert state.units == 1
    (told,) = gateway.receipts([based_on[AUTHORISATION.value]])
    assert [(row.sku, row.quantity) for row in told.lines] == [("TOP", 2)]


def test_a_kits_member_is_authorised_without_a_line_of_the_order(gateway, twin):
    gateway.create(draft(AUTHORISATION, line(sku="TOP", item_erp_id=TOP, order_line_id="2.3")))

    assert last(twin)["sent"]["item"]["items"] == [{"item": {"id": TOP}, "quantity": 1}]


@pytest.mark.parametrize(
    ("settings", "bucket", "expected"),
    [
        ({}, "quarantine", {"location": {"id": "11"}}),
        ({"bucket_places": "quarantine=12"}, "quarantine", {"location": {"id": "12"}}),
        ({"bucket_places": "quarantine=12"}, "saleable", {"location": {"id": "11"}}),
        (
            {"quarantine_by": "status", "bucket_places": "quarantine=2"},
            "quarantine",
            {
                "location": {"id": "11"},
                "inventoryDetail": {
                    "inventoryAssignment": {
                        "items": [{"inventoryStatus": {"id": "2"}, "quantity": 1}]
                    }
                },
            },
        ),
    ],
)
def test_a_receipt_tells_the_condition_as_the_account_does(twin, settings, bucket, expected):
    gateway = make_gateway(twin, settings=settings)
    based_on = authorised(gateway)

    gateway.create(draft(RECEIPT, line(bucket=bucket), based_on=based_on))

    (sent,) = last(twin)["sent"]["item"]["items"]
    assert sent == {"orderLine": 1, "itemReceive": True, "quantity": 1, **expected}


def test_two_conditions_of_one_line_need_inventory_statuses(twin):
    both = (line(bucket="saleable"), line(bucket="quarantine", line_no=2))
    by_place = make_gateway(twin, settings={"bucket_places": "quarantine=12"})
    by_status = make_gateway(
        twin, settings={"quarantine_by": "status", "bucket_places": "saleable=1,quarantine=2"}
    )
    based_on = authorised(by_place)

    with pytest.raises(errors.Rejected, match="several conditions") as refused:
        by_place.create(draft(RECEIPT, *both, based_on=based_on))
    assert (refused.value.field, len(twin.documents())) == ("bucket", 1)

    by_status.create(draft(RECEIPT, *both, based_on=based_on))
    assert last(twin)["lines"][0]["statuses"] == [["1", 1], ["2", 1]]
    (read,) = by_status.receipts([based_on[AUTHORISATION.value]])
    assert [(each.place, each.quantity, each.line_id) for each in read.lines] == [
        ("1", 1, "1"),
        ("2", 1, "1"),
    ]


def test_a_second_receipt_takes_what_has_not_come_yet(gateway, twin):
    two_lines = order(
        id="9002",
        number="#1002",
        lines=[order_row(1), order_row(2)],
    )
    twin.load({"orders": [two_lines]})
    based_on = authorised(gateway, line(quantity=2), order_erp_id="9002")

    for number in (1, 2):
        gateway.create(draft(RECEIPT, line(), key=f"receipt-{number}", based_on=based_on))

    assert [each["lines"][0]["source_line"] for each in twin.documents()[1:]] == [1, 2]


def order_row(number):
    return {"line_id": str(number), "sku": "DRESS", "quantity": 1, "unit_price": "25", "net": "25"}


def test_a_refund_without_goods_is_made_from_the_invoice(gateway, twin):
    twin.load({"orders": [order(invoice_number="INV9")]})
    goodwill = line(component="goodwill", sku="", item_erp_id="", charge_code="7100")
    goodwill = dataclasses.replace(goodwill, net=Decimal("5.00"))

    gateway.create(draft(CREDIT, goodwill))

    assert (last(twin)["record"], last(twin)["total"]) == ("creditMemo", Decimal("5.00"))
    assert last(twin)["sent"]["autoapply"] is False


def test_a_cash_sale_is_answered_by_a_cash_refund(twin):
    gateway = make_gateway(twin, settings={"sale_kind": "cash_sale"})
    twin.load({"orders": [order(invoice_number="CS9", cash_sale=True)]})

    gateway.create(draft(CREDIT, sold(1)))
    based_on = authorised(gateway)
    gateway.create(draft(CREDIT, sold(1), key="second", based_on=based_on))

    made = [each for each in twin.documents() if each["record"] != "returnAuthorization"]
    assert [each["record"] for each in made] == ["cashRefund", "cashRefund"]
    assert gateway.capabilities.creates[REFUND] is OperationSupport.UNSUPPORTED
    found = gateway.find_documents(CREDIT, ["rb-credit_memo-1", "second"])
    assert [state.gross for state in found] == [Decimal("30.00"), Decimal("30.00")]


@pytest.mark.lesson(26)
def test_without_an_invoice_a_credit_without_authorisation_is_refused(gateway, twin):
    with pytest.raises(errors.Rejected) as refused:
        gateway.create(draft(CREDIT, sold(1)))

    assert (refused.value.code, refused.value.field) == ("unknown_order", "invoice_number")
    assert twin.documents() == []


def test_without_advanced_receiving_the_credit_brings_the_goods_in(clock):
    twin = make_twin(clock, advanced_receiving=False)
    gateway = make_gateway(twin, settings={"advanced_receiving": "no"})
    based_on = authorised(gateway)

    gateway.create(draft(CREDIT, sold(2), based_on=based_on))

    assert gateway.capabilities.creates[RECEIPT] is OperationSupport.UNSUPPORTED
    assert last(twin)["sent"]["item"]["items"][0]["location"] == {"id": "11"}


def test_under_suitetax_the_tax_stands_beside_the_lines(clock):
    twin = make_twin(clock, suitetax=True)
    gateway = make_gateway(twin, settings={"tax_engine": "suitetax"})
    (order_read,) = gateway.find_orders(["#1001"])

    gateway.create(draft(AUTHORISATION, sold(2)))

    assert [(row.tax, row.tax_code) for row in order_read.lines[:1]] == [(Decimal(20), "7")]
    assert last(twin)["sent"]["taxdetails"]["items"] == [
        {
            "taxDetailsReference": "L1",
            "taxCode": {"id": "7"},
            "taxBasis": Decimal("50.00"),
            "taxAmount": Decimal("10.00"),
        }
    ]
    assert last(twin)["tax"] == Decimal("10.00")


REFUSALS = {
    "an authorisation that waits for approval": RejectionCode.TRANSITION,
    "more than is left to receive": RejectionCode.QUANTITY,
    "credited twice": RejectionCode.QUANTITY,
    "refunded twice": RejectionCode.AMOUNT,
    "a location of another subsidiary": RejectionCode.DIVISION_WAREHOUSE_PAIR,
    "a location nobody knows": RejectionCode.UNKNOWN_WAREHOUSE,
    "an order nobody knows": RejectionCode.QUANTITY,
    "a document nobody knows": RejectionCode.UNKNOWN_ORDER,
}


def _refused_call(what, gateway, caller):
    if what == "an order nobody knows":
        return draft(AUTHORISATION, sold(), order_erp_id="4711")
    based_on = authorised(gateway)
    number = based_on[AUTHORISATION.value]
    match what:
        case "an authorisation that waits for approval":
            path = f"/record/v1/returnAuthorization/{number}"
            assert caller("PATCH", path, json={"orderStatus": {"id": "A"}}).status_code == 204
            return draft(RECEIPT, line(), based_on=based_on)
        case "more than is left to receive":
            return draft(RECEIPT, line(quantity=3), based_on=based_on)
        case "credited twice":
            gateway.create(draft(CREDIT, sold(2), key="first", based_on=based_on))
            return draft(CREDIT, sold(1), based_on=based_on)
        case "refunded twice":
            credit = gateway.create(draft(CREDIT, sold(2), key="first", based_on=based_on))
            based_on[CREDIT.value] = credit.external_id
            gateway.create(draft(REFUND, refund_line("60.00"), key="paid", based_on=based_on))
            return draft(REFUND, refund_line("0.01"), based_on=based_on)
        case "a location of another subsidiary":
            return draft(RECEIPT, line(), warehouse="31", based_on=based_on)
        case "a location nobody knows":
            return draft(RECEIPT, line(), warehouse="99", based_on=based_on)
        case _:
            return draft(REFUND, refund_line("1"), based_on={CREDIT.value: "4711"})


@pytest.mark.parametrize("what", REFUSALS)
def test_what_contradicts_the_books_is_refused_with_its_code(gateway, twin, caller, what):
    refused_draft = _refused_call(what, gateway, caller)
    before = twin.documents()

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(refused_draft)

    assert refused.value.code == REFUSALS[what]
    assert twin.documents() == before


@pytest.mark.parametrize("flag", ["closed", "arLocked", "allLocked"])
def test_a_closed_month_is_refused_before_anything_is_sent(clock, pacer, flag):
    twin = make_twin(clock, period_flag=flag)
    gateway = make_gateway(twin, pacer)
    based_on = authorised(gateway)
    twin.load({"closed_periods": ["2026-03"]})
    before = twin.documents()

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(draft(CREDIT, sold(2), based_on=based_on))
    gateway.create(draft(AUTHORISATION, sold(1), key="books nothing"))

    assert refused.value.code == RejectionCode.PERIOD_CLOSED
    assert "create_credit_memo" not in pacer.operations
    assert len(twin.documents()) == len(before) + 1
    assert gateway.closed_periods() == ("2026-03",)


def test_a_month_closed_since_we_looked_is_refused_by_netsuite(gateway, twin):
    based_on = authorised(gateway)
    gateway.closed_periods()
    twin.load({"closed_periods": ["2026-03"]})

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(draft(CREDIT, sold(2), based_on=based_on))

    assert refused.value.code == RejectionCode.PERIOD_CLOSED
    assert refused.value.evidence.status == 400


def test_a_key_that_is_there_already_is_looked_up_and_never_refused(gateway, twin, pacer):
    gateway.create(draft(AUTHORISATION, sold(1)))

    with pytest.raises(errors.OutcomeUnknown):
        gateway.create(draft(AUTHORISATION, sold(1)))

    assert pacer.operations[-1] == "read_by_key"
    assert len(twin.documents()) == 1


@pytest.mark.parametrize("form", ["letter", "prefixed"])
def test_an_authorisation_not_approved_is_staged_and_a_cancelled_one_rejected(clock, form):
    twin = make_twin(clock, status_form=form)
    gateway = make_gateway(twin)
    authorised(gateway)
    states = []
    for letter in "BACF":
        twin.load({"statuses": [{"key": "rb-return_authorisation-1", "status": letter}]})
        states.extend(gateway.find_documents(AUTHORISATION, ["rb-return_authorisation-1"]))

    assert [state.status for state in states] == [
        DocumentStatus.POSTED,
        DocumentStatus.STAGED,
        DocumentStatus.REJECTED,
        DocumentStatus.POSTED,
    ]


@pytest.mark.parametrize(
    ("places", "bucket", "ends"),
    [
        ("quarantine=12", "saleable", ["12", "11"]),
        ("quarantine=12,repair=13", "repair", ["12", "13"]),
        ("repair=13", "repair", ["11", "13"]),
    ],
)
def test_stock_moves_from_where_it_waits_to_the_buckets_place(twin, places, bucket, ends):
    gateway = make_gateway(twin, settings={"bucket_places": places})

    gateway.create(draft(DocumentKind.STOCK_MOVE, line(bucket=bucket, quantity=2)))

    assert [(each["location"], each["quantity"]) for each in last(twin)["lines"]] == [
        (ends[0], -2),
        (ends[1], 2),
    ]


def test_a_move_to_two_places_or_to_none_is_refused_before_any_call(twin, pacer):
    gateway = make_gateway(twin, pacer, settings={"bucket_places": "quarantine=12,repair=13"})
    both = (line(bucket="saleable"), line(bucket="repair", line_no=2))

    for lines, code in ((both, "unclassified"), ((line(bucket="disposal"),), "unknown_warehouse")):
        with pytest.raises(errors.Rejected) as refused:
            gateway.create(draft(DocumentKind.STOCK_MOVE, *lines))
        assert (refused.value.code, refused.value.field) == (code, "bucket")

    assert twin.documents() == []


def test_what_has_no_place_or_account_is_keyed_by_hand(twin, pacer):
    gateway = make_gateway(twin, pacer, settings={"adjustment_account": ""})
    wanted = draft(DocumentKind.WRITE_OFF, line(bucket="damaged"))

    with pytest.raises(errors.Misconfigured, match="'write_off' is manual"):
        gateway.create(wanted)

    assert pacer.operations == []
    assert gateway.preview(wanted) == ""
    assert ("External ID", "rb-write_off-1") in gateway.manual_task(wanted).fields
    assert gateway.capabilities.creates[DocumentKind.STOCK_MOVE] is OperationSupport.MANUAL


def test_a_preview_makes_no_call_and_is_what_is_sent_once_lines_are_known(gateway, twin, pacer):
    wanted = draft(AUTHORISATION, sold(1))

    first = gateway.preview(wanted)
    assert "Lines are read from NetSuite first." in first
    assert pacer.operations == []

    gateway.find_orders(["#1001"])
    asked = list(pacer.operations)
    second = gateway.preview(wanted)
    assert '"orderLine": 1' in second
    assert pacer.operations == asked
