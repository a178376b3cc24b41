"""The policy wants a document that the ERP cannot take."""

from exceptions_app.catalogue.entry import RANK_INTEGRATION, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="STEP_UNSUPPORTED",
    family="integration",
    title="{erp} cannot take a document that the policy of {bridge} wants",
    group_title="{erp} has no {kind}",
    short="document the ERP cannot take",
    team=Team.OPERATIONS,
    severity=Severity.HIGH,
    rank=RANK_INTEGRATION,
    clock_hours=8,
    sentence=(
        "The policy of {bridge} wants a {kind} for return {rma}. The way {erp} is connected"
        " has no such document."
    ),
    consequence="None is planned, so that {erp} does not learn of this step.",
    playbook=(
        Step("Read what the connection can do.", link="connection"),
        Step("If the ERP can take it, complete or replace the profile of the connection."),
        Step("If it cannot, change the policy of {bridge}."),
        Step(
            "If the step was done by hand for this return, close with that reason.", FixKind.CLOSE
        ),
    ),
    actions=(FixKind.CLOSE,),
    approval="peer",
    closes_by="The connection can take the document, or the policy does not want it.",
    closes_itself=True,
    close_reasons=(("done_by_hand", "Done in the ERP by hand"),),
    value_note="Value of the return",
    requirements=("R126",),
    policy=("authorise_first", "stock_trigger"),
)
