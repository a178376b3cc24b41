"""Logs as JSON lines on standard error; secrets and addresses are taken out before."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

REDACTED = "[redacted]"
_SECRET_NAME = re.compile(
    r"secret|token|password|passwd|authorization|api[-_]?key|(^|[-_])key$|signature|cookie|csrf",
    re.IGNORECASE,
)
# Every repetition is bounded, so that a hostile body in an error message costs linear time.
_SECRET_IN_TEXT = re.compile(
    r"(?P<name>(?:secret|token|password|passwd|authorization|api[-_]?key|signature)[\w-]{0,30})"
    r"(?P<between>[\"']?\s{0,5}[:=]\s{0,5}[\"']?)"
    r"(?P<value>(?:(?:bearer|basic|token)\s{1,5})?[^\s\"',;&]+)",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(?P<scheme>bearer|basic)\s{1,5}[\w.~+/=-]{8,}", re.IGNORECASE)
_USER_IN_ADDRESS = re.compile(r"://[^/\s:@]{1,256}:[^/\s@]{1,256}@")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
# The last part of these addresses opens a door to whoever reads it: a webhook's secret, an
# invitation, and the key of a mailed link to a new password.
_SECRET_IN_PATH = re.compile(
    r"(?P<door>/hooks/[^/\s]{1,200}/|/welcome/|/password/[0-9a-z]{1,20}-)[^/\s\"'?]+",
    re.IGNORECASE,
)

# A posting's key is how people find it again; it opens no door.
_OPEN_NAMES = frozenset({"idempotency_key", "cause_key", "message_key", "dedupe_key"})


def redact(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Blank every value whose name sounds like a secret, and every e-mail address."""
    return {name: _clean(name, value) for name, value in event.items()}


def redact_text(text: str) -> str:
    """Return the text with tokens, passwords and e-mail addresses blanked."""
    text = _USER_IN_ADDRESS.sub(f"://{REDACTED}@", text)
    text = _SECRET_IN_TEXT.sub(rf"\g<name>\g<between>{REDACTED}", text)
    text = _SECRET_IN_PATH.sub(rf"\g<door>{REDACTED}", text)
    text = _BEARER.sub(rf"\g<scheme> {REDACTED}", text)
    return _EMAIL.sub(REDACTED, text)


def _clean(name: str, value: Any) -> Any:
    if name not in _OPEN_NAMES and _SECRET_NAME.search(name):
        return REDACTED
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, bytes):
        return redact_text(value.decode("utf-8", errors="replace"))
    if isinstance(value, Mapping):
        return {key: _clean(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(name, inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact_text(str(value))


_BEFORE_RENDERING: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def configure() -> None:
    """Point structlog at the standard library's handlers; safe to call twice."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *_BEFORE_RENDERING,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def settings_for(level: str) -> dict[str, Any]:
    """Return Django's LOGGING: one handler, JSON, everything redacted."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _BEFORE_RENDERING,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    redact,
                    structlog.processors.JSONRenderer(),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            # The alarm clock reports every task start; our own attempt rows already do.
            "django-q": {"handlers": [], "level": "WARNING", "propagate": True},
        },
    }
