"""What a profile may say, as one frozen model.

A profile is data: how one way of speaking to one ERP works, operation by operation, each with the
evidence that it is so. Loading checks everything that can be checked without a call.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator
from pydantic import field_validator as check_field

from connectors.profiled import fitting
from connectors.profiled.parts import (
    Environment,
    ErrorRule,
    Idempotency,
    Identity,
    Lookup,
    MoneyRules,
    Operation,
    OperationName,
    Reading,
    Refusal,
    Window,
)
from connectors.profiled.trees import Frozen, Node, check_expression
from connectors.profiled.ways import Auth, Transport


class Profile(Frozen):
    """One way of speaking to one ERP."""

    profile: Identity
    transport: Transport
    auth: Auth
    environment: Environment
    money: MoneyRules
    idempotency: Idempotency
    operations: dict[OperationName, Operation]
    lookups: dict[str, Lookup] = {}
    bodies: dict[str, Node] = {}
    readings: dict[str, Reading] = {}
    labels: dict[str, str] = {}
    # What the ERP's screen asks for first, where a person keys a document; the rest follows.
    keying_order: tuple[str, ...] = ()
    schedule: tuple[Window, ...] = ()
    refusal: Refusal | None = None
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
        if problems := fitting.problems(self):
            raise ValueError("\n".join(problems))
        return self
