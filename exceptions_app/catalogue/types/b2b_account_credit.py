"""An order on account was paid back in money."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="B2B_ACCOUNT_CREDIT",
    family="money",
    title="Return {rma} was paid out, and its order is on account",
    group_title="Orders on account were paid out",
    short="paid out instead of on account",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=8,
    sentence=(
        "Order {order} was bought on account. {platform} refunded {refund} of return {rma} by"
        " {got}."
    ),
    consequence="The customer gets the money and keeps the credit on their account: {value} twice.",
    playbook=(
        Step("Check the terms of the customer on order {order}.", link="order"),
        Step(
            "Ask CX to stop or call back the payment in {platform}.",
            link="return",
            ask=Team.CX,
            question=(
                "Order {order} is on account, yet return {rma} was paid out. Please stop the "
                "payment or call it back in {platform}, or say what was agreed."
            ),
        ),
        Step("If it was agreed, close with that reason.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by="The refund goes to the customer’s account.",
    closes_itself=True,
    close_reasons=(
        ("agreed", "Paid out by agreement"),
        ("called_back", "The payment was called back"),
    ),
    value_note="Refund gross",
    requirements=("R062",),
)
