"""The shop sells what the ERP still keeps in quarantine."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="PREMATURE_AVAILABILITY",
    family="stock",
    title="The shop sells {sku} that {erp} keeps in quarantine",
    group_title="The shop sells {sku} that {erp} keeps in quarantine",
    short="sold before it may be sold",
    team=Team.CX,
    severity=Severity.CRITICAL,
    rank=RANK_STOCK,
    clock_hours=2,
    sentence=(
        "The shop offers more of SKU {sku} than {erp} has for sale. {units} units of it are in"
        " quarantine."
    ),
    consequence="Customers buy goods that nobody has looked at, or that are not there.",
    playbook=(
        Step("Hold the SKU in the shop."),
        Step("Finish the inspection of what is in quarantine.", link="return"),
        Step("Compare the two figures again.", link="items"),
    ),
    approval="none",
    closes_by="The figures of shop and {erp} agree.",
    closes_itself=True,
    value_note="Units × price",
    requirements=(
        "R079",
        "R080",
        "R081",
        "R101",
    ),
    waits_for="stock figures read from the shop",
)
