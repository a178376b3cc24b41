"""Our copy of the item master, with what may be returned, is too old."""

from exceptions_app.catalogue.entry import RANK_ITEM, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="ELIGIBILITY_STALE",
    family="item",
    title="The items of {connection} were not read since {since}",
    group_title="The items of {connection} are out of date",
    short="items out of date",
    team=Team.MERCHANDISING,
    severity=Severity.MEDIUM,
    rank=RANK_ITEM,
    clock_hours=8,
    sentence=(
        "The item master of {connection}, with what may be returned, was last read on {since}. It"
        " is due every {limit}."
    ),
    consequence=(
        "Returns are judged by old flags: goods that may not come back are let in, and new SKUs"
        " count as unknown."
    ),
    playbook=(
        Step("Check whether {connection} can be reached.", link="connection"),
        Step("Look at the feed of items and when it was last read.", link="connection"),
        Step("Ask an integrator to read the item master now."),
    ),
    approval="none",
    closes_by="The item master of {connection} was read again.",
    closes_itself=True,
    value_note="None: nothing is known to be wrong yet",
    requirements=(
        "R007",
        "R046",
    ),
)
