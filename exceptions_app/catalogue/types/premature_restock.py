"""Goods lie where they can be sold before anyone inspected them."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="PREMATURE_RESTOCK",
    family="stock",
    title="Goods of return {rma} can be sold before they are inspected",
    group_title="Goods can be sold before they were inspected",
    short="stock freed too early",
    team=Team.WAREHOUSE,
    severity=Severity.CRITICAL,
    rank=RANK_STOCK,
    clock_hours=2,
    sentence=(
        "{units} × {sku} of return {rma} went to {got}, where goods can be sold. No"
        " inspection came before."
    ),
    consequence="A damaged item may be sold to the next customer before someone looks at it.",
    playbook=(
        Step("Move the goods to quarantine or to the returns warehouse in {erp}."),
        Step("Check which place the mapping names.", link="mappings"),
        Step("Close with what was done.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="peer",
    closes_by="The goods are inspected, or they are on no receipt in a place that sells.",
    closes_itself=True,
    close_reasons=(
        ("moved", "Moved out of saleable stock"),
        ("inspected", "Inspected on the spot"),
    ),
    value_note="Units × what was paid",
    requirements=("R077", "R014", "R017"),
    policy=("first_bucket",),
)
