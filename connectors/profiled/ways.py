"""How a profile's calls leave and say who we are: transports and kinds of authentication."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic import field_validator as check_field

from connectors.profiled.trees import Frozen

# In a body: what begins the name of an attribute, and the name of an element's own text.
ATTRIBUTE, TEXT = "@", "_text"

_XML_NAME = re.compile(r"[A-Za-z_][\w.\-]*(?::[A-Za-z_][\w.\-]*)?")
_HEADER = re.compile(r"[A-Za-z0-9-]+")
# Headers of ours: credentials, and what describes the body, come from elsewhere.
_OWN_HEADERS = frozenset({"authorization", "content-type", "content-length", "host"})


def is_xml_name(name: str) -> bool:
    """Whether an element or attribute may have this name."""
    return _XML_NAME.fullmatch(name) is not None


# --- Transports ------------------------------------------------------------------------------


class XmlReading(Frozen):
    """How an XML reply becomes the objects that paths look into.

    Attributes and elements are entries of their parent; an element of text alone is that text, and
    text beside attributes is `_text`. `lists` names, as "Parent.Child", the elements that may come
    several times: they are always a list, and an element that repeats must be one of them.
    """

    names: Literal["as_written", "lower"] = "as_written"
    lists: tuple[str, ...] = ()

    @check_field("lists")
    @classmethod
    def _parent_and_child(cls, lists: tuple[str, ...]) -> tuple[str, ...]:
        for entry in lists:
            parent, _, child = entry.partition(".")
            if not (is_xml_name(parent) and is_xml_name(child)):
                raise ValueError(f"'{entry}' is not 'Parent.Child', two names of elements")
        return lists


class XmlForm(XmlReading):
    """How a body becomes XML: under `root`, a value is an attribute or an element of its own.

    In a body, a name that begins with "@" is an attribute and `_text` is the text of its element,
    whatever `values` says. A character that `charset` lacks is sent as a character reference, or
    with `outside_charset = "refuse"` is refused before any call.
    """

    root: str
    values: Literal["attributes", "elements"] = "elements"
    charset: Literal["UTF-8", "ISO-8859-1", "ISO-8859-15", "windows-1252", "US-ASCII"] = "UTF-8"
    outside_charset: Literal["reference", "refuse"] = "reference"

    @check_field("root")
    @classmethod
    def _name(cls, name: str) -> str:
        if not is_xml_name(name):
            raise ValueError(f"'{name}' cannot be the name of an element")
        return name


class _WithHeaders(Frozen):
    headers: dict[str, str] = {}

    @check_field("headers")
    @classmethod
    def _plain(cls, headers: dict[str, str]) -> dict[str, str]:
        for name, value in headers.items():
            if not _HEADER.fullmatch(name) or name.lower() in _OWN_HEADERS:
                raise ValueError(f"'{name}' cannot be set here")
            if not value.isascii() or not value.isprintable():
                raise ValueError(f"the value of '{name}' cannot be sent in a header")
        return headers


class RestJson(_WithHeaders):
    """JSON over HTTP. With `xml`, a reply that is labelled as XML is read by it."""

    kind: Literal["rest_json"]
    xml: XmlReading | None = None


class RestXml(_WithHeaders, XmlForm):
    """XML over HTTP, out and in."""

    kind: Literal["rest_xml"]
    content_type: Literal["application/xml", "text/xml"] = "application/xml"


class SoapString(XmlForm):
    """One SOAP operation that takes a document as a string and answers with another.

    All requests go to `path` under the connection's address. `result` names the element of the
    answer that holds the string; empty takes the only one that holds any text.
    """

    kind: Literal["soap_string"]
    operation: str
    parameter: str
    namespace: str = Field(min_length=1)
    style: Literal["rpc", "document"] = "rpc"
    soap_action: str = ""
    result: str = ""
    path: str = Field(default="", pattern=r"^(/[A-Za-z0-9/_.\-]*)?$")

    @check_field("operation", "parameter")
    @classmethod
    def _element(cls, name: str) -> str:
        if not is_xml_name(name):
            raise ValueError(f"'{name}' cannot be the name of an element")
        return name


class Manual(Frozen):
    """No calls at all: every document becomes a task for staff."""

    kind: Literal["manual"]


Transport = Annotated[
    RestJson | RestXml | SoapString | Manual,
    Field(discriminator="kind"),
]

# --- Who we are ------------------------------------------------------------------------------
# A profile holds the *name* of a secret of the connection, never its value.


class HeaderKey(Frozen):
    """A secret in a header, after `prefix` where the instance wants a word before it."""

    kind: Literal["header_key"]
    header: str = Field(pattern=r"^[A-Za-z0-9-]+$")
    secret: str = Field(min_length=1)
    prefix: str = Field(default="", pattern=r"^[ -~]*$")


class Basic(Frozen):
    """HTTP Basic: the names of the secrets that are user and password."""

    kind: Literal["basic"]
    user: str = Field(min_length=1)
    password: str = Field(min_length=1)

    @model_validator(mode="after")
    def _two(self) -> Self:
        if self.user == self.password:
            raise ValueError("expected the names of two secrets, one for each")
        return self


class Bearer(Frozen):
    """`Authorization: Bearer …` with a token that does not expire."""

    kind: Literal["bearer"]
    secret: str = Field(min_length=1)


class QueryKey(Frozen):
    """A secret as a parameter of every address."""

    kind: Literal["query_key"]
    parameter: str = Field(min_length=1)
    secret: str = Field(min_length=1)


class InBody(Frozen):
    """Secrets among the values of every body, as `from = "secret.<name>"`."""

    kind: Literal["in_body"]
    secrets: tuple[str, ...] = Field(min_length=1)


class NoAuth(Frozen):
    kind: Literal["none"]


Auth = Annotated[
    HeaderKey | Basic | Bearer | QueryKey | InBody | NoAuth, Field(discriminator="kind")
]


def secrets_of(auth: HeaderKey | Basic | Bearer | QueryKey | InBody | NoAuth) -> tuple[str, ...]:
    """The names of the secrets a connection must have."""
    match auth:
        case HeaderKey() | Bearer() | QueryKey():
            return (auth.secret,)
        case Basic():
            return (auth.user, auth.password)
        case InBody():
            return auth.secrets
        case NoAuth():
            return ()
