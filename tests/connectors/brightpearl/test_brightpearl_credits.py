"""The sales credit: authorised, brought up to date, closed, and invoiced when accounting is."""

import dataclasses
from datetime import date
from decimal import Decimal

import pytest

from connectors import errors
from connectors.errors import RejectionCode
from connectors.types import DocumentKind, DocumentRef, DocumentStatus, TaxPart
from tests.connectors.brightpearl.brightpearl_cast import (
    PRIVATE,
    ROOT,
    charge,
    goods_line,
    make_draft,
    make_gateway,
    make_line,
)

AUTHORISATION, MEMO = DocumentKind.RETURN_AUTHORISATION, DocumentKind.CREDIT_MEMO


def made(twin, kind):
    return [row for row in twin.documents() if row["kind"] == kind]


def money(row):
    value = row["rowValue"]
    return (
        row["productName"],
        row["quantity"]["magnitude"],
        value["rowNet"]["value"],
        value["rowTax"]["value"],
        value["taxCode"],
    )


def find_memo(gateway, key, based_on, external_id=""):
    refs = {key: DocumentRef(external_id=external_id, based_on=based_on)}
    return gateway.find_documents(MEMO, [key], refs)


def test_an_authorisation_is_one_document_with_all_its_money(transport, twin, pacer):
    draft = make_draft(
        lines=[
            make_line(reason_code="TOO_SMALL"),
            charge("shipping", "4040", "4.00", "0.80", tax_code="T20", line_no=2),
            charge("fee", "4905", "-3.00", tax_code="", line_no=3),
        ]
    )
    gateway = make_gateway(transport, pacer, settings={"untaxed_code": "T0", "channel_id": "9"})

    receipt = gateway.create(draft)

    (credit,) = made(twin, "sales_credit")
    assert receipt.external_id == receipt.number == str(credit["id"])
    assert receipt.status is DocumentStatus.POSTED
    assert (credit["externalRef"], credit["parentOrderId"]) == ("RA-1", 501)
    assert credit["reference"] == "RMA5001"
    assert credit["assignment"]["current"]["channelId"] == 9
    assert [money(row) for row in credit["orderRows"].values()] == [
        ("Dress – TOO_SMALL", "1.0000", "25.0000", "5.0000", "T20"),
        ("Shipping", "1.0000", "4.0000", "0.8000", "T20"),
        ("Fee", "1.0000", "-3.0000", "0.0000", "T0"),
    ]
    assert [row["nominalCode"] for row in credit["orderRows"].values()] == ["4000", "4040", "4905"]


def test_what_we_send_is_documented_to_the_last_field(gateway, twin):
    twin.set_switches({"unknown_fields": "refused"})
    based_on = {"return_authorisation": gateway.create(make_draft()).external_id}

    goods = make_draft(DocumentKind.STOCK_RECEIPT, "RC-1", [goods_line()], based_on=based_on)
    gateway.create(goods)

    assert len(made(twin, "goods_in")) == 1


def test_a_memo_with_the_same_rows_closes_and_changes_nothing(gateway, twin, clock, credit_of):
    based_on = credit_of()
    draft = make_draft(MEMO, "CM-1", based_on=based_on)

    receipt = gateway.create(draft)

    assert receipt.status is DocumentStatus.STAGED
    assert receipt.external_id == based_on["return_authorisation"]
    assert [call for call in twin.calls() if "row" in call] == []
    clock.pass_seconds(2)
    (state,) = find_memo(gateway, "CM-1", based_on)
    (invoice,) = made(twin, "sales_credit_invoice")
    assert (state.status, state.number) == (DocumentStatus.POSTED, invoice["number"])
    assert (state.gross, state.tax) == (Decimal("30.00"), Decimal("5.00"))
    assert state.taxes == (TaxPart("T20", Decimal("5.00")),)
    assert state.posted_at.date() == date(2026, 3, 5)


