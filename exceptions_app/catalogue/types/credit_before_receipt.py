"""A credit left before the goods came, and the policy is goods first."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="CREDIT_BEFORE_RECEIPT",
    family="money",
    title="Credit {number} left before the goods of return {rma} came",
    group_title="Credits left before the goods came",
    short="credit before the goods",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=24,
    sentence=(
        "Credit {number} of return {rma} over {credit} left on {since}. The goods are not here,"
        " and this bridge credits after the goods."
    ),
    consequence="The ledger has paid for goods that may never come.",
    playbook=(
        Step("Check where the parcel is.", link="return"),
        Step("Read what made the credit leave.", link="postings"),
        Step("If the goods will not come, reverse the credit in {erp}, then close.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by="The goods are received.",
    closes_itself=True,
    close_reasons=(
        ("reversed", "The credit was reversed"),
        ("goodwill", "Credited without goods on purpose"),
    ),
    value_note="Credit gross",
    requirements=(
        "R019",
        "R020",
    ),
    policy=("credit_trigger",),
)
