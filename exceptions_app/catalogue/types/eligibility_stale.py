"""Our copy of the item master, with what may be returned, is too old."""

from exceptions_app.catalogue.entry import RANK_ITEM, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="ELIGIBILITY_STALE",
    family="item",
    title="The items of {connection} are out of date: {why}",
    group_title="The items of {connection} are out of date",
    short="items out of date",
    team=Team.MERCHANDISING,
    severity=Severity.MEDIUM,
    rank=RANK_ITEM,
    clock_hours=8,
    sentence=(
        "Our copy of the item master of {connection}, with what may be returned, is out of date:"
        " {reason}."
    ),
    consequence=(
        "Returns are judged by old flags: goods that may not come back are let in, and new SKUs"
        " count as unknown."
    ),
    playbook=(
        Step("Check whether {connection} can be reached.", link="connection"),
        Step("See which items differ, and what it is about.", link="feeds"),
        Step(
            "Have all items of {connection} read anew: “Read all items anew” on its own page."
            " Those that differ are compared at once after it.",
            link="items_anew",
            ask=Team.OPERATIONS,
            question=(
                "The items of {connection} are out of date: {reason}. Please have all its items"
                " read anew, on its own page."
            ),
        ),
        Step(
            "If it comes back, its list of changes leaves items out. Have the items named above"
            " saved again in {connection}, which lists them, and have the list itself repaired."
        ),
    ),
    approval="none",
    closes_by="The item master of {connection} was read again, and nothing in it differs.",
    closes_itself=True,
    value_note="Paid for open returns of the items that differ; none while only the age is known",
    requirements=(
        "R007",
        "R046",
    ),
)
