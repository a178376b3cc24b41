"""Goods are back in stock and the ledger has no journal of them."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="RESTOCK_NO_JOURNAL",
    family="stock",
    title="Stock of return {rma} has no journal in {erp}",
    group_title="Stock came back without a journal in {erp}",
    short="restock without a journal",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_STOCK,
    clock_hours=24,
    sentence=(
        "{units} of SKU {sku} of return {rma} are in stock again. {erp} has no inventory journal"
        " for them."
    ),
    consequence="Stock is worth more than the ledger says, by {value}.",
    playbook=(
        Step("Read the receipt and when it was booked.", link="postings"),
        Step("Ask {erp} for the journal of that receipt."),
        Step("If there is none, post it from the receipt in {erp}."),
    ),
    approval="finance",
    closes_by="The journal is found in {erp}.",
    closes_itself=True,
    value_note="Units × cost",
    requirements=(
        "R087",
        "R089",
    ),
    waits_for="journals read from the ERP",
)
