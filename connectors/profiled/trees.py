"""The small language of a profile's requests and replies, as frozen models.

A body is a tree of typed values, never a text template: that is how an unescaped quote would get
in. Only query values are templates, and there every placeholder inside other text must be quoted.
"""

from __future__ import annotations

import dataclasses
import re
import zoneinfo
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

import jmespath
from pydantic import BaseModel, ConfigDict, Discriminator, Field, RootModel, Tag, model_validator
from pydantic import field_validator as check_field

from connectors import types
from connectors.profiled.hints import nearest

PLACEHOLDER = re.compile(r"\{([a-z_.]+)(?:\|([a-z_]+))?\}")
_LEFTOVER_BRACE = re.compile(r"[{}]")
FILTERS = ("quote", "comma")

DRAFT_FIELDS = frozenset(
    {field.name for field in dataclasses.fields(types.DocumentDraft)} - {"lines", "based_on"}
) | {"net", "tax", "gross", "units"}
# A line's `gross` is its net and tax together.
LINE_FIELDS = frozenset(field.name for field in dataclasses.fields(types.DraftLine)) - {
    "key_parts",
    "taxes",
} | {"gross"}
BASED_ON = frozenset(f"based_on.{kind.value}" for kind in types.DocumentKind)
# What a read asks for: `key` is one of `keys`, inside `each = "query.keys"`.
QUERY_FIELDS = frozenset(
    {"since", "sku", "number", "kind", "key", "page", "offset", "cursor", "size"}
)
TAX_FIELDS = frozenset(field.name for field in dataclasses.fields(types.TaxPart))
MONEY_SOURCES = frozenset(
    {"draft.net", "draft.tax", "draft.gross", "tax.amount"}
    | {f"line.{name}" for name in ("unit_price", "net", "tax", "gross")}
)

Unit = Literal["major", "minor"]


