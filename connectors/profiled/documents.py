"""Bodies as XML, and XML replies as the objects that a profile's paths look into."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

from connectors import errors, wire_xml
from connectors.http import Reply
from connectors.profiled.render import JsonValue, refuse
from connectors.profiled.ways import (
    ATTRIBUTE,
    TEXT,
    RestJson,
    RestXml,
    SoapString,
    XmlForm,
    XmlReading,
)

ROOT = "_root"


# --- Out -------------------------------------------------------------------------------------


def written(form: XmlForm, body: JsonValue, *, is_indented: bool = False) -> bytes:
    """The body as a document of `form`.

    Raises:
        Rejected: a value holds what the document cannot.
    """
    root = _element(form.root, body, form)
    if is_indented:
        ET.indent(root)
    return wire_xml.encode(root, charset=form.charset)


def shown(form: XmlForm, body: JsonValue) -> str:
    """The same for people: indented."""
    return written(form, body, is_indented=True).decode(form.charset)


def _element(name: str, value: JsonValue, form: XmlForm) -> ET.Element:
    element = ET.Element(name)
    if not isinstance(value, dict):
        element.text = _text(name, value, form)
        return element
    for key, child in value.items():
        if isinstance(child, list):
            element.extend(_element(key, entry, form) for entry in child)
        elif isinstance(child, dict):
            element.append(_element(key, child, form))
        elif key == TEXT:
            element.text = _text(name, child, form)
        elif key.startswith(ATTRIBUTE):
            element.set(key.removeprefix(ATTRIBUTE), _text(key, child, form))
        elif form.values == "attributes":
            element.set(key, _text(key, child, form))
        else:
            element.append(_element(key, child, form))
    return element


def _text(name: str, value: JsonValue, form: XmlForm) -> str:
    text = _plain(value)
    try:
        wire_xml.check_text(text)
    except ValueError as error:
        refuse(name, text, str(error))
    if form.outside_charset == "refuse":
        try:
            text.encode(form.charset)
        except UnicodeEncodeError:
            refuse(name, text, f"holds a character that {form.charset} does not have")
    return text


def _plain(value: JsonValue) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format(value, "f") if isinstance(value, Decimal) else str(value)


# --- In --------------------------------------------------------------------------------------


class ReplyReader:
    """Parses the replies of one transport."""

    def __init__(self, transport: object) -> None:
        self._form: XmlReading | None = None
        self._is_always_xml = isinstance(transport, (RestXml, SoapString))
        if isinstance(transport, XmlReading):
            self._form = transport
        elif isinstance(transport, RestJson):
            self._form = transport.xml

    def document(self, reply: Reply) -> Any:
        """The reply as objects, lists and values.

        Raises:
            UnreadableReply: the reply to a read is not what the transport speaks.
            OutcomeUnknown: the same for a write, which may have landed all the same.
        """
        if self._form is None or not (self._is_always_xml or _is_labelled_xml(reply)):
            return reply.json()
        try:
            return as_objects(wire_xml.decode(_decoded(reply)), self._form)
        except ValueError as error:
            raise unreadable(reply, f"The reply is not readable XML: {error}.") from None


def unreadable(reply: Reply, text: str) -> errors.ConnectorError:
    """What an answer nobody can read means for the call."""
    if reply.is_write:
        return errors.OutcomeUnknown(text, evidence=reply.evidence)
    return errors.UnreadableReply(text, evidence=reply.evidence)


def as_objects(root: ET.Element, form: XmlReading) -> dict[str, Any]:
    """What is under `root`, and its name as `_root`.

    Raises:
        ValueError: something comes twice that the profile does not call a list.
    """
    lists = frozenset(_named(name, form) for name in form.lists)
    found = _entries(root, lists, form)
    return {ROOT: _named(root.tag, form), **found}


def _entries(element: ET.Element, lists: Collection[str], form: XmlReading) -> dict[str, Any]:
    parent = _named(element.tag, form)
    entries: dict[str, Any] = {
        child: [] for each, _, child in (name.partition(".") for name in lists) if each == parent
    }
    for name, text in element.attrib.items():
        _put(entries, _named(name, form), text)
    for child in element:
        _put(entries, _named(child.tag, form), _value(child, lists, form))
    text = (element.text or "").strip()
    if text:
        entries[TEXT] = text
    return entries


def _value(element: ET.Element, lists: Collection[str], form: XmlReading) -> Any:
    entries = _entries(element, lists, form)
    if not entries:
        return ""
    return entries[TEXT] if set(entries) == {TEXT} else entries


def _put(entries: dict[str, Any], name: str, value: object) -> None:
    known = entries.get(name)
    if isinstance(known, list):
        known.append(value)
    elif name in entries:
        raise ValueError(f"'{name}' comes more than once, and the profile's 'lists' lack it")
    else:
        entries[name] = value


def _named(name: str, form: XmlReading) -> str:
    return name.lower() if form.names == "lower" else name


def _is_labelled_xml(reply: Reply) -> bool:
    return "xml" in _header(reply.headers, "Content-Type").partition(";")[0].lower()


def _decoded(reply: Reply) -> str:
    if "charset" in _header(reply.headers, "Content-Type").lower():
        return reply.text
    return wire_xml.declared_text(reply.content) or reply.text


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")
