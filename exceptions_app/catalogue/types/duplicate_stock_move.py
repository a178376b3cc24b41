"""The ERP has two stock documents under one key of ours."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="DUPLICATE_STOCK_MOVE",
    family="stock",
    title="{erp} has moved the stock of return {rma} twice",
    group_title="{erp} has moved stock twice",
    short="stock moved twice",
    team=Team.WAREHOUSE,
    severity=Severity.CRITICAL,
    rank=RANK_STOCK,
    clock_hours=4,
    sentence="{erp} has {number} under our one key {key}. Nothing was sent again.",
    consequence=(
        "Stock is too high by what came back once. It may be sold although it is not there."
    ),
    playbook=(
        Step("Compare what was sent with what was read back.", link="posting"),
        Step("Reverse the second document in {erp}."),
        Step("Then ask finance to approve linking the one that stays.", FixKind.LINK_DOCUMENT),
    ),
    actions=(FixKind.LINK_DOCUMENT,),
    approval="finance",
    closes_by="{erp} has one document under the key, equal to ours.",
    closes_itself=False,
    value_note="Units × cost",
    requirements=(
        "R025",
        "R106",
    ),
)
