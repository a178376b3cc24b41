"""Platform and ERP tell different stories about one return."""

from exceptions_app.catalogue.entry import RANK_EXCHANGE, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="STATUS_DRIFT",
    family="exchange",
    title="{platform} says that return {rma} is done, and {erp} does not",
    group_title="{platform} and {erp} tell different stories",
    short="systems that disagree",
    team=Team.CX,
    severity=Severity.MEDIUM,
    rank=RANK_EXCHANGE,
    clock_hours=24,
    sentence=(
        "{platform} closed return {rma}. In {erp}, {waiting} still to come since {since}, and no"
        " other exception explains it."
    ),
    consequence="Whoever asks for this return gets another answer from each system.",
    playbook=(
        Step("Read what is still to come.", link="return"),
        Step("Clear what the documents wait for.", link="postings"),
        Step("If {platform} is wrong, correct the status there."),
    ),
    approval="none",
    closes_by="{erp} has every document of return {rma}, or {platform} opened it again.",
    closes_itself=True,
    value_note="Refund gross",
    requirements=(
        "R023",
        "R042",
        "R095",
        "R118",
        "R127",
        "R130",
        "R132",
    ),
    policy=("drift_hours",),
)
