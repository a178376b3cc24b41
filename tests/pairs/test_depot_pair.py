"""A depot that exchanges files: the same returns, carried by files there and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.exchange import stores
from connectors.sandbox.file_partner import FilePartnerTwin
from connectors.sandbox.kits.file_exchange import FOLDER
from exceptions_app.models import ExchangeBatch
from exceptions_app.services import exchange, flow
from tests import world as small
from tests.pairs import pairs
from tests.pairs.pair_world import PairWorld

_WHOLE = ("authorised, credited 20.00, received, moved", "")
EXPECTED = {
    # The depot's own staff check goods in, into quarantine; what may be sold is moved from there.
    pairs.WHOLE: _WHOLE,
    pairs.PARTIAL: _WHOLE,
    pairs.BUNDLE: ("authorised, credited 8.00, received, moved", ""),
    pairs.EXCHANGE: ("authorised, received, moved", ""),
    pairs.BROKEN: ("authorised, credited 20.00, received, written off", ""),
    pairs.STRANGE: ("", "SKU_UNKNOWN"),
    pairs.NOWHERE: _WHOLE,
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path, settings):
    settings.EXCHANGE_ROOT = str(tmp_path)
    for name in stores.FOLDERS:
        (tmp_path / FOLDER / name).mkdir(parents=True, exist_ok=True)
    # What is looked up lies ready before the bridge is made.
    early = FilePartnerTwin()
    early.load(small.reference_records())
    early.visit(tmp_path / FOLDER)
    return tmp_path / FOLDER


def carry(world: PairWorld, folder: Path, rounds: int = 8) -> None:
    """The flow and the partner's own program take turns, a minute and a half apart."""
    assert isinstance(world.erp, FilePartnerTwin)
    for _ in range(rounds):
        world.erp.visit(folder)
        world.carry(rounds=1)
        world.erp.visit(folder)
        world.clock.advance(seconds=90)
        with world.connected():
            exchange.read_due(now=world.clock.now)
            flow.settle(clock=world.clock)


@pytest.fixture
def world(folder):
    pair = pairs.Pair("file_exchange", "returngo", {"note_to_platform": False})
    return pairs.set_up(pair)


def test_a_mix_of_returns_goes_out_as_files_and_comes_back_booked(world, folder):
    pairs.load_mix(world)
    carry(world, folder, rounds=4)
    world.check_in()
    carry(world, folder, rounds=4)

    assert {name: pairs.outcome(world, name) for name in EXPECTED} == EXPECTED
    assert world.erp.complaints == []
    # Six returns in four files: 0.7 of a file each, and as many answers.
    batches = ExchangeBatch.objects.order_by("number").values_list("kind", "state", "documents")
    assert list(batches) == [
        ("return_authorisation", "posted", 6),
        ("credit_memo", "posted", 5),
        ("stock_move", "posted", 5),
        ("write_off", "posted", 1),
    ]
    assert len(list((folder / "out" / "sent").iterdir())) == 4

    pairs.load_after_the_close(world)
    carry(world, folder, rounds=4)
    world.check_in()
    carry(world, folder, rounds=4)

    assert pairs.outcome(world, pairs.LATE) == ("authorised, received", "PERIOD_CLOSED")
