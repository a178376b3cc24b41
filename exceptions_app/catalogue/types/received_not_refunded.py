"""Goods are back and the refund was not started."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="RECEIVED_NOT_REFUNDED",
    family="money",
    title="The goods of return {rma} are back and not refunded",
    group_title="Goods are back and not refunded",
    short="received and not refunded",
    team=Team.CX,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=16,
    sentence=(
        "Every unit of return {rma} was accepted by {since}. {platform} shows no refund after"
        " {limit}."
    ),
    consequence="The customer has sent everything back and waits for {value}.",
    playbook=(
        Step("Open the return in {platform} and start the refund.", link="return"),
        Step("If the customer gets goods or store credit instead, record that in {platform}."),
        Step("Tell the customer when the money will come."),
        Step("If nothing is owed, close with the reason.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by="{platform} shows a refund for return {rma}.",
    closes_itself=True,
    close_reasons=(
        ("nothing_owed", "Nothing is owed to the customer"),
        ("paid_elsewhere", "Paid by other means"),
    ),
    value_note="Paid for the lines",
    requirements=("R093",),
    policy=("refund_days",),
)
