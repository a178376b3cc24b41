"""A customer's VAT setting that no rule covers."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="VAT_SETTING",
    family="money",
    title="VAT setting “{setting}” has no rule",
    group_title="VAT setting “{setting}” has no rule",
    short="undecided VAT setting",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=16,
    sentence=(
        "The customer of order {order} has the VAT setting “{setting}” in {erp}. No rule says how"
        " its prices are read."
    ),
    consequence=(
        "Net and tax of the credit cannot be computed, so no credit for this customer leaves."
    ),
    playbook=(
        Step("Read the customer's record and the original invoice in {erp}.", link="order"),
        Step("Ask tax or accounting what “{setting}” means for a credit."),
        Step(
            "Decide: prices include VAT, exclude VAT, are exempt, or fall under reverse charge.",
            FixKind.VAT,
        ),
        Step("Check the preview: net, tax and gross of every waiting credit."),
    ),
    actions=(FixKind.VAT,),
    approval="finance",
    closes_by="An active rule for “{setting}” is in force.",
    closes_itself=True,
    value_note="Tax of the line",
    requirements=("R054",),
)
