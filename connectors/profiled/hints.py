"""The name that was probably meant, where a profile has one that nobody knows."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, RootModel

_LIKENESS = 0.6


def nearest(name: str, known: Iterable[str]) -> str:
    """` (did you mean '…'?)` for the most like of `known`; "" when none is like it."""
    names = {each.casefold(): each for each in known}
    found = difflib.get_close_matches(name.casefold(), names, n=1, cutoff=_LIKENESS)
    return f" (did you mean '{names[found[0]]}'?)" if found else ""


def keys_at(model: type[BaseModel], steps: Sequence[str]) -> frozenset[str]:
    """The keys that the part of a profile at `steps` may have, whichever kind of part it is."""
    places: list[Any] = [model]
    for step in steps:
        places = [inner for place in places for inner in _inside(place, step)]
    return frozenset(key for place in places for model in _models(place) for key in _keys(model))


def _inside(place: Any, step: str) -> Iterator[Any]:
    """What stands at `step` of a place: of a model, a table, a list, or any of several."""
    if isinstance(place, type) and issubclass(place, RootModel):
        yield from _inside(place.model_fields["root"].annotation, step)
    elif isinstance(place, type) and issubclass(place, BaseModel):
        for name, field in place.model_fields.items():
            if step in (name, field.alias):
                yield field.annotation
    elif getattr(place, "__origin__", None) is dict:
        yield get_args(place)[1]
    elif getattr(place, "__origin__", None) in (tuple, list):
        yield get_args(place)[0]
    else:
        for each in get_args(place):
            yield from _inside(each, step)


def _models(place: Any) -> Iterator[type[BaseModel]]:
    if isinstance(place, type) and issubclass(place, BaseModel):
        yield place
    elif getattr(place, "__origin__", None) not in (dict, tuple, list):
        for each in get_args(place):
            yield from _models(each)


def _keys(model: type[BaseModel]) -> Iterator[str]:
    if issubclass(model, RootModel):
        return
    for name, field in model.model_fields.items():
        yield field.alias or name
