"""A file of a partner that cannot be read, or does not fit what was exchanged before."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="FILE_UNREADABLE",
    family="integration",
    title="The file {event} of {connection} was set aside",
    group_title="Files of {connection} were set aside",
    short="file set aside",
    team=Team.OPERATIONS,
    severity=Severity.HIGH,
    rank=RANK_INTEGRATION,
    clock_hours=4,
    sentence=(
        "{connection} sent the file {event}, and nothing of it was taken in. Why: “{reason}”."
    ),
    consequence=(
        "What it tells of our documents and of goods that came is not known here. The file is kept"
        " as it came."
    ),
    playbook=(
        Step("Open the file and read the line it stopped at.", link="files"),
        Step("Ask {connection} to correct it and to send it under a new name."),
        Step(
            "If the file was right and a setting or something before it was missing, read it"
            " again.",
            link="files",
        ),
        Step(
            "If {connection} confirms that it means nothing, close with that reason.",
            FixKind.CLOSE,
        ),
    ),
    actions=(FixKind.CLOSE,),
    approval="peer",
    closes_by="The file was read again, and everything in it was taken in.",
    closes_itself=True,
    close_reasons=(
        ("void_message", "The sender confirmed that the file is void"),
        ("sent_again", "The sender sent a corrected file, which was read"),
    ),
    value_note="Not known from a file that cannot be read",
    requirements=("R108",),
)
