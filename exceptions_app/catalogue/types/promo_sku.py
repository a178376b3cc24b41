"""A gift or promotional SKU that was never set up in the ERP."""

from exceptions_app.catalogue.entry import RANK_ITEM, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="PROMO_SKU",
    family="item",
    title="Gift SKU {sku} is not set up in {erp}",
    group_title="Gift SKU {sku} is not set up in {erp}",
    short="gift SKU that is not set up",
    team=Team.MERCHANDISING,
    severity=Severity.LOW,
    rank=RANK_ITEM,
    clock_hours=40,
    sentence=(
        "Return {rma} brings back {units} of SKU {sku} ({name}), a gift or a line sold at zero."
        " {erp} has no item with this SKU or barcode."
    ),
    consequence=(
        "No receipt and no credit of return {rma} can leave until someone decides what the gift is"
        " in {erp}: an item, or nothing at all."
    ),
    playbook=(
        Step(
            "Check under “Both sides” that the line was sold at zero on order {order}.",
            link="order",
        ),
        Step(
            "If the gift is kept in stock under an item that {erp} has, map the SKU to that item."
            " A colleague who may map items approves it.",
            FixKind.SKU_ALIAS,
        ),
        Step(
            "If it is kept in stock and {erp} has no item for it, have one created there. Then"
            " press “Read this item now”: this closes as soon as {erp} tells it.",
            link="item",
        ),
        Step(
            "If your company does not book gifts at all, map the SKU to “No item: a gift that is"
            " not booked”. If nobody knows your policy, ask who leads Merchandising. A colleague"
            " who may map items approves it; every return of this gift at zero then goes on without"
            " it, and the gift itself is in no stock: tell the warehouse.",
            FixKind.SKU_ALIAS,
        ),
        Step(
            "Ask Operations to tell whoever keeps the shop’s products that this SKU was sold"
            " without an item.",
            ask=Team.OPERATIONS,
            question=(
                "Who keeps the products of {platform}? The gift {sku} was sold without an item in"
                " {erp}."
            ),
        ),
    ),
    actions=(FixKind.SKU_ALIAS,),
    approval="peer",
    closes_by=(
        "SKU {sku} leads to one active item in {erp}, or a colleague agreed that it is a gift"
        " without an item."
    ),
    closes_itself=True,
    value_note="Units × cost; what was paid for them where no cost is known",
    requirements=("R043",),
)
