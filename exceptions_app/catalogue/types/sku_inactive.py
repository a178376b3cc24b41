"""A returned SKU whose item the ERP has switched off."""

from exceptions_app.catalogue.entry import RANK_ITEM, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="SKU_INACTIVE",
    family="item",
    title="SKU {sku} is inactive in {erp}",
    group_title="SKU {sku} is inactive in {erp}",
    short="inactive SKU",
    team=Team.MERCHANDISING,
    severity=Severity.MEDIUM,
    rank=RANK_ITEM,
    clock_hours=16,
    sentence=(
        "Return {rma} brings back {units} of SKU {sku} ({name}). {erp} knows the item and has"
        " switched it off."
    ),
    consequence=(
        "{erp} refuses documents with this item, so the goods of return {rma} cannot be booked."
    ),
    playbook=(
        Step("Look up the item and see whether it was switched off on purpose.", link="items"),
        Step("If not, switch it on in {erp}. The next read of the item master clears this."),
        Step("If it has a successor, map the SKU to the successor.", FixKind.SKU_ALIAS),
        Step("If the goods cannot be sold, map the SKU to the write-off item.", FixKind.SKU_ALIAS),
    ),
    actions=(FixKind.SKU_ALIAS,),
    approval="peer",
    closes_by="SKU {sku} leads to one active item in {erp}.",
    closes_itself=True,
    value_note="Units × cost",
    requirements=("R037",),
)
