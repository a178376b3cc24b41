"""A file of documents whose answer is late."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import Severity, Team

ENTRY = Entry(
    code="BATCH_OVERDUE",
    family="integration",
    title="{connection} has not answered file {number}",
    group_title="{connection} does not answer our files",
    short="file without an answer",
    team=Team.OPERATIONS,
    severity=Severity.HIGH,
    rank=RANK_INTEGRATION,
    clock_hours=4,
    sentence=(
        "File {number} ({event}) was delivered to {connection} {since}. No answer came for"
        " {waiting}."
    ),
    consequence=(
        "Whether {connection} booked them is not known. Delivered is not accepted, so none of them"
        " counts as booked, and none is sent again."
    ),
    playbook=(
        Step("Look at what the file holds and what was answered of it.", link="files"),
        Step("Check that the file still lies in out/, or that {connection} took it."),
        Step("Ask {connection} for the acknowledgement, by the number of the file."),
        Step("Check that files which came were not set aside."),
    ),
    approval="none",
    closes_by="{connection} answered the file.",
    closes_itself=True,
    value_note="Sum of the documents in the file that were not answered",
    requirements=("R088", "R103"),
)
