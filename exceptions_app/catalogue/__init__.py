"""The catalogue: one entry for each exception type, found in `catalogue.types` at import.

`CATALOGUE` maps code to entry, sorted by code. A module of `types` holds one `ENTRY` and is named
after its code in lower case; anything else stops the start with `CatalogueError`.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from types import MappingProxyType

from exceptions_app.catalogue import types
from exceptions_app.catalogue.entry import (
    RANK_INTEGRATION,
    Entry,
    Step,
    facts_used,
    flaws,
    raised,
    render,
)
from exceptions_app.catalogue.telling import is_passing, told
from exceptions_app.choices import FixKind, Severity, Team

__all__ = [
    "CATALOGUE",
    "CatalogueError",
    "Entry",
    "Step",
    "by_team",
    "collect",
    "entry",
    "facts_used",
    "is_passing",
    "raised",
    "render",
    "types_with_action",
]


class CatalogueError(Exception):
    """A type file cannot be part of the catalogue; the text names the file and why."""


def entry(code: str, facts: Mapping[str, object] | None = None) -> Entry:
    """Return the entry of `code`; for a code nobody described, a general one for operations.

    Rows outlive releases, so a type that was removed must still open on screen. With the `facts` of
    an exception its words and changes are those of that exception: what was found in the ERP under
    our key is neither unknown nor absent.
    """
    known = CATALOGUE.get(code) or _undescribed(code)
    return known if facts is None else told(known, facts)


def by_team(team: Team) -> tuple[Entry, ...]:
    """Return the team's entries in blocking order, then by code."""
    own = (found for found in CATALOGUE.values() if found.team == team)
    return tuple(sorted(own, key=lambda found: (found.rank, found.code)))


def types_with_action(action: FixKind) -> frozenset[str]:
    """Return the codes of the types whose exceptions allow `action`."""
    return frozenset(code for code, found in CATALOGUE.items() if action in found.actions)


def collect(named: Iterable[tuple[str, Entry]]) -> Mapping[str, Entry]:
    """Return a read-only mapping of code to entry, sorted, from (module name, entry) pairs.

    Raises:
        CatalogueError: a code came twice, differs from its module's name, or the entry has flaws.
    """
    found: dict[str, Entry] = {}
    for module, candidate in named:
        if candidate.code in found:
            raise CatalogueError(f"{module}: {candidate.code} is already in the catalogue")
        if candidate.code.lower() != module:
            raise CatalogueError(f"{module}: the code {candidate.code} differs from the file name")
        if problems := flaws(candidate):
            raise CatalogueError(f"{module}: {'; '.join(problems)}")
        found[candidate.code] = candidate
    return MappingProxyType(dict(sorted(found.items())))


def _discovered() -> Iterable[tuple[str, Entry]]:
    for info in pkgutil.iter_modules(types.__path__):
        module = import_module(f"{types.__name__}.{info.name}")
        candidate = getattr(module, "ENTRY", None)
        if not isinstance(candidate, Entry):
            raise CatalogueError(f"{info.name}: no ENTRY")
        yield info.name, candidate


def _undescribed(code: str) -> Entry:
    # The code becomes part of templates, so it must not carry places of its own.
    shown = re.sub(r"[{}]", "", code).strip() or "without a code"
    return Entry(
        code=code,
        family="integration",
        title=f"Exception type {shown} is not in the catalogue",
        group_title=f"Exception type {shown} is not in the catalogue",
        short="exception of a type without a description",
        team=Team.OPERATIONS,
        severity=Severity.MEDIUM,
        rank=RANK_INTEGRATION,
        clock_hours=8,
        sentence=(
            f"This exception has the type {shown}, and this release of Returnsbridge does not"
            " describe it. Its facts and history are complete."
        ),
        consequence="Return {rma} may be waiting; nobody owns this type yet.",
        playbook=(
            Step("Read the facts and the history of this exception."),
            Step("Look at the return and see which step waits.", link="return"),
            Step("Tell the integrator the type, so that it gets its page in the catalogue."),
        ),
        actions=(FixKind.CLOSE,),
        approval="peer",
        closes_by="The check that raised it no longer finds it.",
        closes_itself=True,
        close_reasons=(("nothing_waits", "Checked: nothing waits for this exception"),),
        value_note="As the check that raised it computed it",
        requirements=("R112",),
    )


CATALOGUE: Mapping[str, Entry] = collect(_discovered())
