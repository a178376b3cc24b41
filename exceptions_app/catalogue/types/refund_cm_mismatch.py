"""A refund and its credit that differ by more than the tolerance."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="REFUND_CM_MISMATCH",
    family="money",
    title="Refund and credit of return {rma} differ by {difference}",
    group_title="Refund and credit memo differ: {why}",
    short="refund and credit that differ",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=24,
    sentence=(
        "{platform} refunded {refund}, and the credit for {erp} comes to {credit}: {difference}"
        " between them, above the tolerance."
    ),
    consequence=(
        "The books and the money paid do not agree. The period cannot close cleanly until the"
        " difference is corrected or accepted."
    ),
    playbook=(
        Step(
            "Read why they differ: every cause is named with its amount, and they sum to"
            " {difference}.",
            link="causes",
        ),
        Step(
            "Ask whether the difference is a policy or a mistake, and who decided it.",
            ask=Team.CX,
            question=(
                "Refund and credit of return {rma} differ by {difference}. Is that a policy or a "
                "mistake, and who decided it?"
            ),
        ),
        Step("If the refund was right, correct the credit.", FixKind.CORRECT_CREDIT),
        Step(
            "If the credit was right, accept the difference with a reason, or claim it back first.",
            FixKind.ACCEPT_DIFFERENCE,
        ),
        Step(
            "If the same cause shows on other returns, settle it at its source, or all of them at"
            " once under Finance, Refund and credit.",
            link="group",
        ),
    ),
    actions=(FixKind.ACCEPT_DIFFERENCE, FixKind.CORRECT_CREDIT),
    approval="finance",
    closes_by=(
        "Refund and credits agree within the tolerance, or finance accepted exactly this"
        " difference."
    ),
    closes_itself=True,
    value_note="The difference (refund − credit); the gross while the period closes",
    requirements=("R008", "R009", "R051", "R086", "R099", "R100", "R122", "R123"),
    policy=("tolerance", "tolerance_percent", "tolerance_causes"),
)
