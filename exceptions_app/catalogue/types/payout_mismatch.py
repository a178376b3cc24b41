"""The payout report and the credits of a day do not agree."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="PAYOUT_MISMATCH",
    family="money",
    title="A payout of {platform} differs from the credits by {difference}",
    group_title="Payouts differ from the credits",
    short="payout that differs",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=24,
    sentence="A payout reports refunds of {refund}. The credits of that day come to {credit}.",
    consequence="The bank and the ledger differ by {difference}.",
    playbook=(
        Step("Open the lines of the payout."),
        Step("Match them with the credits, several to one where needed.", link="postings"),
        Step("Book the fees of the gateway in {erp}."),
    ),
    approval="finance",
    closes_by="The lines of the payout match the credits exactly.",
    closes_itself=True,
    value_note="The difference",
    requirements=(
        "R097",
        "R099",
    ),
    waits_for="payout reports of the payment gateways",
)