class Frozen(BaseModel):
    """Every part of a profile: unknown keys are refused, nothing changes after loading."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


def check_zone(name: str) -> str:
    """Return `name` when it is an IANA time zone; raises ValueError otherwise."""
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"'{name}' is not an IANA time zone such as Europe/London") from error
    return name


def check_expression(path: str) -> str:
    """Return `path` when it is readable JMESPath; raises ValueError otherwise."""
    try:
        jmespath.compile(path)
    except jmespath.exceptions.JMESPathError as error:
        raise ValueError(
            f"'{path}' is not a JMESPath expression; odd keys need quotes, as in a.\"rows-i\""
        ) from error
    return path


def _check_source(path: str) -> str:
    scope, _, name = path.partition(".")
    known = {
        "draft": DRAFT_FIELDS | BASED_ON,
        "line": LINE_FIELDS,
        "tax": TAX_FIELDS,
        "query": QUERY_FIELDS,
    }
    if scope in ("settings", "secret") and name:
        return path
    if scope == "line" and name.startswith("key_parts.") and name != "key_parts.":
        return path
    if scope in known and name in known[scope]:
        return path
    words = (f"{owner}.{field}" for owner, fields in known.items() for field in fields)
    raise ValueError(
        f"'{path}' is not known{nearest(path, words)}; expected draft.<field>,"
        " draft.based_on.<kind>, line.<field>, line.key_parts.<part>, tax.<field>, query.<field>,"
        " settings.<name> or secret.<name>"
    )


_CONVERTERS_OF = {
    "max": ("text", "note"),
    "upper": ("text", "note"),
    "lookup": ("text",),
    "scale": ("decimal",),
    "rounding": ("decimal",),
    "number_as": ("decimal", "integer"),
    "sign": ("decimal", "integer"),
    "unit": ("decimal",),
    "pad": ("integer",),
    "format": ("date",),
}


class Value(Frozen):
    """One value of a body: `from` a field of the draft, or a `const`.

    `text` is sent exactly and refused when longer than `max`; `note` is free text that may be
    shortened. `integer` with `pad` and every `decimal` are as wide as the profile says.
    `else_from` stands in where `from` is empty or its lookup does not know it. `unit` is how this
    amount counts where the profile's other amounts count otherwise.
    """

    source: str = Field(default="", alias="from")
    else_from: str = ""
    const: str | int | bool | None = None
    as_: Literal["text", "note", "decimal", "integer", "date", "bool"] = Field("text", alias="as")
    max: int | None = Field(None, gt=0)
    required: bool = False
    omit_if_empty: bool = False
    scale: int | None = Field(None, ge=0, le=6)
    rounding: Literal["exact", "half_up"] = "exact"
    number_as: Literal["number", "text"] = "number"
    format: str = ""
    lookup: str = ""
    pad: int | None = Field(None, gt=0, le=30)
    upper: bool = False
    sign: Literal["as_is", "negative"] = "as_is"
    unit: Unit | None = None

    @check_field("source", "else_from")
    @classmethod
    def _known_source(cls, source: str) -> str:
        return _check_source(source) if source else source

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if bool(self.source) == (self.const is not None):
            raise ValueError("expected either 'from' or 'const', not both and not neither")
        if self.source == "draft.key" and self.as_ != "text":
            raise ValueError("draft.key must be sent as 'text': a shortened key finds nothing")
        if self.else_from and not self.source:
            raise ValueError("'else_from' needs a 'from' to stand in for")
        if self.unit and self.source not in MONEY_SOURCES:
            raise ValueError(f"'unit' is for amounts of money; expected {sorted(MONEY_SOURCES)}")
        if self.unit == "minor" and self.scale is not None:
            raise ValueError("'scale' does nothing with unit = 'minor': the currency decides it")
        if self.required and self.omit_if_empty:
            raise ValueError("a value cannot be both 'required' and 'omit_if_empty'")
        for name, converters in _CONVERTERS_OF.items():
            is_given = getattr(self, name) != type(self).model_fields[name].default
            if is_given and self.as_ not in converters:
                raise ValueError(
                    f"'{name}' does nothing here; expected as = {' or '.join(converters)}"
                )
        return self


class Each(Frozen):
    """A list with one entry per line of the draft, per tax of a line that has several, or in a
    read per key that is looked for.

    A list of taxes is left out for a line of one tax: its tax and code are values of the line.
    """

    each: Literal["draft.lines", "line.taxes", "query.keys"]
    entry: Node


class ObjectNode(RootModel[dict[str, "Node"]]):
    """An object, or an element of XML, in the order the profile writes it."""

    model_config = ConfigDict(frozen=True)


def _node_tag(raw: Any) -> str:
    if isinstance(raw, BaseModel):
        tags: dict[type, str] = {Value: "<value>", Each: "<each>"}
        return tags.get(type(raw), "<object>")
    if isinstance(raw, dict) and ("from" in raw or "const" in raw):
        return "<value>"
    if isinstance(raw, dict) and "each" in raw:
        return "<each>"
    return "<object>"


Node = Annotated[
    Annotated[Value, Tag("<value>")]
    | Annotated[Each, Tag("<each>")]
    | Annotated[ObjectNode, Tag("<object>")],
    Discriminator(_node_tag),
]
Each.model_rebuild()
ObjectNode.model_rebuild()


def placed_values(node: Value | Each | ObjectNode) -> Iterator[tuple[str, Value]]:
    """Every value in the tree with its place under the body, as ".Data.Line.entry.Sku"."""
    if isinstance(node, Value):
        yield "", node
    elif isinstance(node, Each):
        yield from ((f".entry{place}", value) for place, value in placed_values(node.entry))
    else:
        for name, child in node.root.items():
            yield from ((f".{name}{place}", value) for place, value in placed_values(child))


def values_of(node: Value | Each | ObjectNode) -> list[Value]:
    """Every value in the tree, depth first."""
    return [value for _, value in placed_values(node)]


def placed_names(node: Value | Each | ObjectNode) -> Iterator[tuple[str, str]]:
    """Every name of an object in the tree, depth first, with its place under the body."""
    if isinstance(node, Each):
        yield from ((f".entry{place}", name) for place, name in placed_names(node.entry))
    elif isinstance(node, ObjectNode):
        for name, child in node.root.items():
            yield f".{name}", name
            yield from ((f".{name}{place}", found) for place, found in placed_names(child))


def carries_taxes(node: Value | Each | ObjectNode) -> bool:
    """Whether a body sends each tax of a line that has several."""
    if isinstance(node, Value):
        return False
    if isinstance(node, Each):
        return node.each == "line.taxes" or carries_taxes(node.entry)
    return any(carries_taxes(child) for child in node.root.values())


class QueryValue(Frozen):
    """One query parameter. `omit_if_empty` leaves it out; else an empty placeholder is refused.

    `lookup` turns every placeholder's value into the ERP's word first.
    A filter whose value went missing would read everything, so leaving out is said, never assumed.
    """

    value: str
    omit_if_empty: bool = False
    lookup: str = ""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, raw: Any) -> Any:
        return {"value": raw} if isinstance(raw, str) else raw

    @check_field("value")
    @classmethod
    def _safe_template(cls, value: str) -> str:
        whole = PLACEHOLDER.fullmatch(value)
        for name, filter_name in PLACEHOLDER.findall(value):
            if filter_name and filter_name not in FILTERS:
                raise ValueError(f"'{filter_name}' is not a filter; expected one of {FILTERS}")
            if not whole and filter_name != "quote":
                raise ValueError(
                    f"{{{name}}} stands inside other text; expected {{{name}|quote}} in quotes"
                )
            if filter_name == "quote" and f"'{{{name}|quote}}'" not in value:
                raise ValueError(f"{{{name}|quote}} must stand between single quotes")
        if _LEFTOVER_BRACE.search(PLACEHOLDER.sub("", value)):
            raise ValueError("a brace that is no placeholder; expected {name} or {name|filter}")
        return value


class Extract(Frozen):
    """Where a fact is in a reply, as a JMESPath, and how to read it; short form: the path alone.

    `unit` is of amounts, as a body's value has it.
    """

    path: str
    default: str | None = None
    lookup: str = ""
    format: str = ""
    unit: Unit | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, raw: Any) -> Any:
        return {"path": raw} if isinstance(raw, str) else raw

    @check_field("path")
    @classmethod
    def _readable(cls, path: str) -> str:
        return check_expression(path)
