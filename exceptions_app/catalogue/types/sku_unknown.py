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
            "Look under “Both sides” which lines order {order} sold, and which of them came back.",
            link="order",
        ),
        Step(
            "Compare colour, size and barcode with the items that the form suggests, those of the"
            " order first: {candidates}."
        ),
        Step(
            "If the order names another item for these goods, map the SKU to that item once."
            " Every return that waits with these goods moves on, and every later one follows,"
            " unless you say until which day of sale it holds. A colleague who may map items"
            " approves it.",
            FixKind.SKU_ALIAS,
        ),
        Step(
            "Only if order {order} sold this very item, under this SKU, and {erp} does not have"
            " it: have it created there, then press “Read this item now”. If the order names"
            " another item, map the SKU to it instead: this return would else count as more than"
            " was sold.",
            link="item",
        ),
        Step(
            "Ask Operations to tell whoever keeps the products of {platform}, so that the SKU does"
            " not come back.",
            ask=Team.OPERATIONS,
            question=(
                "Who keeps the products of {platform}? It sells under SKU {sku} what {erp} has no"
                " item for."
            ),
        ),
    ),
    actions=(FixKind.SKU_ALIAS,),
    approval="peer",
    closes_by=(
        "SKU {sku} leads to one active item in {erp}, by an active mapping or by the item master."
    ),
    closes_itself=True,
    value_note="What was paid for the units; plus units × cost where that is known",
    requirements=("R007", "R037", "R038", "R039", "R040", "R041", "R111"),
)
