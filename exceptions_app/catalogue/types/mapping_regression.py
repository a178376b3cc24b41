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
        Step("Take the version back, or approve a better one.", link="mappings"),
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
