"""A system that cannot be reached."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="CONNECTION_DOWN",
    family="integration",
    title="{connection} cannot be reached",
    group_title="{connection} cannot be reached",
    short="system out of reach",
    team=Team.OPERATIONS,
    severity=Severity.HIGH,
    rank=RANK_INTEGRATION,
    clock_hours=4,
    sentence=(
        "{connection} did not answer too many calls in a row: {reason}. Calls are paused, and a"
        " probe goes out from time to time."
    ),
    consequence="Waiting for {connection}: {waiting}. Nothing is lost, and nothing is sent twice.",
    playbook=(
        Step("Read the last answers and when they began.", link="connection"),
        Step("Ask the owner of {connection} whether it is under maintenance."),
        Step("Check address, firewall and certificate.", link="keys"),
        Step(
            "Press “Check now” there. The first answer lets the queue drain by itself.",
            link="own_connection",
        ),
    ),
    approval="none",
    closes_by="A probe of {connection} was answered.",
    closes_itself=True,
    value_note="Sum of what waits for the connection",
    requirements=("R103",),
)
