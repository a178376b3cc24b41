"""Goods were checked in at another depot than the mapping says."""

from exceptions_app.catalogue.entry import RANK_LOCATION, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="WRONG_DEPOT",
    family="location",
    title="Return {rma} was checked in at {warehouse}",
    group_title="Goods were checked in at {warehouse}",
    short="goods checked in at another depot",
    team=Team.WAREHOUSE,
    severity=Severity.MEDIUM,
    rank=RANK_LOCATION,
    clock_hours=24,
    sentence=(
        "{erp} received {units} × {sku} of return {rma} at {got}. The mapping of “{location}”"
        " says {expected}."
    ),
    consequence="The stock of {got} rose, and that of {expected} did not.",
    playbook=(
        Step("Ask where the goods are.", link="return"),
        Step(
            "If they are at {expected}, transfer the stock in {erp}, or have the depot do it where"
            " {erp} is fed by files. Note the number of the transfer."
        ),
        Step("If the mapping is wrong, correct it.", link="mappings"),
        Step(
            "Close with what was done: the number of the transfer, or who wants them there.",
            FixKind.CLOSE,
        ),
    ),
    actions=(FixKind.CLOSE,),
    approval="peer",
    closes_by="The depot of the receipt is the one that the mapping names.",
    closes_itself=True,
    close_reasons=(
        ("transferred", "The stock was transferred"),
        ("right_place", "The goods are meant to be there"),
    ),
    value_note="Units × unit cost",
    requirements=("R034",),
)
