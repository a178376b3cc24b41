"""A posting date in a period the ERP has closed."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="PERIOD_CLOSED",
    family="money",
    title="{posting_date} is in {period}, which is closed in {erp}",
    group_title="Documents are dated in {period}, which is closed in {erp}",
    short="posting date in a closed period",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=8,
    sentence=(
        "A document of return {rma} is dated {posting_date}. {period} is closed or locked in {erp}."
    ),
    consequence=(
        "{erp} refuses the document, so {value} is missing from the ledger of both periods."
    ),
    playbook=(
        Step("Check in {erp} which period is open."),
        Step("Ask whether this return belongs to the earlier period for reporting."),
        Step(
            "Choose the posting date, in an open period. It counts for every document of the "
            "return that is dated in {period} and has not left; what was refused is sent again.",
            FixKind.POSTING_DATE,
        ),
        Step(
            "If the amount matters for {period}, have the period reopened in {erp} instead, "
            "then send the refused document again.",
            FixKind.RETRY,
        ),
    ),
    actions=(FixKind.POSTING_DATE, FixKind.RETRY),
    approval="finance",
    closes_by="The document has a date in an open period, or {period} is open again.",
    closes_itself=True,
    value_note="Document gross",
    requirements=("R059", "R134"),
)
