"""The ERP has two credits under one key of ours."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="CM_DUPLICATE",
    family="money",
    title="{erp} has two credits for return {rma}",
    group_title="{erp} has two credits for one return",
    short="credited twice",
    team=Team.FINANCE,
    severity=Severity.CRITICAL,
    rank=RANK_MONEY,
    clock_hours=4,
    sentence="{erp} has {number} under our one key {key}. Nothing was sent again.",
    consequence="The customer’s account is credited twice: {value} too much.",
    playbook=(
        Step("Compare what was sent with what was read back.", link="posting"),
        Step("Reverse the second credit in {erp}, and keep its number."),
        Step("Then ask finance to approve linking the one that stays.", FixKind.LINK_DOCUMENT),
    ),
    actions=(FixKind.LINK_DOCUMENT,),
    approval="finance",
    closes_by="{erp} has one credit under the key, equal to ours.",
    closes_itself=False,
    value_note="Credit gross",
    requirements=(
        "R025",
        "L15",
    ),
)
