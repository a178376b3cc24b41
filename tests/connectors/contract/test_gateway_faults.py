"""A network and an ERP at their worst: no write is doubled or lost, no reading is half a value."""

import contextlib

import pytest

from connectors import errors, types
from connectors.sandbox import retyping
from tests.connectors.contract.plays import GatewayPlay, assert_never_half, is_whole, outcome_of
from tests.connectors.contract.test_gateway_documents import assert_is

_HOURS = 3 * 3600
READS = {
    "locations": lambda play: play.gateway.list_locations(),
    "changed items": lambda play: play.gateway.changed_items(since=""),
    "items": lambda play: play.gateway.find_items([play.stage.sku]),
    "orders": lambda play: play.gateway.find_orders([play.stage.order_number]),
}


def writing(play, document_kind, **fault):
    play.strike({**play.stage.write[document_kind], **fault})


def reading(play, **fault):
    play.strike({**play.stage.read, **fault})


# --- writes ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "drop_after"}, id="reply lost"),
        pytest.param({"kind": "drop_mid_answer"}, id="reply broken off"),
        pytest.param({"kind": "status_after"}, id="failed after commit"),
        pytest.param({"kind": "garbage", "commit": True}, id="garbage"),
        pytest.param({"kind": "truncated"}, id="truncated"),
        pytest.param({"kind": "slow", "seconds": 600}, id="slow"),
    ],
)
def test_a_write_that_landed_unseen_is_unknown_and_then_found(play, kind, fault):
    draft = play.draft(kind)
    before = play.documents()
    writing(play, kind, **fault)

    with contextlib.suppress(errors.OutcomeUnknown):
        receipt = play.gateway.create(draft)
        # A reply whose header tells all is whole without its body.
        assert receipt.external_id == play.found(draft)[0].external_id

    assert_is(play.found(draft)[0], draft)
    assert len(play.found(draft)) == 1
    assert play.documents() == before + 1


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"kind": "drop_before"}, id="dropped"),
        pytest.param({"kind": "status", "status": 500}, id="failed"),
        pytest.param({"kind": "status", "status": 502}, id="gateway failed"),
        pytest.param({"kind": "garbage"}, id="garbage"),
    ],
)
def test_a_write_that_may_not_have_landed_is_unknown_and_then_absent(play, kind, fault):
    draft = play.draft(kind)
    before = play.documents()
    writing(play, kind, **fault)

    with pytest.raises(errors.OutcomeUnknown):
        play.gateway.create(draft)

    assert play.found(draft) == ()
    assert play.documents() == before
    play.gateway.create(draft)
    assert_is(play.found(draft)[0], draft)


def test_a_write_that_lands_late_is_absent_first_and_found_later(play, kind):
    draft = play.draft(kind)
    seconds = play.gateway.capabilities.settle_seconds + 60
    writing(play, kind, kind="late_commit", seconds=seconds)

    with pytest.raises(errors.OutcomeUnknown):
        play.gateway.create(draft)

    assert play.found(draft, is_settled=False) == ()
    play.clock.pass_seconds(seconds)
    assert_is(play.found(draft)[0], draft)


def test_a_throttled_write_did_nothing_and_may_come_again(play, kind):
    draft = play.draft(kind)
    before = play.documents()
    play.strike({**play.stage.write[kind], **play.stage.throttled})

    with pytest.raises(errors.RetryLater) as later:
        play.gateway.create(draft)

    assert later.value.is_throttled
    assert play.documents() == before
    play.gateway.create(draft)
    assert_is(play.found(draft)[0], draft)


@pytest.mark.parametrize("becomes", retyping.SAMPLES)
def test_a_yes_of_the_wrong_type_is_no_yes(play, kind, becomes):
    """Every field of the answer to a create is given another type, all at once."""
    draft = play.draft(kind)
    before = play.documents()
    writing(play, kind, kind="wrong_types", becomes=becomes)

    try:
        receipt = play.gateway.create(draft)
    except errors.OutcomeUnknown:
        pass
    else:
        assert is_whole(receipt)
        assert receipt.external_id != ""

    assert play.documents() == before + 1
    assert_is(play.found(draft)[0], draft)


