"""A paid refund for which the ERP holds no credit memo."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="REFUND_NO_CM",
    family="money",
    title="Refund of {refund} has no credit memo in {erp}",
    group_title="Refunds were paid without a credit memo in {erp}",
    short="refund without a credit memo",
    team=Team.FINANCE,
    severity=Severity.CRITICAL,
    rank=RANK_MONEY,
    clock_hours=4,
    sentence=(
        "{platform} confirmed the refund of {refund} for return {rma}. {erp} has no credit memo."
    ),
    consequence=(
        "The money has left and the ledger does not know it. The period cannot close with {value}"
        " missing."
    ),
    playbook=(
        Step("Check that {platform} shows the refund as paid.", link="return"),
        Step(
            "Look in {erp} for a credit that was keyed by hand. If there is one, link it.",
            FixKind.LINK_DOCUMENT,
        ),
        Step("If there is none, read what the credit of return {rma} waits for.", link="credit"),
        Step(
            "If goods wait for their grade, ask for it. The credit then leaves by itself.",
            link="ungraded",
            ask=Team.WAREHOUSE,
            question=(
                "The refund of {refund} for return {rma} is paid, and its credit waits until every"
                " unit has its grade. Please grade what has none, or say what is in the way."
            ),
        ),
        Step("If the credit was refused, send it again.", FixKind.RETRY, "credit"),
    ),
    actions=(FixKind.RETRY, FixKind.LINK_DOCUMENT),
    approval="finance",
    closes_by="{erp} shows the credit memo of return {rma} on read-back.",
    closes_itself=True,
    value_note="Refund gross",
    requirements=("R063", "R085", "R115", "R134"),
    policy=("credit_trigger", "credit_grace_hours"),
)
