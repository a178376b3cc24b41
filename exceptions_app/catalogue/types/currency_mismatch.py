"""The refund is in another currency than order and credit."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="CURRENCY_MISMATCH",
    family="money",
    title="The refund of return {rma} is in {got}, the credit in {currency}",
    group_title="Refunds are in another currency than their credits",
    short="refund in another currency",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=16,
    sentence=(
        "{platform} refunded return {rma} in {got}. Order {order} and its credit of {credit} are"
        " in {currency}. Neither is converted here."
    ),
    consequence="Nobody can say whether the two agree, so the credit waits.",
    playbook=(
        Step("Read the refund and its rate in {platform}.", link="return"),
        Step("Convert it at the order’s own rate."),
        Step("If the credit should change by the rate, correct it.", FixKind.CORRECT_CREDIT),
        Step("If it agrees, accept the difference with a reason.", FixKind.ACCEPT_DIFFERENCE),
    ),
    actions=(
        FixKind.CORRECT_CREDIT,
        FixKind.ACCEPT_DIFFERENCE,
    ),
    approval="finance",
    closes_by="Refund and credit are in one currency, or finance accepted the difference.",
    closes_itself=True,
    value_note="Credit gross",
    requirements=("L18",),
)
