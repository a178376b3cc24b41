"""A shipping or return fee is on one side only."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="FEE_MISMATCH",
    family="money",
    title="A fee of return {rma} differs by {difference}",
    group_title="Fees of refund and credit differ",
    short="fee that differs",
    team=Team.FINANCE,
    severity=Severity.MEDIUM,
    rank=RANK_MONEY,
    clock_hours=24,
    sentence=(
        "{platform} refunded {refund} for return {rma}; the credit is {credit}. A fee or shipping"
        " is all of the difference of {difference}."
    ),
    consequence="The credit of return {rma} waits. One side keeps a fee that the other gives back.",
    playbook=(
        Step("Read which fee {platform} kept or gave back.", link="return"),
        Step("Read the difference by its parts.", link="return"),
        Step("If the refund is right, correct the credit.", FixKind.CORRECT_CREDIT),
        Step(
            "If the credit is right, accept the difference with a reason.",
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
    value_note="The fee",
    requirements=("R053",),
    policy=(
        "tolerance",
        "tolerance_causes",
    ),
)
