"""Documents, for every ERP: made once, found by our key, told truly, refused with a reason."""

import dataclasses

import pytest

from connectors import errors, types
from connectors.errors import RejectionCode
from connectors.types import DocumentKind, DocumentStatus, OperationSupport
from tests.connectors.contract.plays import GatewayPlay, assert_no_secret, is_whole, outcome_of

_WITH_MONEY = (DocumentKind.CREDIT_MEMO, DocumentKind.REFUND_RECORD)
_ALWAYS_REFUSED = (
    RejectionCode.PERIOD_CLOSED,
    RejectionCode.UNKNOWN_ITEM,
    RejectionCode.UNKNOWN_WAREHOUSE,
    RejectionCode.QUANTITY,
)


def assert_is(state, draft):
    assert is_whole(state)
    assert (state.kind, state.key) == (draft.kind, draft.key)
    assert state.status is DocumentStatus.POSTED
    assert state.external_id != ""
    assert state.units == draft.units
    assert state.warehouse in ("", draft.warehouse)
    if draft.kind in _WITH_MONEY:
        assert (state.gross, state.currency) == (draft.gross, draft.currency)
        assert state.tax in (None, draft.tax)
    if state.taxes:
        assert {part.code: part.amount for part in state.taxes} == draft.tax_by_code


def test_what_was_created_is_found_by_its_key_and_equal(play, kind):
    draft = play.draft(kind)
    before = play.documents()

    receipt = play.gateway.create(draft)
    (state,) = play.found(draft)

    assert is_whole(receipt)
    assert receipt.external_id == state.external_id
    assert_is(state, draft)
    assert play.documents() == before + 1


def test_one_key_never_makes_two_documents(play, kind):
    draft = play.draft(kind)
    receipt = play.gateway.create(draft)
    before = play.documents()

    again = outcome_of(lambda: play.gateway.create(draft))

    match again:
        case types.Receipt():
            assert again.external_id == receipt.external_id
        case errors.Rejected():
            assert again.code == RejectionCode.DUPLICATE_KEY
        case _:
            assert isinstance(again, errors.OutcomeUnknown)
    assert play.documents() == before
    assert [state.external_id for state in play.found(draft)] == [receipt.external_id]


def test_a_document_that_is_not_there_is_absent_and_no_error(play, kind):
    draft = play.draft(kind)

    assert play.found(draft) == ()
    assert play.gateway.find_documents(kind, []) == ()


def test_of_several_keys_each_finds_its_own(play, kind):
    first, second = play.draft(kind), play.draft(kind)
    for draft in (first, second):
        play.gateway.create(draft)
    play.found(first)

    refs = {draft.key: types.DocumentRef(based_on=draft.based_on) for draft in (first, second)}
    found = play.gateway.find_documents(kind, [first.key, "rb-none", second.key], refs)

    assert sorted(state.key for state in found) == sorted([first.key, second.key])


def test_an_order_number_or_sku_nobody_knows_is_absent(play):
    assert play.gateway.find_orders(["NO-SUCH-ORDER"]) == ()
    assert play.gateway.find_items(["NO-SUCH-SKU"]) == ()


def test_the_order_is_told_with_lines_that_add_up(play):
    stage = play.stage

    (order,) = play.gateway.find_orders([stage.order_number])

    assert is_whole(order)
    assert order.number == stage.order_number
    assert order.lines
    by_id = {line.line_id: line for line in order.lines}
    assert len(by_id) == len(order.lines)
    for line in order.lines:
        assert line.quantity > 0
        assert sum(part.amount for part in line.taxes) in (0, line.tax)
        assert line.parent_line_id == "" or line.parent_line_id in by_id
    parents = {line.parent_line_id for line in order.lines} - {""}
    assert parents == ({stage.bundle_line_id} if stage.bundle_line_id else set())


def test_items_are_told_active_and_not(play):
    stage = play.stage
    skus = [stage.sku, stage.inactive_sku]

    found = {item.sku: item for item in play.gateway.find_items([*skus, "NO-SUCH-SKU"])}

    assert all(is_whole(item) for item in found.values())
    assert {sku: found[sku].is_active for sku in skus} == {skus[0]: True, skus[1]: False}
    assert set(found) == set(skus)


def test_locations_are_told_whole(play):
    locations = play.gateway.list_locations()

    assert locations
    assert all(is_whole(location) and location.code for location in locations)
    assert len({location.code for location in locations}) == len(locations)


def test_each_refusal_has_its_code_and_leaves_nothing_behind(play, refusal_code):
    refusal = play.stage.refusals[refusal_code]
    draft = refusal.change(play.draft(refusal.kind))
    play.twin.load(refusal.records)
    play.twin.set_switches(refusal.switches)
    before = play.documents()

    with pytest.raises(errors.Rejected) as refused:
        play.gateway.create(draft)

    assert refused.value.code == refusal_code
    assert refused.value.text != ""
    assert play.documents() == before
    assert play.found(draft) == ()


