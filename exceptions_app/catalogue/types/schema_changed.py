"""A system tells its returns in another form than it is known for."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="SCHEMA_CHANGED",
    family="integration",
    title="{connection} tells its returns in another form",
    group_title="{connection} tells its returns in another form",
    short="changed form of messages",
    team=Team.OPERATIONS,
    severity=Severity.MEDIUM,
    rank=RANK_INTEGRATION,
    clock_hours=24,
    sentence=(
        "{units} of the last {expected} returns read from {connection} had fields of another"
        " form: {field}."
    ),
    consequence="They could be read this time. If more changes, returns will stop being read.",
    playbook=(
        Step("Compare the fields with the system’s documentation.", link="connection"),
        Step("Ask the vendor whether the form was changed on purpose."),
        Step("Tell whoever looks after Returnsbridge, so that a release follows."),
        Step("If the form is harmless, close with that reason.", FixKind.CLOSE),
    ),
    actions=(FixKind.CLOSE,),
    approval="none",
    closes_by="The last returns read from {connection} have the form of those before them.",
    closes_itself=True,
    close_reasons=(("harmless", "Checked: the form is harmless"),),
    value_note="Not known before a return cannot be read",
    requirements=("R108",),
)
