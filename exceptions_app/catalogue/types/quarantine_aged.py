"""Goods lie in quarantine longer than they should."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="QUARANTINE_AGED",
    family="stock",
    title="{units} units of return {rma} are stuck in quarantine",
    group_title="Goods are stuck in quarantine",
    short="goods stuck in quarantine",
    team=Team.WAREHOUSE,
    severity=Severity.MEDIUM,
    rank=RANK_STOCK,
    clock_hours=40,
    sentence=(
        "{units} units of return {rma} are in quarantine since {since}, which is longer than"
        " {limit}."
    ),
    consequence="They can be neither sold nor written off, and their value of {value} falls.",
    playbook=(
        Step("Look at the goods and at what was written about them.", link="return"),
        Step("Decide: release, repair or dispose. Record it in {platform}."),
        Step("If they have left quarantine, close with where they went.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="peer",
    closes_by="The units have another final disposition, or are booked out of quarantine.",
    closes_itself=True,
    close_reasons=(
        ("released", "Released to stock in the ERP"),
        ("disposed", "Disposed of"),
        ("repair", "Sent to repair"),
    ),
    value_note="Units × cost",
    requirements=(
        "R076",
        "R078",
    ),
    is_waiting_type=True,
    policy=("quarantine_days",),
)
