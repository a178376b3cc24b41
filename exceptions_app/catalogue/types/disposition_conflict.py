"""Two final dispositions for the same goods."""

from exceptions_app.catalogue.entry import RANK_STOCK, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="DISPOSITION_CONFLICT",
    family="stock",
    title="{platform} and {erp} disagree about the goods of return {rma}",
    group_title="{platform} and {erp} disagree about dispositions",
    short="conflicting disposition",
    team=Team.WAREHOUSE,
    severity=Severity.HIGH,
    rank=RANK_STOCK,
    clock_hours=8,
    sentence=(
        "{platform} says “{expected}” for return {rma}, and {erp} says “{got}”. The policy of"
        " {bridge} decides which one is used; the other is kept as it came."
    ),
    consequence=(
        "The goods may be in the wrong bucket: sold although damaged, or written off although good."
    ),
    playbook=(
        Step("Compare the two dispositions and who set them.", link="return"),
        Step("Look at the goods or at the inspection photos."),
        Step("Correct the system that is wrong. If it is {erp}, move the stock there."),
        Step("Close with the disposition that stands.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="peer",
    closes_by=(
        "Both systems show the same disposition, or the policy names the winner and nothing is"
        " posted yet."
    ),
    closes_itself=True,
    close_reasons=(
        ("platform_stands", "The platform's disposition stands; the ERP was corrected"),
        ("erp_stands", "The ERP's disposition stands; the platform was corrected"),
    ),
    value_note="Units × (price − salvage)",
    requirements=("R001",),
    policy=("disposition_authority",),
)
