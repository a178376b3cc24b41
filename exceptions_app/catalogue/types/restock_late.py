"""Goods that may be sold again wait too long for stock."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="RESTOCK_LATE",
    family="stock",
    title="Saleable goods of return {rma} are not in stock yet ({units})",
    group_title="Saleable goods are not in stock yet",
    short="restock that is late",
    team=Team.WAREHOUSE,
    severity=Severity.HIGH,
    rank=RANK_STOCK,
    clock_hours=8,
    sentence=(
        "{units} units of return {rma} were found fit for sale by {since}. {erp} has no receipt"
        " of them after {limit}."
    ),
    consequence="The goods cannot be sold, and their value of {value} lies idle.",
    playbook=(
        Step("Read what the receipt waits for.", link="postings"),
        Step("Clear the exception of this return that comes first.", link="return"),
        Step(
            "If the goods are in {erp} under another number, link that document from the receipt.",
            link="posting",
        ),
    ),
    approval="none",
    closes_by="{erp} confirmed the receipt of the units.",
    closes_itself=True,
    value_note="Units × what was paid",
    requirements=(
        "R074",
        "R075",
        "R076",
        "R133",
    ),
    is_waiting_type=True,
    policy=("receipt_grace_hours",),
)
