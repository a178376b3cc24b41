"""Which exception of a return must be solved first, and which wait for it (decision 0024).

A missing mapping holds back the receipt, the receipt the credit: whoever looks at the credit
meanwhile can do nothing that leaves. What a finding holds back is its own word (`blocks`), or the
document it is about and those behind it; an exception waits for one whose turn comes earlier and
that holds back all it is about itself. Two of the same turn never wait for each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.catalogue import order
from exceptions_app.rules.facts import Finding

_POSTING = "posting:"


def first(findings: Sequence[Finding]) -> Mapping[int, int]:
    """By place in `findings` the place of the one it waits for; those that wait for none left out.

    Of several the one whose turn is first, then the first found: who waits is told what can be
    done now, so none of those waited for waits itself.
    """
    turns = [_turn(row) for row in findings]
    waits: dict[int, int] = {}
    for place in sorted(range(len(findings)), key=lambda each: (turns[each], each)):
        about = _about(findings[place])
        before = next(
            (
                other
                for other in sorted(range(len(findings)), key=lambda each: (turns[each], each))
                if turns[other] < turns[place]
                and other not in waits
                and about
                and about <= _held(findings[other])
            ),
            None,
        )
        if before is not None:
            waits[place] = before
    return waits


def _document(row: Finding) -> frozenset[str]:
    """The kind of the document a finding is about, if it is about one."""
    if not row.subject.startswith(_POSTING):
        return frozenset()
    return frozenset({row.subject.removeprefix(_POSTING).partition(":")[0]})


def _about(row: Finding) -> frozenset[str]:
    """The documents that wait for a finding, or that it waits for itself."""
    return order.CLOSED_BY.get(row.type) or _document(row) or row.blocks


def _held(row: Finding) -> frozenset[str]:
    """All documents that cannot leave while it is open."""
    document = _document(row)
    behind = frozenset(kind for own in document for kind in order.AFTER.get(own, ()))
    return row.blocks | document | behind


def _turn(row: Finding) -> int:
    return order.step(catalogue_entry(row.type).rank, _document(row))
