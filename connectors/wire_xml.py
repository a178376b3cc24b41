"""XML without surprises: no document type, no entities, no network; written from a tree.

A reply that brings a document type is refused whole: it could only serve to name entities, which
make a small text large or read files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET
from xml.parsers import expat

MAX_DEPTH = 100
_SEPARATOR = " "
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DECLARED = re.compile(rb"""^(?:\xef\xbb\xbf)?\s*<\?xml[^>]{0,80}?encoding=["']([A-Za-z0-9._-]+)""")
# Python knows codecs that no reply means.
_CHARSETS = frozenset({"utf-8", "iso-8859-1", "iso-8859-15", "windows-1252", "us-ascii"})


def encode(root: ET.Element, *, charset: str) -> bytes:
    """The document with its declaration; what `charset` lacks becomes a character reference.

    Raises:
        ValueError: a character that no XML document may hold.
    """
    for element in root.iter():
        for text in (element.text, element.tail, *element.attrib.values()):
            check_text(text or "")
    written: bytes = ET.tostring(root, encoding=charset, xml_declaration=True)
    return written


def check_text(text: str) -> None:
    """Raises ValueError for a character that no XML document may hold."""
    if found := _NO_XML.search(text):
        raise ValueError(f"holds the character U+{ord(found[0]):04X}, which XML does not know")


def decode(text: str) -> ET.Element:
    """The tree of `text`, names without their namespaces, whatever encoding it declares.

    Raises:
        ValueError: not XML, a document type, or nesting beyond `MAX_DEPTH`.
    """
    builder = _Builder()
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=_SEPARATOR)
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        content = text.lstrip("\ufeff \t\r\n").encode(errors="replace")
        parser.Parse(content, True)  # noqa: FBT003 - expat takes it by position only
    except expat.ExpatError as error:
        raise ValueError(f"not XML: {error}") from None
    return builder.tree.close()


def declared_text(content: bytes) -> str | None:
    """`content` by the encoding its own declaration names; None where it names none of ours."""
    found = _DECLARED.match(content)
    name = found[1].decode("ascii").lower() if found else ""
    return content.decode(name, errors="replace") if name in _CHARSETS else None


class _Builder:
    def __init__(self) -> None:
        self.tree = ET.TreeBuilder()
        self._depth = 0

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ValueError("nested too deeply")
        self.tree.start(_local(name), {_local(key): value for key, value in attributes.items()})

    def end(self, name: str) -> None:
        self._depth -= 1
        self.tree.end(_local(name))

    def data(self, text: str) -> None:
        self.tree.data(text)


def _local(name: str) -> str:
    return name.rpartition(_SEPARATOR)[2]


def _refuse_doctype(*_args: object) -> None:
    raise ValueError("it brings a document type, which is never read")
