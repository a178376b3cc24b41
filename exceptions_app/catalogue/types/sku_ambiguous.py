"""A SKU or barcode that leads to more than one active item."""

from exceptions_app.catalogue.entry import RANK_ITEM, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="SKU_AMBIGUOUS",
    family="item",
    title="SKU {sku} fits several items in {erp}",
    group_title="SKU {sku} fits several items in {erp}",
    short="ambiguous SKU",
    team=Team.MERCHANDISING,
    severity=Severity.MEDIUM,
    rank=RANK_ITEM,
    clock_hours=16,
    sentence="SKU {sku} ({name}) fits more than one active item in {erp}: {candidates}.",
    consequence=(
        "Returnsbridge does not guess. No receipt and no credit for return {rma} can leave until"
        " one item is chosen."
    ),
    playbook=(
        Step("Open order {order} and read which item {erp} shipped on this line.", link="order"),
        Step("Compare the candidates: {candidates}.", link="items"),
        Step("Map the SKU to the item that was shipped.", FixKind.SKU_ALIAS),
        Step("If two items share a barcode by mistake, correct the barcode in {erp}."),
    ),
    actions=(FixKind.SKU_ALIAS,),
    approval="peer",
    closes_by="SKU {sku} leads to exactly one active item in {erp}.",
    closes_itself=False,
    value_note="Cost gap between the candidates × units",
    requirements=("R039",),
)
