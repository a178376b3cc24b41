"""A message to people did not arrive."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="MESSAGE_NOT_SENT",
    family="integration",
    title="Messages to {connection} do not arrive",
    group_title="Messages to {connection} do not arrive",
    short="messages to people that do not arrive",
    team=Team.OPERATIONS,
    severity=Severity.MEDIUM,
    rank=RANK_INTEGRATION,
    clock_hours=8,
    sentence=(
        "It is not certain that the last message to {connection} arrived. The reason: {reason}."
    ),
    consequence=(
        "Whoever reads {connection} does not hear of new exceptions there. They stand in the queue"
        " all the same."
    ),
    playbook=(
        Step("Read what was answered, and which messages it concerns.", link="messages"),
        Step("If the room or the mailbox moved, enter its new address.", link="messages"),
        Step("Send a test message. One that arrives closes this."),
    ),
    approval="none",
    closes_by="A message arrives at {connection}, or the place is switched off.",
    closes_itself=True,
    value_note="None: the exceptions themselves carry the money",
    requirements=("R114",),
)
