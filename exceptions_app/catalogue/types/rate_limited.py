"""A system that asks us to slow down. Late, not wrong."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="RATE_LIMITED",
    family="integration",
    title="{connection} asks us to slow down",
    group_title="{connection} asks us to slow down",
    short="throttled connection",
    team=Team.OPERATIONS,
    severity=Severity.LOW,
    rank=RANK_INTEGRATION,
    clock_hours=8,
    is_waiting_type=True,
    sentence="{connection} has had enough calls for now: {reason}. Calls go on when it allows.",
    consequence="Waiting for {connection}: {waiting}. Not wrong: it leaves later.",
    playbook=(
        Step("Read the calls of the day, by kind.", link="connection"),
        Step("Check whether another program uses the same account."),
        Step(
            "Lower the pace of what is not urgent, such as full reads of the item master.",
            link="connection",
        ),
        Step("If this happens daily, ask the vendor for a larger quota."),
    ),
    approval="none",
    closes_by="{connection} takes calls again and nothing waits past its time.",
    closes_itself=True,
    value_note="Sum of what waits for the connection",
    requirements=("R104", "R109"),
)
