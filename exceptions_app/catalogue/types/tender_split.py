"""A part of the order was paid by other means than the refund gives back."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="TENDER_SPLIT",
    family="money",
    title="The means of payment of return {rma} differ by {difference}",
    group_title="Means of payment were split differently",
    short="gift card share that differs",
    team=Team.FINANCE,
    severity=Severity.MEDIUM,
    rank=RANK_MONEY,
    clock_hours=24,
    sentence=(
        "{platform} refunded {refund} for return {rma}; the credit is {credit}. A part of order"
        " {order} was paid by other means, and that is all of the difference of {difference}."
    ),
    consequence="A gift card or store credit is given back in part, or twice.",
    playbook=(
        Step("Open order {order} and read how it was paid.", link="order"),
        Step("Read the difference by its parts.", link="return"),
        Step("If the refund is right, correct the credit.", FixKind.CORRECT_CREDIT),
        Step(
            "If the rest came back by other means, accept the difference with a reason.",
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
    value_note="Share gap",
    requirements=("L18",),
)
