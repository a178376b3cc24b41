"""A credit is booked and the customer was not paid."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="CM_NO_REFUND",
    family="money",
    title="Credit {number} of return {rma} has no refund",
    group_title="Credits were booked without a refund",
    short="credit without a refund",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=16,
    sentence=(
        "{erp} booked credit {number} over {credit} on {since}. {platform} shows no confirmed"
        " refund after {limit}."
    ),
    consequence="The ledger says that the customer was paid, and they were not.",
    playbook=(
        Step("Read the refund of the return.", link="return"),
        Step(
            "If it failed, ask CX to pay it again in {platform}.",
            ask=Team.CX,
            question=(
                "Return {rma} was credited, but no refund was paid. Please pay it in {platform}, "
                "or say why not."
            ),
        ),
        Step("If the customer keeps it on account, close with that reason.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by="{platform} confirms the refund.",
    closes_itself=True,
    close_reasons=(
        ("on_account", "Kept on the customer’s account"),
        ("paid_elsewhere", "Paid by other means"),
        ("reversed", "The credit was reversed"),
    ),
    value_note="Credit gross",
    requirements=("R018",),
    policy=("credit_trigger", "refund_days"),
)
