"""Prima by its shipped profile: the string within the envelope, and asking before sending."""

import dataclasses
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from connectors import errors, registry, types
from connectors.sandbox.prima import PrimaTwin
from connectors.sandbox.wsgi_transport import WsgiTransport
from connectors.types import DocumentKind, OperationSupport
from tests.connectors.contract import stage_prima
from tests.connectors.contract.stages import Clock, CountingPacer

CREDIT = DocumentKind.CREDIT_MEMO
SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"


class Wire(WsgiTransport):
    """Keeps every envelope that left."""

    def __init__(self, twin):
        super().__init__({"/twin": twin})
        self.sent = []

    def send(self, request, **options):
        self.sent.append(request)
        return super().send(request, **options)

    def documents(self):
        """The strings inside the envelopes, as trees."""
        bodies = [ET.fromstring(request.body).find(f"{SOAP}Body") for request in self.sent]
        return [ET.fromstring(body[0][0].text.encode("iso-8859-1")) for body in bodies]


class Play:
    def __init__(self, *, text=None, mode=types.Mode.SANDBOX, **switches):
        self.clock = Clock()
        self.twin = PrimaTwin(now=self.clock)
        self.twin.load(stage_prima.records())
        self.twin.set_switches(switches)
        self.wire = Wire(self.twin)
        self.pacer = CountingPacer()
        host = "https://erp.example.com" if mode is types.Mode.LIVE else "http://127.0.0.1:8999"
        config = types.ConnectionConfig(
            kind="prima",
            base_url=f"{host}/twin/wsa/wsa1",
            mode=mode,
            settings={"profile_text": text} if text else {},
        )
        self.gateway = registry.build_gateway(config, self.pacer, self.wire)

    @property
    def operations(self):
        return [operation for operation, _ in self.pacer.calls]


def draft(key="rb-cm-1", **changes):
    return dataclasses.replace(stage_prima.make_draft(CREDIT, key, {}), **changes)


# --- what is sent ------------------------------------------------------------------------------


def test_a_document_is_a_string_of_attributes_in_one_operation():
    play = Play()

    receipt = play.gateway.create(
        draft(note='Ärmel "kurz" & <neu> 5 €', based_on={"return_authorisation": "P7"})
    )

    _, request = play.wire.sent
    _, sent = play.wire.documents()
    assert request.url == "http://127.0.0.1:8999/twin/wsa/wsa1"
    assert (request.headers["Content-Type"], request.headers["SOAPAction"]) == (
        "text/xml; charset=UTF-8",
        '""',
    )
    call = ET.fromstring(request.body).find(f"{SOAP}Body")[0]
    assert (call.tag, call[0].tag) == ("{urn:omlink}wsomhandler", "pcXmlIn")
    assert call[0].text.startswith("<?xml version='1.0' encoding='ISO-8859-1'?>")
    assert (sent.tag, sent.attrib) == ("Request", {"RequestType": "SimCredit"})
    assert sent.find("Data").attrib == {
        "Reference": "rb-cm-1",
        "DocumentDate": "05/03/2026",
        "Warehouse": "LDN",
        "Customer": "WEB",
        "OrderNumber": "#1001",
        "InvoiceNumber": "INV9",
        "ReturnNumber": "P7",
        "Currency": "GBP",
        "VatInclusive": "Yes",
        "Narrative": 'Ärmel "kurz" & <neu> 5 €',
    }
    assert [line.attrib for line in sent.findall("Data/Line")] == [
        {
            "LineNumber": "1",
            "Product": "00042",
            "MtrxCode1": "RED",
            "MtrxCode2": "M",
            "LineReference": "77001",
            "Quantity": "1",
            "Depot": "LDN",
            "ReasonCode": "TOO_SMALL",
            "Price": "30.00",
            "LineValue": "30.00",
            "ExtTaxVal": "5.00",
            "VatCode": "S",
        }
    ]
    (made,) = play.twin.documents()
    assert (receipt.external_id, receipt.status) == (made["number"], types.DocumentStatus.POSTED)
    assert made["data"]["narrative"] == 'Ärmel "kurz" & <neu> 5 €'


