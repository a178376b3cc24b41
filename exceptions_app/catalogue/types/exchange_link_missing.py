"""The replacement order does not name the return and the original order."""

from exceptions_app.catalogue.entry import RANK_EXCHANGE, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="EXCHANGE_LINK_MISSING",
    family="exchange",
    title="The exchange order {number} does not name return {rma}",
    group_title="Exchange orders do not name their returns",
    short="exchange order without its return",
    team=Team.CX,
    severity=Severity.MEDIUM,
    rank=RANK_EXCHANGE,
    clock_hours=16,
    sentence=(
        "The replacement order {number} in {erp} names neither return {rma} nor order {order}."
    ),
    consequence="Nobody who opens it can see why it costs nothing.",
    playbook=(
        Step("Open the replacement order in {erp}."),
        Step("Enter the number of the return and of order {order}.", link="order"),
        Step("Check that both lead back to it.", link="return"),
    ),
    approval="none",
    closes_by="The order names both.",
    closes_itself=True,
    value_note="Order value",
    requirements=(
        "R065",
        "R067",
        "R071",
    ),
    waits_for="replacement orders read from the ERP",
)
