"""A refund came that belongs to no return."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="OFF_PLATFORM_REFUND",
    family="money",
    title="Refund {number} belongs to no return",
    group_title="Refunds of {platform} belong to no return",
    short="refund without a return",
    team=Team.FINANCE,
    severity=Severity.CRITICAL,
    rank=RANK_MONEY,
    clock_hours=8,
    sentence=(
        "{platform} tells of refund {number} over {refund} since {since}. No return is known that"
        " it belongs to."
    ),
    consequence="The money has left, and neither credit nor stock will follow.",
    playbook=(
        Step("Read the message of the refund.", link="inbox"),
        Step("Look for the customer’s order and its returns.", link="return"),
        Step("If there is no return, make one in {platform}. The refund finds it by itself."),
        Step("If no return belongs to it, close with the reason.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by="A return was opened that the refund belongs to.",
    closes_itself=True,
    close_reasons=(
        ("goodwill", "Goodwill without a return"),
        ("booked_by_hand", "Credited in the ERP by hand"),
    ),
    value_note="Refund gross",
    requirements=("R098",),
)
