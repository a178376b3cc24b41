"""An item that may not be returned came back."""

from exceptions_app.catalogue.entry import RANK_ITEM, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="ITEM_INELIGIBLE",
    family="item",
    title="SKU {sku} may not be returned, and return {rma} brings it back",
    group_title="SKU {sku} may not be returned",
    short="item that may not be returned",
    team=Team.CX,
    severity=Severity.HIGH,
    rank=RANK_ITEM,
    clock_hours=24,
    sentence=(
        "Return {rma} brings back {units} of SKU {sku} ({name}). The item master of {erp} says"
        " that it may not be returned."
    ),
    consequence=(
        "The customer was told that the return is fine. Nobody has decided who pays for {value}."
    ),
    playbook=(
        Step("Read why the return was allowed.", link="return"),
        Step(
            "Ask merchandising whether the flag in {erp} is right.",
            link="items",
            ask=Team.MERCHANDISING,
            question=(
                "{sku} is marked in {erp} as not to be returned, and return {rma} holds it. Is "
                "the flag right?"
            ),
        ),
        Step("Tell the customer if the goods are sent back."),
        Step("Close with what was decided.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by="{erp} says that SKU {sku} may be returned.",
    closes_itself=False,
    close_reasons=(
        ("goodwill", "Accepted as goodwill"),
        ("sent_back", "Refused and sent back"),
        ("written_off", "Accepted and written off"),
    ),
    value_note="Refund gross",
    requirements=("R047",),
)
