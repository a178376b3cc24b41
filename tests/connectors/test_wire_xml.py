"""XML in and out: what is written, what is refused, what never gets in."""

from xml.etree import ElementTree as ET

import pytest

from connectors import redaction, wire_xml
from connectors.http import Payload
from tests.connectors.http.http_cast import answering, make_session


def test_text_is_escaped_and_what_the_charset_lacks_becomes_a_reference():
    root = ET.Element("Note", {"Text": 'a "b" <c> & é €'})

    written = wire_xml.encode(root, charset="ISO-8859-1")

    assert written.decode("iso-8859-1") == (
        "<?xml version='1.0' encoding='ISO-8859-1'?>\n"
        '<Note Text="a &quot;b&quot; &lt;c&gt; &amp; é &#8364;" />'
    )
    assert wire_xml.decode(written.decode("iso-8859-1")).get("Text") == 'a "b" <c> & é €'


@pytest.mark.parametrize("text", ["a\x00b", "\x1b", "\ufffe", "\ud800"])
def test_a_character_xml_does_not_know_is_never_written(text):
    with pytest.raises(ValueError, match="which XML does not know"):
        wire_xml.encode(ET.Element("a", {"b": text}), charset="UTF-8")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', id="entity"),
        pytest.param('<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>', id="external"),
        pytest.param("<!DOCTYPE a><a/>", id="bare"),
        pytest.param("<a>&unknown;</a>", id="unknown-entity"),
        pytest.param("<a><b></a>", id="crossed"),
        pytest.param("", id="nothing"),
        pytest.param("<a>" * 200 + "</a>" * 200, id="too-deep"),
        pytest.param('{"a": 1}', id="json"),
    ],
)
def test_a_document_that_is_not_plain_xml_is_refused(text):
    with pytest.raises(ValueError, match=r"not XML|document type|too deeply"):
        wire_xml.decode(text)


def test_names_come_without_their_namespaces_whatever_encoding_is_declared():
    root = wire_xml.decode(
        '\ufeff<?xml version="1.0" encoding="UTF-16"?><s:A xmlns:s="urn:x" s:b="ü"><s:C/></s:A>'
    )

    assert (root.tag, root.attrib, [child.tag for child in root]) == ("A", {"b": "ü"}, ["C"])


def test_a_reply_is_read_by_the_encoding_it_declares_itself():
    declared = '<?xml version="1.0" encoding="ISO-8859-1"?><a b="é"/>'

    assert wire_xml.declared_text(declared.encode("iso-8859-1")) == declared
    assert wire_xml.declared_text(b'<?xml version="1.0" encoding="rot13"?><a/>') is None
    assert wire_xml.declared_text(b"<a/>") is None


def test_a_session_sends_a_payload_as_it_is_to_the_very_address_of_the_connection():
    seen = []
    session = make_session(answering(seen=seen, body="<ok/>"))

    reply = session.call(
        operation="find_order", method="POST", path="", payload=Payload(b"<a/>", "text/xml")
    )

    request, text = seen[0]
    assert (request.path, text, request.headers["Content-Type"]) == ("/", "<a/>", "text/xml")
    assert reply.content == b"<ok/>"


def test_a_secret_written_into_xml_is_masked_however_often_it_is_escaped():
    secret = 'p&ss"word<1>'
    once = wire_xml.encode(ET.Element("a", {"b": secret}), charset="UTF-8").decode()
    outer = ET.Element("c")
    outer.text = once
    twice = wire_xml.encode(outer, charset="UTF-8").decode()

    assert "word" not in redaction.redact(once + twice, [secret])
