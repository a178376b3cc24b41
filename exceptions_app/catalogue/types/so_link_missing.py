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
        Step(
            "Read which items came back, and when the return was asked for.",
            link="return",
        ),
        Step(
            "Look at the orders listed under Link the sales order, the likeliest first: same "
            "customer, items still left to return, ordered before the return. None fits? Search "
            "there by number, customer code or day.",
        ),
        Step(
            "Tick the order that sold these goods, and say why it is that one.", FixKind.LINK_ORDER
        ),
        Step(
            "If {erp} has no such order, ask Operations to have order {order} sent to {erp}. "
            "This closes by itself when it arrives.",
            ask=Team.OPERATIONS,
            question=(
                "{erp} has no sales order {order}, which return {rma} names. Please have it sent "
                "to {erp}, or say under which number it is there."
            ),
        ),
    ),
    actions=(FixKind.LINK_ORDER,),
    approval="finance",
    closes_by="{erp} holds one order for return {rma}, found by its number or linked by hand.",
    closes_itself=True,
    value_note="Refund gross",
    requirements=("R055", "R056", "R102"),
)
