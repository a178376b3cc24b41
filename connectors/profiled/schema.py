"""What a profile may say, as one frozen model.

A profile is data: how one way of speaking to one ERP works, operation by operation, each with the
evidence that it is so. Loading checks everything that can be checked without a call.
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic import field_validator as check_field

from connectors import types
from connectors.profiled import targets
from connectors.profiled.parts import (
    CREATES,
    Environment,
    ErrorRule,
    HeaderKey,
    Idempotency,
    Identity,
    Lookup,
    Manual,
    MoneyRules,
    NoAuth,
    Operation,
    OperationName,
    Reading,
    Request,
    RestJson,
    Window,
)
from connectors.profiled.trees import (
    PLACEHOLDER,
    Each,
    Frozen,
    Node,
    ObjectNode,
    Value,
    check_expression,
    values_of,
)

# What a query template may name, per operation.
QUERY_VALUES: dict[OperationName, frozenset[str]] = {
    OperationName.CHANGED_ITEMS: frozenset({"since"}),
    OperationName.FIND_ITEM: frozenset({"sku"}),
    OperationName.FIND_ITEM_BY_BARCODE: frozenset({"sku"}),
    OperationName.FIND_ORDER: frozenset({"number"}),
    OperationName.FIND_DOCUMENT: frozenset({"kind", "keys"}),
}


class Profile(Frozen):
    """One way of speaking to one ERP."""

    profile: Identity
    transport: Annotated[RestJson | Manual, Field(discriminator="kind")]
    auth: Annotated[HeaderKey | NoAuth, Field(discriminator="kind")]
    environment: Environment
    money: MoneyRules
    idempotency: Idempotency
    operations: dict[OperationName, Operation]
    lookups: dict[str, Lookup] = {}
    bodies: dict[str, Node] = {}
    readings: dict[str, Reading] = {}
    labels: dict[str, str] = {}
    schedule: tuple[Window, ...] = ()
    error_texts: tuple[str, ...] = ()
    errors: tuple[ErrorRule, ...] = Field(min_length=1)

    @check_field("error_texts")
    @classmethod
    def _readable(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(check_expression(path) for path in paths)

    @check_field("errors")
    @classmethod
    def _ends_with_unknown(cls, rules: tuple[ErrorRule, ...]) -> tuple[ErrorRule, ...]:
        if rules[-1].outcome != "unknown":
            raise ValueError('the last rule must be { outcome = "unknown" }: nothing falls through')
        if any(rule.outcome == "unknown" for rule in rules[:-1]):
            raise ValueError("only the last rule may be 'unknown': it takes everything")
        return rules

    @model_validator(mode="after")
    def _parts_fit(self) -> Self:
        problems = [
            f"operations.{name}.{problem}"
            for name, operation in self.operations.items()
            for problem in _operation_problems(self, name, operation)
        ]
        problems += _body_problems(self) + _reading_problems(self)
        if problems:
            raise ValueError("; ".join(problems))
        return self


def _operation_problems(profile: Profile, name: OperationName, operation: Operation) -> list[str]:
    if operation.support is not types.OperationSupport.SUPPORTED or operation.request is None:
        return []
    if isinstance(profile.transport, Manual):
        return ["support: the manual transport makes no calls; expected 'manual' or 'unsupported'"]
    problems = _query_problems(profile, name, operation.request)
    if operation.request.body and operation.request.body not in profile.bodies:
        problems.append(f"request.body: no [bodies.{operation.request.body}]")
    if name in CREATES:
        return problems + _create_problems(operation)
    return problems + _read_problems(profile, name, operation)


def _query_problems(profile: Profile, name: OperationName, request: Request) -> list[str]:
    known = QUERY_VALUES.get(name, frozenset())
    problems = [
        f"request.query.{parameter}: no [lookups.{template.lookup}]"
        for parameter, template in request.query.items()
        if template.lookup and template.lookup not in profile.lookups
    ]
    return problems + [
        f"request.query.{parameter}: {{{placeholder}}} is not known here;"
        f" expected one of {sorted(known)}"
        for parameter, template in request.query.items()
        for placeholder, _ in PLACEHOLDER.findall(template.value)
        if placeholder not in known
    ]


def _create_problems(operation: Operation) -> list[str]:
    needs = {
        "success: a create needs a success test": operation.success is None,
        "finality: a create needs 'posted' or 'staged'": operation.finality is None,
        "request.body: a create needs a body": not (operation.request and operation.request.body),
        "request.method: a create cannot be a GET": bool(
            operation.request and operation.request.method == "GET"
        ),
    }
    return [problem for problem, is_missing in needs.items() if is_missing]


def _read_problems(profile: Profile, name: OperationName, operation: Operation) -> list[str]:
    if name is OperationName.CHECK_CONNECTION:
        return [] if operation.success else ["success: the check needs a success test"]
    problems = []
    if operation.request and operation.request.method != "GET":
        problems.append("request.method: a read must be a GET")
    if not operation.rows:
        problems.append("rows: a read needs the path of its rows")
    if name is OperationName.CHANGED_ITEMS and not (operation.paging and operation.watermark):
        problems.append("paging: changed_items needs 'paging' and 'watermark'")
    reading = profile.readings.get(operation.read)
    if reading is None:
        return [*problems, f"read: no [readings.{operation.read}]"]
    if name is OperationName.FIND_ORDER and not reading.lines:
        problems.append(f"read: [readings.{operation.read}] needs the path of its 'lines'")
    return problems + [f"read: {text}" for text in _target_problems(name, reading)]


def _target_problems(name: OperationName, reading: Reading) -> list[str]:
    wanted = targets.TARGETS[name.value]
    problems = targets.problems(wanted.fields, reading.fields, "fields")
    return problems + targets.problems(wanted.line_fields, reading.line_fields, "line_fields")


def _body_problems(profile: Profile) -> list[str]:
    problems = []
    for name, body in profile.bodies.items():
        if not any(value.source == "draft.key" for value in values_of(body)):
            problems.append(f"bodies.{name}: sends no draft.key, so nothing could be found again")
        problems += [f"bodies.{name}: {text}" for text in _line_scope_problems(body)]
        for value in values_of(body):
            if value.lookup and value.lookup not in profile.lookups:
                problems.append(f"bodies.{name}: no [lookups.{value.lookup}]")
            setting = value.source.removeprefix("settings.")
            if setting != value.source and setting not in profile.environment.settings:
                problems.append(f"bodies.{name}: '{setting}' is not in environment.settings")
    return problems


_SCOPE_OF = {"draft.lines": "line", "line.taxes": "tax"}


def _line_scope_problems(
    node: Value | Each | ObjectNode, scopes: frozenset[str] = frozenset({"draft", "settings"})
) -> list[str]:
    """A line's value outside its `each` has no line to come from; nor has a tax without a line."""
    if isinstance(node, Each):
        outer = node.each.partition(".")[0]
        if outer not in scopes:
            return [f"'{node.each}' stands outside 'each'"]
        return _line_scope_problems(node.entry, scopes | {_SCOPE_OF[node.each]})
    if isinstance(node, Value):
        scope = node.source.partition(".")[0]
        return [f"'{node.source}' stands outside 'each'"] if scope and scope not in scopes else []
    return [text for child in node.root.values() for text in _line_scope_problems(child, scopes)]


def _reading_problems(profile: Profile) -> list[str]:
    return [
        f"readings.{name}.{field}: no [lookups.{extract.lookup}]"
        for name, reading in profile.readings.items()
        for field, extract in [*reading.fields.items(), *reading.line_fields.items()]
        if extract.lookup and extract.lookup not in profile.lookups
    ]
