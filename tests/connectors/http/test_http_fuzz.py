"""Damaged answers: whatever comes over the wire becomes a reply or one of our own errors."""

from __future__ import annotations

import gzip
import random

import pytest

from connectors import errors
from tests.connectors.http.http_cast import make_session, read, sending, write

BODY = b'{"pkey": 12, "x": [1.5, null]}'
PACKED = gzip.compress(BODY, mtime=0)
WHOLE = [
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n" + BODY,
    b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"pke\r\n7\r\ny": 12}\r\n0\r\n\r\n',
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(PACKED)
    + PACKED,
    b"HTTP/1.1 429 Busy\r\nRetry-After: 5\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 302 Found\r\nLocation: http://x/\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 503 Busy\r\nRetry-After: Fri, 31 Dec 2999 23:59:59 GMT\r\n\r\n",
]
ODD = [
    b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: a\r\n" % n for n in range(300)) + b"\r\n",
    b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
    b"HTTP/1.1 99999 OK\r\n\r\n",
    b"HTTP/1.1 abc\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\n{}",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\nxx",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip, gzip, gzip, gzip, gzip\r\n\r\nxx",
    b"HTTP/1.1 200 OK\r\nContent-Type: a; charset=\x00x\r\n\r\n\xff",
    b"HTTP/1.1 200 OK\r\nContent-Type: a; charset=utf-16\r\n\r\n\xff",
]


def damaged(answer: bytes, dice: random.Random) -> bytes:
    spoilt = bytearray(answer)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(spoilt) + 1)
        act = dice.choice(["change", "insert", "remove", "cut"])
        if act == "change" and at < len(spoilt):
            spoilt[at] = dice.randrange(256)
        elif act == "insert":
            spoilt[at:at] = dice.randbytes(dice.randint(1, 5))
        elif act == "remove":
            del spoilt[at : at + dice.randint(1, 10)]
        elif act == "cut":
            del spoilt[at:]
    return bytes(spoilt)


def outcome(act, session) -> tuple[type | None, int | None]:
    """Our error, if any, and the status it rests on; anything else fails the test."""
    try:
        act(session).json()
    except errors.ConnectorError as error:
        return type(error), error.evidence.status
    return None, None


# What a write may conclude from a status alone; all else about it stays unknown.
CONCLUSIVE = {
    None: {None},
    errors.RetryLater: {403, 429, 503},
    errors.Misconfigured: {401, 403, *range(300, 400)},
}


@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_answer_never_makes_a_write_look_undone(loopback, seed):
    dice = random.Random(seed)
    answers = ODD if seed == 0 else [damaged(dice.choice(WHOLE), dice) for _ in range(60)]
    current = [b""]
    url = loopback(lambda peer, is_over: peer.sendall(current[0]))
    session = make_session(base_url=url, total_timeout_seconds=2)

    for answer in answers:
        current[0] = answer
        outcome(read, session)
        kind, status = outcome(write, session)
        assert kind is errors.OutcomeUnknown or status in CONCLUSIVE[kind], answer


@pytest.mark.parametrize("answer", WHOLE[:3])
def test_the_same_answers_undamaged_are_read(loopback, answer):
    assert read(make_session(base_url=loopback(sending(answer)))).json()["pkey"] == 12
