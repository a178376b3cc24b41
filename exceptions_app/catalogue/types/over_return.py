"""All returns of an order together that exceed what was sold."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="OVER_RETURN",
    family="money",
    title="More is returned on order {order} than it sold",
    group_title="More was returned than sold",
    short="return above what was sold",
    team=Team.FINANCE,
    severity=Severity.CRITICAL,
    rank=RANK_MONEY,
    clock_hours=4,
    sentence=(
        "Order {order} sold {sold} of SKU {sku}. With return {rma}, {returned} would be returned."
        " That is {excess} too much."
    ),
    consequence=(
        "The credit and the authorisation of return {rma} stop, because {erp} would credit goods"
        " that were never sold."
    ),
    playbook=(
        Step(
            "Is SKU {sku} the shop’s name for another item of order {order}? Then ask"
            " Merchandising to map it: once mapped, it counts as that item.",
            link="mappings",
            ask=Team.MERCHANDISING,
            question=(
                "Order {order} sold {sold} of SKU {sku}, and return {rma} brings it back. Is it the"
                " shop’s name for another item of that order? Then please map it."
            ),
        ),
        Step(
            "Else list all returns and refunds of the order, over all channels: was one parcel"
            " registered twice?",
            link="order",
        ),
        Step(
            "If the extra units are real, ask the warehouse where they came from.",
            ask=Team.WAREHOUSE,
            question=(
                "Return {rma} holds more units than order {order} sold. Where did the extra units"
                " come from?"
            ),
        ),
        Step(
            "If the credit is too large, correct it to what is left of the order.",
            FixKind.CORRECT_CREDIT,
        ),
        Step("If finance bears the excess, accept it with a reason.", FixKind.ACCEPT_DIFFERENCE),
        Step(
            "If the later line was refused, or registered twice, close with that reason.",
            FixKind.CLOSE,
        ),
    ),
    actions=(FixKind.ACCEPT_DIFFERENCE, FixKind.CORRECT_CREDIT, FixKind.CLOSE),
    approval="finance",
    closes_by="All returns of the order together stay within what was sold and paid.",
    closes_itself=False,
    close_reasons=(
        ("line_refused", "The later line was refused and went back to the customer"),
        ("registered_twice", "The same goods were registered twice"),
    ),
    value_note="The excess over what was sold or paid",
    requirements=("L18",),
)
