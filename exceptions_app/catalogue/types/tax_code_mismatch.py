"""The credit went out under another tax code than the order has."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="TAX_CODE_MISMATCH",
    family="money",
    title="The credit of return {rma} has tax code {got}, the order {expected}",
    group_title="Credits have other tax codes than their orders",
    short="tax code not of the order",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=16,
    sentence=(
        "Credit {number} of return {rma} was sent with tax code {got} for SKU {sku}. Order"
        " {order} has {expected} for it."
    ),
    consequence="The tax of {value} stands in the wrong box of the tax return.",
    playbook=(
        Step("Open the order and the credit in {erp} and compare their tax codes.", link="order"),
        Step("Correct the code on the credit in {erp}."),
        Step("Close with what was done.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by="Credit and order have the same tax codes.",
    closes_itself=True,
    close_reasons=(
        ("corrected", "Corrected in the ERP"),
        ("order_changed", "The order was changed and the credit is right"),
    ),
    value_note="Line tax",
    requirements=(
        "R049",
        "R058",
    ),
)
