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
    sentence=(
        "{platform} lists {expected} as changed since {since}. Of these, {got} came here; what is"
        " missing is read at once."
    ),
    consequence=(
        "Returns in the gap stood still: no receipt, no credit, and CX gave customers an old"
        " status."
    ),
    playbook=(
        Step("Look whether the regular read stopped in that time.", link="connection"),
        Step("Check in {platform} whether its webhooks were switched off or changed."),
        Step("See in the inbox what was read again.", link="inbox"),
        Step("The lists are compared every hour. This closes when they agree."),
    ),
    approval="none",
    closes_by="Of every return that {platform} lists as changed, a message came.",
    closes_itself=True,
    value_note="Refunds of the returns in the gap, as far as they are known",
    requirements=("R092", "R105"),
)
