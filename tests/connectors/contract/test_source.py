"""What every returns platform must do for us, whatever it and the network do to us."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors import errors
from connectors.types import WebhookNudge
from tests.connectors.contract import roster
from tests.connectors.contract.plays import (
    SourcePlay,
    assert_never_half,
    assert_no_secret,
    is_whole,
)
from tests.connectors.contract.stages import START

MARCH = START.replace(day=1)
READS = {
    "list": lambda play: play.source.changed_rmas(since=MARCH),
    "return": lambda play: play.source.rma(play.stage.rma_id),
    "refunds": lambda play: play.source.changed_refunds(since=MARCH),
}


def reads_of(play):
    has_feed = play.source.capabilities.has_refund_feed
    return {name: read for name, read in READS.items() if has_feed or name != "refunds"}


def reading(play, **fault):
    play.strike({**play.stage.read, **fault})


def walk(source, since=MARCH):
    page = source.changed_rmas(since=since)
    rows, pages = list(page.rows), 1
    while page.next_cursor:
        page = source.changed_rmas(since=since, cursor=page.next_cursor)
        rows.extend(page.rows)
        pages += 1
    return [row.external_id for row in rows], pages


def test_a_return_is_told_whole_and_its_sums_hold(source_play):
    stage = source_play.stage

    rma = source_play.source.rma(stage.rma_id)

    assert is_whole(rma)
    assert rma.external_id == stage.rma_id
    assert rma.lines
    assert all(line.quantity == len(line.unit_ids) > 0 for line in rma.lines)
    units = [unit for line in rma.lines for unit in line.unit_ids]
    assert len(set(units)) == len(units)
    for refund in rma.refunds:
        assert refund.tenders == () or sum(one.amount for one in refund.tenders) == (
            refund.money.amount
        )


def test_a_return_nobody_has_is_not_found(source_play):
    with pytest.raises(errors.NotFound):
        source_play.source.rma("999999999")


def test_each_changed_return_is_listed_once_in_one_walk(source_play):
    stage = source_play.stage
    if stage.crowd is None:
        assert "paging" in stage.not_here
        return
    wanted = stage.crowd(source_play.twin)

    listed, pages = walk(source_play.source)

    assert pages > 2
    assert len(set(listed)) == len(listed)
    assert set(listed) == wanted
    for records in stage.shifts:
        for skipped in range(pages - 1):
            reading(source_play, kind="shift", records=records, skip=skipped)
            assert wanted - set(walk(source_play.source)[0]) == set()


def test_what_did_not_change_is_not_listed_again(source_play):
    source_play.clock.pass_seconds(7 * 24 * 3600)

    assert walk(source_play.source, since=source_play.clock())[0] == []


def test_refunds_are_told_with_the_return_or_its_units(source_play):
    if not source_play.source.capabilities.has_refund_feed:
        return
    page = source_play.source.changed_refunds(since=MARCH)

    assert is_whole(page)
    assert page.rows
    assert page.unreadable == ()
    assert all(row.rma_external_id or row.unit_ids for row in page.rows)


def test_a_value_nobody_knows_is_kept_as_it_is(source_play):
    stage = source_play.stage
    source_play.twin.load(stage.unknown_values)

    rma = source_play.source.rma(stage.rma_id)

    assert is_whole(rma)
    assert rma.status == stage.unknown_status


def test_several_returns_are_read_in_one_call_where_that_is_announced(source_play):
    capabilities = source_play.source.capabilities
    assert hasattr(source_play.source, "rmas") == (capabilities.max_rmas_per_read > 1)
    if capabilities.max_rmas_per_read == 1:
        return
    before = len(source_play.pacer.calls)

    (rma,) = source_play.source.rmas([source_play.stage.rma_id, "999999999"])

    assert rma == source_play.source.rma(source_play.stage.rma_id)
    assert len(source_play.pacer.calls) == before + 2


# --- faults ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        pytest.param({"kind": "drop_before"}, errors.RetryLater, id="dropped"),
        pytest.param({"kind": "drop_mid_answer"}, errors.UnreadableReply, id="broken off"),
        pytest.param({"kind": "status", "status": 500}, errors.RetryLater, id="failed"),
        pytest.param({"kind": "slow", "seconds": 600}, errors.RetryLater, id="slow"),
        pytest.param({"kind": "garbage"}, errors.UnreadableReply, id="garbage"),
        pytest.param({"kind": "truncated"}, errors.UnreadableReply, id="truncated"),
    ],
)
def test_a_read_that_fails_says_what_to_do_next_and_works_again(source_play, name, fault, outcome):
    if name not in reads_of(source_play):
        return
    whole = READS[name](source_play)
    reading(source_play, **fault)

    with pytest.raises((outcome, errors.RetryLater)) as failed:
        READS[name](source_play)

    assert_no_secret(source_play.stage, failed.value.text, failed.value.evidence)
    assert READS[name](source_play) == whole


@pytest.mark.parametrize("name", READS)
def test_a_throttled_read_comes_later(source_play, name):
    if name not in reads_of(source_play):
        return
    source_play.strike({**source_play.stage.read, **source_play.stage.throttled})

    with pytest.raises(errors.RetryLater) as later:
        READS[name](source_play)

    assert later.value.is_throttled


@pytest.mark.parametrize("name", READS)
def test_a_reading_is_whole_or_unreadable_whatever_type_a_field_has(source_play, name):
    if name in reads_of(source_play):
        assert_never_half(source_play, lambda: READS[name](source_play))


@pytest.mark.parametrize("seconds", [-3 * 3600, 3 * 3600])
def test_a_platform_whose_clock_is_hours_off_is_read_as_any_other(source_stage, seconds):
    play = SourcePlay(source_stage)
    play.twin.set_switches({"clock_skew_seconds": seconds})

    for read in reads_of(play).values():
        assert is_whole(read(play))


def test_refused_credentials_are_told_as_such(source_stage):
    play = SourcePlay(source_stage)
    stranger = source_stage.make(play.transport, play.pacer, is_refused=True)

    with pytest.raises(errors.Misconfigured) as refused:
        stranger.rma(source_stage.rma_id)

    assert refused.value.is_credentials
    assert_no_secret(source_stage, refused.value.text, refused.value.evidence)
    assert stranger.check().is_ok is False


# --- webhooks ----------------------------------------------------------------------------------


def test_a_message_of_the_system_names_its_return(source_play):
    headers, body = source_play.stage.webhook
    if not source_play.source.capabilities.has_webhooks:
        assert body == b""
        return

    nudge = source_play.source.parse_webhook(headers=headers, body=body)

    assert nudge.topic != ""
    assert nudge.rma_external_id == source_play.stage.webhook_rma_id


@pytest.mark.parametrize(
    "source", [pytest.param(SourcePlay(stage).source, id=stage.name) for stage in roster.SOURCES]
)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    body=st.binary(max_size=200) | st.text(max_size=80).map(str.encode), name=st.text(max_size=9)
)
def test_no_bytes_from_anywhere_make_it_raise(source, body, name):
    nudge = source.parse_webhook(headers={name: name, "X-Topic": name}, body=body)

    assert isinstance(nudge, WebhookNudge)
    assert is_whole(nudge)
