"""A worker that dies on the way, a reply that is lost: every document is booked once."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.errors import OutcomeUnknown
from connectors.exchange import stores
from connectors.exchange.local import LocalStore
from connectors.sandbox.file_partner import FilePartnerTwin
from connectors.types import DraftLine
from exceptions_app.models import Case, ExchangeBatch, Posting
from exceptions_app.rules import drafts
from exceptions_app.services import connections, exchange, faultpoints, flow
from tests import factories
from tests.faults.actors import Crash
from tests.world import Clock, reference_records

pytestmark = pytest.mark.django_db
KEYS = ["CM-uk-1", "CM-uk-2", "CM-uk-3"]


class Depot:
    """A connection as it is set up, with the simulated partner at the other end of its folder."""

    def __init__(self, root):
        self.clock = Clock(factories.NOW)
        self.folder = root / "depot"
        for folder in stores.FOLDERS:
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        self.twin = FilePartnerTwin(now=self.clock)
        self.twin.load(reference_records())
        self.connection = factories.ErpFactory(
            name="Depot",
            kind="file_exchange",
            mode="sandbox",
            base_url="folder:depot",
            settings={"minimum_age_seconds": "0"},
            sealed_secrets=b"",
        )
        factories.HealthFactory(connection=self.connection)
        factories.BudgetFactory(connection=self.connection)
        bridge = factories.BridgeFactory(erp=self.connection)
        for key in KEYS:
            self._credit(bridge, key)

    def _credit(self, bridge, key):
        posting = factories.PostingFactory(
            rma=factories.RmaFactory(bridge=bridge), key=key, status="ready", number=""
        )
        line = DraftLine(
            line_no=1,
            component="item",
            sku="TEE-BLK-M",
            item_erp_id="",
            quantity=1,
            net=Decimal("16.67"),
            tax=Decimal("3.33"),
        )
        draft = drafts.from_json(posting.draft)
        posting.draft = drafts.to_json(replace(draft, lines=(line,)))
        posting.save()

    def run(self, *steps):
        with connections.through(None, self.clock):
            for step in steps:
                step(clock=self.clock)

    def settle(self, rounds=6):
        """The house and the partner take turns until nothing moves."""
        for _ in range(rounds):
            self.run(flow.settle, flow.post)
            self.twin.visit(self.folder)
            with connections.through(None, self.clock):
                exchange.look(connection=self.connection, now=self.clock.now)
            self.clock.advance(seconds=200)

    def states(self):
        return list(Posting.objects.order_by("key").values_list("key", "status"))

    def assert_each_booked_once(self):
        assert self.states() == [(key, "confirmed") for key in KEYS]
        assert sorted(row["key"] for row in self.twin.documents()) == KEYS
        assert self.twin.complaints == []
        assert not Case.objects.filter(type="FILE_UNREADABLE").exists()


@pytest.fixture
def depot(tmp_path, settings):
    settings.EXCHANGE_ROOT = str(tmp_path)
    return Depot(tmp_path)


def crash(depot, point):
    def strike(name):
        if name == point:
            raise Crash(point)

    token = faultpoints.hook.set(strike)
    try:
        with pytest.raises(Crash):
            depot.run(flow.post)
    finally:
        faultpoints.hook.reset(token)


def test_documents_leave_in_one_file_and_are_booked_by_its_answer(depot):
    depot.run(flow.post)

    assert depot.states() == [(key, "posted") for key in KEYS]
    assert ExchangeBatch.objects.get().state == "delivered"
    depot.settle()
    depot.assert_each_booked_once()
    assert ExchangeBatch.objects.get().state == "posted"


@pytest.mark.parametrize("is_taken", [False, True], ids=["still-there", "taken-meanwhile"])
@pytest.mark.parametrize("point", ["batch_built", "batch_put", "after_call"])
def test_a_worker_that_dies_while_it_sends_doubles_and_loses_nothing(depot, point, is_taken):
    crash(depot, point)
    assert depot.states() == [(key, "sending") for key in KEYS]
    if is_taken:
        depot.twin.visit(depot.folder)

    depot.clock.advance(seconds=901)
    depot.settle()

    depot.assert_each_booked_once()
    assert ExchangeBatch.objects.count() == 1


def test_a_put_whose_reply_was_lost_is_looked_for_and_not_repeated(depot, monkeypatch):
    whole = LocalStore.put
    puts = []

    def put(self, folder, name, content):
        puts.append(name)
        whole(self, folder, name, content)
        raise OutcomeUnknown("The line broke.")

    monkeypatch.setattr(LocalStore, "put", put)
    depot.run(flow.post)
    assert depot.states() == [(key, "unconfirmed") for key in KEYS]

    depot.settle()

    depot.assert_each_booked_once()
    assert len(puts) == 1


def test_a_document_the_partner_refuses_is_an_exception_and_goes_out_anew(depot):
    depot.twin.load({"closed_periods": ["2026-05"]})
    depot.run(flow.post)
    depot.settle()

    assert depot.states() == [(key, "failed") for key in KEYS]
    assert set(Posting.objects.values_list("open_type", flat=True)) == {"PERIOD_CLOSED"}
    depot.twin.records.closed_periods = set()
    Posting.objects.update(status="ready", open_type="", open_facts={}, not_before=depot.clock.now)
    depot.clock.advance(seconds=5)
    depot.settle()

    depot.assert_each_booked_once()
    assert list(ExchangeBatch.objects.order_by("pk").values_list("state", flat=True)) == [
        "rejected",
        "posted",
    ]


def test_documents_that_fell_with_their_file_are_of_one_cause(depot):
    depot.connection.settings["acknowledgement"] = "all_or_nothing"
    depot.connection.save()
    depot.twin.set_switches({"acknowledgement": "all_or_nothing"})
    culprit = Posting.objects.get(key=KEYS[1])
    culprit.draft["lines"][0]["sku"] = "NO-SUCH"
    culprit.save()

    depot.run(flow.post)
    depot.settle()

    found = Posting.objects.order_by("key").values_list("open_type", "open_facts__vendor_code")
    assert list(found) == [
        ("CM_REJECTED", "file 1 refused"),
        ("SKU_UNKNOWN", "unknown_item"),
        ("CM_REJECTED", "file 1 refused"),
    ]
    assert depot.twin.documents() == []


def test_a_partner_that_is_silent_is_told_of_and_nothing_is_sent_again(depot):
    depot.twin.set_switches({"answer_fault": "missing"})
    depot.run(flow.post)
    depot.settle()
    with connections.through(None, depot.clock):
        exchange.mark_late(now=depot.clock.now + timedelta(hours=25))

    assert depot.states() == [(key, "posted") for key in KEYS]
    assert ExchangeBatch.objects.get().state == "overdue"
    # Nobody asks every few minutes for an answer that comes by itself.
    lookups = 12
    Posting.objects.update(lookups=lookups, not_before=depot.clock.now, lease_until=None)
    depot.run(flow.settle)
    waits = {row.not_before - depot.clock.now for row in Posting.objects.all()}
    assert waits == {timedelta(seconds=2 ** (lookups + 1))}
    assert Case.objects.get(type="BATCH_OVERDUE").facts["waiting"] == "3 documents"
