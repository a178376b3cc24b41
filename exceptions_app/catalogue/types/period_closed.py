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
    consequence=("{erp} does not take the document, so {value} is in no ledger yet."),
    playbook=(
        Step(
            "See under Choose the posting date which months are closed and when that was read. "
            "Where {erp} does not tell, look there which month is open.",
        ),
        Step(
            "Decide with whoever closes your books whether this return has to count for {period}. "
            "If it has to, go on with step 4.",
        ),
        Step(
            "Choose the posting date, in an open month. It counts for every document of the "
            "return that is dated in {period} and has not left; what was refused is sent again "
            "by itself.",
            FixKind.POSTING_DATE,
        ),
        Step(
            "Or have {period} reopened in {erp}. What {erp} refused is then sent with Send again; "
            "what was only held back leaves by itself, once {erp} tells us so or an admin or a "
            "lead of finance says Month is open again.",
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
