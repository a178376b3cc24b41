"""A platform location without a division and warehouse in the ERP."""

from exceptions_app.catalogue.entry import RANK_LOCATION, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="WAREHOUSE_UNMAPPED",
    family="location",
    title="Location “{location}” is not mapped",
    group_title="Location “{location}” is not mapped",
    short="unmapped location of arrival",
    team=Team.WAREHOUSE,
    severity=Severity.HIGH,
    rank=RANK_LOCATION,
    clock_hours=8,
    sentence=(
        "Goods of return {rma} arrived at “{location}”. No active mapping gives it a division and"
        " a warehouse in {erp}."
    ),
    consequence=(
        "No receipt from “{location}” can be booked. Its goods stay out of stock, and credits"
        " that need a receipt wait."
    ),
    playbook=(
        Step(
            "Find out which depot “{location}” is, and its address: ask Operations, who know who"
            " keeps your settings of {platform}.",
            ask=Team.OPERATIONS,
            question=(
                "Which depot is “{location}”? Please ask whoever keeps our settings of {platform}"
                " for its address."
            ),
        ),
        Step(
            "If {erp} has no warehouse for it, ask Operations to have one created there first:"
            " active, with the depot's name, in the order's own division ({order_division}). Then"
            " press “Read locations now”. Do not choose the nearest one: its stock would be wrong.",
            link="locations",
        ),
        Step(
            "Choose its division and warehouse from those that are active in {erp}.",
            FixKind.LOCATION,
        ),
        Step("Check the preview: it lists every return waiting on this location."),
    ),
    actions=(FixKind.LOCATION,),
    approval="peer",
    closes_by="An active mapping sends “{location}” to a division and warehouse that {erp} knows.",
    closes_itself=True,
    value_note="Units × cost; what was paid for them where no cost is known",
    requirements=("R032", "R034"),
)
