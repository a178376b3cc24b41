"""A lot or serial number came back that was never shipped on the order."""

from exceptions_app.catalogue.entry import RANK_ITEM, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="LOT_SERIAL_MISMATCH",
    family="item",
    title="A serial number of return {rma} was not shipped on its order",
    group_title="Serial numbers came back that were not shipped",
    short="serial number not of this order",
    team=Team.WAREHOUSE,
    severity=Severity.HIGH,
    rank=RANK_ITEM,
    clock_hours=24,
    sentence=(
        "Return {rma} brings back {units} of SKU {sku}. The serial or lot number received is none"
        " of those shipped on order {order}."
    ),
    consequence="Another article than the one sold may have come back. {value} may be paid for it.",
    playbook=(
        Step("Hold the goods apart from stock."),
        Step("Compare the number on the goods with those of order {order}.", link="order"),
        Step(
            "Ask CX to talk to the customer.",
            ask=Team.CX,
            question=(
                "The serial number that came back with return {rma} is not of order {order}. "
                "Please ask the customer."
            ),
        ),
        Step("Close with what was decided.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by="The number received is one of those shipped.",
    closes_itself=False,
    close_reasons=(
        ("misread", "The number was misread"),
        ("refused", "Refused and sent back"),
        ("accepted", "Accepted after inspection"),
    ),
    value_note="Refund gross",
    requirements=("L18",),
    waits_for="lot and serial numbers of what was shipped and received",
)
