"""A note of what was booked did not go out."""

from exceptions_app.catalogue.entry import RANK_EXCHANGE, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="NOTIFY_FAILED",
    family="exchange",
    title="The note of return {rma} did not reach {platform}",
    group_title="Notes did not reach {platform}",
    short="note that did not go out",
    team=Team.CX,
    severity=Severity.LOW,
    rank=RANK_EXCHANGE,
    clock_hours=24,
    sentence="What {erp} booked for return {rma} could not be noted in {platform}: {vendor_text}.",
    consequence="Whoever answers the customer in {platform} does not see that it is booked.",
    playbook=(
        Step("Read what {platform} answered.", link="posting"),
        Step("Check that the return can still be changed there.", link="return"),
        Step("Send the note again.", FixKind.RETRY),
    ),
    actions=(FixKind.RETRY,),
    approval="none",
    closes_by="{platform} has the note.",
    closes_itself=True,
    value_note="None: no goods and no money wait for it",
    requirements=("R131",),
    policy=("note_to_platform",),
)