def test_a_memo_changes_adds_and_removes_rows_before_it_closes(gateway, twin, credit_of):
    based_on = credit_of(
        make_line(quantity=2, net=Decimal("50.00"), tax=Decimal("10.00")),
        charge("shipping", "4040", "4.00", "0.80", tax_code="T20", line_no=2),
    )
    draft = make_draft(
        MEMO,
        "CM-1",
        [make_line(), charge("goodwill", "4906", "2.00", tax_code="T0", line_no=2)],
        based_on=based_on,
    )

    gateway.create(draft)

    (credit,) = made(twin, "sales_credit")
    assert [money(row) for row in credit["orderRows"].values()] == [
        ("Dress", "1.0000", "25.0000", "5.0000", "T20"),
        ("Goodwill", "1.0000", "2.0000", "0.0000", "T0"),
    ]
    assert len(made(twin, "sales_credit_invoice")) == 1


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "POST"])
@pytest.mark.parametrize("kind", ["drop_after", "drop_before"])
def test_a_change_cut_short_is_gone_on_with_by_the_next_try(gateway, twin, credit_of, method, kind):
    """Whichever row's change got no answer, nothing is closed, and the next try ends as one."""
    based_on = credit_of(
        make_line(quantity=2, net=Decimal("50.00"), tax=Decimal("10.00")),
        charge("shipping", "4040", "4.00", "0.80", tax_code="T20", line_no=2),
    )
    draft = make_draft(
        MEMO,
        "CM-1",
        [make_line(), charge("goodwill", "4906", "2.00", tax_code="T0", line_no=2)],
        based_on=based_on,
    )
    path = f"{ROOT}/order-service/order/.*/row.*"
    twin.faults.parse([{"kind": kind, "method": method, "path": path}])

    with pytest.raises(errors.OutcomeUnknown):
        gateway.create(draft)

    assert made(twin, "sales_credit_invoice") == []
    assert find_memo(gateway, "CM-1", based_on) == ()
    gateway.create(draft)
    (credit,) = made(twin, "sales_credit")
    assert [money(row)[2:4] for row in credit["orderRows"].values()] == [
        ("25.0000", "5.0000"),
        ("2.0000", "0.0000"),
    ]
    assert len(made(twin, "sales_credit_invoice")) == 1


def test_a_credit_whose_tax_is_not_ours_after_the_change_is_not_closed(
    gateway, twin, credit_of, monkeypatch
):
    """The ERP may round or recompute what it was told (R052)."""
    based_on = credit_of(make_line(quantity=2, net=Decimal("50.00"), tax=Decimal("10.00")))
    patch_row = type(twin).patch_row

    def recomputing(self, request, **values):
        answer = patch_row(self, request, **values)
        self._store.orders[values["order_id"]].rows[values["row_id"]].tax = Decimal("4.99")
        return answer

    monkeypatch.setattr(type(twin), "patch_row", recomputing)

    with pytest.raises(errors.Rejected, match=r"holds 4\.99 GBP tax") as refused:
        gateway.create(make_draft(MEMO, "CM-1", based_on=based_on))

    assert (refused.value.code, refused.value.field) == (RejectionCode.AMOUNT, "tax")
    assert made(twin, "sales_credit_invoice") == []


def test_a_memo_waits_for_accounting_as_long_as_it_takes(gateway, twin, clock, credit_of):
    twin.set_switches({"accounting_fails": True})
    based_on = credit_of()
    receipt = gateway.create(make_draft(MEMO, "CM-1", based_on=based_on))
    clock.pass_seconds(86_400)

    (pending,) = find_memo(gateway, "CM-1", based_on, receipt.external_id)
    twin.set_switches({"accounting_fails": False})
    (done,) = find_memo(gateway, "CM-1", based_on, receipt.external_id)

    assert (pending.status, pending.number) == (DocumentStatus.STAGED, "")
    assert done.status is DocumentStatus.POSTED
    assert done.number.startswith("SC")


def test_a_lost_close_is_repeated_while_pending_and_found_once_invoiced(
    gateway, twin, clock, credit_of
):
    twin.set_switches({"invoice_seconds": 60})
    based_on = credit_of()
    draft = make_draft(MEMO, "CM-1", based_on=based_on)
    path = f"{ROOT}/order-service/sales-credit/.*/close"
    twin.faults.parse([{"kind": "drop_after", "path": path}])
    with pytest.raises(errors.OutcomeUnknown):
        gateway.create(draft)

    assert find_memo(gateway, "CM-1", based_on) == ()
    assert gateway.create(draft).status is DocumentStatus.STAGED
    clock.pass_seconds(61)

    assert [state.status for state in find_memo(gateway, "CM-1", based_on)] == [
        DocumentStatus.POSTED
    ]
    with pytest.raises(errors.OutcomeUnknown, match="may hold this document already"):
        gateway.create(draft)
    assert len(made(twin, "sales_credit_invoice")) == 1


def test_an_invoiced_credit_with_other_rows_is_refused(gateway, twin, clock, credit_of):
    based_on = credit_of()
    gateway.create(make_draft(MEMO, "CM-1", based_on=based_on))
    clock.pass_seconds(2)

    other = make_draft(MEMO, "CM-2", [make_line(net=Decimal("24.00"))], based_on=based_on)
    with pytest.raises(errors.OutcomeUnknown, match="invoiced as SC"):
        gateway.create(other)

    (credit,) = made(twin, "sales_credit")
    assert credit["totalValue"]["net"] == "25.0000"


def test_without_an_authorisation_the_memo_makes_its_own_credit(gateway, twin, clock):
    draft = make_draft(MEMO, "CM-1")

    receipt = gateway.create(draft)
    clock.pass_seconds(2)

    (state,) = gateway.find_documents(MEMO, ["CM-1"])
    (credit,) = made(twin, "sales_credit")
    assert credit["externalRef"] == "CM-1"
    assert (state.external_id, state.status) == (receipt.external_id, DocumentStatus.POSTED)


