"""What a query costs in the simulated shop, and the bucket it is paid from.

Documented: a scalar costs nothing, an object 1, a connection by the rows asked for, a mutation
about 10; the bucket and its rate are told in every answer. Invented: how much a row of a connection
costs (a tenth, which fits the one figure known: 250 rows are about 25 points) and that an answer in
the end costs half of what was asked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    value_from_ast_untyped,
)

MUTATION = 10
_PER_ROW = Decimal("0.1")
# What a connection is made of costs nothing beside its rows.
_FREE = frozenset({"nodes", "edges", "pageInfo", "node", "userErrors"})


def cost_of(document: DocumentNode, variables: Mapping[str, Any]) -> int:
    """The requested cost of a document's operations."""
    fragments = {
        each.name.value: each
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    total = Decimal(0)
    for each in document.definitions:
        if isinstance(each, OperationDefinitionNode):
            total += _selection(each.selection_set, variables, fragments)
            total += MUTATION if each.operation.value == "mutation" else 0
    return math.ceil(total)


class Bucket:
    """Points of one app in one shop; refilled by the clock of the calls."""

    def __init__(self) -> None:
        self._left: Decimal | None = None
        self._at: datetime | None = None
        self._size = 0

    def left(self, *, now: datetime, size: int, rate: int) -> Decimal:
        """What is there at `now`; the first asking of a bucket of this size finds it full."""
        if self._left is None or self._at is None or size != self._size:
            self._left, self._at, self._size = Decimal(size), now, size
        passed = max((now - self._at).total_seconds(), 0)
        self._left = min(Decimal(size), self._left + Decimal(str(passed)) * rate)
        self._at = now
        return self._left

    def take(self, points: int) -> None:
        assert self._left is not None
        self._left -= points


def _selection(
    selection: SelectionSetNode,
    variables: Mapping[str, Any],
    fragments: Mapping[str, FragmentDefinitionNode],
) -> Decimal:
    total = Decimal(0)
    for each in selection.selections:
        if isinstance(each, FieldNode) and each.selection_set is not None:
            inner = _selection(each.selection_set, variables, fragments)
            total += _field(each, inner, variables)
        elif isinstance(each, InlineFragmentNode):
            total += _selection(each.selection_set, variables, fragments)
        elif isinstance(each, FragmentSpreadNode):
            named = fragments[each.name.value]
            total += _selection(named.selection_set, variables, fragments)
    return total


def _field(node: FieldNode, inner: Decimal, variables: Mapping[str, Any]) -> Decimal:
    if node.name.value in _FREE and not node.arguments:
        return inner
    arguments = {each.name.value: each.value for each in node.arguments or ()}
    size = next((arguments[name] for name in ("first", "last", "ids") if name in arguments), None)
    if size is None:
        return 1 + inner
    asked = value_from_ast_untyped(size, dict(variables))
    count = len(asked) if isinstance(asked, list) else int(asked or 0)
    per_row = Decimal(1) if isinstance(asked, list) else _PER_ROW
    return 2 + (1 + inner) * count * per_row
