"""Faults on demand, in process and over real sockets: what happened there, what we see here."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from connectors import errors, http, types
from connectors.sandbox import base, faults, retyping, server
from connectors.sandbox.wsgi_transport import WsgiTransport

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class MemoTwin(base.Twin):
    """Keeps a memo per POST, with the moment it was made."""

    name = "memo"
    routes = (
        base.Route("POST", "/api/memo", "create"),
        base.Route("GET", "/api/memo/<int:number>", "show"),
    )
    default_switches = {"greeting": "hello"}

    def credentials(self):
        return {"Key": "memo-key"}

    def clear(self):
        self.memos = []

    def load(self, records):
        self.memos += records["memos"]
        return {"memos": len(records["memos"])}

    def documents(self):
        return [{"memo": memo} for memo in self.memos]

    def create(self, request):
        self.memos.append(f"{request.get_data(as_text=True)} {self.moment():%H:%M:%S}")
        return self.reply({"number": len(self.memos)})

    def show(self, request, number):
        return self.reply({"memo": self.memos[number - 1]})


class IdlePacer:
    def before(self, *, operation, is_write):
        pass

    def after(self, *, operation, status, headers):
        pass


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def naps():
    return []


@pytest.fixture
def twin(clock, naps):
    return MemoTwin(now=clock, sleep=naps.append)


@pytest.fixture(params=["in process", "over http"])
def session(request, twin):
    """The same calls both ways: what a test sees in process is what a socket gives."""

    def make(base_url, transport=None):
        config = types.ConnectionConfig(kind="memo", base_url=base_url)
        return http.Session(config=config, pacer=IdlePacer(), headers={}, transport=transport)

    if request.param == "in process":
        yield make("http://sandbox.test/memo", WsgiTransport({"/memo": twin}))
    else:
        with server.running(twins={"memo": twin}) as base_url:
            yield make(f"{base_url}/memo")


def create(session):
    reply = session.call(
        operation="create", method="POST", path="/api/memo", body="m", is_write=True
    )
    return reply.json()


@pytest.mark.parametrize(
    ("rule", "outcome", "is_carried_out"),
    [
        ({"kind": "drop_before"}, errors.OutcomeUnknown, False),
        ({"kind": "drop_after"}, errors.OutcomeUnknown, True),
        ({"kind": "drop_mid_answer"}, errors.OutcomeUnknown, True),
        ({"kind": "status", "status": 429}, errors.RetryLater, False),
        ({"kind": "status", "status": 503}, errors.OutcomeUnknown, False),
        (
            {"kind": "status", "status": 503, "headers": {"Retry-After": "5"}},
            errors.RetryLater,
            False,
        ),
        ({"kind": "status_after"}, errors.OutcomeUnknown, True),
        ({"kind": "garbage"}, errors.OutcomeUnknown, False),
        ({"kind": "garbage", "commit": True}, errors.OutcomeUnknown, True),
        ({"kind": "truncated"}, errors.OutcomeUnknown, True),
    ],
)
def test_a_fault_does_there_what_it_says_and_looks_here_as_it_would(
    twin, session, rule, outcome, is_carried_out
):
    twin.faults.parse([rule])

    with pytest.raises(errors.ConnectorError) as raised:
        create(session)

    assert type(raised.value) is outcome
    assert twin.documents() == ([{"memo": '"m" 12:00:00'}] if is_carried_out else [])
    assert create(session) == {"number": 2 if is_carried_out else 1}
    assert twin.calls() == {"POST /api/memo": 2}


def test_a_late_commit_lands_at_its_own_time_once_the_clock_has_passed(twin, clock, session):
    twin.faults.parse([{"kind": "late_commit", "seconds": 90}])

    with pytest.raises(errors.OutcomeUnknown):
        create(session)
    clock.advance(89)
    assert create(session) == {"number": 1}
    clock.advance(60)
    assert create(session) == {"number": 3}

    assert [row["memo"] for row in twin.documents()] == [
        '"m" 12:01:29',
        '"m" 12:01:30',
        '"m" 12:02:29',
    ]


def test_a_slow_answer_arrives_when_the_caller_is_patient(twin, naps, session, request):
    twin.faults.parse([{"kind": "slow", "seconds": 19}])

    assert create(session) == {"number": 1}
    is_waited_for = request.node.callspec.params["session"] == "over http"
    assert naps == ([19.0] if is_waited_for else [])


def test_in_process_an_answer_later_than_our_patience_is_a_timeout(twin, naps):
    twin.faults.parse([{"kind": "slow", "seconds": 20}])
    session = http.Session(
        config=types.ConnectionConfig(kind="memo", base_url="http://sandbox.test/memo"),
        pacer=IdlePacer(),
        headers={},
        transport=WsgiTransport({"/memo": twin}),
    )

    with pytest.raises(errors.OutcomeUnknown):
        create(session)

    assert len(twin.documents()) == 1
    assert naps == []


def test_every_reply_says_that_it_is_simulated(twin, session):
    reply = session.call(operation="o", method="GET", path="/api/none")

    assert reply.status == 404
    assert reply.headers["X-Simulated"] == "not vendor behaviour"
    assert twin.calls() == {"GET (unknown)": 1}


def test_calls_are_counted_by_path_template(twin, session):
    create(session)
    for _ in range(2):
        session.call(operation="show", method="GET", path="/api/memo/1")

    assert twin.calls() == {"POST /api/memo": 1, "GET /api/memo/<int:number>": 2}


def test_one_field_of_the_answer_has_another_type(twin, session):
    twin.faults.parse([{"kind": "wrong_types", "field": "num.*", "becomes": "list"}])

    assert create(session) == {"number": ["(no value of this type)"]}
    assert create(session) == {"number": 2}


@pytest.mark.parametrize(
    ("body", "becomes", "spoiled"),
    [
        (b'<R n="7"><n>7</n></R>', "text", b'<R n="(not this type)"><n>(not this type)</n></R>'),
        (b"<n>1</n>", "null", b"<n></n>"),
        (b"<n>1</n>", "number", b"<n>7</n>"),
        (b"<n>1</n>", "list", b"<n>1</n><n>1</n>"),
        (b"<n>1</n>", "object", b"<n><n>1</n></n>"),
        (b"<t>&lt;R n=&quot;7&quot;/&gt;</t>", "null", b"<t>&lt;R n=&quot;&quot;/&gt;</t>"),
        (b'{"a": [{"n": 1, "m": 1.50}]}', "null", b'{"a": [{"n": null, "m": 1.50}]}'),
    ],
)
def test_a_field_is_retyped_in_xml_as_in_json(body, becomes, spoiled):
    assert retyping.retyped(body, re.compile("n"), becomes) == spoiled


def test_others_change_the_records_between_two_answers(twin, session):
    twin.faults.parse([{"kind": "shift", "records": {"memos": ["theirs"]}}])

    assert create(session) == {"number": 1}
    assert create(session) == {"number": 3}
    assert [row["memo"] for row in twin.documents()] == [
        '"m" 12:00:00',
        "theirs",
        '"m" 12:00:00',
    ]


def test_a_clock_that_is_off_is_off_for_every_call_and_for_late_commits(twin, clock, session):
    twin.set_switches({"clock_skew_seconds": -3600})
    twin.faults.parse([{"kind": "late_commit", "seconds": 90}])

    with pytest.raises(errors.OutcomeUnknown):
        create(session)
    clock.advance(90)
    create(session)

    assert [row["memo"] for row in twin.documents()] == ['"m" 11:01:30', '"m" 11:01:30']


def test_a_rule_may_look_for_what_the_call_says(twin, session):
    twin.faults.parse([{"kind": "status", "content": "q=a b"}, {"kind": "slow", "content": "zzz"}])

    assert create(session) == {"number": 1}
    with pytest.raises(errors.RetryLater):
        session.call(operation="show", method="GET", path="/api/memo/1", query=[("q", "a b")])


# --- the plan of rules ----------------------------------------------------------------------


def strikes(rules, calls):
    plan = faults.FaultPlan()
    plan.parse(rules)
    struck = [plan.take(method, path) for method, path in calls]
    return [None if rule is None else rule.kind.value for rule in struck]


def test_a_rule_skips_strikes_and_ends():
    rules = [{"kind": "drop_after", "skip": 1, "times": 2}]

    assert strikes(rules, [("POST", "/a")] * 5) == [
        None,
        "drop_after",
        "drop_after",
        None,
        None,
    ]


def test_a_rule_concerns_its_method_and_its_whole_path():
    rules = [{"kind": "drop_after", "method": "post", "path": "/api/.*Memo", "times": None}]
    calls = [("POST", "/api/SimMemo"), ("GET", "/api/SimMemo"), ("POST", "/api/SimMemo/1")]

    assert strikes(rules, calls) == ["drop_after", None, None]


def test_the_first_rule_that_strikes_wins_and_the_next_follows():
    rules = [{"kind": "slow"}, {"kind": "garbage"}]

    assert strikes(rules, [("GET", "/")] * 3) == ["slow", "garbage", None]


def test_chance_is_repeatable():
    rules = [{"kind": "slow", "times": None, "probability": 0.3, "seed": 7}]
    calls = [("GET", "/")] * 200

    struck = strikes(rules, calls)

    assert struck == strikes(rules, calls)
    assert 40 <= struck.count("slow") <= 80


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"kind": "melt"},
        {"kind": "slow", "path": "("},
        {"kind": "slow", "secs": 1},
        {"kind": "wrong_types", "becomes": "float"},
    ],
)
def test_a_rule_nobody_understands_changes_nothing(rule):
    plan = faults.FaultPlan()
    plan.parse([{"kind": "slow", "times": None}])

    with pytest.raises(faults.FaultRuleInvalid):
        plan.parse([{"kind": "garbage"}, rule])

    assert plan.take("GET", "/").kind is faults.FaultKind.SLOW
