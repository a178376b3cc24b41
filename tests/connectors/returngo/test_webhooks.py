import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.returngo import webhooks
from connectors.types import WebhookNudge

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["eventName", "rmaId", "rma_id", "data", "rmaSummary", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@pytest.mark.parametrize(
    ("message", "rma_id"),
    [
        pytest.param({"rmaId": "6100042"}, "6100042", id="flat"),
        pytest.param({"rmaId": 6100042}, "6100042", id="number"),
        pytest.param({"rma_id": "6100042"}, "6100042", id="snake"),
        pytest.param({"data": {"rmaId": "6100042"}}, "6100042", id="nested"),
        pytest.param({"data": {"rma_id": "6100042"}}, "6100042", id="nested-snake"),
        pytest.param({"rmaSummary": {"rmaId": "6100042"}}, "6100042", id="summary"),
        pytest.param({"data": {"rmaSummary": {"rmaId": "6100042"}}}, "6100042", id="deep"),
        pytest.param({"rmaId": "RMA6100042"}, "6100042", id="shown-with-prefix"),
        pytest.param({"rmaId": "", "data": {"rmaId": "7"}}, "7", id="first-usable"),
        pytest.param({"shipmentId": "1"}, "", id="absent"),
        pytest.param({"rmaId": "../shipment/1"}, "", id="a-path-is-no-id"),
        pytest.param({"rmaId": True}, "", id="a-boolean-is-no-id"),
        pytest.param({"rmaId": "1" * 65}, "", id="too-long"),
        pytest.param({"rmaId": ["1"]}, "", id="a-list-is-no-id"),
    ],
)
def test_the_return_is_found_where_it_may_plausibly_stand(message, rma_id):
    body = json.dumps({"eventName": "RMA_STATUS_UPDATED", **message}).encode()

    assert webhooks.parse(body) == WebhookNudge("RMA_STATUS_UPDATED", rma_id)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe\x00", id="no-text"),
        pytest.param(b"not json", id="no-json"),
        pytest.param(b'"RMA_CREATED"', id="no-object"),
        pytest.param(b'{"rmaId": "1"}', id="no-event"),
        pytest.param(b'{"eventName": 5, "rmaId": "1"}', id="event-no-text"),
        pytest.param(b'{"eventName": "<script>", "rmaId": "1"}', id="event-no-word"),
        pytest.param(b'{"eventName": "RMA_CREATED", "rmaId": NaN}', id="not-finite"),
        pytest.param(b'{"eventName":"RMA_CREATED","data":' + b"[" * 200_000, id="deep-open"),
        pytest.param(
            b'{"eventName":"X","data":' + b"[" * 5_000 + b"]" * 5_000 + b"}", id="deep-closed"
        ),
        pytest.param(b'{"eventName": "X", "rmaId": 1' + b"0" * 5_000 + b"}", id="huge-number"),
        pytest.param(b'{"eventName": "X", "rmaId": 1e999999999}', id="huge-exponent"),
        pytest.param(b'{"eventName": "X", "pad": "' + b"a" * 1_048_576 + b'"}', id="too-long"),
    ],
)
def test_what_cannot_be_read_has_an_empty_topic(body):
    assert webhooks.parse(body) == WebhookNudge("", "")


@settings(max_examples=300, deadline=None)
@given(body=st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_body_makes_it_raise_and_every_id_fits_a_path(body):
    nudge = webhooks.parse(body)

    assert nudge.topic or not nudge.rma_external_id
    assert set(nudge.rma_external_id) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
    )
