"""Platform, warehouse and ERP hold different stock of what came back."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="STOCK_DRIFT",
    family="stock",
    title="Stock of {sku} differs between the systems",
    group_title="Stock of {sku} differs between the systems",
    short="stock that differs",
    team=Team.WAREHOUSE,
    severity=Severity.HIGH,
    rank=RANK_STOCK,
    clock_hours=24,
    sentence="Of SKU {sku}, {expected} units came back by our count. {erp} has {got}.",
    consequence="Somebody sells what is not there, or nobody sells what is.",
    playbook=(
        Step("Open the movements of {sku} since they last agreed.", link="items"),
        Step("Find the movement that only one side has.", link="postings"),
        Step("Post it, or reverse it, in {erp}."),
    ),
    approval="peer",
    closes_by="The next comparison agrees.",
    closes_itself=True,
    value_note="Units × cost",
    requirements=(
        "R002",
        "R004",
        "R082",
        "R092",
        "R118",
        "R129",
    ),
    waits_for="stock figures read from platform and ERP",
)
