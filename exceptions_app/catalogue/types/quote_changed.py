"""A credit that is no longer what its quote promised."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="QUOTE_CHANGED",
    family="money",
    title="The credit of return {rma} is not the {quoted} that was quoted",
    group_title="Credits are not what was quoted",
    short="credit other than quoted",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=4,
    sentence=(
        "Quote {quote} said {quoted}. The credit for order {order} now comes to {credit}. What"
        " changed since: {changed}."
    ),
    consequence=(
        "The credit waits, because the quote promised another amount. Nothing is posted to {erp}"
        " before finance decides which of the two holds."
    ),
    playbook=(
        Step("Look at what changed since the quote: {changed}.", link="return"),
        Step("Check the other returns and credits of the order.", link="order"),
        Step(
            "If what was quoted is what was refunded too, correct the credit by {difference}:"
            " refund and credit must agree afterwards.",
            FixKind.CORRECT_CREDIT,
        ),
        Step(
            "Else credit {credit}: accept the difference.",
            FixKind.ACCEPT_DIFFERENCE,
        ),
        Step(
            "Have CX tell the customer where it is not what was quoted.",
            ask=Team.CX,
            question=(
                "Quote {quote} promised {quoted} for return {rma}, and the credit comes to"
                " {credit}. What changed since: {changed}. Please tell the customer, or say why"
                " what was quoted must hold."
            ),
        ),
    ),
    actions=(FixKind.ACCEPT_DIFFERENCE, FixKind.CORRECT_CREDIT),
    approval="finance",
    closes_by=(
        "The credit is what was quoted, corrected to the quoted sum, or finance accepted exactly"
        " {difference}."
    ),
    closes_itself=True,
    value_note="The difference (quoted − credit)",
    requirements=("R050", "R056"),
    policy=("quote_minutes",),
)
