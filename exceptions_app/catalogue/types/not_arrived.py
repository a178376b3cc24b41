"""Money was paid back before the goods came, and they did not come."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="NOT_ARRIVED",
    family="stock",
    title="Goods of return {rma} did not come, and the money is paid",
    group_title="Goods did not come, and the money is paid",
    short="goods not arrived",
    team=Team.WAREHOUSE,
    severity=Severity.MEDIUM,
    rank=RANK_STOCK,
    clock_hours=48,
    sentence=(
        "{refund} was paid back for return {rma} on {since}, before the goods. None of them"
        " came in since."
    ),
    consequence=(
        "The time for them is over: {platform} accepts such a return by itself. The goods and"
        " their value are missing."
    ),
    playbook=(
        Step("Look at the shipment.", link="return"),
        Step("Claim the parcel from the carrier, or ask the customer."),
        Step("If the goods are here, receive them, or record them in {platform}."),
        Step("If they will not come, close with what was decided.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by="The goods are received.",
    closes_itself=True,
    close_reasons=(
        ("carrier_claim", "Claimed from the carrier"),
        ("charged", "Charged to the customer again"),
        ("written_off", "Not pursued"),
    ),
    value_note="Refund gross",
    requirements=("R020",),
    policy=("refund_timing", "arrival_days"),
)
