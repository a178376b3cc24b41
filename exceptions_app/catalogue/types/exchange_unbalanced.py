"""The replacement has left and the goods did not come back."""

from exceptions_app.catalogue.entry import RANK_EXCHANGE, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="EXCHANGE_UNBALANCED",
    family="exchange",
    title="The exchange of return {rma} was sent, and its goods did not come back",
    group_title="Exchanges were sent, and the goods did not come back",
    short="exchange with one half missing",
    team=Team.CX,
    severity=Severity.HIGH,
    rank=RANK_EXCHANGE,
    clock_hours=24,
    sentence=(
        "The replacement {number} of return {rma} has left. The goods it stands for were asked"
        " for on {since}, and none of them came in {limit}."
    ),
    consequence="The customer has two articles and paid for one.",
    playbook=(
        Step("Check where the parcel of the return is.", link="return"),
        Step("Ask the customer to send the goods."),
        Step("If they will not come, charge the customer, then close.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by="The goods are received.",
    closes_itself=True,
    close_reasons=(
        ("charged", "Charged to the customer"),
        ("claimed", "Claimed from the carrier"),
        ("written_off", "Not pursued"),
    ),
    value_note="Paid for the lines",
    requirements=(
        "R065",
        "R068",
        "R072",
    ),
    policy=("arrival_days",),
)
