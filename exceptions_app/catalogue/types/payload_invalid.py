"""A message that cannot be read."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="PAYLOAD_INVALID",
    family="integration",
    title="A message of {platform} cannot be read",
    group_title="{platform} sends {field} in a form we cannot read",
    short="unreadable message",
    team=Team.OPERATIONS,
    severity=Severity.MEDIUM,
    rank=RANK_INTEGRATION,
    clock_hours=8,
    sentence=(
        "In the message {event} of {platform}, {field} should be {expected} and is {got}. The"
        " message is kept as it came."
    ),
    consequence=(
        "What it says about return {rma} is not applied, so the return may be behind on every"
        " screen."
    ),
    playbook=(
        Step("Read the message as it was received.", link="inbox"),
        Step(
            "Correct {field} of return {rma} in {platform}. It then sends a new message, and that"
            " closes this by itself."
        ),
        Step(
            "If nobody can change it there, send the text under “For the support of {platform}”"
            " to them.",
            link="support",
        ),
        Step(
            "If the message was sound and Returnsbridge was corrected, handle it again on its"
            " page.",
            link="inbox",
        ),
        Step(
            "If {platform} confirms that the message means nothing, close with that reason. Its"
            " messages are then given up.",
            FixKind.CLOSE,
        ),
    ),
    actions=(FixKind.CLOSE,),
    approval="peer",
    closes_by="A later message about the same return was read, or this one was handled again.",
    closes_itself=True,
    close_reasons=(("void_message", "The sender confirmed that the message is void"),),
    value_note="Not known from the message; estimated from the order",
    requirements=("R108",),
)
