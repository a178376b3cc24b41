"""The customer chose an exchange, and no replacement order exists."""

from exceptions_app.catalogue.entry import RANK_EXCHANGE, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="EXCHANGE_ORDER_MISSING",
    family="exchange",
    title="The exchange of return {rma} has no order",
    group_title="Exchanges have no order",
    short="exchange without an order",
    team=Team.CX,
    severity=Severity.CRITICAL,
    rank=RANK_EXCHANGE,
    clock_hours=4,
    sentence=(
        "Return {rma} is to be exchanged ({sku}), and its goods were accepted by {since}."
        " {platform} shows no replacement order after {limit}."
    ),
    consequence="The customer has sent the goods back and gets nothing for them.",
    playbook=(
        Step("Open the return in {platform} and release the exchange.", link="return"),
        Step("If the article is sold out, offer another one or the money."),
        Step("Tell the customer what they get, and when."),
        Step("If it was settled otherwise, close with the reason.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="finance",
    closes_by="{platform} shows the replacement order.",
    closes_itself=True,
    close_reasons=(
        ("refunded", "Refunded instead"),
        ("ordered_by_hand", "Ordered by hand"),
    ),
    value_note="Paid for the lines",
    requirements=("R066",),
    policy=("exchange_hours",),
)
