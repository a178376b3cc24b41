"""Goods lie in a place of the ERP that has no bucket here."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="PLACE_UNMAPPED",
    family="stock",
    title="Place “{location}” of {erp} is not mapped",
    group_title="Place “{location}” of {erp} is not mapped",
    short="unmapped place in the ERP",
    team=Team.WAREHOUSE,
    severity=Severity.HIGH,
    rank=RANK_STOCK,
    clock_hours=8,
    sentence=(
        "{erp} received {units} × {sku} of return {rma} in “{location}”. No active mapping"
        " says which bucket that place is."
    ),
    consequence="Nobody knows whether the goods can be sold, so nothing more is booked for them.",
    playbook=(
        Step("Find out what lies in “{location}”."),
        Step("Decide what it is: saleable, quarantine, damaged, repair or disposal."),
        Step("Map it once. Every return with goods there moves on.", FixKind.DISPOSITION),
    ),
    actions=(FixKind.DISPOSITION,),
    approval="peer",
    closes_by="An active mapping says which bucket “{location}” is.",
    closes_itself=True,
    value_note="Units × cost",
    requirements=("R029", "R077"),
    policy=("stock_trigger", "first_bucket"),
)
