"""The types of exception to narrow a list to: the reader's own teams first, with what is to do."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.utils.text import capfirst

from exceptions_app.catalogue import CATALOGUE
from exceptions_app.choices import Team

Choice = tuple[str, str]
# From this length on a text is looked for among codes and names.
LOOKED_UP_FROM = 3


def name_of(code: str) -> str:
    """A type as it is called in lists; a code of none is called by itself."""
    found = CATALOGUE.get(code)
    return capfirst(found.short) if found else code


def by_team(*, teams: Collection[str], counts: Mapping[str, int]) -> list[tuple[str, list[Choice]]]:
    """Every type under its team, `teams` first, each by name: "Unknown SKU (12)".

    `counts` are those that can be worked on now; a type without any carries no figure.
    """
    first = [team for team in Team if team in teams]
    rest = [team for team in Team if team not in teams]
    groups = []
    for team in (*first, *rest):
        codes = [code for code, found in CATALOGUE.items() if found.team == team]
        named = sorted((name_of(code), code) for code in codes)
        groups.append(
            (team.label, [(code, _counted(name, counts.get(code, 0))) for name, code in named])
        )
    return groups


def _counted(name: str, count: int) -> str:
    return f"{name} ({count:,})" if count else name


def called(text: str, *, limit: int) -> list[str]:
    """Codes of the types whose code or name holds `text`, one that is just that first.

    Nothing for less than LOOKED_UP_FROM letters.
    """
    wanted = _plain(text)
    if len(wanted) < LOOKED_UP_FROM:
        return []
    names = {code: (_plain(code), _plain(name_of(code))) for code in CATALOGUE}
    found = [code for code, told in names.items() if any(wanted in each for each in told)]
    found.sort(key=lambda code: (wanted not in names[code], name_of(code)))
    return found[:limit]


def _plain(text: str) -> str:
    """As it is compared: "SKU_INACTIVE" and "sku inactive" are one."""
    return " ".join(text.replace("_", " ").split()).casefold()
