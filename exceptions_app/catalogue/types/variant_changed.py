"""The item a SKU leads to today is not the one the order sold."""

from exceptions_app.catalogue.entry import RANK_ITEM, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="VARIANT_CHANGED",
    family="item",
    title="SKU {sku} is another item in {erp} today",
    group_title="SKU {sku} is another item in {erp} today",
    short="SKU with a new code",
    team=Team.MERCHANDISING,
    severity=Severity.MEDIUM,
    rank=RANK_ITEM,
    clock_hours=16,
    sentence=(
        "Return {rma} brings back {units} of SKU {sku} ({name}). Order {order} of {sold_on} sold"
        " item {expected}; the SKU {told}."
    ),
    consequence=(
        "The receipt books {got}, which is not what was sold. Stock of both items may become wrong."
    ),
    playbook=(
        Step("Open the sold line of order {order} and read its item.", link="order"),
        Step("Check in {erp} whether {expected} was given the new code {got}."),
        Step(
            "If {expected} is what came back, map the SKU to it; if the SKU has meant {got} since a"
            " day, say until which day of sale.",
            FixKind.SKU_ALIAS,
        ),
        Step("If the new code is right, close with that reason.", FixKind.CLOSE),
    ),
    actions=(
        FixKind.SKU_ALIAS,
        FixKind.CLOSE,
    ),
    approval="none",
    closes_by="SKU {sku} leads to the item of the order’s line.",
    closes_itself=True,
    close_reasons=(("same_goods", "The new code stands for the same goods"),),
    value_note="Line net",
    requirements=("R036",),
)
