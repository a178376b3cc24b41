"""Who is named in a note: "@Finn Ashworth", "@finn", or a first name that only one person has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """`names` are all that somebody may be called by; the first is how a note calls them."""

    pk: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Named:
    """Ids in the order they are named, and the words after an @ that name nobody, or several."""

    people: tuple[int, ...]
    unknown: tuple[str, ...]
    several: tuple[str, ...]


def has_any(text: str) -> bool:
    return bool(_places(text))


def named(text: str, people: Iterable[Person]) -> Named:
    """Read every @ that begins a word; one inside a word, as in an address, names nobody."""
    known = _known(people)
    found: list[int] = []
    unknown: list[str] = []
    several: list[str] = []
    for place in _places(text):
        rest = text[place + 1 :]
        name = _longest(rest, known)
        who = known.get(name, frozenset())
        if len(who) == 1:
            found += who
        elif who:
            several.append(name)
        else:
            unknown.append("".join(rest.split(maxsplit=1)[:1]))
    return Named(
        tuple(dict.fromkeys(found)), tuple(dict.fromkeys(unknown)), tuple(dict.fromkeys(several))
    )


def _places(text: str) -> list[int]:
    return [
        place
        for place, letter in enumerate(text)
        if letter == "@"
        and (place == 0 or text[place - 1].isspace() or text[place - 1] in "(,;:/")
        and not text[place + 1 : place + 2].isspace()
    ]


def _known(people: Iterable[Person]) -> Mapping[str, frozenset[int]]:
    known: dict[str, frozenset[int]] = {}
    for person in people:
        for name in person.names:
            key = " ".join(name.split()).casefold()
            if key:
                known[key] = known.get(key, frozenset()) | {person.pk}
    return known


def _longest(rest: str, known: Mapping[str, frozenset[int]]) -> str:
    """The longest name that the text begins with and that ends with a word; "" for none."""
    text = rest.casefold()
    fitting = [
        name
        for name in known
        if text.startswith(name) and not text[len(name) : len(name) + 1].isalnum()
    ]
    return max(fitting, key=len, default="")