def test_the_stage_tries_every_refusal_or_says_why_not(gateway_stage):
    untried = set(_ALWAYS_REFUSED) - set(gateway_stage.refusals) - set(gateway_stage.not_here)

    assert untried == set()


# --- what a gateway says of itself --------------------------------------------------------------


def test_what_it_says_it_creates_is_what_the_stage_tries(play):
    supported = {
        kind
        for kind, support in play.gateway.capabilities.creates.items()
        if support is OperationSupport.SUPPORTED
    }

    assert set(play.stage.kinds()) == supported
    assert play.gateway.capabilities.can_find_by_key


@pytest.mark.parametrize("unsupported", list(DocumentKind))
def test_what_it_does_not_announce_it_does_not_do(play, unsupported):
    if unsupported in play.stage.kinds():
        return
    base = play.draft(play.stage.kinds()[0])
    before, writes = play.documents(), play.pacer.writes

    with pytest.raises((errors.Misconfigured, errors.Rejected)):
        play.gateway.create(dataclasses.replace(base, kind=unsupported))

    assert play.documents() == before
    assert play.pacer.writes == writes


def test_what_it_announces_beside_documents_works(play):
    capabilities = play.gateway.capabilities

    assert hasattr(play.gateway, "create_many") == (capabilities.max_documents_per_write > 1)
    if capabilities.can_read_receipts:
        assert is_whole(play.gateway.receipts(["no-such-authorisation"]))
    if capabilities.can_read_periods:
        months = play.gateway.closed_periods()
        assert all(len(month) == 7 and month[4] == "-" for month in months)


def test_receipts_are_read_with_their_units(play):
    if not play.gateway.capabilities.can_read_receipts:
        return
    draft = play.draft(DocumentKind.STOCK_RECEIPT)
    play.gateway.create(draft)
    (state,) = play.found(draft)

    (receipt,) = play.gateway.receipts([draft.based_on["return_authorisation"]])

    assert is_whole(receipt)
    assert (receipt.external_id, receipt.number) == (state.external_id, state.number)
    assert receipt.authorisation_id == draft.based_on["return_authorisation"]
    assert sum(line.quantity for line in receipt.lines) == draft.units


def test_one_bad_document_of_a_batch_leaves_the_good_ones(play, kind):
    refusal = play.stage.refusals[RejectionCode.UNKNOWN_ITEM]
    if play.gateway.capabilities.max_documents_per_write < 3 or kind is not refusal.kind:
        return
    drafts = [play.draft(kind), play.draft(kind), play.draft(kind)]
    drafts[1] = refusal.change(drafts[1])
    before = play.documents()

    outcomes = play.gateway.create_many(drafts)

    assert [type(outcome) for outcome in outcomes] == [
        types.Receipt,
        errors.Rejected,
        types.Receipt,
    ]
    assert outcomes[1].code == RejectionCode.UNKNOWN_ITEM
    assert play.documents() == before + 2
    assert_is(play.found(drafts[0])[0], drafts[0])
    assert play.found(drafts[1]) == ()
    assert_is(play.found(drafts[2])[0], drafts[2])


# --- secrets -----------------------------------------------------------------------------------


def test_neither_preview_nor_evidence_holds_a_secret(play, kind):
    draft = play.draft(kind)
    preview = play.gateway.preview(draft)

    receipt = play.gateway.create(draft)
    states = play.found(draft)
    play.strike({"kind": "status", "status": 500, **play.stage.write[kind]})
    with pytest.raises(errors.ConnectorError) as failed:
        play.gateway.create(play.draft(kind))

    assert preview != ""
    assert receipt.evidence is not None
    assert failed.value.evidence is not None
    evidence = [receipt.evidence, failed.value.evidence, *(state.evidence for state in states)]
    assert_no_secret(play.stage, preview, failed.value.text, *evidence)


def test_refused_credentials_are_told_as_such_and_do_nothing(gateway_stage, kind):
    play = GatewayPlay(gateway_stage)
    draft = play.draft(kind)
    before = play.documents()
    stranger = gateway_stage.make(play.transport, play.pacer, is_refused=True)

    check = stranger.check()
    for call in (
        lambda: stranger.create(draft),
        lambda: stranger.find_orders([gateway_stage.order_number]),
    ):
        with pytest.raises(errors.Misconfigured) as refused:
            call()
        assert refused.value.is_credentials
        assert_no_secret(gateway_stage, refused.value.text, refused.value.evidence)

    assert check.is_ok is False
    assert play.documents() == before
