"""The ledger's entry differs from the credit it was made from."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="JOURNAL_MISMATCH",
    family="money",
    title="The journal of credit {number} differs by {difference}",
    group_title="Journals differ from their credits",
    short="journal that differs",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=24,
    sentence=(
        "The journal of credit {number} of return {rma} reads {got} in {erp}. The credit calls"
        " for {expected}."
    ),
    consequence="The ledger is wrong by {difference}, though the credit is right.",
    playbook=(
        Step("Compare the journal with the credit, account by account.", link="postings"),
        Step("Correct the posting profile in {erp}."),
        Step("Reverse the journal in {erp} and post it again."),
    ),
    approval="finance",
    closes_by="The journal equals the credit.",
    closes_itself=False,
    value_note="The difference",
    requirements=(
        "R002",
        "R011",
        "R086",
    ),
    waits_for="journals read from the ERP",
)
