"""A document the ERP read, understood and refused."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="CM_REJECTED",
    family="money",
    title="{erp} refused the {kind} of return {rma}",
    group_title="{erp} refused documents with {vendor_code}",
    short="refused document",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=8,
    sentence=(
        "{erp} refused the {kind} {key} with the code {vendor_code}. Its words: “{vendor_text}”."
    ),
    consequence=(
        "{erp} is missing {value}. Sending the same document again gives the same answer until"
        " its cause is gone."
    ),
    playbook=(
        Step("Read the refusal and the field it names.", link="posting"),
        Step("Correct that fact in {erp}, or in the mapping it came from.", link="mappings"),
        Step("Compare the new preview with what was refused."),
        Step("Send it again.", FixKind.RETRY),
        Step(
            "Where only this document is wrong, set its fields and send it.", FixKind.EDIT_DOCUMENT
        ),
        Step("If the document was keyed in {erp} by hand, link it instead.", FixKind.LINK_DOCUMENT),
    ),
    actions=(FixKind.RETRY, FixKind.EDIT_DOCUMENT, FixKind.LINK_DOCUMENT),
    approval="finance",
    closes_by="{erp} shows the document on read-back, with the amounts we meant.",
    closes_itself=True,
    value_note="Credit gross",
    requirements=("R096", "R104", "R107"),
)
