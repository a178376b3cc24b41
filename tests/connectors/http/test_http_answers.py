"""The HTTP session: what each answer becomes at our border, and how bodies travel."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest

from connectors import errors
from tests.connectors.http.http_cast import CountingPacer, answering, make_session, read, write


@pytest.mark.parametrize(
    ("status", "headers", "on_read", "on_write"),
    [
        (301, {"Location": "/x"}, errors.Misconfigured, errors.Misconfigured),
        (302, {"Location": "http://169.254.169.254/"}, errors.Misconfigured, errors.Misconfigured),
        (307, {}, errors.Misconfigured, errors.Misconfigured),
        (401, {}, errors.Misconfigured, errors.Misconfigured),
        (403, {}, errors.Misconfigured, errors.Misconfigured),
        (403, {"Retry-After": "60"}, errors.RetryLater, errors.RetryLater),
        (408, {}, errors.RetryLater, errors.OutcomeUnknown),
        (429, {}, errors.RetryLater, errors.RetryLater),
        (500, {}, errors.RetryLater, errors.OutcomeUnknown),
        (502, {}, errors.RetryLater, errors.OutcomeUnknown),
        (503, {}, errors.RetryLater, errors.OutcomeUnknown),
        (503, {"Retry-After": "3"}, errors.RetryLater, errors.RetryLater),
        (503, {"brightpearl-requests-remaining": "0"}, errors.RetryLater, errors.RetryLater),
        (503, {"brightpearl-requests-remaining": "150"}, errors.RetryLater, errors.OutcomeUnknown),
        (504, {}, errors.RetryLater, errors.OutcomeUnknown),
    ],
)
def test_a_status_becomes_what_the_caller_may_do_next(status, headers, on_read, on_write):
    session = make_session(answering(status, "busy", headers))

    with pytest.raises(errors.ConnectorError) as reading:
        read(session)
    with pytest.raises(errors.ConnectorError) as writing:
        write(session)

    assert type(reading.value) is on_read
    assert type(writing.value) is on_write
    assert writing.value.evidence.status == status
    assert writing.value.evidence.response_body == "busy"


@pytest.mark.parametrize(
    ("body", "on_write", "wait"),
    [("slow down", errors.RetryLater, 7), ("gone", errors.OutcomeUnknown, None)],
)
def test_a_systems_own_word_tells_a_spent_quota_from_an_outage(body, on_write, wait):
    headers = {"brightpearl-requests-remaining": "0"}
    session = make_session(
        answering(503, body, headers),
        quota_wait=lambda _headers, text: 7 if text == "slow down" else None,
    )

    with pytest.raises(errors.ConnectorError) as writing:
        write(session)

    assert type(writing.value) is on_write
    assert getattr(writing.value, "after_seconds", None) == wait


@pytest.mark.parametrize(("status", "is_credentials"), [(401, True), (403, True), (302, False)])
def test_only_a_refused_caller_counts_as_a_credential_problem(status, is_credentials):
    with pytest.raises(errors.Misconfigured) as raised:
        read(make_session(answering(status, headers={"Location": "/"})))

    assert raised.value.is_credentials is is_credentials


@pytest.mark.parametrize("status", [200, 201, 202, 207, 404, 400, 409, 422])
def test_other_answers_are_the_connectors_to_interpret(status):
    reply = write(make_session(answering(status, '{"a": 1}')))

    assert reply.status == status
    assert reply.json() == {"a": 1}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("-1", 0),
        ("1000000000", 3600),
        ("9" * 400, 3600),
        ("9" * 5000, None),
        ("soon", None),
        ("nan", None),
        ("", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        ("Fri, 31 Dec 2999 23:59:59 GMT", 3600),
    ],
)
def test_the_wait_asked_for_is_kept_within_reason(value, seconds):
    with pytest.raises(errors.RetryLater) as raised:
        write(make_session(answering(429, headers={"Retry-After": value})))

    assert raised.value.is_throttled
    assert raised.value.after_seconds == seconds


def test_the_wait_may_be_given_as_a_date():
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)

    with pytest.raises(errors.RetryLater) as raised:
        read(make_session(answering(429, headers={"Retry-After": date})))

    assert 95 <= raised.value.after_seconds <= 100


def test_an_outage_is_no_throttle():
    with pytest.raises(errors.RetryLater) as raised:
        read(make_session(answering(500)))

    assert not raised.value.is_throttled


def test_the_pacer_is_asked_first_and_its_refusal_lets_nothing_leave():
    pacer, seen = CountingPacer(), []
    pacer.refusal = errors.RetryLater("quota spent", after_seconds=9, is_throttled=True)

    with pytest.raises(errors.RetryLater) as raised:
        write(make_session(answering(seen=seen), pacer=pacer))

    assert raised.value is pacer.refusal
    assert seen == []
    assert pacer.told == []


@pytest.mark.parametrize(("status", "is_failing"), [(200, False), (404, False), (500, True)])
def test_the_pacer_hears_of_every_answer_and_its_headers(status, is_failing):
    pacer = CountingPacer()
    session = make_session(answering(status, headers={"X-Left": "3"}), pacer=pacer)

    if is_failing:
        with pytest.raises(errors.RetryLater):
            read(session)
    else:
        read(session)

    assert pacer.asked == [("find_order", False)]
    assert pacer.told == [("find_order", status)]
    assert pacer.headers[0]["X-Left"] == "3"


def test_the_pacer_hears_of_silence_too():
    pacer = CountingPacer()
    session = make_session(answering(), pacer=pacer)
    session._requests.get_adapter("http://x").is_unreachable = True

    with pytest.raises(errors.RetryLater):
        write(session)

    assert pacer.told == [("create", None)]


def test_amounts_travel_as_the_digits_that_were_written():
    seen = []
    body = {
        "amount": Decimal("10.10"),
        "big": Decimal("1E+3"),
        "lines": ({"qty": 2, "is_last": True, "note": 'é "x"', "none": None},),
    }

    reply = write(make_session(answering(body='{"a": 0.10, "b": 3}', seen=seen)), body)

    assert seen[0][1] == (
        '{"amount": 10.10, "big": 1000, "lines": [{"qty": 2, "is_last": true, '
        '"note": "\\u00e9 \\"x\\"", "none": null}]}'
    )
    assert seen[0][0].headers["Content-Type"] == "application/json"
    assert str(reply.json()["a"]) == "0.10"
    assert reply.json()["b"] == 3


@pytest.mark.parametrize("value", [1.5, Decimal("NaN"), Decimal("Infinity"), object()])
def test_a_value_without_exact_digits_is_never_sent(value):
    pacer, seen = CountingPacer(), []

    with pytest.raises((TypeError, ValueError)):
        write(make_session(answering(seen=seen), pacer=pacer), {"amount": value})

    assert seen == []
    assert pacer.asked == []


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        '{"a": ',
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1e400}',
        '{"a": 1e-999999999}',
        "[" * 150 + "]" * 150,
        "[" * 100_000,
        "1" * 5000,
    ],
)
def test_an_unreadable_reply_leaves_a_write_unknown(body):
    session = make_session(answering(body=body))

    with pytest.raises(errors.UnreadableReply):
        read(session).json()
    with pytest.raises(errors.OutcomeUnknown) as raised:
        write(session).json()

    assert raised.value.evidence.status == 200


def test_a_mark_before_the_json_is_no_obstacle():
    assert read(make_session(answering(body=b'\xef\xbb\xbf{"a": "\xc3\xa9"}'))).json() == {"a": "é"}


@pytest.mark.parametrize(
    ("charset", "text"),
    [
        ("iso-8859-1", "caf\u00e9"),
        ("Windows-1252", "caf\u00e9"),
        ("klingon", "caf\ufffd"),
        ("idna", "caf\ufffd"),
        ("undefined", "caf\ufffd"),
        ("hex", "caf\ufffd"),
    ],
)
def test_a_charset_is_used_when_a_reply_can_mean_it(charset, text):
    app = answering(body=b"caf\xe9", headers={"Content-Type": f"text/xml; charset={charset}"})

    assert read(make_session(app)).text == text


def test_a_query_is_sent_in_order_and_escaped():
    seen = []

    make_session(answering(seen=seen)).call(
        operation="o",
        method="GET",
        path="pick",
        query=[("$filter", "ord_num eq '#1 & 2'"), ("_pgno", "1"), ("_pgno", "2")],
    )

    assert seen[0][0].args.getlist("_pgno") == ["1", "2"]
    assert seen[0][0].args["$filter"] == "ord_num eq '#1 & 2'"


def test_cookies_are_not_kept():
    seen = []
    session = make_session(answering(headers={"Set-Cookie": "a=b"}, seen=seen))

    read(session)
    read(session)

    assert "Cookie" not in seen[1][0].headers


def test_a_path_may_not_lead_upwards():
    with pytest.raises(errors.Misconfigured):
        make_session(answering()).call(operation="o", method="GET", path="/a/../../b")


def test_a_call_may_carry_headers_of_its_own_and_a_signature():
    seen = []

    def sign(method, url):
        return {"Authorization": f"Signed {method} {url}"}

    session = make_session(answering(seen=seen), sign=sign)

    session.call(
        operation="token",
        method="POST",
        path="/token",
        query=[("a", "b c")],
        headers={"Prefer": "transient"},
    )

    request, _text = seen[0]
    assert request.headers["Prefer"] == "transient"
    assert request.headers["Authorization"] == "Signed POST http://sandbox.test/erp/token?a=b+c"
