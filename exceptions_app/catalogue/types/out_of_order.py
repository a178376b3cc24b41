"""A message that came before the one it builds on. Late, not wrong."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="OUT_OF_ORDER",
    family="integration",
    title="A message about return {rma} came too early",
    group_title="{platform} sends {event} before {needs}",
    short="message out of order",
    team=Team.OPERATIONS,
    severity=Severity.LOW,
    rank=RANK_INTEGRATION,
    clock_hours=24,
    is_waiting_type=True,
    sentence=(
        "{platform} sent {event} for return {rma}. It builds on {needs}, which has not arrived."
    ),
    consequence=(
        "The message waits and is applied in the right order. CX sees the return as it was before"
        " it."
    ),
    playbook=(
        Step("Look at the messages of this return in the order they came.", link="return"),
        Step("Check in {platform} whether {needs} happened.", link="earlier"),
        Step("If it did, press “Handle it again” on the message.", link="inbox"),
        Step(
            "If it never will, close with that reason. The message still waits and is tried by"
            " itself, should the earlier one come after all.",
            FixKind.CLOSE,
        ),
    ),
    actions=(FixKind.CLOSE,),
    approval="none",
    closes_by="{needs} arrived, and both messages were applied in order.",
    closes_itself=True,
    close_reasons=(("earlier_never_comes", "The earlier event did not happen in the platform"),),
    value_note="Refund gross",
    requirements=("R022",),
)
