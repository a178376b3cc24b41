"""More or fewer units were credited than were received."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="CREDIT_QTY_GAP",
    family="stock",
    title="Return {rma}: {got} units credited, {expected} came back",
    group_title="Credited and received units differ",
    short="units credited are not units received",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_STOCK,
    clock_hours=16,
    sentence=(
        "The credits of return {rma} are for {got} units. {expected} units came back and are"
        " accepted."
    ),
    consequence="{value} is credited without goods, or goods are in stock that nobody credited.",
    playbook=(
        Step("Compare the receipts with the credit.", link="postings"),
        Step("If a receipt is wrong, correct it in {erp}."),
        Step("If the credit is wrong, correct it.", FixKind.CORRECT_CREDIT),
        Step("If it stays so, close with the reason.", FixKind.CLOSE),
    ),
    actions=(
        FixKind.CORRECT_CREDIT,
        FixKind.CLOSE,
    ),
    approval="finance",
    closes_by="Credited and received units agree.",
    closes_itself=True,
    close_reasons=(
        ("goodwill", "Credited without goods on purpose"),
        ("other_receipt", "Received under another number"),
    ),
    value_note="Unit gap × line net",
    requirements=("R091",),
)
