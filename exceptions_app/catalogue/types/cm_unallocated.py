"""A credit is booked and not applied to its invoice."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="CM_UNALLOCATED",
    family="money",
    title="Credit {number} of return {rma} is not applied",
    group_title="Credits are not applied to their invoices",
    short="credit that is not applied",
    team=Team.FINANCE,
    severity=Severity.MEDIUM,
    rank=RANK_MONEY,
    clock_hours=40,
    sentence=(
        "Credit {number} of return {rma} is booked in {erp} since {since}. Its balance of {credit}"
        " is still open."
    ),
    consequence=(
        "The customer’s account shows {value} that is not theirs, and the invoice stays open."
    ),
    playbook=(
        Step("Open the credit in {erp} and read its balance."),
        Step("Apply it to the invoice of order {order}, and to no other.", link="order"),
        Step("It is read again every hour: this closes once nothing is open."),
    ),
    approval="finance",
    closes_by="The credit has no open balance.",
    closes_itself=True,
    value_note="Open balance",
    requirements=("R057",),
)
