"""A document the ERP said yes to and does not show as meant."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="SILENT_SUCCESS",
    family="integration",
    title="{erp} said yes to the {kind} of return {rma} and does not show it as sent",
    group_title="{erp} does not show what it said yes to: {kind}",
    short="silent success",
    team=Team.OPERATIONS,
    severity=Severity.CRITICAL,
    rank=RANK_INTEGRATION,
    clock_hours=4,
    sentence=(
        "{erp} answered the {kind} {key} with a yes. On read-back, {field} should be {expected}"
        " and is {got}."
    ),
    consequence=(
        "Every log is green and {value} is wrong or missing in {erp}. Stock or ledger cannot be"
        " relied on for this return."
    ),
    playbook=(
        Step("Compare what was sent with what was read back.", link="posting"),
        Step("Check whether {erp} still processes it, for instance in a batch that runs later."),
        Step("If the document is there under another number, link it.", FixKind.LINK_DOCUMENT),
        Step(
            "If it is absent, ask finance to approve sending it under the same key.", FixKind.RETRY
        ),
        Step("If its values differ, correct the document in {erp}, then read it back."),
    ),
    actions=(FixKind.RETRY, FixKind.LINK_DOCUMENT),
    approval="finance",
    closes_by="Read-back shows the document equal to what was sent.",
    closes_itself=True,
    value_note="Document gross",
    requirements=("R088", "R089", "R110"),
)
