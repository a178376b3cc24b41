"""A refund was paid in a way that has no payment method in the ERP."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="TENDER_UNMAPPED",
    family="money",
    title="“{component}” has no payment method in {erp}",
    group_title="“{component}” has no payment method in {erp}",
    short="unmapped means of payment",
    team=Team.FINANCE,
    severity=Severity.MEDIUM,
    rank=RANK_MONEY,
    clock_hours=24,
    sentence=(
        "The refund of {refund} for return {rma} was paid by “{component}”. No active mapping gives"
        " it a payment method of {erp}."
    ),
    consequence=(
        "The credit leaves, and the payment of {value} is not entered against it. The customer's"
        " account in {erp} stays open by that amount."
    ),
    playbook=(
        Step("Read how the refund was paid.", link="return"),
        Step("Find the payment method of {erp} that its money leaves from."),
        Step("Map the means of payment to its code.", FixKind.FEE),
        Step("Check the preview: it lists every refund that is recorded then."),
    ),
    actions=(FixKind.FEE,),
    approval="finance",
    closes_by="An active mapping gives “{component}” a payment method of {erp}.",
    closes_itself=True,
    value_note="The part of the refund paid so",
    requirements=("R057",),
)
