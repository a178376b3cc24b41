"""The envelope around Prima's one operation, as the Prima-like twin reads and answers it.

Source: a public shop plugin (`wsomhandler`, a string in, a string out, target `urn:omlink`) and
Progress's description of how OpenEdge makes a SOAP operation of a procedure. Which of the two
styles an instance speaks, and how it names the string, is not public.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from connectors import wire_xml

NAMESPACE = "urn:omlink"
OPERATIONS = ("wsomhandler", "comwsomhandler")
CHARSET = "ISO-8859-1"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_ANSWER = "Response"
_OVER_HTTP = "http://schemas.xmlsoap.org/soap/http"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


class NoCall(Exception):
    """What came is no call of the operation; the text goes into a fault."""


@dataclass(frozen=True)
class Element:
    """An element as Prima reads it: names without regard to case, values as attributes."""

    name: str
    values: Mapping[str, str] = field(default_factory=dict)
    children: tuple[Element, ...] = ()

    def get(self, name: str) -> str:
        return self.values.get(name.lower(), "")

    def all(self, name: str) -> tuple[Element, ...]:
        return tuple(child for child in self.children if child.name == name.lower())

    def one(self, name: str) -> Element:
        return next(iter(self.all(name)), Element(name.lower()))


def call_of(body: str) -> tuple[str, Element]:
    """The operation called and the document in its string.

    Raises:
        NoCall: no envelope, an operation there is not, or a string that is no document.
    """
    try:
        root = wire_xml.decode(body)
    except ValueError as error:
        raise NoCall(f"The envelope cannot be read: {error}") from None
    call = next(iter(root.find("Body") or ()), None) if root.tag == "Envelope" else None
    if call is None or call.tag not in OPERATIONS:
        raise NoCall("There is no such operation.")
    text = next((child.text for child in call if child.text and child.text.strip()), "")
    try:
        return call.tag, _element(wire_xml.decode(text or ""))
    except ValueError as error:
        raise NoCall(f"The document cannot be read: {error}") from None


def answer(operation: str, reply: ET.Element, *, style: str) -> bytes:
    """`reply` as the string that `operation` gives back, in the "rpc" or the "document" style."""
    root, body = _envelope()
    name = f"{operation}{_ANSWER}"
    if style == "rpc":
        outer = ET.SubElement(body, f"tns:{name}", {"xmlns:tns": NAMESPACE})
        # OpenEdge answers a procedure's own return value beside its output parameters.
        ET.SubElement(outer, "result", {"xmlns:xsi": _XSI, "xsi:nil": "true"})
    else:
        outer = ET.SubElement(body, name, {"xmlns": NAMESPACE})
    inner = wire_xml.encode(reply, charset=CHARSET).decode(CHARSET)
    ET.SubElement(outer, "pcXmlOut").text = inner
    return wire_xml.encode(root, charset="UTF-8")


def fault(text: str) -> bytes:
    root, body = _envelope()
    made = ET.SubElement(body, "soap:Fault")
    ET.SubElement(made, "faultcode").text = "soap:Server"
    ET.SubElement(made, "faultstring").text = text
    return wire_xml.encode(root, charset="UTF-8")


def wsdl(address: str, *, style: str) -> bytes:
    """A description of the operation in the "rpc" or the "document" style, with its binding.

    In the document style the wrapped call and answer are elements of a schema of their own.
    """
    root = ET.Element(
        "wsdl:definitions",
        {
            "xmlns:wsdl": "http://schemas.xmlsoap.org/wsdl/",
            "xmlns:soap": "http://schemas.xmlsoap.org/wsdl/soap/",
            "xmlns:xsd": "http://www.w3.org/2001/XMLSchema",
            "xmlns:tns": NAMESPACE,
            "targetNamespace": NAMESPACE,
        },
    )
    if style == "document":
        _schema(root)
    for name, parts in (("In", ("pcXmlIn",)), ("Out", ("result", "pcXmlOut"))):
        message = ET.SubElement(root, "wsdl:message", {"name": f"wsomhandler{name}"})
        if style == "document":
            element = f"tns:{OPERATIONS[0]}{_ANSWER if name == 'Out' else ''}"
            ET.SubElement(message, "wsdl:part", {"name": "parameters", "element": element})
            continue
        for part in parts:
            ET.SubElement(message, "wsdl:part", {"name": part, "type": "xsd:string"})
    port = ET.SubElement(root, "wsdl:portType", {"name": "omlinkObj"})
    operation = ET.SubElement(port, "wsdl:operation", {"name": "wsomhandler"})
    ET.SubElement(operation, "wsdl:input", {"message": "tns:wsomhandlerIn"})
    ET.SubElement(operation, "wsdl:output", {"message": "tns:wsomhandlerOut"})
    _binding(root, style)
    service = ET.SubElement(root, "wsdl:service", {"name": "omlinkService"})
    place = ET.SubElement(service, "wsdl:port", {"name": "omlinkObj", "binding": "tns:omlinkObj"})
    ET.SubElement(place, "soap:address", {"location": address})
    return wire_xml.encode(root, charset="UTF-8")


def _binding(root: ET.Element, style: str) -> None:
    binding = ET.SubElement(root, "wsdl:binding", {"name": "omlinkObj", "type": "tns:omlinkObj"})
    ET.SubElement(binding, "soap:binding", {"style": style, "transport": _OVER_HTTP})
    operation = ET.SubElement(binding, "wsdl:operation", {"name": OPERATIONS[0]})
    ET.SubElement(operation, "soap:operation", {"soapAction": "", "style": style})
    how = {"use": "literal", **({"namespace": NAMESPACE} if style == "rpc" else {})}
    for way in ("input", "output"):
        ET.SubElement(ET.SubElement(operation, f"wsdl:{way}"), "soap:body", how)


def _schema(root: ET.Element) -> None:
    types = ET.SubElement(root, "wsdl:types")
    form = {"targetNamespace": NAMESPACE, "elementFormDefault": "qualified"}
    schema = ET.SubElement(types, "xsd:schema", form)
    for name, child in ((OPERATIONS[0], "pcXmlIn"), (f"{OPERATIONS[0]}{_ANSWER}", "pcXmlOut")):
        element = ET.SubElement(schema, "xsd:element", {"name": name})
        inside = ET.SubElement(ET.SubElement(element, "xsd:complexType"), "xsd:sequence")
        ET.SubElement(inside, "xsd:element", {"name": child, "type": "xsd:string"})


def _envelope() -> tuple[ET.Element, ET.Element]:
    root = ET.Element("soap:Envelope", {"xmlns:soap": _ENVELOPE})
    return root, ET.SubElement(root, "soap:Body")


def _element(found: ET.Element) -> Element:
    return Element(
        found.tag.lower(),
        {name.lower(): value for name, value in found.attrib.items()},
        tuple(_element(child) for child in found),
    )
