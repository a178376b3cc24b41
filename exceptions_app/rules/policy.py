"""A bridge's policy as data, read from what is stored.

What users disagree on is an option here, never a constant; `presets` says where a pair of systems
starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import InvalidOperation

from exceptions_app.rules.facts import Policy
from exceptions_app.rules.policy_options import OPTIONS, Choice, Option
from exceptions_app.rules.policy_values import Value
from exceptions_app.rules.presets import PRESETS, MappingRow, Preset

__all__ = [
    "OPTIONS",
    "PRESETS",
    "Choice",
    "MappingRow",
    "Option",
    "PolicyInvalid",
    "Preset",
    "parse",
]

# What is not allowed is shown back no longer than this.
_SHOWN = 60


class PolicyInvalid(ValueError):
    """The policy cannot be used; `problems` are (option, sentence naming the allowed values)."""

    def __init__(self, problems: tuple[tuple[str, str], ...]) -> None:
        super().__init__("; ".join(text for _, text in problems))
        self.problems = problems


_BY_NAME = {option.name: option for option in OPTIONS}


def parse(raw: Mapping[str, Value]) -> Policy:
    """The policy `raw` describes; what it leaves out keeps the default.

    Raises PolicyInvalid naming every unknown option and every value that is not allowed.
    """
    values: dict[str, Value] = {}
    problems = []
    for name, value in raw.items():
        option = _BY_NAME.get(name)
        if option is None:
            names = ", ".join(_BY_NAME)
            problems.append((name, f"{name} is not an option; there are: {names}"))
            continue
        try:
            values[name] = option.read(value)
        except (ValueError, KeyError, InvalidOperation):
            shown = repr(value)[:_SHOWN]
            problems.append((name, f"{name} cannot be {shown}; allowed: {option.allowed}"))
    if problems:
        raise PolicyInvalid(tuple(problems))
    return Policy(**values)  # type: ignore[arg-type]  # Each reader returns its field's type.
