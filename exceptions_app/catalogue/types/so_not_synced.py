"""The order was only just made, and the ERP does not have it yet."""

from exceptions_app.catalogue.entry import RANK_IDENTITY, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="SO_NOT_SYNCED",
    family="money",
    title="Order {order} has not reached {erp} yet",
    group_title="Orders have not reached {erp} yet",
    short="order not in the ERP yet",
    team=Team.OPERATIONS,
    severity=Severity.LOW,
    rank=RANK_IDENTITY,
    clock_hours=24,
    sentence=(
        "Return {rma} names order {order}. {platform} knows the order, and {erp} does not have it"
        " yet. It is asked again every half hour."
    ),
    consequence="No document of return {rma} can leave until the order is there.",
    playbook=(
        Step("Look at when order {order} was made.", link="order"),
        Step("Ask whoever moves orders to {erp} whether one is stuck."),
        Step("Push the order. The next look finds it by itself."),
    ),
    approval="none",
    closes_by="{erp} has order {order}.",
    closes_itself=True,
    value_note="Refund gross",
    requirements=("R056",),
    is_waiting_type=True,
    waits_for="orders read from the shop, so that a young order is told from a lost one",
)
