"""A document was changed in the ERP after we posted it."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="ERP_EDITED",
    family="money",
    title="The {kind} {number} of return {rma} was changed in {erp}",
    group_title="Documents were changed in {erp}",
    short="document changed in the ERP",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=16,
    sentence=(
        "The {kind} {number} was confirmed equal to ours. {erp} shows it otherwise today: {found}."
    ),
    consequence="Our figures and the ledger differ by a change that nobody told of.",
    playbook=(
        Step("Compare what was sent with what was read again.", link="posting"),
        Step("Ask whoever changed {number} in {erp} for the reason."),
        Step("If the change is wrong, restore the document in {erp}: it is read every hour."),
        Step("If it is right, close with the reason.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by="{erp} shows the document as it was sent.",
    closes_itself=False,
    close_reasons=(
        ("adopted", "The change is right"),
        ("restored", "Restored in the ERP"),
    ),
    value_note="The difference; all of a document that is gone",
    requirements=("R005",),
)
