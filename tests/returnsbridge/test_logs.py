import json
import logging
import logging.config

import pytest
import structlog

from returnsbridge import logs


def redacted(**event):
    return logs.redact(None, "info", event)


@pytest.mark.parametrize(
    "name",
    ["api_key", "X-API-Key", "token", "client_secret", "password", "Authorization", "set-cookie"],
)
def test_a_value_with_a_secret_name_is_blanked(name):
    assert redacted(**{name: "canary"}) == {name: "[redacted]"}


def test_secrets_are_blanked_at_any_depth():
    event = redacted(config={"hosts": ["a", {"access_token": "canary"}]}, count=3)

    assert event == {"config": {"hosts": ["a", {"access_token": "[redacted]"}]}, "count": 3}


def test_the_key_of_a_posting_stays_readable():
    assert redacted(idempotency_key="rma-7:credit:1") == {"idempotency_key": "rma-7:credit:1"}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("mail jo.doe+x@example.co.uk now", "mail [redacted] now"),
        ("POST /x?token=canary&page=2", "POST /x?token=[redacted]&page=2"),
        ("Authorization: Bearer abc.def-123", "Authorization: [redacted]"),
        ("sent bearer abcdefgh12345", "sent bearer [redacted]"),
        ("postgresql://ann:canary@db/x", "postgresql://[redacted]@db/x"),
        ('{"password": "canary"}', '{"password": "[redacted]"}'),
        ("client_secret: canary", "client_secret: [redacted]"),
        (
            "Unprocessable Entity: /welcome/WzEs:1u:canary/",
            "Unprocessable Entity: /welcome/[redacted]/",
        ),
        ('"GET /welcome/canary HTTP/1.1" 500', '"GET /welcome/[redacted] HTTP/1.1" 500'),
        (
            "https://desk.example/password/9z-canary/",
            "https://desk.example/password/9z-[redacted]/",
        ),
        ("Not Found: /account/password/first/", "Not Found: /account/password/first/"),
        ("return 1042 of 2 units", "return 1042 of 2 units"),
    ],
)
def test_secrets_inside_a_sentence_are_blanked(text, clean):
    assert logs.redact_text(text) == clean


def test_a_line_is_json_and_a_traceback_in_it_is_clean(capsys):
    logging.config.dictConfig(
        logs.settings_for("INFO") | {"root": {"handlers": ["stderr"], "level": "INFO"}}
    )
    try:
        raise ValueError("token=canary for jo@example.com")
    except ValueError:
        structlog.stdlib.get_logger("t").exception("failed", posting=7)

    line = json.loads(capsys.readouterr().err.strip().splitlines()[-1])
    assert (line["event"], line["posting"], line["level"]) == ("failed", 7, "error")
    assert "ValueError: token=[redacted] for [redacted]" in line["exception"]
    assert "canary" not in str(line)


def test_a_hostile_message_costs_linear_time():
    text = "a" * 200_000 + "." * 200_000 + "token" * 20_000

    assert logs.redact_text(text) == text
