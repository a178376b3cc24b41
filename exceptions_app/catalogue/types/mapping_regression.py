"""A new version of a mapping brought new exceptions."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="MAPPING_REGRESSION",
    family="integration",
    title="The new mapping of “{source_value}” brought {units} new exceptions",
    group_title="The new mapping of “{source_value}” brought new exceptions",
    short="mapping that made things worse",
    team=Team.OPERATIONS,
    severity=Severity.HIGH,
    rank=RANK_INTEGRATION,
    clock_hours=4,
    sentence=(
        "Version {number} of the mapping of “{source_value}” is in force since {since}. {units}"
        " returns that used it have new exceptions since then."
    ),
    consequence="Every further return with “{source_value}” will have the same exception.",
    playbook=(
        Step("Open the mapping and compare its versions.", link="mappings"),
        Step("Look at the new exceptions.", link="causes"),
        Step(
            "Roll the version back. What that newly breaks is shown first, and another person"
            " agrees. What was posted under it stays.",
            link="roll_back",
            question=(
                "Version {number} of the mapping of “{source_value}” brought {units} new"
                " exceptions. Will you roll it back, or make a better one?"
            ),
        ),
        Step("Or have a better version made and approved, on the same page.", link="mappings"),
    ),
    approval="peer",
    closes_by="Another version is in force, or the exceptions are gone.",
    closes_itself=True,
    value_note="Sum of the new exceptions",
    requirements=(
        "R096",
        "R111",
        "R137",
    ),
)
