"""Goods that came back and that the ERP has not booked in time."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="RECEIPT_NOT_POSTED",
    family="stock",
    title="{erp} has no receipt for return {rma}",
    group_title="{erp} is missing stock receipts",
    short="receipt that is not posted",
    team=Team.WAREHOUSE,
    severity=Severity.HIGH,
    rank=RANK_STOCK,
    clock_hours=8,
    sentence=(
        "The goods of return {rma} came back, and {erp} has had no stock receipt for them since"
        " {since}. No other exception explains it."
    ),
    consequence=(
        "Goods worth {value} are on the shelf and not in the stock of {erp}. The warehouse cannot"
        " release them, and a credit that needs the receipt waits."
    ),
    playbook=(
        Step("Check on the return that the goods were received and graded.", link="return"),
        Step(
            "Look in {erp} for a receipt that was keyed by hand. If there is one, link it.",
            FixKind.LINK_DOCUMENT,
        ),
        Step(
            "If there is none, send the receipt again. The same key keeps {erp} from booking it"
            " twice.",
            FixKind.RETRY,
        ),
        Step("If one depot has several of these, look at what they share.", link="group"),
    ),
    actions=(FixKind.RETRY, FixKind.LINK_DOCUMENT),
    approval="none",
    closes_by="{erp} shows the receipt on read-back, with the same units.",
    closes_itself=True,
    value_note="Units × cost",
    requirements=("R015", "R035", "R075", "R090", "R126"),
    policy=("stock_trigger", "receipt_grace_hours"),
)
