"""A system that refuses our credentials."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="AUTH_EXPIRED",
    family="integration",
    title="{connection} refuses our credentials",
    group_title="{connection} refuses our credentials",
    short="refused credentials",
    team=Team.OPERATIONS,
    severity=Severity.HIGH,
    rank=RANK_INTEGRATION,
    clock_hours=4,
    sentence=(
        "{connection} no longer accepts who we are: {reason}. The connection is paused, so that"
        " the account is not locked."
    ),
    consequence=(
        "Waiting for {connection}: {waiting}. No return moves on in that system until the"
        " credentials are renewed."
    ),
    playbook=(
        Step("Check whether the credentials expired, were changed, or lost a right."),
        Step("Have the owner of {connection} issue new ones."),
        Step(
            "Enter them in the form of the connection, and say why: what is left empty there stays"
            " as it is.",
            link="keys",
        ),
        Step(
            "Press “Check now” there. Once the new ones are accepted, everything goes on by itself:"
            " “Let the next call through” is not needed.",
            link="own_connection",
        ),
    ),
    approval="none",
    closes_by="A harmless call to {connection} was accepted.",
    closes_itself=True,
    value_note="Sum of what waits for the connection",
    requirements=("R135",),
)
