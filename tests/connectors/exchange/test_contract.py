"""What the shared contract asks of every gateway, asked of one of files: made once, found by key,
told truly, refused with a reason. The faults are those of files and of a real SFTP connection."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest

from connectors import errors, types
from connectors.errors import RejectionCode
from connectors.exchange import port
from connectors.exchange.csv_layout import CsvLayout
from connectors.exchange.layouts import GENERIC_CSV, X12_4010
from connectors.exchange.local import LocalStore
from connectors.exchange.options import read as read_options
from connectors.exchange.x12.layout import X12Layout
from connectors.sandbox import sftp_server
from connectors.sandbox.file_partner import FilePartnerTwin
from connectors.sandbox.sftp_server import SftpFault
from connectors.types import DocumentKind, DocumentStatus
from tests.connectors.contract.plays import is_whole, outcome_of
from tests.connectors.contract.test_gateway_documents import assert_is
from tests.connectors.exchange.exchange_cast import (
    AUTHORISATION,
    CREDIT,
    NOW,
    MemoryBook,
    make_draft,
)

LAYOUTS = {GENERIC_CSV: CsvLayout, X12_4010: X12Layout}
_IDS = {"our_id": "RETURNSBRIDGE", "partner_id": "PARTNER"}
_SETTINGS = {**_IDS, "our_group_id": "RETURNSBRIDGE", "partner_group_id": "PARTNER"}
_ORDER = {
    "number": "#1001",
    "currency": "GBP",
    "ordered_at": "2026-02-01T09:30:00+00:00",
    "lines": [
        {
            "line_id": "77001",
            "sku": "DRESS-RED-M",
            "quantity": 9,
            "unit_price": "30.00",
            "net": "225.00",
            "tax": "45.00",
        }
    ],
}


class Play:
    """A gateway, the partner behind it, and what both remember."""

    def __init__(self, root, layout, store=None):
        self.at = NOW
        self.folder = root / "depot"
        self.twin = FilePartnerTwin(now=lambda: self.at)
        self.twin.set_switches({"layout": layout, "settings": _SETTINGS})
        self.twin.load(
            {
                "items": [{"sku": "DRESS-RED-M"}, {"sku": "HAT-OLD", "active": False}],
                "locations": [{"code": "LDN"}],
                "orders": [_ORDER],
            }
        )
        self.book = MemoryBook()
        config = types.ConnectionConfig(
            kind="file_exchange", base_url="folder:depot", settings={"layout": layout, **_IDS}
        )
        options = read_options(config)
        self.gateway = port.FileExchangeGateway(
            store=store or LocalStore(root=str(root), steps=("depot",)),
            layout=LAYOUTS[layout](options.layout_settings),
            options=options,
            book=self.book,
            clock=lambda: self.at,
        )
        self._drafts = 0

    def draft(self, kind=CREDIT, **changes):
        self._drafts += 1
        return make_draft(f"K-{self._drafts}", kind=kind, **changes)

    def answered(self):
        """The partner goes round, and its answers are noted as services do."""
        self.twin.visit(self.folder)
        for path in sorted((self.folder / "ack").iterdir()):
            for part in self.gateway.layout.read(path.name, path.read_bytes()):
                for told in part.acknowledgements:
                    self._note(told)
            path.unlink()

    def _note(self, told):
        for line in () if told.is_syntax_only else told.lines:
            values = {
                name: getattr(line, name)
                for name in ("result", "code", "field", "text", "erp_id", "number")
            }
            self.book.answers[line.key] = {**values, "answered_at": self.at}

    def found(self, draft):
        return self.gateway.find_documents(draft.kind, [draft.key])

    def documents(self):
        return len(self.twin.documents())


@pytest.fixture(params=sorted(LAYOUTS))
def layout(request):
    return request.param


@pytest.fixture
def play(root, layout):
    return Play(root, layout)


@pytest.fixture
def far_play(root, layout, make_sftp):
    return Play(root, layout, store=make_sftp())


def kinds_of(play):
    return [kind for kind in DocumentKind if kind.value in play.gateway.layout.kinds]


def test_what_was_created_is_found_by_its_key_and_equal(play):
    drafts = [play.draft(kind) for kind in kinds_of(play)]
    receipts = [play.gateway.create(draft) for draft in drafts]

    play.answered()

    for draft, receipt in zip(drafts, receipts, strict=True):
        (state,) = play.found(draft)
        assert is_whole(receipt)
        assert receipt.external_id == state.external_id
        assert state.number != ""
        assert_is(state, draft)
    assert play.documents() == len(drafts)


@pytest.mark.parametrize("is_answered_before", [True, False])
def test_one_key_never_makes_two_documents(play, is_answered_before):
    draft = play.draft()
    play.gateway.create(draft)
    if is_answered_before:
        play.answered()

    again = play.gateway.create(draft)
    play.answered()

    assert again.external_id == draft.key
    assert play.documents() == 1
    assert len(play.found(draft)) == 1


def test_of_several_keys_each_finds_its_own_and_a_strange_one_nothing(play):
    first, second = play.draft(), play.draft()
    play.gateway.create_many([first, second])
    play.answered()

    found = play.gateway.find_documents(CREDIT, [first.key, "rb-none", second.key])

    assert sorted(state.key for state in found) == [first.key, second.key]
    assert play.gateway.find_documents(AUTHORISATION, [first.key]) == ()


def _refused(code):
    line = make_draft().lines[0]
    return {
        RejectionCode.UNKNOWN_ITEM: {"lines": (dataclasses.replace(line, sku="NO-SUCH"),)},
        RejectionCode.INACTIVE_ITEM: {"lines": (dataclasses.replace(line, sku="HAT-OLD"),)},
        RejectionCode.QUANTITY: {"lines": (dataclasses.replace(line, quantity=10),)},
    }.get(code, {})


@pytest.mark.parametrize(
    "code",
    [
        RejectionCode.PERIOD_CLOSED,
        RejectionCode.UNKNOWN_ITEM,
        RejectionCode.INACTIVE_ITEM,
        RejectionCode.QUANTITY,
    ],
)
def test_each_refusal_has_its_code_and_leaves_nothing_behind(play, code):
    if code is RejectionCode.PERIOD_CLOSED:
        play.twin.load({"closed_periods": ["2026-03"]})
    draft, good = play.draft(**_refused(code)), play.draft(AUTHORISATION)
    play.gateway.create(draft)
    play.gateway.create(good)

    play.answered()

    (state,) = play.found(draft)
    assert (state.status, state.refusal_code) == (DocumentStatus.REJECTED, code)
    assert state.refusal_text != ""
    assert_is(play.found(good)[0], good)
    assert play.documents() == 1


def test_a_warehouse_nobody_knows_is_refused(play):
    draft = play.draft(AUTHORISATION, warehouse="MARS")
    play.gateway.create(draft)

    play.answered()

    assert play.found(draft)[0].refusal_code == RejectionCode.UNKNOWN_WAREHOUSE
    assert play.documents() == 0


@pytest.mark.parametrize("fault", [fault for fault in SftpFault if fault is not SftpFault.HANG])
@pytest.mark.parametrize("is_taken_at_once", [True, False])
def test_a_batch_whose_answer_is_lost_doubles_nothing_and_loses_nothing(
    far_play, partner, fault, is_taken_at_once
):
    play = far_play
    drafts = [play.draft() for _ in range(3)]
    partner.faults.append(fault)

    told = play.gateway.create_many(drafts)
    if is_taken_at_once:
        play.answered()
    for draft, each in zip(drafts, told, strict=True):
        assert isinstance(each, errors.OutcomeUnknown | errors.RetryLater)
        if not play.found(draft):
            play.gateway.create(draft)
    play.answered()

    for draft in drafts:
        assert_is(play.found(draft)[0], draft)
    assert play.documents() == 3
    assert len(play.book.batches) == 1


def test_a_partner_that_deletes_what_it_took_books_it_once(far_play, partner):
    play, draft = far_play, far_play.draft()
    partner.faults.append(SftpFault.DROP_AFTER_RENAME)
    with pytest.raises(errors.OutcomeUnknown):
        play.gateway.create(draft)
    play.twin.visit(play.folder)
    for path in (play.folder / "out" / "sent").iterdir():
        path.unlink()

    assert play.found(draft) == ()
    play.gateway.create(draft)
    play.answered()

    assert_is(play.found(draft)[0], draft)
    assert play.documents() == 1


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_partner_whose_clock_is_hours_off_is_used_as_any_other(play, hours):
    play.twin.set_switches({"clock_skew_seconds": hours * 3600})
    draft = play.draft()
    play.gateway.create(draft)

    play.at += timedelta(hours=4)
    play.answered()

    assert_is(play.found(draft)[0], draft)


def test_what_no_file_holds_is_not_done(play):
    for kind in set(DocumentKind) - set(kinds_of(play)):
        with pytest.raises(errors.Misconfigured):
            play.gateway.create(play.draft(kind))

    assert play.book.batches == []


def test_refused_credentials_do_nothing_and_nothing_tells_a_secret(far_play, partner):
    play, draft = far_play, far_play.draft()
    receipt = play.gateway.create(play.draft())
    partner.password = "changed-since"

    refused = outcome_of(lambda: play.gateway.create(draft))

    assert isinstance(refused, errors.Misconfigured)
    assert refused.is_credentials
    assert play.gateway.check().is_ok is False
    assert play.found(play.draft()) == ()
    told = f"{receipt.evidence} {refused.text} {play.gateway.preview(draft)}"
    assert sftp_server.PASSWORD not in told
    play.answered()
    assert play.documents() == 1
