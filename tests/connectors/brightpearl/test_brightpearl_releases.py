"""Releases of several returns: one multi-message for all, and each return's own outcome."""

import pytest

from connectors import errors
from connectors.types import DocumentKind, DocumentRef, DocumentStatus, Receipt
from tests.connectors.brightpearl.brightpearl_cast import ROOT, goods_line, make_draft

MOVE = DocumentKind.STOCK_MOVE
MULTI = f"{ROOT}/multi-message"


@pytest.fixture
def moves_of(twin, credit_of):
    """`moves_of(units, …)`: a draft that releases so many dresses, for each a credit of its own."""

    def make(*units, in_quarantine=100):
        stock = {"product_id": 1001, "location_id": 21, "quantity": in_quarantine}
        twin.load({"stock": [stock]})
        return [
            make_draft(
                MOVE,
                f"MV-{number}",
                [goods_line(count, "saleable")],
                based_on=credit_of(key=f"RA-{number}"),
            )
            for number, count in enumerate(units, start=1)
        ]

    return make


def found(gateway, drafts):
    refs = {draft.key: DocumentRef(based_on=draft.based_on) for draft in drafts}
    states = gateway.find_documents(MOVE, list(refs), refs)
    return {state.key: state.units for state in states}


def kinds(outcomes):
    return [type(outcome).__name__ for outcome in outcomes]


def releases(twin):
    return [row for row in twin.documents() if row["kind"] == "quarantine_release"]


def test_releases_of_five_returns_share_one_call_and_each_has_its_note(
    gateway, twin, pacer, moves_of
):
    drafts = moves_of(1, 2, 3, 1, 1, 2, 1)
    before = len(pacer.operations)

    outcomes = gateway.create_many(drafts)

    assert pacer.operations[before:].count("release_quarantine") == 2
    assert {(outcome.status, outcome.external_id) for outcome in outcomes} == {
        (DocumentStatus.POSTED, draft.based_on["return_authorisation"]) for draft in drafts
    }
    assert found(gateway, drafts) == {
        draft.key: units for draft, units in zip(drafts, (1, 2, 3, 1, 1, 2, 1), strict=True)
    }
    assert len(releases(twin)) == 7


def test_a_return_that_is_refused_holds_no_other_back(gateway, twin, pacer, moves_of):
    drafts = moves_of(1, 9, 1, 1, in_quarantine=3)
    before = len(pacer.operations)

    outcomes = gateway.create_many(drafts)

    assert kinds(outcomes) == ["Receipt", "Rejected", "Receipt", "Receipt"]
    assert outcomes[1].code == errors.RejectionCode.QUANTITY
    assert pacer.operations[before:].count("release_quarantine") == 2
    assert found(gateway, drafts) == {"MV-1": 1, "MV-3": 1, "MV-4": 1}
    assert len(releases(twin)) == 3


def test_a_lost_reply_leaves_its_own_returns_in_doubt_and_the_rest_unsent(gateway, twin, moves_of):
    drafts = moves_of(1, 1, 1, 1, 1, 1)
    twin.faults.parse([{"kind": "drop_after", "path": MULTI}])

    outcomes = gateway.create_many(drafts)

    assert kinds(outcomes) == ["OutcomeUnknown"] * 5 + ["RetryLater"]
    assert len(found(gateway, drafts)) == 5
    again = gateway.create_many(drafts)
    assert kinds(again) == ["Receipt"] * 6
    assert len(releases(twin)) == 6


def test_a_set_that_is_throttled_was_not_sent(gateway, twin, moves_of):
    drafts = moves_of(1, 1)
    twin.faults.parse(
        [
            {
                "kind": "status",
                "status": 503,
                "body": '{"response": "You have sent too many requests."}',
                "path": MULTI,
            }
        ]
    )

    assert kinds(gateway.create_many(drafts)) == ["RetryLater", "RetryLater"]
    assert releases(twin) == []


def test_a_multi_message_refused_as_a_whole_is_sent_return_by_return(
    gateway, twin, pacer, moves_of
):
    drafts = moves_of(1, 1)
    refusal = '{"errors": [{"code": "CMNC-001", "message": "A message cannot be read"}]}'
    twin.faults.parse(
        [{"kind": "status", "status": 400, "body": refusal, "path": MULTI, "times": 1}]
    )
    before = len(pacer.operations)

    outcomes = gateway.create_many(drafts)

    assert kinds(outcomes) == ["Receipt", "Receipt"]
    assert pacer.operations[before:].count("release_quarantine") == 3
    assert len(releases(twin)) == 2


def test_two_lines_that_say_the_same_are_both_released(gateway, twin, moves_of):
    (one,) = moves_of(1)
    lines = [goods_line(1, "saleable"), goods_line(1, "saleable", line_no=2)]
    draft = make_draft(MOVE, "MV-1", lines, based_on=one.based_on)

    (outcome,) = gateway.create_many([draft])

    assert isinstance(outcome, Receipt)
    assert found(gateway, [draft]) == {"MV-1": 2}