def test_a_memo_left_open_by_a_lost_close_goes_on_with_the_same_credit(gateway, twin, clock):
    draft = make_draft(MEMO, "CM-1")
    path = f"{ROOT}/order-service/sales-credit/.*/close"
    twin.faults.parse([{"kind": "drop_before", "path": path}])
    with pytest.raises(errors.OutcomeUnknown):
        gateway.create(draft)
    assert gateway.find_documents(MEMO, ["CM-1"]) == ()

    gateway.create(draft)

    assert len(made(twin, "sales_credit")) == 1
    assert len(made(twin, "sales_credit_invoice")) == 1


def test_a_further_memo_is_a_credit_of_its_own(gateway, twin, clock, credit_of):
    based_on = credit_of()
    first = gateway.create(make_draft(MEMO, "CM-1", based_on=based_on))
    clock.pass_seconds(2)
    later = {**based_on, "credit_memo": first.external_id}

    second = gateway.create(make_draft(MEMO, "CM-2", based_on=later))
    clock.pass_seconds(2)

    assert second.external_id != first.external_id
    (state,) = find_memo(gateway, "CM-2", later)
    assert state.external_id == second.external_id
    (again,) = find_memo(gateway, "CM-1", later, first.external_id)
    assert again.external_id == first.external_id


def test_the_same_key_of_another_integration_is_not_ours(transport, pacer, gateway):
    other = make_gateway(transport, pacer, settings={"instance_id": "78"}, secrets=PRIVATE)
    theirs = other.create(make_draft()).external_id

    ours = gateway.create(make_draft()).external_id

    (state,) = gateway.find_documents(AUTHORISATION, ["RA-1"])
    assert ours != theirs
    assert state.external_id == ours


def test_a_bundle_is_credited_at_its_parent_and_its_parts_are_left_alone(gateway, twin, clock):
    """Parent-level credit (R045): the row of the bundle bears the money, found by its SKU."""
    line = make_line(
        sku="SET",
        item_erp_id="",
        order_line_id="7002",
        net=Decimal("60.00"),
        tax=Decimal("12.00"),
    )
    draft = make_draft(lines=[line], order_erp_id="502")
    based_on = {"return_authorisation": gateway.create(draft).external_id}

    gateway.create(make_draft(MEMO, "CM-1", [line], order_erp_id="502", based_on=based_on))
    clock.pass_seconds(2)

    (state,) = find_memo(gateway, "CM-1", based_on)
    assert (state.units, state.gross) == (1, Decimal("72.00"))
    assert [call for call in twin.calls() if "/row" in call] == []


def test_a_line_of_two_tax_codes_is_refused_before_any_call(gateway, pacer):
    line = make_line(taxes=(TaxPart("T20", Decimal("4.00")), TaxPart("T0", Decimal("1.00"))))
    gateway.create(make_draft())
    before = len(pacer.operations)

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(make_draft(key="RA-2", lines=[line]))

    assert (refused.value.field, refused.value.value) == ("tax_code", "T0, T20")
    assert len(pacer.operations) == before


def test_a_tax_code_the_account_does_not_have_is_refused(gateway, twin):
    with pytest.raises(errors.Rejected, match="no tax code T99"):
        gateway.create(make_draft(lines=[make_line(tax_code="T99")]))

    assert made(twin, "sales_credit") == []


def test_a_locked_period_refuses_the_memo_and_leaves_the_credit_open(gateway, twin, credit_of):
    based_on = credit_of()
    twin.load({"period_lock": {"locked_until": "2026-03-05"}})

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(make_draft(MEMO, "CM-1", based_on=based_on))

    assert refused.value.code == RejectionCode.PERIOD_CLOSED
    assert made(twin, "sales_credit_invoice") == []
    later = make_draft(MEMO, "CM-1", based_on=based_on, date=date(2026, 3, 6))
    assert gateway.create(later).status is DocumentStatus.STAGED


def test_a_lock_set_since_we_looked_is_told_by_the_erps_words(gateway, twin, credit_of):
    first, second = credit_of(), credit_of(key="RA-2")
    gateway.create(make_draft(MEMO, "CM-1", based_on=first))
    twin.load({"period_lock": {"locked_until": "2026-03-31"}})

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(make_draft(MEMO, "CM-2", based_on=second))

    assert refused.value.code == RejectionCode.PERIOD_CLOSED


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"customer_code": "WEB"}, RejectionCode.UNKNOWN_CUSTOMER),
        ({"order_erp_id": "A-1"}, RejectionCode.UNKNOWN_ORDER),
        ({"warehouse": "LDN"}, RejectionCode.UNKNOWN_WAREHOUSE),
    ],
)
def test_an_id_that_cannot_be_theirs_is_refused_before_it_is_sent(gateway, twin, changes, code):
    with pytest.raises(errors.Rejected) as refused:
        gateway.create(dataclasses.replace(make_draft(), **changes))

    assert refused.value.code == code
    assert [call for call in twin.calls() if call.startswith("POST")] == []
