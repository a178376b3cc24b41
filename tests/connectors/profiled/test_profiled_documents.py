"""What `create` sends, for each kind, and the same as a task for a person."""

from decimal import Decimal
from pathlib import Path

import pytest

from connectors import errors, types, wire_json
from connectors.types import DocumentKind
from tests.connectors.profiled.profiled_cast import PROFILED_KINDS

GOLDEN = Path(__file__).parent / "golden"
PATHS = {
    DocumentKind.RETURN_AUTHORISATION: "/bluecherry/api/SimReturnAuthorization",
    DocumentKind.STOCK_RECEIPT: "/bluecherry/api/SimReturnReceipt",
    DocumentKind.STOCK_MOVE: "/bluecherry/api/SimStockAdjust",
    DocumentKind.WRITE_OFF: "/bluecherry/api/SimStockAdjust",
    DocumentKind.CREDIT_MEMO: "/bluecherry/api/SimCreditMemo",
}


@pytest.fixture
def draft_of(make_draft, make_line):
    """A draft as the planner would make it: stock without money, a credit with every component."""
    stock = {"unit_price": Decimal(0), "net": Decimal(0), "tax": Decimal(0), "tax_code": ""}

    def make(kind):
        if kind is DocumentKind.CREDIT_MEMO:
            shipping = make_line(
                line_no=2,
                component="shipping",
                sku="",
                item_erp_id="",
                order_line_id="",
                quantity=1,
                reason_code="",
                bucket="",
                unit_price=Decimal("4.00"),
                net=Decimal("4.00"),
                tax=Decimal("0.80"),
                charge_code="FRT",
                key_parts={},
            )
            return make_draft(kind, lines=(make_line(), shipping), authorisation_number="RA000007")
        prefix = {"stock_receipt": "RC", "stock_move": "MV", "write_off": "WO"}
        return make_draft(
            kind,
            key=f"{prefix.get(kind.value, 'RA')}-RMA5001",
            lines=(make_line(**stock),),
            note="A note that goes on for longer than the sixty characters that fit here",
        )

    return make


@pytest.mark.parametrize("kind", PROFILED_KINDS)
def test_the_preview_of_a_document_is_the_recorded_one(canned, draft_of, kind):
    gateway, transport = canned()

    assert gateway.preview(draft_of(kind)) + "\n" == (GOLDEN / f"{kind.value}.json").read_text()
    assert transport.requests == []


@pytest.mark.parametrize("kind", PROFILED_KINDS)
def test_create_sends_what_the_preview_shows(canned, draft_of, kind):
    gateway, transport = canned((200, '{"pkey": 100200}'))
    draft = draft_of(kind)

    receipt = gateway.create(draft)

    (sent,) = transport.requests
    assert (sent.method, sent.path_url) == ("POST", PATHS[kind])
    assert sent.headers["Ocp-Apim-Subscription-Key"] == "sandbox-bluecherry-key"
    assert sent.headers["Content-Type"] == "application/json"
    assert sent.body.decode() == wire_json.encode(wire_json.decode(gateway.preview(draft)))
    assert (receipt.external_id, receipt.number) == ("100200", "")
    assert receipt.status is types.DocumentStatus.STAGED
    assert receipt.evidence.operation == f"create_{kind.value}"
    assert "sandbox-bluecherry-key" not in repr(receipt.evidence)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"control_number": 0}, "draft.control_number", id="no-control-number"),
        pytest.param({"key": ""}, "draft.key", id="no-key"),
        pytest.param({"key": "K" * 61}, "draft.key", id="key-too-long"),
        pytest.param({"customer_code": "WEB\x07"}, "draft.customer_code", id="control-character"),
    ],
)
def test_a_draft_that_cannot_be_sent_is_refused_before_any_call(
    canned, make_draft, pacer, changes, field
):
    gateway, transport = canned()

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(make_draft(**changes))

    assert (refused.value.code, refused.value.field) == ("unclassified", field)
    assert (transport.requests, pacer.operations) == ([], [])


