"""The replacement order lacks what its delivery needs."""

from exceptions_app.catalogue.entry import RANK_EXCHANGE, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="EXCHANGE_INCOMPLETE",
    family="exchange",
    title="The exchange order of return {rma} lacks {field}",
    group_title="Exchange orders lack {field}",
    short="exchange order that is incomplete",
    team=Team.CX,
    severity=Severity.HIGH,
    rank=RANK_EXCHANGE,
    clock_hours=8,
    sentence="The replacement order {number} of return {rma} has no {field}.",
    consequence="It cannot be delivered, and the customer waits.",
    playbook=(
        Step("Open the replacement order in {erp}."),
        Step("Copy {field} from order {order}.", link="order"),
        Step("Check that the warehouse can send it."),
    ),
    approval="none",
    closes_by="The order has all that its delivery needs.",
    closes_itself=True,
    value_note="Order value",
    requirements=("R070",),
    waits_for="replacement orders read from the ERP",
)
