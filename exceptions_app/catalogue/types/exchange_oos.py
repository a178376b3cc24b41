"""The replacement is not really available."""

from exceptions_app.catalogue.entry import RANK_EXCHANGE, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="EXCHANGE_OOS",
    family="exchange",
    title="The replacement for return {rma} is not in stock",
    group_title="Replacements are not in stock",
    short="replacement out of stock",
    team=Team.CX,
    severity=Severity.HIGH,
    rank=RANK_EXCHANGE,
    clock_hours=8,
    sentence=(
        "Return {rma} is to be exchanged for SKU {sku}. {erp} has {got} for sale, and {units} are"
        " needed."
    ),
    consequence="The customer was promised an article that is not there.",
    playbook=(
        Step("Check when {sku} comes in.", link="items"),
        Step("Offer another article, the wait, or the money."),
        Step("Record the choice in {platform}.", link="return"),
    ),
    approval="finance",
    closes_by="{erp} has enough of {sku}, or the customer chose otherwise.",
    closes_itself=True,
    value_note="Item value",
    requirements=("R073",),
    waits_for="stock figures read from the ERP",
)
