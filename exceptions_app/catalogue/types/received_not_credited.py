"""Goods are back, the policy calls for a credit, and none went out."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="RECEIVED_NOT_CREDITED",
    family="money",
    title="The goods of return {rma} are back and not credited",
    group_title="Goods are back and not credited",
    short="received and not credited",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=16,
    sentence=(
        "The goods of return {rma} were here by {since}. No credit went to {erp} after {limit}."
    ),
    consequence="{value} is owed to the customer and is not in the ledger.",
    playbook=(
        Step("Read what the credit of return {rma} waits for.", link="credit"),
        Step("Start the credit run if it waits for one.", link="postings"),
        Step(
            "Look in {erp} for a credit that was keyed by hand, and link it from the planned one.",
            link="posting",
        ),
    ),
    approval="none",
    closes_by="The credit of return {rma} has left for {erp}. Its read-back is watched for itself.",
    closes_itself=True,
    value_note="Line net and tax",
    requirements=(
        "R042",
        "R064",
        "R087",
        "R090",
        "R094",
        "R115",
        "R126",
        "R134",
    ),
    policy=(
        "credit_trigger",
        "credit_grace_hours",
    ),
)
