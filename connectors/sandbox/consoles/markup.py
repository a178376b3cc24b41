"""HTML built from values: whatever is not markup already is escaped, so no record can break out."""

from __future__ import annotations

from html import escape


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


_VOID = frozenset({"input", "meta", "link", "br"})


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """One element. `class_` and `for_` lose their underscore; None and False leave an attribute
    out, True gives it without a value."""
    told = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{told}>")
    return Html(f"<{name}{told}>{joined(*children)}</{name}>")


def joined(*children: object) -> Html:
    """The children one after another; what is not markup is escaped."""
    return Html("".join(_text(child) for child in children))


def _text(child: object) -> str:
    return child if isinstance(child, Html) else escape(str(child))


def _attribute(key: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
