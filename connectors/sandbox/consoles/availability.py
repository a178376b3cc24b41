"""How a simulated system answers as a whole: a switch of every twin, set on its console."""

from __future__ import annotations

from connectors.sandbox.base import AVAILABILITY, Twin
from connectors.sandbox.consoles import keys
from connectors.sandbox.consoles.room import Act, Field, Values

_WORDS = {
    "up": "Answering",
    "slow": "Slow: every call takes 8 seconds",
    "down": "Down: connections close without an answer",
    "maintenance": "Maintenance: every call is answered 503",
    "refusing": "Refusing the key: every call is answered 401",
}


def told(twin: Twin) -> str:
    """How `twin` answers, in words."""
    if twin.faults.is_active:
        return "Faults are set through the control address"
    return (keys.told(twin) if _of(twin) == "up" else "") or _WORDS[_of(twin)]


def act(twin: Twin) -> Act:
    """Change how `twin` answers; faults set through the control address end with it."""

    def carry(values: Values) -> str:
        twin.faults.set(())
        twin.set_switches({"availability": values["availability"]})
        twin.last_status = 0
        return f"Now: {_WORDS[values['availability']]}."

    field = Field(
        name="availability",
        label="How it answers",
        kind="choice",
        value=_of(twin),
        choices=tuple((code, _WORDS[code]) for code in AVAILABILITY),
    )
    return Act(code="availability", label="Change how it answers", fields=(field,), carry=carry)


def _of(twin: Twin) -> str:
    value = str(twin.switches["availability"])
    return value if value in _WORDS else "up"
