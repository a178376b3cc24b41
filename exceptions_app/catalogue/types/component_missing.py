"""A part of the refund that has no line on the credit."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="COMPONENT_MISSING",
    family="money",
    title="“{component}” of the refund is not mapped to the credit",
    group_title="Refund component “{component}” is not mapped",
    short="unmapped refund component",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=16,
    sentence=(
        "The refund of {refund} contains “{component}”. No active mapping says how {erp} books it."
    ),
    consequence=(
        "The credit would miss {value}, so it does not leave. Finance cannot match the refund of"
        " return {rma}."
    ),
    playbook=(
        Step("Read the components of the refund.", link="return"),
        Step("Decide what it is: shipping, fee, goodwill, discount or adjustment."),
        Step("Map it to the charge code of {erp}.", FixKind.FEE),
        Step("Check the preview: it lists every credit that gets this line."),
    ),
    actions=(FixKind.FEE,),
    approval="finance",
    closes_by=(
        "An active mapping for “{component}” is in force, and the mapped parts add up to the"
        " refund."
    ),
    closes_itself=True,
    value_note="The unmapped part of the refund",
    requirements=("R048",),
)