@pytest.mark.parametrize("fault", ["drop_after", "drop_before", "truncated", "status_after"])
def test_a_batch_whose_reply_is_lost_doubles_nothing_and_loses_nothing(play, kind, fault):
    if play.gateway.capabilities.max_documents_per_write < 3:
        return
    drafts = [play.draft(kind) for _ in range(3)]
    before = play.documents()
    play.strike({**play.stage.batch, "kind": fault})

    answer = outcome_of(lambda: play.gateway.create_many(drafts))

    told = [answer] * 3 if isinstance(answer, errors.ConnectorError) else answer
    settled = (types.Receipt, errors.OutcomeUnknown, errors.RetryLater)
    assert [each for each in told if not isinstance(each, settled)] == []
    for draft, each in zip(drafts, told, strict=True):
        if not isinstance(each, types.Receipt) and not play.found(draft):
            play.gateway.create(draft)
        (state,) = play.found(draft)
        assert_is(state, draft)
    assert play.documents() == before + 3


# --- reads -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        pytest.param({"kind": "drop_before"}, errors.RetryLater, id="dropped"),
        pytest.param({"kind": "drop_after"}, errors.RetryLater, id="reply lost"),
        pytest.param({"kind": "status", "status": 500}, errors.RetryLater, id="failed"),
        pytest.param({"kind": "slow", "seconds": 600}, errors.RetryLater, id="slow"),
        pytest.param({"kind": "garbage"}, errors.UnreadableReply, id="garbage"),
        pytest.param({"kind": "truncated"}, errors.UnreadableReply, id="truncated"),
    ],
)
def test_a_read_that_fails_says_what_to_do_next_and_works_again(play, name, fault, outcome):
    whole = READS[name](play)
    reading(play, **fault)

    with pytest.raises(outcome):
        READS[name](play)

    assert READS[name](play) == whole


@pytest.mark.parametrize("name", READS)
def test_a_throttled_read_comes_later(play, name):
    play.strike({**play.stage.read, **play.stage.throttled})

    with pytest.raises(errors.RetryLater) as later:
        READS[name](play)

    assert later.value.is_throttled


@pytest.mark.parametrize("name", READS)
def test_a_reading_is_whole_or_unreadable_whatever_type_a_field_has(play, name):
    assert_never_half(play, lambda: READS[name](play))


def test_a_look_up_is_whole_or_unreadable_whatever_type_a_field_has(play, kind):
    draft = play.draft(kind)
    play.gateway.create(draft)
    play.found(draft)

    assert_never_half(play, lambda: play.found(draft))


# --- pages and clocks --------------------------------------------------------------------------


def all_items(gateway, since=""):
    page = gateway.changed_items(since=since)
    skus = [item.sku for item in page.rows]
    pages = 1
    while page.next_cursor:
        page = gateway.changed_items(since=since, cursor=page.next_cursor)
        skus.extend(item.sku for item in page.rows)
        pages += 1
    return skus, pages


def test_pages_that_shift_while_they_are_read_lose_nothing(play):
    stage = play.stage
    if stage.crowd is None:
        assert "paging" in stage.not_here
        return
    wanted = stage.crowd(play.twin)
    _, pages = all_items(play.gateway)
    assert pages > 2
    for records in stage.shifts:
        for skipped in range(pages - 1):
            reading(play, kind="shift", records=records, skip=skipped)
            skus, _ = all_items(play.gateway)
            assert wanted - set(skus) == set()


@pytest.mark.parametrize("seconds", [-_HOURS, _HOURS])
def test_an_erp_whose_clock_is_hours_off_is_used_as_any_other(gateway_stage, kind, seconds):
    play = GatewayPlay(gateway_stage)
    play.twin.set_switches({"clock_skew_seconds": seconds})
    draft = play.draft(kind)

    play.gateway.create(draft)

    assert_is(play.found(draft)[0], draft)
    assert play.gateway.changed_items(since="").rows != ()
