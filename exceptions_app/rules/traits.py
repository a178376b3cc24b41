"""Colours and sizes in names and codes: enough to say that two texts cannot mean one item.

No more than that. Two texts that name none, or share one, may still be two items.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

# How shops write a colour, in full and in codes, by the word for it.
_COLOURS: dict[str, str] = {
    "black": "blk bk noir schwarz",
    "white": "wht wh blanc weiss",
    "navy": "nvy nav marine",
    "blue": "blu bleu blau",
    "red": "rd rouge rot",
    "green": "grn gn vert",
    "grey": "gry gray gris grau",
    "brown": "brn brun braun",
    "beige": "bge",
    "cream": "crm ecru",
    "oat": "oatmeal",
    "pink": "pnk",
    "yellow": "ylw yel jaune gelb",
    "orange": "org",
    "purple": "prp",
    "khaki": "khk",
    "olive": "olv",
}
_SIZES: dict[str, str] = {
    "XS": "xs",
    "S": "s small",
    "M": "m medium",
    "L": "l large",
    "XL": "xl",
    "XXL": "xxl 2xl",
    "XXXL": "xxxl 3xl",
}
_COLOUR_OF = {way: word for word, ways in _COLOURS.items() for way in (word, *ways.split())}
_SIZE_OF = {way: word for word, ways in _SIZES.items() for way in ways.split()}
# "men's" and "l'été" hold no size.
_APOSTROPHES = re.compile(r"['’]s\b|\b\w['’]")


def contradiction(said: str, found: str) -> str:
    """ "the return says navy, this is black"; "" where both may mean the same.

    `said` is the name of what came back, `found` the name and code of what it is compared with.
    """
    for words_of in (_COLOUR_OF, _SIZE_OF):
        one, other = _named(said, words_of), _named(found, words_of)
        if one and other and not set(one) & set(other):
            return f"the return says {' and '.join(one)}, this is {' and '.join(other)}"
    return ""


def apart(names: Iterable[tuple[str, int]]) -> str:
    """ "black (9) and as oat (1)", the most first; "" where all of `names` may be one item.

    `names` are those of goods with their units. A name with two colours, or none, says nothing.
    """
    rows = list(names)
    for words_of in (_COLOUR_OF, _SIZE_OF):
        units: Counter[str] = Counter()
        for name, count in rows:
            found = _named(name, words_of)
            if len(found) == 1:
                units[found[0]] += count
        if len(units) > 1:
            return " and as ".join(f"{word} ({count})" for word, count in units.most_common())
    return ""


def _named(text: str, words_of: dict[str, str]) -> list[str]:
    tokens = re.findall(r"[^\W_]+", _APOSTROPHES.sub(" ", text.casefold()))
    return sorted({words_of[token] for token in tokens if token in words_of})
