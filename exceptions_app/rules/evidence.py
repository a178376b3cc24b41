"""A request or an answer as it was kept, laid out for reading; only its white space changes."""

from __future__ import annotations

import re

_STEP = "  "
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[{}\[\],:]|[^{}\[\],:"]+', re.S)
# A line of a log may begin with a bracket, too.
_JSON_START = re.compile(r'\{\s*(?:["}]|\Z)|\[\s*(?:["\[{\]]|\Z)')
_XML_TOKEN = re.compile(r"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<[^>]*(?:>|\Z)|[^<]+", re.S)
# Neither opens anything that has to be closed.
_XML_LONE = ("<!", "<?")


def indented(text: str) -> str:
    """JSON and XML with a line for each member or element; any other text as it is.

    Laid out by its marks alone: bodies are cut and masked before they are kept, so that most of
    them could not be parsed, and a figure that is read and written again may lose its digits.
    """
    bare = text.strip()
    if _JSON_START.match(bare):
        return _json(bare)
    return _xml(bare) if bare.startswith("<") else text


def _json(text: str) -> str:
    tokens = [token.strip() for token in _JSON_TOKEN.findall(text) if token.strip()]
    parts: list[str] = []
    depth = 0
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else ""
        if token in ("}", "]"):
            depth = max(0, depth - 1)
            parts.append(token if before in ("{", "[") else f"{_line(depth)}{token}")
            continue
        if before in ("{", "[", ","):
            parts.append(_line(depth))
        parts.append(": " if token == ":" else token)
        depth += token in ("{", "[")
    return "".join(parts)


def _xml(text: str) -> str:
    tokens = [token for token in _XML_TOKEN.findall(text) if token.strip()]
    parts: list[str] = []
    depth = 0
    is_alone = True
    for token in tokens:
        if not token.startswith("<"):
            parts.append(token)
            is_alone = False
            continue
        is_end = token.startswith("</")
        depth = max(0, depth - is_end)
        # An element that holds words only stays on the line of its words.
        parts.append(f"{_line(depth)}{token}" if is_alone or not is_end else token)
        opens = not (is_end or token.endswith("/>") or token.startswith(_XML_LONE))
        depth += opens
        is_alone = not opens
    return "".join(parts).lstrip("\n")


def _line(depth: int) -> str:
    return "\n" + _STEP * depth
