"""A return was cancelled, and the ERP has documents of it."""

from exceptions_app.catalogue.entry import RANK_EXCHANGE, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="CANCELLED_AFTER_POST",
    family="exchange",
    title="Return {rma} was cancelled, and {erp} has documents of it",
    group_title="Returns were cancelled after {erp} had documents",
    short="cancelled after it was booked",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_EXCHANGE,
    clock_hours=8,
    sentence="{platform} says that return {rma} is cancelled or refused. {erp} has {number}.",
    consequence="Stock and ledger hold a return that no longer exists, over {value}.",
    playbook=(
        Step(
            "Ask CX whether the return is really off.",
            link="return",
            ask=Team.CX,
            question=(
                "Return {rma} was cancelled after it was booked. Is it really off, and what does "
                "the customer expect?"
            ),
        ),
        Step("Reverse the documents in {erp}, the last one first.", link="postings"),
        Step("Close with what was done.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by="{platform} takes the return up again.",
    closes_itself=False,
    close_reasons=(
        ("reversed", "The documents were reversed"),
        ("kept", "The documents stay: the goods came"),
    ),
    value_note="Sum of the documents",
    requirements=("R022",),
)
