import pytest

from connectors.returngo import transitions

STATUSES = ("Pending", "LabelCreated", "Shipped", "Canceled", "Received", "Validated")
ALLOWED = {
    "Pending": {"LabelCreated", "Shipped", "Received", "Canceled", "Validated"},
    "LabelCreated": {"Shipped", "Received", "Canceled", "Validated"},
    "Shipped": {"Received", "Canceled", "Validated"},
    "Canceled": {"Received", "Validated"},
    "Received": {"Validated"},
    "Validated": set(),
}


@pytest.mark.parametrize("current", STATUSES)
def test_exactly_the_documented_moves_are_allowed(current):
    allowed = {
        target for target in STATUSES if transitions.is_allowed(current=current, target=target)
    }

    assert allowed == ALLOWED[current]


def test_an_unknown_status_moves_nowhere():
    assert not transitions.is_allowed(current="Lost", target="Received")
    assert not transitions.is_allowed(current="Shipped", target="Lost")
