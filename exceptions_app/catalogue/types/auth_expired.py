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
        Step("Have the owner of the system issue new ones."),
        Step("Put them where the connection reads its secrets.", link="connection"),
        Step("Run the connection check, then resume the connection.", link="connection"),
    ),
    approval="none",
    closes_by="A harmless call to {connection} was accepted.",
    closes_itself=True,
    value_note="Sum of what waits for the connection",
    requirements=("R135",),
)
