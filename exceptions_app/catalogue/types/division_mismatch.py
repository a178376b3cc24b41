"""A division and warehouse pair the ERP or the sales order does not agree with."""

from exceptions_app.catalogue.entry import RANK_LOCATION, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="DIVISION_MISMATCH",
    family="location",
    title="Division {division} and warehouse {warehouse} do not fit",
    group_title="Division {division} and warehouse {warehouse} do not fit in {erp}",
    short="division and warehouse that do not fit",
    team=Team.WAREHOUSE,
    severity=Severity.HIGH,
    rank=RANK_LOCATION,
    clock_hours=8,
    sentence=(
        "“{location}” books to division {division}, warehouse {warehouse}. Order {order} was sold"
        " in division {order_division}, or {erp} has no such pair."
    ),
    consequence=(
        "The goods would land in the books of another brand, so no stock document of return {rma}"
        " leaves, and a credit that needs the receipt waits."
    ),
    playbook=(
        Step(
            "Compare the two divisions: order {order} was sold in {order_division}, and the goods"
            " are booked in {division}.",
            link="order",
        ),
        Step(
            "If only this return names the wrong place, have the place of return {rma} corrected in"
            " {platform}, and do not touch the mapping: it is that of every return from there.",
            link="place",
        ),
        Step(
            "If the mapping is wrong for all returns from “{location}”, correct it. The preview"
            " says which of them it would break.",
            FixKind.LOCATION,
        ),
        Step(
            "If {erp} has no warehouse of division {order_division} there, have one created first."
            " Then press “Read locations now”.",
            link="locations",
        ),
        Step(
            "If goods of one brand often arrive at another's depot, agree on a returns warehouse"
            " for both."
        ),
    ),
    actions=(FixKind.LOCATION,),
    approval="peer",
    closes_by="The pair is active in {erp} and agrees with the division of the order.",
    closes_itself=True,
    value_note="Units × cost plus refund gross",
    requirements=("R032",),
)
