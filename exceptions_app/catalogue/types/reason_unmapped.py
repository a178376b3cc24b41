"""A return reason that no active mapping translates."""

from exceptions_app.catalogue.entry import RANK_ITEM, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="REASON_UNMAPPED",
    family="item",
    title="Return reason “{source_value}” is not mapped",
    group_title="Return reason “{source_value}” is not mapped",
    short="unmapped return reason",
    team=Team.WAREHOUSE,
    severity=Severity.MEDIUM,
    rank=RANK_ITEM,
    clock_hours=16,
    sentence=(
        "{platform} gives the reason “{source_value}” for return {rma}. No active mapping says"
        " what that means in {erp}."
    ),
    consequence=(
        "The receipt and the credit of every return with this reason wait. The warehouse cannot"
        " book the goods."
    ),
    playbook=(
        Step("Read the reason as the customer chose it.", link="return"),
        Step("Choose the reason code of {erp} that books it the same way.", FixKind.REASON),
        Step("Check the preview: it lists every return that moves on."),
        Step(
            "If {platform} renamed a reason, take the mapping of the old one out of force.",
            link="mappings",
        ),
    ),
    actions=(FixKind.REASON,),
    approval="peer",
    closes_by="An active mapping for “{source_value}” is in force.",
    closes_itself=True,
    value_note="Units × cost",
    requirements=("R030", "R031"),
)
