"""A document missed the ERP's window and waits for the next."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="ERP_BATCH_WAIT",
    family="integration",
    title="The {kind} of return {rma} missed a window of {erp}",
    group_title="The {kind} missed a window of {erp}",
    short="document that missed its window",
    team=Team.OPERATIONS,
    severity=Severity.INFO,
    rank=RANK_INTEGRATION,
    clock_hours=24,
    sentence=(
        "The {kind} of return {rma} was planned, and the window of {erp} that opened on {since}"
        " passed without it. It waits for the next one."
    ),
    consequence="{value} is booked later than planned. Nothing is lost.",
    playbook=(
        Step("Check whether workers and {erp} were running in that window.", link="connection"),
        Step("Read what the document waits for.", link="posting"),
        Step("Check that the window is long enough for what waits.", link="postings"),
    ),
    approval="none",
    closes_by="The document left in a window.",
    closes_itself=True,
    value_note="Document gross",
    requirements=(
        "R010",
        "R013",
        "R024",
    ),
    is_waiting_type=True,
    policy=("schedule",),
)
