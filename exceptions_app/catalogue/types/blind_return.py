"""Goods came in that no return announced."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="BLIND_RETURN",
    family="stock",
    title="Receipt {number} of {connection} belongs to no return",
    group_title="Receipts of {connection} belong to no return",
    short="goods without a return",
    team=Team.WAREHOUSE,
    severity=Severity.MEDIUM,
    rank=RANK_STOCK,
    clock_hours=24,
    sentence=(
        "{connection} received {units} units on {since} under {number}. No return is known that"
        " announced them."
    ),
    consequence=(
        "A customer may wait for money that nobody knows of, and the goods are in stock without a"
        " reason."
    ),
    playbook=(
        Step("Read the receipt in {connection} and what came with the parcel."),
        Step("Look for the return by order, parcel or customer.", link="return"),
        Step(
            "If there is none, ask CX to make one in the platform.",
            ask=Team.CX,
            question=(
                "Goods came back without a return. Please make one in {platform}, or say which "
                "return they belong to."
            ),
        ),
        Step("Close with what was found.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by="The receipt names the authorisation of a return.",
    closes_itself=True,
    close_reasons=(
        ("matched", "Matched to a return by hand"),
        ("unidentified", "Held as unidentified"),
    ),
    value_note="Units × cost",
    requirements=("R021",),
)
