"""Goods that came back, and whose stock document the ERP refused or has not had in time."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="RECEIPT_NOT_POSTED",
    family="stock",
    title="{erp} has no {kind} for return {rma}",
    group_title="{erp} is missing stock documents",
    short="stock document that is not posted",
    team=Team.WAREHOUSE,
    severity=Severity.HIGH,
    rank=RANK_STOCK,
    clock_hours=8,
    sentence=(
        "The goods of return {rma} came back, and {erp} has had no {kind} for them since {since}."
        " No other exception explains it."
    ),
    consequence=(
        "Goods worth {value} are on the shelf and not in the stock of {erp} as they are. The"
        " warehouse cannot release them, and what needs the {kind} waits."
    ),
    playbook=(
        Step("Check on the return that the goods were received and graded.", link="return"),
        Step(
            "Look in {erp} for a {kind} that was keyed by hand. If there is one, link it.",
            FixKind.LINK_DOCUMENT,
        ),
        Step(
            "If there is none, send it again. The same key keeps {erp} from booking it twice.",
            FixKind.RETRY,
        ),
        Step(
            "If {erp} refused it and only this document is wrong, set its fields and send it.",
            FixKind.EDIT_DOCUMENT,
        ),
        Step("If one depot has several of these, look at what they share.", link="group"),
    ),
    actions=(FixKind.RETRY, FixKind.EDIT_DOCUMENT, FixKind.LINK_DOCUMENT),
    approval="none",
    closes_by="{erp} shows the {kind} on read-back, with the same units.",
    closes_itself=True,
    value_note="Units × cost",
    requirements=("R015", "R035", "R075", "R090", "R126"),
    policy=("stock_trigger", "receipt_grace_hours"),
)
