"""An instant refund was paid, and the goods were rejected or never came."""

from exceptions_app.catalogue.entry import RANK_MONEY, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="INSTANT_REJECTED",
    family="money",
    title="{refund} was paid at once for return {rma}, and its goods are rejected",
    group_title="Instant refunds were paid for rejected goods",
    short="instant refund of rejected goods",
    team=Team.FINANCE,
    severity=Severity.HIGH,
    rank=RANK_MONEY,
    clock_hours=24,
    sentence="{refund} was paid for return {rma} before the goods, by the instant refund. {got}.",
    consequence="{value} is paid for goods that are not accepted: somebody owes it back.",
    playbook=(
        Step("Read what was found, and the photographs if there are any.", link="return"),
        Step("Claim it from the provider of the instant refund, or charge the customer."),
        Step("Close with what was decided.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by="The goods are accepted after all, or the refund was taken back.",
    closes_itself=True,
    close_reasons=(
        ("claimed", "Claimed from the provider"),
        ("charged", "Charged to the customer again"),
        ("written_off", "Not pursued"),
    ),
    value_note="Refund gross, as owed to us",
    requirements=("R019",),
    policy=("refund_timing",),
)
