"""Another item came in than the return announced."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="WRONG_ITEM",
    family="stock",
    title="Return {rma} brought SKU {got} instead of {sku}",
    group_title="Other items came in than were announced",
    short="another item came back",
    team=Team.WAREHOUSE,
    severity=Severity.HIGH,
    rank=RANK_STOCK,
    clock_hours=16,
    sentence=(
        "Return {rma} announced SKU {sku} ({name}). {units} units of SKU {got} came in, and units"
        " of {sku} are missing."
    ),
    consequence="The refund was promised for {sku}. Stock of both items would be wrong.",
    playbook=(
        Step("Compare the goods with the return.", link="return"),
        Step("If the receipt names the wrong item, correct it in {erp}."),
        Step(
            "Ask CX to talk to the customer.",
            ask=Team.CX,
            question=(
                "Another item came back than return {rma} names. Please ask the customer what "
                "they sent."
            ),
        ),
        Step("Close with what was decided.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by="The receipts name what the return announced.",
    closes_itself=False,
    close_reasons=(
        ("accepted", "Accepted in place of the right item"),
        ("refused", "Refused and sent back"),
        ("miscounted", "The receipt was wrong and is corrected"),
    ),
    value_note="Paid for the line",
    requirements=("R084",),
)