def test_a_customer_may_have_what_its_charset_lacks_refused_instead():
    text = stage_prima.profile_text().replace(
        'charset = "ISO-8859-1"', 'charset = "ISO-8859-1"\noutside_charset = "refuse"'
    )
    play = Play(text=text)

    with pytest.raises(errors.Rejected, match="a character that ISO-8859-1 does not have"):
        play.gateway.create(draft(note="5 €"))

    assert play.pacer.writes == 0
    assert play.twin.documents() == []


def test_a_reason_may_have_a_depot_of_its_own():
    text = stage_prima.profile_text().replace(
        "[lookups.depot_by_reason.values]", '[lookups.depot_by_reason.values]\nFAULTY = "QUA"'
    )
    play = Play(text=text)

    play.gateway.create(stage_prima.with_line(reason_code="FAULTY")(draft("rb-1")))
    play.gateway.create(draft("rb-2"))

    assert [made["lines"][0]["depot"] for made in play.twin.documents()] == ["QUA", "LDN"]


def test_prices_go_without_vat_where_a_customer_keeps_them_so():
    text = (
        stage_prima.profile_text()
        .replace('VatInclusive = { const = "Yes" }', 'VatInclusive = { const = "No" }')
        .replace('LineValue = { from = "line.gross"', 'LineValue = { from = "line.net"')
    )
    play = Play(text=text)

    play.gateway.create(draft())

    (state,) = play.gateway.find_documents(CREDIT, ["rb-cm-1"])
    assert play.twin.documents()[0]["lines"][0]["linevalue"] == "25.00"
    assert (state.gross, state.tax) == (Decimal("30.00"), Decimal("5.00"))


def test_each_tax_of_a_line_goes_with_its_code():
    taxes = (types.TaxPart("S", Decimal("4.00")), types.TaxPart("L", Decimal("1.00")))
    play = Play()

    play.gateway.create(stage_prima.with_line(taxes=taxes, tax_code="")(draft()))

    (state,) = play.gateway.find_documents(CREDIT, ["rb-cm-1"])
    assert state.taxes == taxes


# --- asking before sending ---------------------------------------------------------------------


@pytest.mark.parametrize("is_unique", [False, True])
def test_a_repeat_is_asked_for_first_whether_or_not_prima_would_refuse_it(is_unique):
    play = Play(unique_references=is_unique)
    play.gateway.create(draft())

    with pytest.raises(errors.OutcomeUnknown, match="already"):
        play.gateway.create(draft())

    assert play.operations == ["find_document", "create_credit_memo", "find_document"]
    assert len(play.twin.documents()) == 1


def test_a_reference_refused_at_the_door_is_our_own_earlier_document():
    text = stage_prima.profile_text().replace(
        "is_looked_up_first = true", "is_looked_up_first = false"
    )
    play = Play(text=text, unique_references=True)
    play.gateway.create(draft())

    with pytest.raises(errors.OutcomeUnknown, match="may hold this document already"):
        play.gateway.create(draft())

    assert len(play.twin.documents()) == 1


def test_a_look_up_that_cannot_be_read_lets_nothing_leave():
    play = Play()
    play.twin.faults.parse([{"kind": "garbage"}])

    with pytest.raises(errors.RetryLater):
        play.gateway.create(draft())

    assert play.pacer.writes == 0
    assert play.twin.documents() == []


def test_a_document_not_visible_yet_is_absent_until_it_is():
    play = Play(search_lag_seconds=120)
    play.gateway.create(draft())

    before = play.gateway.find_documents(CREDIT, ["rb-cm-1"])
    play.clock.pass_seconds(play.gateway.capabilities.settle_seconds)
    (state,) = play.gateway.find_documents(CREDIT, ["rb-cm-1"])

    assert before == ()
    assert state.key == "rb-cm-1"


# --- what comes back ---------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["rpc", "document"])
def test_an_answer_is_read_in_either_style_of_soap(style):
    play = Play(soap_style=style)

    assert play.gateway.check().details["answer"] == "OK"
    assert [place.code for place in play.gateway.list_locations()] == ["LDN", "QUA"]


def test_a_refusal_is_told_by_attributes_under_status_200():
    play = Play()

    with pytest.raises(errors.Rejected) as refused:
        play.gateway.create(draft(warehouse="MARS"))

    assert (refused.value.code, refused.value.field, refused.value.text) == (
        "unknown_warehouse",
        "warehouse",
        "Depot not found: MARS",
    )
    assert refused.value.evidence.status == 200


