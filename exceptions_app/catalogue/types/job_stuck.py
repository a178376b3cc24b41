"""Work that began and never ended."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="JOB_STUCK",
    family="integration",
    title="Work on the {kind} of return {rma} began and did not end",
    group_title="Work on a {kind} began and did not end",
    short="stuck work",
    team=Team.OPERATIONS,
    severity=Severity.MEDIUM,
    rank=RANK_INTEGRATION,
    clock_hours=4,
    sentence=(
        "Sending the {kind} {key} to {erp} began on {since} and did not end: nobody knows whether"
        " it arrived. Tries so far: {attempts}."
    ),
    consequence=(
        "Return {rma} does not move on. If the worker stopped during the call, {erp} may have"
        " booked the document."
    ),
    playbook=(
        Step("Read the attempts and see whether the call had left.", link="posting"),
        Step("Check that workers are running.", link="connection"),
        Step(
            "If {erp} shows the document, link it under the number it has there.",
            FixKind.LINK_DOCUMENT,
            needs_erp=True,
        ),
        Step(
            "If the call had not left, send it again. It is looked for once more before.",
            FixKind.RETRY,
            needs_erp=True,
        ),
    ),
    actions=(FixKind.RETRY, FixKind.LINK_DOCUMENT),
    approval="none",
    closes_by="The work was taken up again, and its outcome was checked in {erp} first.",
    closes_itself=True,
    value_note="Document gross",
    requirements=("R103",),
)
