"""The replacement order has a wrong type or value."""

from exceptions_app.catalogue.entry import RANK_EXCHANGE, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="EXCHANGE_FLAGS",
    family="exchange",
    title="The exchange order of return {rma} is not marked as one",
    group_title="Exchange orders are not marked as such",
    short="exchange order with a wrong type",
    team=Team.FINANCE,
    severity=Severity.MEDIUM,
    rank=RANK_EXCHANGE,
    clock_hours=16,
    sentence=(
        "The replacement order {number} of return {rma} reads {got} in {erp}; it should read"
        " {expected}."
    ),
    consequence="It counts as a sale, and revenue is reported twice.",
    playbook=(
        Step("Open the replacement order in {erp}."),
        Step("Correct its type and its value before it is released."),
        Step("If it was invoiced, ask finance to reverse the invoice."),
    ),
    approval="finance",
    closes_by="Type and value are right.",
    closes_itself=True,
    value_note="Reported revenue",
    requirements=(
        "R067",
        "R069",
    ),
    waits_for="replacement orders read from the ERP",
)
