"""A profile written by the guide alone carries a return, and the product knows nothing of it."""

import io
import re
from pathlib import Path

import pytest
from django.core.management import call_command

from connectors import errors
from connectors.profiled import load, rehearsal, trial
from connectors.sandbox.wsgi_transport import WsgiTransport
from connectors.types import DocumentKind
from exceptions_app.services import connections
from tests.connectors.contract import stage_orrery
from tests.connectors.contract.stages import Clock, CountingPacer
from tests.connectors.orrery.orrery_twin import KEY
from tests.test_house import house_files, read

GUIDE = Path("docs/writing-a-profile.md")


def test_the_smallest_profile_of_the_guide_is_one():
    blocks = re.findall(r"```toml\n(.*?)```", read(GUIDE), re.S)
    (smallest,) = [block for block in blocks if "[profile]" in block]

    loaded = load.loads(smallest)

    # It has room for one tax of a line, as the guide says.
    assert {each.scenario for each in rehearsal.samples(loaded) if each.problem} == {
        "Two taxes, delivery paid back and a fee kept"
    }
    assert [row.name for row in rehearsal.unconfirmed(loaded)] == ["create_credit_memo"]


def test_the_command_of_the_guide_carries_a_return(monkeypatch):
    twin = stage_orrery.make_twin(Clock())
    monkeypatch.setenv("PROFILE_SECRET_API_KEY", KEY)
    told = io.StringIO()
    asked = ["--secret", "api_key", "--set", "guild=Tailors", "--order", "1001", "--sku", "WARE-1"]

    with connections.through(WsgiTransport({"/api": twin})):
        call_command(
            "check_profile",
            str(stage_orrery.PROFILE),
            "--quiet",
            "--write",
            "--address",
            "http://127.0.0.1:8999/api",
            *asked,
            stdout=told,
        )

    assert [(deed["Verb"], deed["Count"]) for deed in twin.documents()] == [
        ("Beckon", 1),
        ("Homecoming", 1),
        ("Amends", 1),
    ]
    assert twin.documents()[2]["Sum"] == "31.25"
    assert "ok     create_credit_memo: posted as D00003, and read back." in told.getvalue()


def test_a_refusal_in_xml_is_understood_though_answers_are_json():
    twin = stage_orrery.make_twin(Clock())
    twin.load({"sealed": ["03.2026"]})
    gateway = stage_orrery.make_gateway(WsgiTransport({"/twin": twin}), CountingPacer())

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(stage_orrery.make_draft(DocumentKind.CREDIT_MEMO, "rb-1", {}))

    assert (refused.value.code, refused.value.text) == (
        "period_closed",
        "The ledger month is sealed: 05.03.2026",
    )


def test_a_trial_asks_for_the_second_page_and_for_what_changed_since():
    twin = stage_orrery.make_twin(Clock())
    twin.load({"wares": [stage_orrery._ware(f"WARE-{number}") for number in range(100, 110)]})
    gateway = stage_orrery.make_gateway(WsgiTransport({"/twin": twin}), CountingPacer())

    told = {step.name: step.text for step in trial.questions(gateway) if step.is_ok}

    assert told["changed_items"] == "4 items read."
    assert told["changed_items, second page"] == "4 items read."
    assert told["changed_items, since a time"] == (
        "4 items changed since 01.03.2026, with the overlap before it."
    )


def test_refused_credentials_are_told_once_and_end_the_trial():
    twin, pacer = stage_orrery.make_twin(Clock()), CountingPacer()
    gateway = stage_orrery.make_gateway(WsgiTransport({"/twin": twin}), pacer, is_refused=True)

    (step,) = trial.questions(gateway, order_number="1001", sku="WARE-1")

    assert (step.name, step.is_ok) == ("check_connection", False)
    assert step.text.endswith(" Nothing more was asked.")


def test_the_product_has_not_a_word_of_it():
    rooms = [path for path in house_files() if path.parts[0] not in ("tests", "CHANGELOG.md")]

    assert [str(path) for path in rooms if "orrery" in read(path).lower()] == []
