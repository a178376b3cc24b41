"""The contract is run for every stage; one that works in documents, for every kind as well."""

import pytest

from tests.connectors.contract import roster
from tests.connectors.contract.plays import GatewayPlay, SourcePlay


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    names = metafunc.fixturenames
    if "kind" in names:
        metafunc.parametrize(
            ("gateway_stage", "kind"),
            [
                pytest.param(stage, kind, id=f"{stage.name}-{kind.value}")
                for stage in roster.GATEWAYS
                for kind in stage.kinds()
            ],
        )
    elif "refusal_code" in names:
        metafunc.parametrize(
            ("gateway_stage", "refusal_code"),
            [
                pytest.param(stage, code, id=f"{stage.name}-{code}")
                for stage in roster.GATEWAYS
                for code in stage.refusals
            ],
        )
    elif "gateway_stage" in names:
        stages = [pytest.param(stage, id=stage.name) for stage in roster.GATEWAYS]
        metafunc.parametrize("gateway_stage", stages)
    if "source_stage" in names:
        stages = [pytest.param(stage, id=stage.name) for stage in roster.SOURCES]
        metafunc.parametrize("source_stage", stages)


@pytest.fixture
def play(gateway_stage):
    """A gateway that has spoken to its twin once, so that a token, if any, is there."""
    play = GatewayPlay(gateway_stage)
    assert play.gateway.check().is_ok
    return play


@pytest.fixture
def source_play(source_stage):
    play = SourcePlay(source_stage)
    assert play.source.check().is_ok
    return play
