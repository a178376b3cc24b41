"""More units came in than the return announced."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="QTY_OVER",
    family="stock",
    title="{erp} received {units} more than return {rma} announced",
    group_title="More units came in than were announced",
    short="units over",
    team=Team.WAREHOUSE,
    severity=Severity.MEDIUM,
    rank=RANK_STOCK,
    clock_hours=16,
    sentence="{erp} received {units} × {sku} for return {rma}, which the return did not announce.",
    consequence="They are in the stock of {erp}, and no credit is planned for them.",
    playbook=(
        Step("Compare the receipt with the return.", link="return"),
        Step("If they belong to this return, add them to it in {platform}."),
        Step("If they belong to another return, move the receipt in {erp} to it."),
        Step("Else close with what was done with the goods.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by="Every unit on the receipts of {erp} is announced by the return.",
    closes_itself=True,
    close_reasons=(
        ("sent_back", "Sent back to the customer"),
        ("kept_unpaid", "Kept, and the customer asks for nothing"),
    ),
    value_note="Units × unit cost",
    requirements=("R084",),
    policy=("stock_trigger",),
)
