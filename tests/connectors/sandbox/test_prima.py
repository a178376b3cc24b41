"""The Prima-like twin as a client written by others sees it: documents as strings, by hand."""

from datetime import UTC, datetime
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest
from werkzeug.test import Client, EnvironBuilder
from werkzeug.wrappers import Request

from connectors.sandbox.prima import PrimaTwin
from tests.connectors.contract import stage_prima

SHELL = (
    '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/">'
    '<SOAP-ENV:Body><ns1:{operation} xmlns:ns1="urn:omlink"><xml_string>{document}</xml_string>'
    "</ns1:{operation}></SOAP-ENV:Body></SOAP-ENV:Envelope>"
)


@pytest.fixture
def twin():
    twin = PrimaTwin(now=lambda: datetime(2026, 3, 5, 10, 0, tzinfo=UTC))
    twin.load(stage_prima.records())
    return twin


def post(twin, document, operation="wsomhandler"):
    return Client(twin).post(
        "/wsa/wsa1",
        data=SHELL.format(operation=operation, document=escape(document)),
        content_type="text/xml; charset=utf-8",
    )


def ask(twin, request_type, data, operation="wsomhandler"):
    document = (
        '<?xml version="1.0" encoding="ISO-8859-1"?>'
        f'<Request RequestType="{request_type}">{data}</Request>'
    )
    reply = ET.fromstring(post(twin, document, operation).data)
    (text,) = [each.text for each in reply.iter() if (each.text or "").strip()]
    return ET.fromstring(text.encode("iso-8859-1"))


def test_the_status_of_an_order_is_told_in_an_attribute(twin):
    known = ask(twin, "OrderStatus", '<Data OrderNumber="#1001"/>')
    unknown = ask(twin, "OrderStatus", '<Data OrderNumber="9"/>')

    assert known.attrib == {
        "RequestType": "OrderStatus",
        "RequestStatus": "OK",
        "RequestError": "",
    }
    assert known.find("Data").get("OrderStatus") == "Despatched"
    assert (unknown.get("RequestStatus"), unknown.get("RequestError")) == (
        "ERROR",
        "Order not found: 9",
    )


@pytest.mark.parametrize("operation", ["wsomhandler", "comwsomhandler"])
def test_an_order_sent_as_the_shop_plugin_sends_it_has_a_status(twin, operation):
    data = (
        '<Data OrderNumber="EX-1" TPGUID="EX-1" UniqueId="77" VatInclusive="Yes" Currency="GBP"'
        ' Warehouse="LDN" Customer="WEB" OrderType="EXCH">'
        '<OrderLineData Product="00042" MtrxCode1="RED" MtrxCode2="M" Quantity="1" Price="60.00"/>'
        "</Data>"
    )

    sent = ask(twin, "MultiNewOrder", data, operation)

    assert sent.get("RequestStatus") == "OK"
    status = ask(twin, "OrderStatus", '<Data OrderNumber="EX-1"/>')
    assert status.find("Data").get("OrderStatus") == "New"


def test_names_change_their_case_from_reply_to_reply(twin):
    listed = ask(
        twin,
        "MultiAvailableToSell",
        '<Data><sku Product="00042" MtrxCode1="RED" MtrxCode2="M"/><sku Product="X"/></Data>',
    )
    every = ask(twin, "ProductAvailableToSell", '<Data ProductFrom="" ProductTo=""/>')
    some = ask(twin, "ProductAvailableToSell", '<Data ProductFrom="SET" ProductTo="SET"/>')

    assert [sku.get("AvailableQuantity") for sku in listed.findall("Data/sku")] == ["4"]
    assert len(every.findall("Data/SKU")) == 4
    assert [sku.get("AvailableDate") for sku in some.findall("Data/SKU")] == ["05/03/2026"]


