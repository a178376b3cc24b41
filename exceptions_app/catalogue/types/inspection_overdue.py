"""Goods were received and nobody has graded them."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="INSPECTION_OVERDUE",
    family="stock",
    title="Return {rma} waits for its grade",
    group_title="Received goods wait for their grade",
    short="inspection that is overdue",
    team=Team.WAREHOUSE,
    severity=Severity.MEDIUM,
    rank=RANK_STOCK,
    clock_hours=16,
    sentence="{units} units of return {rma} were received by {since}. No grade came after {limit}.",
    consequence="The customer waits, and neither stock nor credit can follow.",
    playbook=(
        Step("Find the goods by the number of the return.", link="return"),
        Step("Inspect them and record the grade in {platform}."),
        Step("If they were graded, check that {platform} kept the grade.", link="return"),
    ),
    approval="none",
    closes_by="{platform} tells a final disposition for every unit.",
    closes_itself=True,
    value_note="Paid for the units",
    requirements=(
        "R016",
        "R078",
        "R083",
        "R121",
    ),
    is_waiting_type=True,
    policy=("inspection_hours",),
)
