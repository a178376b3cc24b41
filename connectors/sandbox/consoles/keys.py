"""The keys of a simulated system as its owner gives them out, and what it makes of calls."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.sandbox.base import Twin
from connectors.sandbox.consoles.room import Act, Values

_REFUSED = (401, 403)
_TOO_MANY = 429
_LIMIT = "daily_limit"


def told(twin: Twin) -> str:
    """What a system that is up makes of the calls that reach it; "" while it takes them."""
    if twin.switches.get(_LIMIT) == 0 or twin.last_status == _TOO_MANY:
        return "Turning calls away (429): the calls it allows a day are used up"
    if twin.last_status in _REFUSED:
        return f"Refusing the key it was last called with ({twin.last_status})"
    return ""


def acts(twin: Twin) -> Sequence[Act]:
    """Giving out a key, where it has one, and lifting a limit, where one is in force."""
    shown = {name: each for name, each in twin.credentials().items() if "\n" not in each}
    found = [_issue(twin, shown)] if shown else []
    if _LIMIT in twin.switches and twin.switches[_LIMIT] != twin.default_switches.get(_LIMIT):
        found.append(_lift(twin))
    return found


def _issue(twin: Twin, shown: dict[str, str]) -> Act:
    def carry(_values: Values) -> str:
        if twin.switches["availability"] == "refusing":
            twin.set_switches({"availability": "up"})
        told = "; ".join(f"{name} is {each}" for name, each in shown.items())
        return f"Issued, and taken from now on: {told}. Enter it in the form of the connection."

    note = "A simulation has one key for good: it is shown again, and no other works."
    return Act(code="key", label="Issue a new key", note=note, carry=carry)


def _lift(twin: Twin) -> Act:
    def carry(_values: Values) -> str:
        usual = twin.default_switches[_LIMIT]
        twin.set_switches({_LIMIT: usual})
        twin.last_status = 0
        return f"It allows {usual:,} calls a day again."

    return Act(code="limit", label="Allow the usual number of calls again", carry=carry)
