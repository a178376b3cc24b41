"""One SOAP operation, a document as a string in and another out.

The envelope is SOAP 1.1, written and read as a tree; the string inside is escaped like any text,
so that a document within a document needs no care of its own. A fault tells nothing about whether a
write was carried out before it, and leaves its outcome unknown.

Source: public third-party use of Prima's web service, and Progress's description of how OpenEdge
turns a procedure into a SOAP operation (RPC or document style, so the profile says which).
"""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from requests.adapters import BaseAdapter

from connectors import ports, types, wire_xml
from connectors.http import Payload, Redactor, Reply, Session
from connectors.profiled import documents, render
from connectors.profiled.parts import Request
from connectors.profiled.schema import Profile
from connectors.profiled.transports.credentials import credentials
from connectors.profiled.ways import SoapString

_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"


class SoapStringTransport:
    """Sends a profile's requests to one connection; raises as `RestJsonTransport` does."""

    def __init__(
        self,
        *,
        profile: Profile,
        way: SoapString,
        config: types.ConnectionConfig,
        pacer: ports.Pacer,
        transport: BaseAdapter | None = None,
    ) -> None:
        self._way = way
        self._who = credentials(profile, config)
        self._session = Session(
            config=config,
            pacer=pacer,
            headers={
                "Accept": "text/xml",
                "SOAPAction": f'"{way.soap_action}"',
                **self._who.headers,
            },
            redactor=_InnerRedactor(secrets=self._who.masked),
            transport=transport,
        )

    def call(
        self,
        *,
        operation: str,
        request: Request,
        query: Sequence[tuple[str, str]] = (),
        body: render.JsonValue = None,
        is_write: bool = False,
    ) -> Reply:
        """One call; the reply's text is the document inside the envelope.

        Raises as `connectors.http.Session.call` does, and for an answer without such a document
        as for one nobody can read.
        """
        inner = documents.written(self._way, body).decode(self._way.charset)
        reply = self._session.call(
            operation=operation,
            method="POST",
            path=self._way.path,
            query=(*query, *self._who.query),
            payload=Payload(envelope(self._way, inner), "text/xml; charset=UTF-8"),
            is_write=is_write,
        )
        return dataclasses.replace(reply, text=self._inner(reply), content=b"")

    def shown(self, body: render.JsonValue) -> str:
        """The string inside the envelope, for people."""
        return documents.shown(self._way, body)

    def _inner(self, reply: Reply) -> str:
        try:
            return inner_text(self._way, wire_xml.decode(reply.text))
        except ValueError as error:
            text = f"The answer is no SOAP answer of this operation: {error}."
            raise documents.unreadable(reply, text) from None


def envelope(way: SoapString, inner: str) -> bytes:
    """A SOAP 1.1 request around the string `inner`.

    In the RPC style the parameter has no namespace, in the document style the operation's.
    """
    root = ET.Element("soap:Envelope", {"xmlns:soap": _ENVELOPE})
    body = ET.SubElement(root, "soap:Body")
    if way.style == "rpc":
        call = ET.SubElement(body, f"tns:{way.operation}", {"xmlns:tns": way.namespace})
    else:
        call = ET.SubElement(body, way.operation, {"xmlns": way.namespace})
    ET.SubElement(call, way.parameter).text = inner
    return wire_xml.encode(root, charset="UTF-8")


def inner_text(way: SoapString, root: ET.Element) -> str:
    """The string in an answer's envelope.

    Raises:
        ValueError: a fault, no envelope, or not exactly one string.
    """
    body = root.find("Body") if root.tag == "Envelope" else None
    if body is None:
        raise ValueError("it has no envelope")
    fault = body.find("Fault")
    if fault is not None:
        raise ValueError(f"a fault, {_fault_text(fault)}")
    found = [text for name, text in _texts(body) if way.result in ("", name)]
    if len(found) != 1:
        raise ValueError(f"{len(found)} elements of it hold text, and one was expected")
    return found[0]


def _texts(body: ET.Element) -> Iterator[tuple[str, str]]:
    for element in body.iter():
        if element.text and element.text.strip():
            yield element.tag, element.text


def _fault_text(fault: ET.Element) -> str:
    told = [text.strip() for _, text in _texts(fault)]
    return " / ".join(told)[:200] or "without a word"


class _InnerRedactor(Redactor):
    """Masks the document inside as well, where its quotes and brackets are escaped."""

    def text(self, text: str) -> str:
        if "&lt;" in text:
            text = html.unescape(text)
        return super().text(text)
