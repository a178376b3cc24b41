"""Messages that the platform counts and we never got."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="EVENT_GAP",
    family="integration",
    title="Messages of {platform} are missing",
    group_title="Messages of {platform} are missing",
    short="missing messages",
    team=Team.OPERATIONS,
    severity=Severity.HIGH,
    rank=RANK_INTEGRATION,
    clock_hours=4,
    sentence="{platform} lists {expected} changes since {since}, and {got} of them are here.",
    consequence=(
        "Returns in the gap stand still: no receipt, no credit, and CX gives customers an old"
        " status."
    ),
    playbook=(
        Step("Read when the gap begins and ends.", link="connection"),
        Step(
            "Check whether the webhook or the regular read stopped in that time.", link="connection"
        ),
        Step("Read the window again from {platform}.", link="inbox"),
        Step("Compare the counts. This closes when they agree."),
    ),
    approval="none",
    closes_by="Our count for the window equals the list of {platform}.",
    closes_itself=True,
    value_note="Sum over the returns in the gap",
    requirements=("R092", "R105"),
    waits_for="the platform’s own list of what it sent",
)
