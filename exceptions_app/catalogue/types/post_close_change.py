"""Something changed in a period that is signed off."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="POST_CLOSE_CHANGE",
    family="money",
    title="Return {rma} changed {period}, which is signed off",
    group_title="Something changed in {period} after its sign-off",
    short="change after the close",
    team=Team.FINANCE,
    severity=Severity.CRITICAL,
    rank=RANK_MONEY,
    clock_hours=8,
    sentence="{event} of return {rma} is dated in {period}. That period was signed off.",
    consequence="The signed figures are no longer what the systems say, by {difference}.",
    playbook=(
        Step("Read what changed.", link="return"),
        Step("Ask the controller whether the sign-off is opened again."),
        Step("If not, carry the effect into the open period."),
    ),
    approval="finance",
    closes_by="The sign-off was renewed, or the effect stands in an open period.",
    closes_itself=False,
    value_note="Effect on that period",
    requirements=("L18",),
    waits_for="the sign-off of a month",
)
