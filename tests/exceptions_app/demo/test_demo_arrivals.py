"""New returns reach every pair, as far as each system takes them; staff check in where they do."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from connectors.sandbox.kits import roster
from exceptions_app.management.demo import arrivals, mix, records, twins

AT = datetime(2026, 5, 20, 9, 0, tzinfo=UTC)


class _Simulation:
    """The demo's simulated systems, told directly."""

    base_url = ""

    def __init__(self):
        self.served = twins.make()
        self.loaded = []
        for code, systems in twins.SYSTEMS.items():
            self.load(twins.erp_name(code), roster.ERPS[systems.erp].loads(records.reference()))

    def load(self, system, told):
        self.loaded.append((system, set(told)))
        self.served[system].load(told)

    def set_switches(self, system, values):
        self.served[system].set_switches(values)

    def documents(self, system):
        return self.served[system].documents()


@pytest.mark.parametrize("misspelt", [0, 1])
@pytest.mark.parametrize("bridge", mix.PAIRS)
def test_a_return_goes_through_every_stage_at_any_pair(bridge, misspelt, monkeypatch):
    monkeypatch.setattr(arrivals, "_MISSPELT_SHARE", misspelt)
    simulation = _Simulation()
    arriving = arrivals.Arrivals(simulation, random.Random(1))
    monkeypatch.setattr(arriving, "_bridge", lambda: bridge)
    arriving._arrive(AT)

    for minute in range(1, 8):
        arriving._move_on(AT + timedelta(minutes=minute))

    assert arriving._going == []
    shown = [system for system, _ in simulation.loaded if system == twins.platform_name(bridge)]
    # The order, then the return at each stage.
    assert len(shown) == 8


def test_staff_of_brightpearl_receive_what_is_announced_once(monkeypatch):
    simulation = _Simulation()
    arriving = arrivals.Arrivals(simulation, random.Random(1))
    monkeypatch.setattr(arriving, "_bridge", lambda: "de")
    rma_id = arriving._arrive(AT)
    credit = {"kind": "sales_credit", "id": 7, "externalRef": f"RA-de-{rma_id}-1", "units": "1"}
    monkeypatch.setattr(simulation, "documents", lambda system: [{**credit, "notes": []}])
    monkeypatch.setattr(simulation.served["brightpearl-de"], "check_in", lambda record: None)

    for minute in range(1, 7):
        arriving._move_on(AT + timedelta(minutes=minute))

    received = [system for system, told in simulation.loaded if told == {"goods_in"}]
    assert received == ["brightpearl-de"]