def test_a_manual_task_gives_labels_and_values_in_keying_order(canned, draft_of):
    gateway, transport = canned()

    task = gateway.manual_task(draft_of(DocumentKind.CREDIT_MEMO))

    assert task.title == "Enter the credit memo in BlueCherry"
    assert task.fields == (
        ("Reference", "CM-RMA5001"),
        ("Date", "2026-03-05"),
        ("Division", "WOM"),
        ("Location", "LDN"),
        ("Customer", "WEB"),
        ("Order", "#1001"),
        ("Invoice", "INV9"),
        ("Return", "RMA5001"),
        ("Return authorisation", "RA000007"),
        ("Note", "Return RMA5001"),
        ("Units in all", "1"),
        ("Currency", "GBP"),
        ("Net", "31.50"),
        ("Tax", "6.30"),
        ("Gross", "37.80"),
    )
    assert task.lines == (
        (
            ("Kind of line", "item"),
            ("SKU", "DRESS-RED-M"),
            ("Description", "Midi dress, red, M"),
            ("Quantity", "1"),
            ("Order line", "77001"),
            ("Reason", "TOO_SMALL"),
            ("Goes to", "QA"),
            ("Style", "00042"),
            ("Colour", "RED"),
            ("Label", "A"),
            ("Size", "M"),
            ("Unit price", "36.00"),
            ("Net", "27.50"),
            ("Tax", "5.50"),
            ("Tax code", "S"),
        ),
        (
            ("Kind of line", "shipping"),
            ("Description", "Midi dress, red, M"),
            ("Quantity", "1"),
            ("Unit price", "4.00"),
            ("Net", "4.00"),
            ("Tax", "0.80"),
            ("Tax code", "S"),
        ),
    )
    assert transport.requests == []


def test_a_profile_says_what_the_screen_of_its_erp_asks_for_first(canned, draft_of, profile_text):
    order = 'keying_order = ["customer_code", "order_number", "quantity", "style"]\n'
    gateway, _ = canned(profile_text=order + profile_text)

    task = gateway.manual_task(draft_of(DocumentKind.CREDIT_MEMO))

    assert [label for label, _ in task.fields][:4] == ["Customer", "Order", "Reference", "Date"]
    assert [label for label, _ in task.lines[0]][:3] == ["Quantity", "Style", "Kind of line"]
    assert len(task.fields) == 15


def test_a_value_no_document_has_cannot_be_asked_for_first(canned, profile_text):
    with pytest.raises(errors.Misconfigured, match="keying_order: 'shoe_size' is no value"):
        canned(profile_text='keying_order = ["shoe_size"]\n' + profile_text)


def test_a_stock_task_shows_no_money(canned, draft_of):
    gateway, _ = canned()

    task = gateway.manual_task(draft_of(DocumentKind.STOCK_RECEIPT))

    labels = {label for label, _ in task.fields} | {label for label, _ in task.lines[0]}
    assert task.title == "Receive the return into stock in BlueCherry"
    assert labels.isdisjoint({"Currency", "Net", "Tax", "Gross", "Unit price", "Tax code"})


def test_a_profile_by_hand_makes_tasks_and_no_calls(canned, make_draft, profile_text, pacer):
    text = profile_text.replace('kind = "rest_json"', 'kind = "manual"')
    head, _, _ = text.partition("[operations.check_connection]")
    rest = text[text.index("[bodies.document]") :]
    by_hand = (
        "[operations.create_credit_memo]\n"
        'support = "manual"\n'
        'evidence = "documented"\n'
        'source = "Agreed with finance."\n'
        'manual_title = "Key the credit"\n\n'
    )
    gateway, transport = canned(profile_text=head + by_hand + rest)

    with pytest.raises(errors.Misconfigured) as refused:
        gateway.create(make_draft())

    assert refused.value.text.startswith("bluecherry-rest 0.2.0")
    assert gateway.capabilities.creates[DocumentKind.CREDIT_MEMO] == "manual"
    assert gateway.capabilities.creates[DocumentKind.STOCK_MOVE] == "unsupported"
    assert gateway.capabilities.can_find_by_key is False
    assert gateway.manual_task(make_draft()).title == "Key the credit"
    assert gateway.preview(make_draft()) == ""
    assert gateway.check().is_ok is False
    assert (transport.requests, pacer.operations) == ([], [])
