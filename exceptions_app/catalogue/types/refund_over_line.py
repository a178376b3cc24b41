"""A refund above what the order line can bear."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="REFUND_OVER_LINE",
    family="money",
    title="Refund of return {rma} is {excess} above the order line",
    group_title="Refunds are above what the order lines can bear: {why}",
    short="refund above the order line",
    team=Team.FINANCE,
    severity=Severity.CRITICAL,
    rank=RANK_MONEY,
    clock_hours=4,
    sentence=(
        "{platform} refunded {refund}. The returned share of the order line bears {line_max} at"
        " most, so {excess} has no sale behind it."
    ),
    consequence=(
        "The credit stops, because {erp} would book {excess} that was never sold. Finance carries"
        " the loss until it is decided."
    ),
    playbook=(
        Step("Compare the refund with what was paid for the line.", link="order"),
        Step(
            "Ask CX whether {excess} was goodwill.",
            ask=Team.CX,
            question=(
                "Return {rma} was refunded {excess} more than was paid for the line. Was that "
                "goodwill, and who decided it?"
            ),
        ),
        Step(
            "If it was, add it to the credit with the reason goodwill: it is a line of its own.",
            FixKind.CORRECT_CREDIT,
        ),
        Step(
            "If finance bears it without a document, accept the difference.",
            FixKind.ACCEPT_DIFFERENCE,
        ),
        Step(
            "If it was a mistake, claim it back and accept the difference with that reason: the"
            " credit, which is right, then leaves.",
            FixKind.ACCEPT_DIFFERENCE,
        ),
        Step(
            "Close it by hand only where no credit is to leave: what it holds back stays blocked.",
            FixKind.CLOSE,
        ),
    ),
    actions=(FixKind.ACCEPT_DIFFERENCE, FixKind.CORRECT_CREDIT, FixKind.CLOSE),
    approval="finance",
    closes_by="The credit covers the line and its goodwill, or finance accepted the difference.",
    closes_itself=False,
    close_reasons=(("claimed_back", "The excess was claimed back from the customer"),),
    value_note="The excess over the line",
    requirements=("R051",),
)
