"""A write whose reply was lost."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="OUTCOME_UNKNOWN",
    family="integration",
    title="We do not know whether {erp} booked the {kind} of return {rma}",
    group_title="We do not know whether {erp} booked a {kind}",
    short="unknown outcome",
    team=Team.OPERATIONS,
    severity=Severity.CRITICAL,
    rank=RANK_INTEGRATION,
    clock_hours=4,
    sentence=(
        "The {kind} {key} left for {erp}, and the reply was lost. It has not been found since"
        " {since}, and nothing was sent again."
    ),
    consequence=(
        "Nobody can say whether {value} is in {erp}. Later documents of return {rma} wait until"
        " that is known."
    ),
    playbook=(
        Step("Read the attempts: the automatic read-back goes on.", link="posting"),
        Step("Search {erp} for the key {key} by hand."),
        Step("If it is there, link it.", FixKind.LINK_DOCUMENT),
        Step(
            "If {erp} surely does not have it, ask finance to approve sending it under the same"
            " key.",
            FixKind.RETRY,
        ),
    ),
    actions=(FixKind.LINK_DOCUMENT, FixKind.RETRY),
    approval="finance",
    closes_by=(
        "Read-back finds the document equal to ours, or proves that it is absent, or a person"
        " links it."
    ),
    closes_itself=True,
    value_note="Document gross",
    requirements=("L14",),
    policy=("unknown_case_after_minutes",),
)
