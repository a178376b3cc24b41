"""The ERP's staff received goods, and no grade came with them."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="GRADE_MISSING",
    family="stock",
    title="The receipt of return {rma} came without a grade",
    group_title="Receipts came without a grade",
    short="receipt without a grade",
    team=Team.WAREHOUSE,
    severity=Severity.MEDIUM,
    rank=RANK_STOCK,
    clock_hours=8,
    sentence=(
        "{units} units of return {rma} were received by {since}. This bridge needs receipt and"
        " grade, and the grade is missing."
    ),
    consequence="No stock is booked for return {rma} until somebody grades it.",
    playbook=(
        Step("Find the goods by the number of the return.", link="return"),
        Step("Supply the grade in {platform}."),
        Step(
            "If your site grades later on purpose, ask an administrator to change when stock"
            " is booked.",
        ),
    ),
    approval="none",
    closes_by="{platform} tells a grade for the units received.",
    closes_itself=True,
    value_note="Units × cost",
    requirements=("R016",),
    policy=("stock_trigger", "receipt_grace_hours"),
)
