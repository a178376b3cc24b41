"""A return without its sales order in the ERP."""

from exceptions_app.catalogue.entry import RANK_IDENTITY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="SO_LINK_MISSING",
    family="money",
    title="Return {rma} has no sales order in {erp}",
    group_title="Returns of {platform} have no sales order in {erp}",
    short="missing sales order link",
    team=Team.FINANCE,
    severity=Severity.CRITICAL,
    rank=RANK_IDENTITY,
    clock_hours=4,
    sentence=(
        "{platform} names order {order} for return {rma}. {erp} has no sales order with that"
        " number or reference."
    ),
    consequence=(
        "A credit reverses the original order, so none can be built. Neither the credit nor the"
        " return authorisation leaves, and finance cannot allocate the refund."
    ),
    playbook=(
        Step("Search {erp} for the order by number, customer and date."),
        Step(
            "Compare the candidates with the returned lines, the likeliest first: {candidates}.",
            link="return",
        ),
        Step("Link the order that sold these goods, and say why.", FixKind.LINK_ORDER),
        Step("If the order never reached {erp}, have it sent there. This closes when it arrives."),
    ),
    actions=(FixKind.LINK_ORDER,),
    approval="finance",
    closes_by="{erp} holds one order for return {rma}, found by its number or linked by hand.",
    closes_itself=True,
    value_note="Refund gross",
    requirements=("R055", "R056", "R102"),
)
