"""The simulated partner: what it takes, what it answers, and what can be wrong with that."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from connectors import errors
from connectors.exchange.csv_layout import CsvLayout
from connectors.exchange.layouts import GENERIC_CSV, X12_4010, LayoutSettings
from connectors.exchange.shapes import Batch, LineResult
from connectors.exchange.x12.layout import X12Layout
from connectors.sandbox.file_partner import FilePartnerTwin
from tests.connectors.exchange.exchange_cast import AUTHORISATION, NOW, make_draft

SETTINGS = {
    "our_id": "RETURNSBRIDGE",
    "partner_id": "PARTNER",
    "our_group_id": "RETURNSBRIDGE",
    "partner_group_id": "PARTNER",
}
LAYOUTS = {GENERIC_CSV: CsvLayout, X12_4010: X12Layout}
ITEMS = [{"sku": "DRESS-RED-M"}, {"sku": "HAT-OLD", "active": False}]


class Bench:
    """A partner at one feed's folders, and our side of its layout."""

    def __init__(self, root, name):
        self.at = NOW
        self.folder = root / "depot"
        self.twin = FilePartnerTwin(now=lambda: self.at)
        self.twin.set_switches({"layout": name, "settings": SETTINGS})
        self.twin.load({"items": ITEMS, "locations": [{"code": "LDN"}]})
        self.layout = LAYOUTS[name](LayoutSettings(**SETTINGS))

    def send(self, number, *drafts, name=""):
        batch = Batch(number, drafts[0].kind, drafts, NOW)
        path = self.folder / "out" / (name or f"batch-{number}{self.layout.file_suffix}")
        path.write_bytes(self.layout.build(batch))

    def answers(self):
        """What the partner's files in ack/ say of our batches, in the order of their names."""
        self.twin.visit(self.folder)
        found = []
        for path in sorted((self.folder / "ack").iterdir()):
            for part in self.layout.read(path.name, path.read_bytes()):
                found.extend(each for each in part.acknowledgements if not each.is_syntax_only)
            path.unlink()
        return found


@pytest.fixture(params=sorted(LAYOUTS))
def bench(request, root):
    return Bench(root, request.param)


def test_a_file_is_booked_moved_and_answered(bench):
    bench.send(17, make_draft("CM-1"), make_draft("CM-2"))

    (answer,) = bench.answers()

    assert answer.batch_number == 17
    assert {line.key: (line.result, line.number) for line in answer.lines} == {
        "CM-1": (LineResult.ACCEPTED, "CR000001"),
        "CM-2": (LineResult.ACCEPTED, "CR000002"),
    }
    assert [(row["key"], row["gross"], row["units"]) for row in bench.twin.documents()] == [
        ("CM-1", "30.00", 1),
        ("CM-2", "30.00", 1),
    ]
    assert [path.name for path in (bench.folder / "out").iterdir()] == ["sent"]
    assert len(list((bench.folder / "out" / "sent").iterdir())) == 1


def test_a_number_seen_before_is_not_booked_again_and_answered_as_before(bench):
    bench.send(17, make_draft("CM-1"))
    (first,) = bench.answers()
    bench.send(17, make_draft("CM-1"), name=f"again{bench.layout.file_suffix}")

    (second,) = bench.answers()

    assert second == first
    assert len(bench.twin.documents()) == 1


def test_a_number_used_for_another_file_books_nothing(bench):
    bench.send(17, make_draft("CM-1"))
    bench.answers()
    bench.send(17, make_draft("CM-9"))

    assert bench.answers() == []
    assert [row["key"] for row in bench.twin.documents()] == ["CM-1"]
    assert bench.twin.complaints == ["17: another file has this number."]


