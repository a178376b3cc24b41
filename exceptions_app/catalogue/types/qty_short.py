"""Fewer units came in than the return announced."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="QTY_SHORT",
    family="stock",
    title="Only {returned} of {expected} came in for return {rma}",
    group_title="Fewer units came in than were announced",
    short="units short",
    team=Team.WAREHOUSE,
    severity=Severity.HIGH,
    rank=RANK_STOCK,
    clock_hours=16,
    sentence=(
        "Return {rma} announced {expected} units. {erp} received {returned}, the last on"
        " {since}. Missing: {units}."
    ),
    consequence="Only what came in is credited. The customer may have been promised more.",
    playbook=(
        Step("Ask the dock and the carrier for the rest of the parcel.", link="return"),
        Step("If the goods are here, check them in in {erp} against the same return."),
        Step("If they never came, record in {platform} that they were not returned."),
        Step("If nobody will find them, close with what was decided.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by=(
        "The missing units are on a receipt of {erp}, or {platform} says that they were"
        " not returned."
    ),
    closes_itself=True,
    close_reasons=(
        ("carrier_claim", "Claimed from the carrier"),
        ("written_off", "Not pursued: the customer keeps the rest"),
    ),
    value_note="Missing units × what was paid",
    requirements=("R084", "R020"),
    policy=("stock_trigger", "receipt_grace_hours"),
)