def test_a_fault_leaves_a_write_unknown_and_the_look_up_tells_the_truth():
    play = Play(refuse_by="fault")

    with pytest.raises(errors.OutcomeUnknown):
        play.gateway.create(draft(warehouse="MARS"))

    assert play.gateway.find_documents(CREDIT, ["rb-cm-1"]) == ()


def test_stock_tells_the_parts_of_every_sku_and_the_catalogue_the_rest():
    play = Play()

    page = play.gateway.changed_items(since="")
    (item,) = play.gateway.find_items(["5012345678900"])

    assert [(each.erp_id, each.sku) for each in page.rows] == [
        ("00042|RED|M||", "00042-RED-M"),
        ("HAT-OLD||||", "HAT-OLD"),
        ("SET||||", "SET"),
        ("SET-TOP||||", "SET-TOP"),
    ]
    assert (page.next_cursor, page.watermark) == ("", "")
    assert item.key_parts == page.rows[0].key_parts
    assert (item.erp_id, item.sku, item.unit_cost) == (
        "00042|RED|M||",
        "00042-RED-M",
        Decimal("11.25"),
    )


def test_the_evidence_shows_the_document_inside_with_names_masked():
    play = Play()
    play.twin.load({"customers": [{"code": "WEB", "name": "Ada Lovelace"}]})
    play.twin.faults.parse([{"kind": "wrong_types", "field": "Quantity", "becomes": "text"}])

    with pytest.raises(errors.UnreadableReply) as unreadable:
        play.gateway.find_orders(["#1001"])

    told = unreadable.value.evidence.response_body
    assert "Ada" not in told
    assert 'RequestType="SimOrder"' in told


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("<a/>", id="no-envelope"),
        pytest.param(
            '<!DOCTYPE x [<!ENTITY y "z">]><Envelope><Body><r>&y;</r></Body></Envelope>',
            id="entity-outside",
        ),
        pytest.param(
            "<Envelope><Body><r>&lt;!DOCTYPE x []&gt;&lt;x/&gt;</r></Body></Envelope>",
            id="doctype-inside",
        ),
        pytest.param("<Envelope><Body><r>a</r><s>b</s></Body></Envelope>", id="two-strings"),
        pytest.param(
            "<Envelope><Body><Fault><faultstring>no</faultstring></Fault></Body></Envelope>",
            id="fault",
        ),
        pytest.param(
            '<Envelope><Body><r>&lt;x RequestStatus="OK"&gt;&lt;Depot/&gt;&lt;Depot/&gt;&lt;/x&gt;'
            "</r></Body></Envelope>",
            id="repeats",
        ),
    ],
)
def test_an_answer_that_is_not_one_plain_document_is_unreadable(answer):
    play = Play()
    rule = {"kind": "status", "status": 200, "times": None, "body": answer}

    play.twin.faults.parse([rule])
    with pytest.raises(errors.UnreadableReply):
        play.gateway.find_orders(["#1001"])

    play.twin.faults.parse([{**rule, "content": r"RequestType=\W*SimCredit"}])
    with pytest.raises(errors.OutcomeUnknown):
        play.gateway.create(draft())
    assert play.twin.documents() == []


# --- live --------------------------------------------------------------------------------------


def test_live_documents_are_keyed_by_hand_until_somebody_confirms_them():
    play = Play(mode=types.Mode.LIVE)

    capabilities = play.gateway.capabilities
    task = play.gateway.manual_task(draft())

    assert {support for kind, support in capabilities.creates.items()} == {
        OperationSupport.MANUAL,
        OperationSupport.UNSUPPORTED,
    }
    assert capabilities.can_find_by_key is False
    assert task.title == "Enter the credit note in Prima"
    assert ("Product", "00042") in task.lines[0]
    with pytest.raises(errors.Misconfigured, match="may not run live"):
        play.gateway.create(draft())
    assert play.wire.sent == []


def test_the_preview_is_the_string_that_leaves():
    assert (
        Play()
        .gateway.preview(draft())
        .startswith(
            "<?xml version='1.0' encoding='ISO-8859-1'?>\n"
            '<Request RequestType="SimCredit">\n'
            '  <Data Reference="rb-cm-1" DocumentDate="05/03/2026"'
        )
    )
