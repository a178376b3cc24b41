"""A returned SKU that the ERP's item master does not hold, live or in our copy."""

from exceptions_app.catalogue.entry import RANK_ITEM, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="SKU_UNKNOWN",
    family="item",
    title="SKU {sku} is not in {erp}",
    group_title="SKU {sku} is not in {erp}",
    short="unknown SKU",
    team=Team.MERCHANDISING,
    severity=Severity.HIGH,
    rank=RANK_ITEM,
    clock_hours=8,
    sentence=(
        "Return {rma} brings back {units} of SKU {sku} ({name}). {erp} has no item with this SKU"
        " or barcode."
    ),
    consequence=(
        "Nothing more of return {rma} can leave, neither receipt nor credit. Stock and finance"
        " miss them."
    ),
    playbook=(
        Step(
            "Open the sold line of order {order} and read which item {erp} shipped.", link="order"
        ),
        Step("Compare it with the suggestions: {candidates}."),
        Step(
            "Map the SKU to that item once. Every return that waits for it moves on.",
            FixKind.SKU_ALIAS,
        ),
        Step(
            "If {erp} has no such item, create it there. The next read of the item master clears"
            " this.",
            link="items",
        ),
        Step(
            "Tell whoever owns the product feed of {platform}, so that the SKU does not come back."
        ),
    ),
    actions=(FixKind.SKU_ALIAS,),
    approval="peer",
    closes_by=(
        "SKU {sku} leads to one active item in {erp}, by an active mapping or by the item master."
    ),
    closes_itself=True,
    value_note="Refund gross plus units × cost",
    requirements=("R007", "R037", "R038", "R039", "R040", "R041", "R111"),
)
