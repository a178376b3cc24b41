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
        Step("Look under “Both sides” which item {erp} has switched off.", link="items"),
        Step(
            "If it may be used again, have it switched on in {erp}. Then press “Read this item"
            " now”: this closes as soon as {erp} says that it is in use.",
            link="item",
        ),
        Step(
            "If another item took its place, map the SKU to that one: write its code or words of"
            " its name, and tick what is found. A colleague who may map items approves it.",
            FixKind.SKU_ALIAS,
        ),
        Step(
            "If neither holds, ask Operations to have the item switched on for as long as such"
            " returns come in: {erp} books nothing on an item that is switched off. Agree who"
            " switches it off again; nobody is reminded of that.",
            ask=Team.OPERATIONS,
            question=(
                "Can the item of SKU {sku} be switched on in {erp}? Return {rma} brings back"
                " {units} of it, and nothing can be booked."
            ),
        ),
    ),
    actions=(FixKind.SKU_ALIAS,),
    approval="peer",
    closes_by="SKU {sku} leads to one active item in {erp}.",
    closes_itself=True,
    value_note="Units × cost; what was paid for them where no cost is known",
    requirements=("R037",),
)