@pytest.mark.parametrize(
    ("document", "operation", "words"),
    [
        ("<Request", "wsomhandler", "The document cannot be read"),
        ("<!DOCTYPE a><Request/>", "wsomhandler", "document type"),
        ("<Request/>", "otherhandler", "no such operation"),
    ],
)
def test_what_is_no_call_is_answered_with_a_fault(twin, document, operation, words):
    answer = post(twin, document, operation)

    assert answer.status_code == 500
    assert words in answer.get_data(as_text=True)
    assert ET.fromstring(answer.data)[0][0].tag.endswith("Fault")


def test_a_type_nobody_knows_is_refused_and_nothing_kept(twin):
    refused = ask(twin, "NewReturn", '<Data Reference="R1"/>')

    assert refused.get("RequestError") == "RequestType not known: NewReturn"
    assert twin.documents() == []


def test_the_description_names_the_operation_and_where_it_is(twin):
    found = Client(twin).get("/wsa/wsa1/wsdl")

    root = ET.fromstring(found.data)
    assert root.get("targetNamespace") == "urn:omlink"
    assert [each.get("location") for each in root.iter() if each.get("location")] == [
        "http://localhost/wsa/wsa1"
    ]


@pytest.mark.parametrize("style", ["rpc", "document"])
def test_the_description_is_enough_for_a_client_that_makes_its_calls_from_it(twin, style):
    """Read as such clients do: service, port, binding, operation, messages, each by its name."""
    twin.set_switches({"soap_style": style})
    root = ET.fromstring(Client(twin).get("/wsa/wsa1/wsdl").data)
    wsdl, soap = "{http://schemas.xmlsoap.org/wsdl/}", "{http://schemas.xmlsoap.org/wsdl/soap/}"

    def named(kind, name):
        (found,) = [each for each in root.findall(f"{wsdl}{kind}") if each.get("name") == name]
        return found

    port = root.find(f"{wsdl}service/{wsdl}port")
    binding = named("binding", port.get("binding").removeprefix("tns:"))
    kind = named("portType", binding.get("type").removeprefix("tns:"))
    (how,) = {each.get("use") for each in binding.iter(f"{soap}body")}
    parts = {
        way: [
            part.get("name")
            for part in named(
                "message",
                kind.find(f"{wsdl}operation/{wsdl}{way}").get("message").removeprefix("tns:"),
            )
        ]
        for way in ("input", "output")
    }

    assert binding.find(f"{soap}binding").get("style") == style
    assert binding.find(f"{wsdl}operation").get("name") == "wsomhandler"
    assert how == "literal"
    assert (
        parts
        == {
            "rpc": {"input": ["pcXmlIn"], "output": ["result", "pcXmlOut"]},
            "document": {"input": ["parameters"], "output": ["parameters"]},
        }[style]
    )


def test_the_same_reference_twice_makes_two_documents(twin):
    """No key at Prima's side is known to be refused the second time."""
    data = (
        '<Data Reference="R1" DocumentDate="05/03/2026" Warehouse="LDN">'
        '<Line Product="SET" Quantity="1" LineValue="0"/></Data>'
    )

    numbers = [ask(twin, "SimGoodsIn", data).find("Data").get("DocumentNumber") for _ in range(2)]

    assert [made["number"] for made in twin.documents()] == numbers
    assert len(set(numbers)) == 2


@pytest.mark.parametrize(
    ("request_type", "is_question"),
    [
        ("OrderStatus", True),
        ("SimDocument", True),
        ("simcredit", False),
        ("MultiNewOrder", False),
        ("NewReturn", True),
    ],
)
def test_the_document_tells_whether_a_call_can_change_anything(twin, request_type, is_question):
    document = escape(f'<Request RequestType="{request_type}"><Data/></Request>')
    body = SHELL.format(operation="wsomhandler", document=document)

    builder = EnvironBuilder(method="POST", path="/wsa/wsa1", data=body)

    assert twin.changes_nothing(Request(builder.get_environ())) is is_question
