"""The GraphQL documents beside this file, one per file, as they are sent."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


def names() -> tuple[str, ...]:
    """Every document there is, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.graphql")))


@cache
def text(name: str) -> str:
    """The document without its comments and indentation: what the vendor is sent."""
    lines = (_FOLDER / f"{name}.graphql").read_text(encoding="utf-8").splitlines()
    kept = (line.strip() for line in lines)
    return "\n".join(line for line in kept if line and not line.startswith("#"))


def operation(name: str) -> str:
    """The operation's own name: "changed_orders" is `ChangedOrders`."""
    return "".join(word.capitalize() for word in name.split("_"))
