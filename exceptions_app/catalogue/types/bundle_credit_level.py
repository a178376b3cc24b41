"""The ERP takes bundle credits at the level of the parent only."""

from exceptions_app.catalogue.entry import RANK_ITEM, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="BUNDLE_CREDIT_LEVEL",
    family="item",
    title="{erp} takes no credit for a part of a bundle of return {rma}",
    group_title="{erp} takes no credit for parts of a bundle",
    short="credit for a part of a bundle",
    team=Team.FINANCE,
    severity=Severity.MEDIUM,
    rank=RANK_ITEM,
    clock_hours=24,
    sentence=(
        "The credit of return {rma} names parts of a bundle, {sku}. {erp} takes credits for the"
        " bundle as it was sold only."
    ),
    consequence=(
        "The credit would be refused, and the money of return {rma} would stay out of the ledger."
    ),
    playbook=(
        Step("Open order {order} and find the bundle.", link="order"),
        Step("Ask an administrator to credit bundles by their parent on this bridge."),
        Step("Check that the planned credit names the parent.", link="postings"),
    ),
    approval="finance",
    closes_by="The planned credit names the bundle’s parent.",
    closes_itself=True,
    value_note="Line net",
    requirements=("R045",),
    policy=("bundle_credit",),
)
