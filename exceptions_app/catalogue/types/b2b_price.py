"""A trade customer was refunded at another price than the agreed one."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="B2B_PRICE",
    family="money",
    title="The price refunded to a trade customer differs by {difference}",
    group_title="Trade customers were refunded at other prices",
    short="price not as agreed",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=16,
    sentence=(
        "{platform} refunded {refund} for return {rma}; at the prices of order {order} it is"
        " {credit}. The order is on account, and the price is all of the difference."
    ),
    consequence="The customer’s agreed price would not be what is credited.",
    playbook=(
        Step("Open order {order} and read the agreed prices.", link="order"),
        Step("Read the difference by its parts.", link="return"),
        Step("If the refund is right, correct the credit.", FixKind.CORRECT_CREDIT),
        Step(
            "If the order’s price is right, accept the difference with a reason.",
            FixKind.ACCEPT_DIFFERENCE,
        ),
    ),
    actions=(
        FixKind.CORRECT_CREDIT,
        FixKind.ACCEPT_DIFFERENCE,
    ),
    approval="finance",
    closes_by="Refund and credit agree, or finance accepted the difference.",
    closes_itself=True,
    value_note="Price gap × units",
    requirements=("R061",),
)
