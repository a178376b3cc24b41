"""Messages wait longer than they should."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="BACKLOG",
    family="integration",
    title="Messages of {connection} wait since {since}",
    group_title="Messages of {connection} wait too long",
    short="messages that pile up",
    team=Team.OPERATIONS,
    severity=Severity.MEDIUM,
    rank=RANK_INTEGRATION,
    clock_hours=4,
    sentence="{waiting} of {connection} wait, the oldest since {since}. The limit is {limit}.",
    consequence="What happened to these returns is not known here yet.",
    playbook=(
        Step("Check that the workers are running.", link="connection"),
        Step("Look at the inbox for a message that holds the others up.", link="inbox"),
        Step("Start more workers if they are all busy."),
    ),
    approval="none",
    closes_by="No message waits longer than the limit.",
    closes_itself=True,
    value_note="Not known before the messages are read",
    requirements=("R109",),
)
