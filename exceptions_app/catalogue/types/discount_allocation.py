"""The two systems shared the order's discount out differently."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="DISCOUNT_ALLOCATION",
    family="money",
    title="A discount of return {rma} is shared out differently by {difference}",
    group_title="Discounts are shared out differently",
    short="discount shared out differently",
    team=Team.FINANCE,
    severity=Severity.MEDIUM,
    rank=RANK_MONEY,
    clock_hours=24,
    sentence=(
        "{platform} refunded {refund}; the order’s own share of it is {credit}. How the discount"
        " was shared out is the reason. Refund and credit of return {rma} differ by {difference}."
    ),
    consequence=(
        "The credit of return {rma} waits. Booked as it is, customer and ledger would differ by"
        " {difference}."
    ),
    playbook=(
        Step("Open order {order} and read the discount of each line.", link="order"),
        Step("Read the difference by its parts.", link="return"),
        Step("If the refund is right, correct the credit.", FixKind.CORRECT_CREDIT),
        Step(
            "If the order’s share is right, accept the difference with a reason.",
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
    value_note="Refund less credit",
    requirements=(
        "R050",
        "R058",
        "R060",
    ),
    policy=(
        "tolerance",
        "tolerance_causes",
    ),
)
