"""A message that came again."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="DUPLICATE_SIGNAL",
    family="integration",
    title="{platform} sent {event} again",
    group_title="{platform} sends {event} more than once",
    short="repeated message",
    team=Team.OPERATIONS,
    severity=Severity.INFO,
    rank=RANK_INTEGRATION,
    clock_hours=40,
    sentence=(
        "{platform} sent {event} {copies} times, {changed}, first {since}. It was applied once, as"
        " it came first."
    ),
    consequence="Nothing is stopped, and nothing was posted twice.",
    playbook=(
        Step("Look at the copies and their times.", link="inbox"),
        Step(
            "If there are many, check whether {platform} gets our answer in time.",
            link="connection",
        ),
        Step("Check that {platform} has the webhook registered only once."),
        Step(
            "If the copies differ, open in {platform} what they are about. When nothing of it is"
            " missing here, close with that reason.",
            FixKind.CLOSE,
        ),
    ),
    actions=(FixKind.CLOSE,),
    approval="none",
    closes_by="The copies were compared with the first message and set aside.",
    closes_itself=True,
    close_reasons=(("nothing_missing", "Compared in the platform: nothing is missing here"),),
    value_note="None: nothing is at risk",
    requirements=("R012", "R025", "R106"),
)
