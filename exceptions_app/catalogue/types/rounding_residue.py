"""What was let pass as rounding in this month nears its budget."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="ROUNDING_RESIDUE",
    family="money",
    title="{refund} of differences were let pass in {period}",
    group_title="Differences let pass near their budget",
    short="rounding that adds up",
    team=Team.FINANCE,
    severity=Severity.LOW,
    rank=RANK_MONEY,
    clock_hours=40,
    sentence=(
        "On the bridge {bridge}, differences of {refund} in {currency} were let pass in {period}."
        " The budget of the month is {line_max}."
    ),
    consequence=(
        "Past the budget every further difference stops its credit until someone looks at it."
    ),
    playbook=(
        Step("Look at the differences that were let pass.", link="postings"),
        Step("If they have one cause, ask who can mend it."),
        Step("If they are right, ask an administrator to raise the month’s budget."),
        Step("Close with what was decided.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="none",
    closes_by="The month is over, or its budget was raised.",
    closes_itself=True,
    close_reasons=(("approved", "Finance approved the month’s sum"),),
    value_note="Sum of what was let pass",
    requirements=("L23",),
    policy=("tolerance_budget",),
)
