"""Refund and credit differ in the tax of a part of the order, and in nothing else."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="TAX_PRORATA",
    family="money",
    title="The tax of return {rma} differs by {difference}",
    group_title="The tax of refund and credit differs",
    short="tax that is not the order’s share",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=16,
    sentence=(
        "{platform} refunded {refund} for return {rma}; the credit is {credit}. The tax is all of"
        " the difference of {difference}: the credit takes its share of the order’s own tax."
    ),
    consequence=(
        "The credit of return {rma} waits, and a wrong tax would stand in the return of the period."
    ),
    playbook=(
        Step("Open order {order} and read the tax of its lines.", link="order"),
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
    value_note="Tax gap",
    requirements=(
        "R049",
        "R050",
        "R052",
        "R096",
    ),
    policy=(
        "tolerance",
        "tolerance_causes",
    ),
)
