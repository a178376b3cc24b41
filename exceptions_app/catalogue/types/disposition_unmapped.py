"""A final disposition without a stock effect."""

from exceptions_app.catalogue.entry import RANK_ITEM, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="DISPOSITION_UNMAPPED",
    family="item",
    title="Disposition “{source_value}” has no stock effect",
    group_title="Disposition “{source_value}” has no stock effect",
    short="unmapped disposition",
    team=Team.WAREHOUSE,
    severity=Severity.HIGH,
    rank=RANK_ITEM,
    clock_hours=8,
    sentence=(
        "The final disposition of return {rma} is “{source_value}”. No active mapping says which"
        " stock bucket that is."
    ),
    consequence=(
        "The goods are in no bucket: {erp} cannot book them, and nobody can sell, repair or"
        " dispose of them."
    ),
    playbook=(
        Step("Read the disposition and the inspection note.", link="return"),
        Step(
            "Decide what it means: saleable, quarantine, damaged, repair, disposal, or no stock"
            " effect."
        ),
        Step("Map it once. Every return that waits for it moves on.", FixKind.DISPOSITION),
        Step("If the word is a mistake, correct it in {platform} and tell the inspectors."),
    ),
    actions=(FixKind.DISPOSITION,),
    approval="peer",
    closes_by="An active mapping gives “{source_value}” a stock effect.",
    closes_itself=True,
    value_note="Units × cost",
    requirements=("R014", "R028", "R029"),
)
