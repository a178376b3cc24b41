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
        "Since {since} nobody knows whether the {kind} {key} reached {erp}: no answer came back."
        " Nothing was sent again."
    ),
    consequence=(
        "Nobody can say whether {value} is in {erp}. Later documents of return {rma} wait until"
        " that is known."
    ),
    playbook=(
        Step(
            "Read whether it was looked for in {erp} already. That goes on by itself, and closes"
            " this.",
            link="posting",
        ),
        Step("If it takes too long, search {erp} for the key {key} by hand.", needs_erp=True),
        Step(
            "Either link it under the number it has there, if it is there.",
            FixKind.LINK_DOCUMENT,
            needs_erp=True,
        ),
        Step(
            "Or ask finance to approve sending it again, if {erp} surely does not have it. It is"
            " looked for once more before, and sent under the same key.",
            FixKind.RETRY,
            needs_erp=True,
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
