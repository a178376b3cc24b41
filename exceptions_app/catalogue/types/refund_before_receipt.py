"""Money left before the goods came, and the policy is goods first."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="REFUND_BEFORE_RECEIPT",
    family="money",
    title="{refund} was paid before the goods of return {rma} came",
    group_title="Refunds were paid before the goods came",
    short="refund before the goods",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=24,
    sentence=(
        "{platform} confirmed the refund of {refund} on {since}. The goods of return {rma} are"
        " not here, and this bridge pays after the goods."
    ),
    consequence="If the goods do not come, {value} is lost. The credit waits for them.",
    playbook=(
        Step("Check where the parcel is.", link="return"),
        Step(
            "Ask CX why the refund was started early.",
            ask=Team.CX,
            question=(
                "Return {rma} was refunded before its goods arrived. Why was the refund started "
                "early?"
            ),
        ),
        Step(
            "If refunds before the goods are meant, ask an administrator to change the refund"
            " timing of this bridge.",
        ),
        Step("If they will not come, close with what was decided.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="none",
    closes_by="The goods are received.",
    closes_itself=True,
    close_reasons=(
        ("goodwill", "Paid without goods on purpose"),
        ("claimed", "Claimed back from the customer or the carrier"),
    ),
    value_note="Refund gross",
    requirements=(
        "R009",
        "R019",
    ),
    policy=(
        "refund_timing",
        "credit_trigger",
    ),
)
