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
        " Nobody has decided how {erp} treats it."
    ),
    consequence=(
        "The credit of return {rma} waits for finance until someone decides what the gift means"
        " for stock and money."
    ),
    playbook=(
        Step("Check that the line was sold at zero on order {order}.", link="order"),
        Step(
            "If the gift is kept in stock, create its item in {erp} or map the SKU to one.",
            FixKind.SKU_ALIAS,
        ),
        Step(
            "If the written policy says that gifts have no stock effect, close with that reason.",
            FixKind.CLOSE,
        ),
        Step("Tell marketing that the SKU was sold without an item."),
    ),
    actions=(FixKind.SKU_ALIAS, FixKind.CLOSE),
    approval="peer",
    closes_by=(
        "SKU {sku} leads to one active item in {erp}, or a colleague approves the policy for it."
    ),
    closes_itself=True,
    close_reasons=(("no_stock_effect", "The written policy says this gift has no stock effect"),),
    value_note="Units × cost",
    requirements=("R043",),
)