@pytest.mark.parametrize(
    ("change", "records", "code"),
    [
        ({}, {"closed_periods": ["2026-03"]}, "period_closed"),
        ({"sku": "NO-SUCH"}, {}, "unknown_item"),
        ({"sku": "HAT-OLD"}, {}, "inactive_item"),
    ],
)
def test_a_document_that_does_not_fit_is_refused_and_the_others_are_booked(
    bench, change, records, code
):
    bench.twin.load(records)
    bad = make_draft("CM-1")
    bad = dataclasses.replace(bad, lines=(dataclasses.replace(bad.lines[0], **change),))
    good = make_draft("RA-1", kind=AUTHORISATION)
    bench.send(17, bad)
    bench.send(18, good)

    refused, booked = bench.answers()

    assert [(line.key, line.result, line.code) for line in refused.lines] == [
        ("CM-1", LineResult.REJECTED, code)
    ]
    assert booked.lines[0].result is LineResult.ACCEPTED
    assert [row["key"] for row in bench.twin.documents()] == ["RA-1"]


def test_one_refused_document_may_refuse_its_file(bench):
    bench.twin.set_switches({"acknowledgement": "all_or_nothing"})
    good = make_draft("CM-1")
    bad = make_draft("CM-2", lines=(dataclasses.replace(good.lines[0], sku="NO-SUCH"),))
    bench.send(17, good, bad)

    (answer,) = bench.answers()

    assert answer.is_accepted is not True
    assert [(line.key, line.code) for line in answer.lines] == [("CM-2", "unknown_item")]
    assert bench.twin.documents() == []


def test_a_file_that_cannot_be_read_is_not_answered(bench):
    (bench.folder / "out" / "odd.csv").write_bytes(b"%PDF-1.4")

    assert bench.answers() == []
    assert len(bench.twin.complaints) == 1
    assert (bench.folder / "out" / "sent" / "odd.csv").exists()


def test_a_late_answer_comes_when_it_is_due(bench):
    bench.twin.set_switches({"answer_after_seconds": 3600})
    bench.send(17, make_draft("CM-1"))

    assert bench.answers() == []
    bench.at += timedelta(hours=1)
    assert [answer.batch_number for answer in bench.answers()] == [17]


def test_an_answer_may_be_missing_or_come_twice(bench):
    bench.twin.set_switches({"answer_fault": "missing"})
    bench.send(17, make_draft("CM-1"))
    assert bench.answers() == []

    bench.twin.set_switches({"answer_fault": "duplicate"})
    bench.send(18, make_draft("CM-2"))
    first, second = bench.answers()
    assert first == second


def test_a_partial_answer_leaves_lines_out(bench):
    bench.twin.set_switches({"answer_fault": "partial"})
    bench.send(17, make_draft("CM-1"), make_draft("CM-2"))

    (answer,) = bench.answers()

    assert [line.key for line in answer.lines] == ["CM-1"]
    assert len(bench.twin.documents()) == 2


@pytest.mark.parametrize("fault", ["truncated", "garbage", "wrong_partner"])
def test_an_answer_that_is_no_answer_is_unreadable(bench, fault):
    bench.twin.set_switches({"answer_fault": fault})
    bench.send(17, make_draft("CM-1"))

    with pytest.raises(errors.UnreadableReply):
        bench.answers()


def test_an_answer_that_still_grows_is_whole_at_the_next_look(bench):
    bench.twin.set_switches({"answer_fault": "growing"})
    bench.send(17, make_draft("CM-1"))
    with pytest.raises(errors.UnreadableReply):
        bench.answers()

    assert [answer.batch_number for answer in bench.answers()] == [17]


def test_goods_arrive_as_they_were_announced(bench):
    bench.send(17, make_draft("RA-1", kind=AUTHORISATION))
    bench.answers()
    bench.twin.load({"arrivals": [{"authorisation": "RA-1"}]})
    bench.twin.visit(bench.folder)

    (path,) = [path for path in (bench.folder / "in").iterdir() if path.is_file()]
    (part,) = bench.layout.read(path.name, path.read_bytes())

    (arrival,) = part.arrivals
    assert (arrival.authorisation, arrival.warehouse) == ("RA-1", "LDN")
    assert [(line.sku, line.quantity) for line in arrival.lines] == [("DRESS-RED-M", 1)]


def test_what_it_knows_lies_ready_as_reference_files(bench):
    bench.twin.visit(bench.folder)

    assert (bench.folder / "reference" / "locations.csv").read_text().splitlines() == [
        "code,name,division,active",
        "LDN,,,yes",
    ]
    assert (bench.folder / "reference" / "items.csv").read_text().count("\n") == 3
