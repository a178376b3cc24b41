"""A status or return type the bridge cannot interpret."""

from exceptions_app.catalogue.entry import RANK_ITEM, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="STATUS_UNMAPPED",
    family="item",
    title="{platform} status “{source_value}” is not known",
    group_title="{platform} status “{source_value}” is not known",
    short="unmapped status",
    team=Team.OPERATIONS,
    severity=Severity.MEDIUM,
    rank=RANK_ITEM,
    clock_hours=8,
    sentence=(
        "{platform} reports “{source_value}” for return {rma}. What that status means is not said"
        " for {bridge} yet."
    ),
    consequence=(
        "Returnsbridge cannot tell what it may post, so the documents that depend on it wait and"
        " CX sees no progress."
    ),
    playbook=(
        Step("Read the message as it was received.", link="inbox"),
        Step(
            "Find out what the status means: it stands in the settings of {platform}. If it does"
            " not, ask its support; a guess books or holds every later return with it.",
        ),
        Step(
            "Map it to what it means, and say in the note where you read that. Each choice says"
            " what is then booked; Requested holds the return, and nothing is booked; money"
            " already refunded then stands without a credit.",
            FixKind.STATUS,
        ),
        Step("Check the preview: it lists the returns whose plan changes, and which then rest."),
    ),
    actions=(FixKind.STATUS,),
    approval="peer",
    closes_by="An active mapping for “{source_value}” is in force.",
    closes_itself=True,
    value_note="Refund gross",
    requirements=("R026", "R027"),
)
