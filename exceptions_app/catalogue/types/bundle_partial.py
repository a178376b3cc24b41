"""A part of a bundle came back, and the refund shares its price out in another way."""

from exceptions_app.catalogue.entry import RANK_ITEM, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="BUNDLE_PARTIAL",
    family="item",
    title="Refund and bundle share of return {rma} differ by {difference}",
    group_title="Parts of bundles are priced in two ways",
    short="part of a bundle came back",
    team=Team.MERCHANDISING,
    severity=Severity.HIGH,
    rank=RANK_ITEM,
    clock_hours=24,
    sentence=(
        "A part of a bundle came back with return {rma}. {platform} refunded {refund}; the"
        " order’s own shares make it {credit}. The bundle’s price is all of the difference of"
        " {difference}."
    ),
    consequence=(
        "The credit of return {rma} waits. A share nobody agreed on would be booked as if it were"
        " the price."
    ),
    playbook=(
        Step(
            "Merchandising: open order {order} and read how the bundle’s price is shared out.",
            link="order",
        ),
        Step(
            "Merchandising: compare that share with the refund of {refund}; the causes are listed"
            " here.",
            link="causes",
        ),
        Step(
            "Merchandising: say which of the two is right. Only finance changes the credit, so"
            " tell them by a question.",
            ask=Team.FINANCE,
            question=(
                "A part of a bundle came back with return {rma}. The refund is {refund}, the"
                " order’s share {credit}. The right one is … because … Will you correct the"
                " credit, or accept the difference of {difference}?"
            ),
        ),
        Step("Finance: if the refund is right, ask to correct the credit.", FixKind.CORRECT_CREDIT),
        Step(
            "Finance: if the order’s share is right, ask to accept the difference. Another person"
            " of finance approves either.",
            FixKind.ACCEPT_DIFFERENCE,
        ),
    ),
    actions=(
        FixKind.CORRECT_CREDIT,
        FixKind.ACCEPT_DIFFERENCE,
    ),
    approval="finance",
    closes_by="Refund and credit agree, or finance accepted the difference.",
    closes_itself=True,
    value_note="Refund less credit",
    requirements=(
        "R044",
        "R060",
    ),
    policy=("bundle_credit",),
)
