"""A document whose automatic tries are used up."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="RETRY_EXHAUSTED",
    family="integration",
    title="All tries for the {kind} of return {rma} are used up",
    group_title="{erp} did not take documents: {kind}, {vendor_code}",
    short="used-up tries",
    team=Team.OPERATIONS,
    severity=Severity.HIGH,
    rank=RANK_INTEGRATION,
    clock_hours=8,
    sentence=(
        "{erp} did not take the {kind} {key} in {attempts} tries since {since}. Its last words:"
        " “{vendor_text}”."
    ),
    consequence=(
        "{erp} is missing {value}, and nothing more happens by itself. The team that owns the"
        " document waits."
    ),
    playbook=(
        Step("Read the last three attempts.", link="posting"),
        Step("Check the connection to {erp} and clear its cause.", link="connection"),
        Step("If others stopped with the same answer, work on the group.", link="group"),
        Step("Send it again. The document is unchanged, so nobody has to approve.", FixKind.RETRY),
        Step("If it was keyed by hand meanwhile, link it.", FixKind.LINK_DOCUMENT),
    ),
    actions=(FixKind.RETRY, FixKind.LINK_DOCUMENT),
    approval="none",
    closes_by="{erp} shows the document on read-back.",
    closes_itself=True,
    value_note="Document gross",
    requirements=("R105", "R107"),
)
