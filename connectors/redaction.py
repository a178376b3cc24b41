"""What may be kept of an exchange: secrets and personal data masked, bodies cut.

Masking works on text, not on parsed bodies, because the bodies worth keeping most are the broken
ones. Secrets go by value, wherever they stand; personal data by field name, and e-mail addresses by
their form as well.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

MASK = "***"
MAX_BODY_CHARS = 4_000
# Field masking looks at this much of a body; what is kept is far less.
_SCANNED_CHARS = 16_000
_MIN_SECRET_CHARS = 4
_MAX_HEADERS = 40
_MAX_HEADER_CHARS = 300

SECRET_HEADERS = frozenset(
    {
        "authorization",
        "proxy-authorization",
        "cookie",
        "set-cookie",
        "x-api-key",
        "ocp-apim-subscription-key",
        "x-shopify-access-token",
        "brightpearl-app-ref",
        "brightpearl-account-token",
        "brightpearl-staff-token",
    }
)

# Names are compared without case, blanks, "-", "_", "." and a namespace prefix.
PERSONAL_FIELDS = frozenset(
    {"name1", "name2", "tel", "fax", "mobile", "city", "zip", "bic", "line1", "line2"}
)
# These end a name, digits behind them not counted: userEmailAddress, street2, shipping_phone.
PERSONAL_ENDINGS = (
    "email",
    "phone",
    "telephone",
    "phonenumber",
    "firstname",
    "lastname",
    "surname",
    "fullname",
    "displayname",
    "customername",
    "recipientname",
    "contactname",
    "street",
    "address",
    "addressline",
    "addr",
    "postcode",
    "postalcode",
    "zipcode",
    "iban",
    "accountnumber",
    "bankaccount",
    "sortcode",
    "cardnumber",
    "password",
    "accesstoken",
    "refreshtoken",
    "clientsecret",
    "apikey",
)
# The name inside such an object is a person's.
PERSONS = ("address", "customer", "recipient", "contact", "consumer", "user", "buyer")

_JSON_PERSON = re.compile(r'"((?:[^"\\]|\\.){1,60})"(\s*:\s*\{)([^{}]*)', re.S)
_JSON_NAME = re.compile(r'("name"\s*:\s*)"(?:[^"\\]|\\.)*(?:"|\\?\Z)', re.S | re.I)
_JSON_PAIR = re.compile(
    r'"((?:[^"\\]|\\.){1,60})"(\s*:\s*)("(?:[^"\\]|\\.)*(?:"|\\?\Z)|-?[0-9][0-9.eE+-]*)', re.S
)
_XML_ELEMENT = re.compile(r"<([\w:.-]{1,60})((?:\s[^<>]{0,200})?)>([^<]+)")
_NAME_VALUE = re.compile(r"""(?<![\w:.-])([\w:.-]{1,60})=("[^"]*"|'[^']*'|[^&\s"'<>]+)""")
# The look-behind keeps the search linear on long runs of word characters.
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63})+")


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return `text` without any of `secrets`, also URL-, JSON-, XML- or base64-encoded."""
    variants: set[str] = set()
    for secret in secrets:
        if len(secret) >= _MIN_SECRET_CHARS:
            variants |= _spellings(secret)
    for variant in sorted(variants, key=len, reverse=True):
        text = text.replace(variant, MASK)
    return text


@dataclass(frozen=True)
class Redactor:
    """Masks one connection's exchanges; `secrets` are values, the rest normalised field names."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    hidden_headers: frozenset[str] = SECRET_HEADERS
    fields: frozenset[str] = PERSONAL_FIELDS
    endings: tuple[str, ...] = PERSONAL_ENDINGS

    def text(self, text: str) -> str:
        """Mask `text` and cut it to `MAX_BODY_CHARS`; NUL, which no database keeps, is replaced."""
        text = redact(text.replace("\x00", "\ufffd"), self.secrets)[:_SCANNED_CHARS]
        text = _JSON_PERSON.sub(_json_person, text)
        text = _JSON_PAIR.sub(self._json_pair, text)
        text = _XML_ELEMENT.sub(self._xml_element, text)
        text = _NAME_VALUE.sub(self._name_value, text)
        return _EMAIL.sub(MASK, text)[:MAX_BODY_CHARS]

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the headers that may be kept, masked."""
        kept = [name for name in headers if name.lower() not in self.hidden_headers]
        return {name: self.text(headers[name])[:_MAX_HEADER_CHARS] for name in kept[:_MAX_HEADERS]}

    def _is_personal(self, name: str) -> bool:
        plain = _plain(name)
        return plain in self.fields or plain.rstrip("0123456789").endswith(self.endings)

    def _json_pair(self, match: re.Match[str]) -> str:
        if self._is_personal(match[1]) and match[3] != '""':
            return f'"{match[1]}"{match[2]}"{MASK}"'
        return match[0]

    def _xml_element(self, match: re.Match[str]) -> str:
        if self._is_personal(match[1]):
            return f"<{match[1]}{match[2]}>{MASK}"
        return match[0]

    def _name_value(self, match: re.Match[str]) -> str:
        if self._is_personal(match[1]):
            return f"{match[1]}={MASK}"
        return match[0]


def _json_person(match: re.Match[str]) -> str:
    if not _plain(match[1]).endswith(PERSONS):
        return match[0]
    return f'"{match[1]}"{match[2]}' + _JSON_NAME.sub(rf'\1"{MASK}"', match[3])


def _plain(name: str) -> str:
    return re.sub(r"[\s_.-]", "", name.rpartition(":")[2]).lower()


def _spellings(secret: str) -> set[str]:
    in_xml = escape(secret, {'"': "&quot;"})
    return {
        secret,
        in_xml,
        # XML text that is itself a value of XML.
        escape(in_xml),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        base64.b64encode(secret.encode()).decode(),
    }
