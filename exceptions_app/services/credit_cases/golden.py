"""Golden cases: figures others published, held against our own rules.

A case says what its source expects and how our method relates to it: the same figures ("match"),
the same sum in other documents ("same_total"), or another policy ("differs"). For the last two
ours must be `cumulative_remainder_result`; where the source's policy is one an ERP can have, its
own figures must come out under it too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from exceptions_app.errors import InvalidCase
from exceptions_app.services.credit_cases import kinds
from exceptions_app.services.credit_cases.reading import Node


def results(document: Any) -> Iterator[dict[str, Any]]:
    """One `{"id", "pass", "got"}` for each case, in the order of the file.

    A case that cannot be computed fails with the place and the reason as what was got.

    Raises:
        InvalidCase: the document is not a list of cases.
    """
    if not isinstance(document, dict):
        raise InvalidCase("", 'The file must hold an object with a list "cases".')
    for case in Node(document).nodes("cases"):
        yield _result(case)


def _result(case: Node) -> dict[str, Any]:
    try:
        got = kinds.solve(case)
        policy = case.text("source_policy", "")
        theirs = kinds.solve_as(case, policy) if policy else None
    except InvalidCase as error:
        return {"id": case.value.get("id"), "pass": False, "got": {"error": str(error)}}
    return {"id": case.value.get("id"), "pass": _passes(case, got, theirs), "got": got}


def _passes(case: Node, got: kinds.Figures, theirs: kinds.Figures | None) -> bool:
    expected = case.value.get("expected")
    if case.value.get("outcome", "match") == "match":
        return _agrees(expected, got)
    ours = case.value.get("cumulative_remainder_result")
    found = got.get("memos") if isinstance(ours, list) else got
    return _agrees(ours, found) and (theirs is None or _agrees(expected, theirs))


def _agrees(expected: Any, got: Any) -> bool:
    """Whether everything that is expected was got; fields not named are not asserted."""
    if isinstance(expected, Mapping):
        return isinstance(got, Mapping) and _fields_agree(expected, got)
    if isinstance(expected, Sequence) and not isinstance(expected, str):
        return isinstance(got, Sequence) and _rows_agree(expected, got)
    return bool(expected == got)


def _fields_agree(expected: Mapping[str, Any], got: Mapping[str, Any]) -> bool:
    fields = {name: value for name, value in expected.items() if name != "order_matters"}
    if expected.get("order_matters", True) is False and isinstance(fields.get("shares"), list):
        fields["shares"] = sorted(fields["shares"], key=str)
        got = {**got, "shares": sorted(got.get("shares", ()), key=str)}
    return all(name in got and _agrees(value, got[name]) for name, value in fields.items())


def _rows_agree(expected: Sequence[Any], got: Sequence[Any]) -> bool:
    """Documents and lines are found by what names them, anything else by its place."""
    for name in ("seq", "ref"):
        if expected and all(isinstance(row, Mapping) and name in row for row in expected):
            by_name = {str(row.get(name)): row for row in got if isinstance(row, Mapping)}
            return all(_agrees(row, by_name.get(str(row[name]))) for row in expected)
    return len(expected) == len(got) and all(map(_agrees, expected, got))
