"""The day on which the customer was promised an end has passed."""

from exceptions_app.catalogue.entry import RANK_EXCHANGE, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="PROMISE_BREACH",
    family="exchange",
    title="The promise for return {rma} is broken",
    group_title="Promises to customers are broken",
    short="broken promise",
    team=Team.CX,
    severity=Severity.HIGH,
    rank=RANK_EXCHANGE,
    clock_hours=8,
    sentence="The customer of return {rma} was promised an end by {since}. It has not ended.",
    consequence="The customer waits longer than they were told, and will ask again.",
    playbook=(
        Step("Clear the exception of this return that comes first.", link="return"),
        Step("Send the customer an honest word about when it ends."),
        Step("Ask the team that holds it up.", link="return"),
    ),
    approval="none",
    closes_by="{platform} shows the refund, or the replacement is released.",
    closes_itself=True,
    value_note="Refund gross",
    requirements=(
        "R040",
        "R119",
        "R132",
    ),
    policy=("promise_days",),
)
