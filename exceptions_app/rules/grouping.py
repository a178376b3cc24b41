"""Where an exception stands among causes, after what people merged and split (decision 0021).

A finding names its own cause. Each thing a person changed about grouping is an edge from one cause
to another: a merge takes all that stands in it along, a split only what has a fact of a value. The
place of an exception is a function of its own cause, its facts and the edges in force, so taking
an edge back puts everything where it would have been without it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Edge:
    """From cause `source` to cause `target`; a split where it names a `fact`, else a merge.

    Edges of one source are in the order they were made.
    """

    source: int
    target: int
    fact: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Leaf:
    """The cause that exceptions with all of `must` and none of `never` stand in."""

    target: int
    must: tuple[tuple[str, str], ...] = ()
    never: tuple[tuple[str, str], ...] = ()


def place(own: int, edges: Sequence[Edge], facts: Mapping[str, object]) -> int:
    """The cause in which an exception with this own cause and these facts stands."""
    for edge in _out(own, edges):
        if not edge.fact or facts.get(edge.fact) == edge.value:
            return place(edge.target, edges, facts)
    return own


def leaves(own: int, edges: Sequence[Edge]) -> Iterator[Leaf]:
    """All places that exceptions of this own cause may have; no two of them hold the same one."""
    yield from _leaves(own, edges, (), ())


def _leaves(
    own: int,
    edges: Sequence[Edge],
    must: tuple[tuple[str, str], ...],
    never: tuple[tuple[str, str], ...],
) -> Iterator[Leaf]:
    for edge in _out(own, edges):
        if not edge.fact:
            yield from _leaves(edge.target, edges, must, never)
            return
        said = (edge.fact, edge.value)
        yield from _leaves(edge.target, edges, (*must, said), never)
        never = (*never, said)
    yield Leaf(own, must, never)


def _out(source: int, edges: Sequence[Edge]) -> list[Edge]:
    """Splits before the merge: who merges a cause means what is left in it."""
    return sorted((edge for edge in edges if edge.source == source), key=lambda each: not each.fact)


def leading_to(cause: int, edges: Collection[Edge]) -> frozenset[int]:
    """`cause` and every cause from which edges lead to it."""
    found = {cause}
    while more := {edge.source for edge in edges if edge.target in found} - found:
        found |= more
    return frozenset(found)


def would_circle(edge: Edge, edges: Collection[Edge]) -> bool:
    """Whether with `edge` an exception would never come to stand anywhere."""
    return edge.target in leading_to(edge.source, edges)
