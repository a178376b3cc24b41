"""A return that says nowhere where the goods are."""

from exceptions_app.catalogue.entry import RANK_LOCATION, Entry, Step
from exceptions_app.choices import FixKind, Severity, Team

ENTRY = Entry(
    code="LOCATION_MISSING",
    family="location",
    title="Return {rma} has no location",
    group_title="{platform} sent returns without a location",
    short="missing location of arrival",
    team=Team.WAREHOUSE,
    severity=Severity.HIGH,
    rank=RANK_LOCATION,
    clock_hours=8,
    sentence=(
        "{platform} did not say where the goods of return {rma} arrived, and nothing else in the"
        " return tells it."
    ),
    consequence=(
        "{erp} cannot book the receipt without a warehouse. The goods are physically somewhere"
        " and in no stock figure."
    ),
    playbook=(
        Step(
            "Find out who received the parcel: the carrier tells it by the tracking number.",
            link="parcel",
        ),
        Step(
            "Ask the likely depots whether the parcel lies there.",
            link="depots",
            ask=Team.CX,
            question="Where did the customer of return {rma} send the parcel, and when?",
        ),
        Step(
            "Set the location on this exception, and say how you know: the proof tells that the"
            " place is valid, not that the goods are there.",
            FixKind.SET_LOCATION,
        ),
        Step(
            "If all returns of one depot come without a location, ask whoever keeps your settings"
            " of {platform} to correct that depot.",
            link="group",
        ),
    ),
    actions=(FixKind.SET_LOCATION,),
    approval="none",
    closes_by="Every line of return {rma} has a location, set here or sent by {platform}.",
    closes_itself=True,
    value_note="Units × cost; what was paid for them where no cost is known",
    requirements=("R033", "R035"),
)
