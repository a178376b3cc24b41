"""The HTTP session: what each answer, silence and trick becomes at our border."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest
from werkzeug.wrappers import Request, Response

from connectors import addresses, errors, http, types
from connectors.sandbox.wsgi_transport import WsgiTransport

CANARY = "canary/secret+4711"


class CountingPacer:
    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []
        self.told: list[tuple[str, int | None]] = []
        self.headers: list[dict[str, str]] = []
        self.refusal: errors.RetryLater | None = None

    def before(self, *, operation, is_write):
        if self.refusal:
            raise self.refusal
        self.asked.append((operation, is_write))

    def after(self, *, operation, status, headers):
        self.told.append((operation, status))
        self.headers.append(dict(headers))


def make_config(base_url="http://sandbox.test/erp", **changes) -> types.ConnectionConfig:
    return types.ConnectionConfig(
        kind="test", base_url=base_url, secrets={"key": CANARY}, **changes
    )


def make_session(app=None, *, pacer=None, base_url="http://sandbox.test/erp", **changes):
    return http.Session(
        config=make_config(base_url),
        pacer=pacer or CountingPacer(),
        headers={"X-Api-Key": CANARY},
        transport=None if app is None else WsgiTransport({"/erp": app}),
        **changes,
    )


def answering(status=200, body="{}", headers=None, seen=None) -> Callable:
    def app(environ, start_response):
        request = Request(environ)
        if seen is not None:
            seen.append((request, request.get_data(as_text=True)))
        return Response(body, status=status, headers=headers or {})(environ, start_response)

    return app


def read(session: http.Session) -> http.Reply:
    return session.call(operation="find_order", method="GET", path="/orders")


def write(session: http.Session, body=None) -> http.Reply:
    return session.call(
        operation="create", method="POST", path="/memo", body=body or {}, is_write=True
    )


# --- statuses -------------------------------------------------------------------------------


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


# --- the pacer ------------------------------------------------------------------------------


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


# --- bodies ---------------------------------------------------------------------------------


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


def test_the_declared_charset_is_used_and_a_made_up_one_does_not_fail():
    latin = answering(body=b"caf\xe9", headers={"Content-Type": "text/xml; charset=iso-8859-1"})
    made_up = answering(body=b"cafe", headers={"Content-Type": "text/xml; charset=klingon"})

    assert read(make_session(latin)).text == "café"
    assert read(make_session(made_up)).text == "cafe"


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


# --- real sockets ---------------------------------------------------------------------------


@pytest.fixture
def loopback() -> Iterator[Callable[..., str]]:
    """Start servers that run a script per connection; `tell` ends the slow ones at tear-down."""
    listeners, is_over = [], threading.Event()

    def start(script) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def run() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                with peer:
                    peer.recv(65_536)
                    try:
                        script(peer, is_over)
                        # Closing with unread bytes would reset what was just answered.
                        peer.shutdown(socket.SHUT_WR)
                        while peer.recv(65_536):
                            pass
                    except OSError:
                        continue

        threading.Thread(target=run, daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    is_over.set()
    for listener in listeners:
        # A thread waiting in accept holds the port open until it is woken.
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def dripping(prefix: bytes):
    def script(peer, is_over):
        peer.sendall(prefix)
        while not is_over.wait(0.02):
            peer.sendall(b"a")

    return script


def sending(answer: bytes):
    return lambda peer, is_over: peer.sendall(answer)


def both_ways(base_url: str, **limits) -> tuple[type, type]:
    outcomes = []
    for act in (read, write):
        with pytest.raises(errors.ConnectorError) as raised:
            act(make_session(base_url=base_url, **limits)).json()
        assert raised.value.evidence is not None
        outcomes.append(type(raised.value))
    return outcomes[0], outcomes[1]


@pytest.mark.parametrize(
    "prefix",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nX-Slow: ", id="headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", id="body"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 9999\r\n\r\n"
            + gzip.compress(b"")[:10],
            id="gzip",
        ),
    ],
)
def test_a_dripping_server_is_cut_at_the_total_deadline(loopback, prefix):
    url = loopback(dripping(prefix))
    started = datetime.now(UTC)

    outcome = both_ways(url, total_timeout_seconds=0.3, read_timeout_seconds=0.2)

    assert outcome == (errors.RetryLater, errors.OutcomeUnknown)
    assert datetime.now(UTC) - started < timedelta(seconds=2)


def test_a_small_answer_that_unpacks_to_a_huge_one_is_refused(loopback):
    packed = gzip.compress(bytes(30_000_000))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    url = loopback(sending(head.encode() + packed))

    outcome = both_ways(url, max_reply_bytes=100_000)

    assert len(packed) < 100_000
    assert outcome == (errors.UnreadableReply, errors.OutcomeUnknown)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="closed-at-once"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="closed-in-the-headers"),
        pytest.param(b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"pkey"', id="half-a-body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nno gzip", id="bad-gzip"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz", id="bad-chunk"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", id="not-http"),
    ],
)
def test_an_answer_lost_on_the_way_leaves_a_write_unknown(loopback, answer):
    outcome = both_ways(loopback(sending(answer)))

    assert outcome == (errors.RetryLater, errors.OutcomeUnknown)


def test_silence_leaves_a_write_unknown(loopback):
    url = loopback(lambda peer, is_over: is_over.wait())

    outcome = both_ways(url, read_timeout_seconds=0.1)

    assert outcome == (errors.RetryLater, errors.OutcomeUnknown)


def test_a_refused_connection_did_surely_nothing():
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    assert both_ways(url) == (errors.RetryLater, errors.RetryLater)


def test_a_name_unknown_to_dns_did_surely_nothing(monkeypatch):
    def unknown(host, port, **_):
        raise socket.gaierror(-2, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    assert both_ways("http://erp.invalid") == (errors.RetryLater, errors.RetryLater)


def test_a_handshake_that_fails_is_a_matter_of_set_up(loopback):
    url = loopback(sending(b"HTTP/1.1 400 Bad Request\r\n\r\n")).replace("http:", "https:")

    assert both_ways(url) == (errors.Misconfigured, errors.Misconfigured)


def test_a_redirect_is_neither_followed_nor_read(loopback):
    hits = []
    inner = loopback(lambda peer, is_over: hits.append(1))
    outer = loopback(sending(f"HTTP/1.1 302 Found\r\nLocation: {inner}\r\n\r\n".encode()))
    broken = loopback(sending(b"HTTP/1.1 307 Moved\r\nLocation: http://[\r\n\r\n"))

    assert both_ways(outer) == (errors.Misconfigured, errors.Misconfigured)
    assert both_ways(broken) == (errors.Misconfigured, errors.Misconfigured)
    assert hits == []


# --- addresses ------------------------------------------------------------------------------

REFUSED_ALWAYS = [
    "ftp://example.com",
    "file:///etc/passwd",
    "example.com",
    "https://",
    "https://user:pw@example.com",
    "https://user@example.com",
    "https://example.com\\@10.0.0.1",
    "https://exa mple.com",
    "https://example.com:99999",
    "https://[::1",
    "https://10.0.0.1",
    "https://172.16.5.4",
    "https://192.168.1.1",
    "https://169.254.169.254/latest/meta-data",
    "https://100.100.100.200",
    "https://168.63.129.16",
    "https://0.0.0.0",
    "https://224.0.0.1",
    "https://255.255.255.255",
    "https://2130706433",
    "https://0x7f000001",
    "https://0177.0.0.1",
    "https://127.1",
    "https://[::]",
    "https://[::ffff:127.0.0.1]",
    "https://[::ffff:8.8.8.8]",
    "https://[64:ff9b::a00:1]",
    "https://[2002:a00:1::]",
    "https://[fe80::1]",
    "https://[fd00:ec2::254]",
    "https://[fec0::1]",
]


@pytest.mark.parametrize("mode", list(types.Mode))
@pytest.mark.parametrize("url", REFUSED_ALWAYS)
def test_an_address_inside_is_refused_as_written(url, mode):
    with pytest.raises(errors.Misconfigured):
        http.check_base_url(url, mode, resolver=lambda host, port: ["93.184.216.34"])


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1", "https://[::1]", "https://localhost", "http://example.com"],
)
def test_sandbox_mode_alone_allows_this_machine_and_plain_http(url):
    def resolver(host, port):
        return [host if host[0] in "1:" else {"localhost": "127.0.0.1"}.get(host, "8.8.8.8")]

    http.check_base_url(url, types.Mode.SANDBOX, resolver=resolver)
    with pytest.raises(errors.Misconfigured):
        http.check_base_url(url, types.Mode.LIVE, resolver=resolver)


@pytest.mark.parametrize("url", ["https://example.com:8443/a", "https://8.8.8.8"])
def test_a_public_address_passes_in_live_mode(url):
    asked = []

    def resolver(host, port):
        asked.append((host, port))
        return ["8.8.8.8", "2606:4700::1111"]

    http.check_base_url(url, types.Mode.LIVE, resolver=resolver)

    assert asked == [("example.com", 8443) if "example" in url else ("8.8.8.8", 443)]


def test_one_inner_address_among_public_ones_refuses_the_name():
    with pytest.raises(errors.Misconfigured):
        http.check_base_url(
            "https://erp.example",
            types.Mode.LIVE,
            resolver=lambda host, port: ["8.8.8.8", "10.0.0.1"],
        )


def test_a_name_dns_does_not_know_yet_can_be_saved():
    def unknown(host, port):
        raise socket.gaierror(-2, "unknown")

    http.check_base_url("https://erp.example", types.Mode.LIVE, resolver=unknown)


def test_a_name_that_turns_inward_after_saving_is_refused_at_the_call(monkeypatch):
    answers = iter([["8.8.8.8"], ["10.0.0.1"]])
    monkeypatch.setattr(addresses, "resolve", lambda host, port: next(answers))
    connected = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, to: connected.append(to))
    http.check_base_url("http://rebinding.example", types.Mode.SANDBOX)
    pacer = CountingPacer()

    with pytest.raises(errors.Misconfigured):
        write(make_session(base_url="http://rebinding.example", pacer=pacer))

    assert connected == []
    assert pacer.told == [("create", None)]


def test_the_call_goes_to_the_address_that_was_checked(monkeypatch, loopback):
    url = loopback(sending(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))
    port = int(url.rpartition(":")[2])
    asked = []

    def resolve(host, asked_port):
        asked.append(host)
        return ["127.0.0.1"]

    monkeypatch.setattr(addresses, "resolve", resolve)

    reply = read(make_session(base_url=f"http://erp.example:{port}"))

    assert reply.status == 200
    assert asked == ["erp.example"]


def test_a_live_session_does_not_even_try_plain_http():
    pacer, seen = CountingPacer(), []
    session = http.Session(
        config=make_config("http://example.com", mode=types.Mode.LIVE),
        pacer=pacer,
        headers={},
        transport=WsgiTransport({"": answering(seen=seen)}),
    )

    with pytest.raises(errors.Misconfigured):
        write(session)

    assert seen == []
    assert pacer.asked == []


def test_webhooks_of_a_sandbox_stay_on_this_machine(loopback):
    url = loopback(sending(b"HTTP/1.1 204 No Content\r\n\r\n"))

    assert http.post_webhook(url, b"{}", {}) == 204
    with pytest.raises(errors.Misconfigured):
        http.post_webhook("http://example.com/", b"{}", {})


# --- evidence -------------------------------------------------------------------------------


def test_no_secret_reaches_the_evidence_in_any_spelling():
    body = f'{{"echo": "{CANARY}", "auth": "Y2FuYXJ5L3NlY3JldCs0NzEx"}}'
    headers = {"Set-Cookie": CANARY, "X-Echo": f"key={CANARY}", "Authorization": "Basic abc"}
    session = make_session(answering(500, body, headers))

    with pytest.raises(errors.OutcomeUnknown) as raised:
        session.call(
            operation="create",
            method="POST",
            path="/memo",
            query=[("key", CANARY)],
            body={"token": CANARY},
            is_write=True,
        )

    evidence = raised.value.evidence
    told = f"{evidence} {raised.value!r} {raised.value.text}"
    for spelling in (CANARY, "canary%2Fsecret%2B4711", "Y2FuYXJ5L3NlY3JldCs0NzEx"):
        assert spelling not in told
    assert evidence.request_body == '{"token": "***"}'
    assert evidence.url == "http://sandbox.test/erp/memo?key=***"
    assert evidence.response_headers["X-Echo"] == "key=***"
    assert "Set-Cookie" not in evidence.response_headers
    assert "Authorization" not in evidence.response_headers


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('{"email": "a@b.example", "qty": 1}', '{"email": "***", "qty": 1}'),
        ('{"customer_email":"x"}', '{"customer_email":"***"}'),
        ('{"Phone": 447700900123}', '{"Phone": "***"}'),
        ('{"street": "1 \\"High\\" St"}', '{"street": "***"}'),
        ('{"address1": "x", "IBAN": "DE02"}', '{"address1": "***", "IBAN": "***"}'),
        ('{"phone": "", "phone2": "1"}', '{"phone": "", "phone2": "***"}'),
        ('{"userFirstName": "Cleo", "name": "Shirt"}', '{"userFirstName": "***", "name": "Shirt"}'),
        (
            '{"returnAddress": {"Name": "Cleo", "street1": "1"}, "item": {"name": "Shirt"}}',
            '{"returnAddress": {"Name": "***", "street1": "***"}, "item": {"name": "Shirt"}}',
        ),
        ('{"customer": {"name": "Cl', '{"customer": {"name": "***"'),
        ('{"velocity": "9", "order_name": "#1"}', '{"velocity": "9", "order_name": "#1"}'),
        ('{"street": "cut in the mid', '{"street": "***"'),
        ('{"note": "write to cleo@shop.example"}', '{"note": "write to ***"}'),
        ("<c:PostCode x='1'>AB1 2CD</c:PostCode>", "<c:PostCode x='1'>***</c:PostCode>"),
        ('<Cust Email="q" No="7"/>', '<Cust Email=*** No="7"/>'),
        ("https://h/p?email=a%40b.example&n=2", "https://h/p?email=***&n=2"),
        ('{"sku": "A-1", "street_count": 2}', '{"sku": "A-1", "street_count": 2}'),
        ("a\x00b", "a\ufffdb"),
    ],
)
def test_personal_data_is_masked_by_field_name(text, kept):
    assert http.Redactor().text(text) == kept


def test_bodies_are_cut_and_long_ones_take_no_time():
    redactor = http.Redactor(secrets=(CANARY,))
    started = datetime.now(UTC)

    kept = redactor.text("a." * 2_000_000 + CANARY)

    assert len(kept) == 4_000
    assert datetime.now(UTC) - started < timedelta(seconds=2)


@pytest.mark.parametrize("key", [f"{CANARY}\n", f"{CANARY}\u2013", f" {CANARY}"])
def test_a_key_that_cannot_be_sent_is_not_quoted(key):
    pacer, seen = CountingPacer(), []
    session = http.Session(
        config=make_config(),
        pacer=pacer,
        headers={"X-Api-Key": key},
        transport=WsgiTransport({"/erp": answering(seen=seen)}),
    )

    with pytest.raises(errors.Misconfigured) as raised:
        write(session)

    assert "canary" not in str(raised.value)
    assert pacer.asked == []
    assert seen == []


def test_an_address_that_cannot_be_encoded_is_a_matter_of_set_up():
    with pytest.raises(errors.Misconfigured):
        read(make_session(base_url="https://*.example.com"))


def test_no_secret_reaches_the_logs(loopback, caplog):
    caplog.set_level("DEBUG")
    session = make_session(base_url=loopback(sending(b"HTTP/1.1 200 OK\r\nContent-Le")))

    with pytest.raises(errors.RetryLater):
        session.call(operation="o", method="GET", path="/a", query=[("key", CANARY)])

    assert "canary" not in caplog.text


def test_a_reply_does_not_print_its_text():
    reply = read(make_session(answering(body='{"email": "cleo@shop.example"}')))

    assert "cleo" not in repr(reply)


def test_a_text_can_be_redacted_alone():
    assert http.redact(f"key {CANARY} and abc", [CANARY, "abc"]) == "key *** and abc"
