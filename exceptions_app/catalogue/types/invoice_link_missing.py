"""The order has no posted invoice that the credit could name."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="INVOICE_LINK_MISSING",
    family="money",
    title="Order {order} has no invoice in {erp}",
    group_title="Orders have no invoice in {erp}",
    short="order without an invoice",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=16,
    sentence=(
        "The credit of return {rma} should name the invoice of order {order}. {erp} has none for"
        " it, though it invoices other orders."
    ),
    consequence="The credit stands open on the account, and may be set against another invoice.",
    playbook=(
        Step("Open order {order} in {erp} and look for its invoice.", link="order"),
        Step("Post the invoice in {erp} if the goods were shipped."),
        Step("If this order is never invoiced, close with that reason.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by="{erp} names an invoice for order {order}.",
    closes_itself=True,
    close_reasons=(("never_invoiced", "This order is never invoiced"),),
    value_note="Credit gross",
    requirements=("R058",),
)
