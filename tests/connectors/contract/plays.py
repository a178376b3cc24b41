"""One stage set up for one test: twin, clock, connector, and the oracle behind them."""

import dataclasses
import functools
import io
import re
import types as python_types
import typing
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import Enum
from typing import Any

from connectors import errors, ports, types
from connectors.sandbox import retyping
from connectors.sandbox.wsgi_transport import WsgiTransport
from connectors.types import DocumentDraft, DocumentKind, DocumentRef, DocumentState
from tests.connectors.contract.stages import Clock, CountingPacer, GatewayStage, Rule, SourceStage

_MANY_FIELDS = 60
_BECOMES = tuple(retyping.SAMPLES)
_SAMPLE = str(retyping.SAMPLES["text"])


class _Play:
    def __init__(self, stage: GatewayStage | SourceStage) -> None:
        self.clock = Clock()
        self.pacer = CountingPacer()
        self.twin = stage.twin(self.clock)
        self.transport = _Listening({stage.mount: self.twin})

    def strike(self, *rules: Rule) -> None:
        self.twin.faults.parse(rules)


class _Listening(WsgiTransport):
    """Keeps the bodies of the answers, so that a test can learn the fields they have."""

    def __init__(self, apps: Mapping[str, Any]) -> None:
        super().__init__(apps)
        self.bodies: list[str] = []

    def send(self, *args: Any, **options: Any) -> Any:
        answer = super().send(*args, **options)
        content = answer.raw.data
        self.bodies.append(content.decode(errors="replace"))
        answer.raw = type(answer.raw)(
            body=io.BytesIO(content),
            headers=answer.raw.headers,
            status=answer.status_code,
            preload_content=False,
        )
        return answer


class GatewayPlay(_Play):
    def __init__(self, stage: GatewayStage) -> None:
        super().__init__(stage)
        self.stage = stage
        self.gateway = stage.make(self.transport, self.pacer)
        self._numbered = 0

    def draft(self, kind: DocumentKind, key: str = "") -> DocumentDraft:
        """A good draft, with all that must be there before it created."""
        self._numbered += 1
        key = key or f"rb-{kind.value}-{self._numbered}"
        return self.stage.draft(kind, key, self._foundations(kind, key))

    def _foundations(self, kind: DocumentKind, key: str) -> dict[str, str]:
        based_on: dict[str, str] = {}
        for earlier in self.stage.before.get(kind, ()):
            draft = self.stage.draft(earlier, f"{key}-{earlier.value}", dict(based_on))
            self.gateway.create(draft)
            based_on[earlier.value] = self.found(draft)[0].external_id
        return based_on

    def found(self, draft: DocumentDraft, *, is_settled: bool = True) -> tuple[DocumentState, ...]:
        """What a look-up by key yields, by default once the ERP has had its time."""
        if is_settled:
            self.clock.pass_seconds(self.gateway.capabilities.settle_seconds + 1)
        refs = {draft.key: DocumentRef(based_on=draft.based_on)}
        return self.gateway.find_documents(draft.kind, [draft.key], refs)

    def documents(self) -> int:
        """How many documents the ERP has, by its own count."""
        return len(self.twin.documents())


class SourcePlay(_Play):
    def __init__(self, stage: SourceStage) -> None:
        super().__init__(stage)
        self.stage = stage
        self.source: ports.Source = stage.make(self.transport, self.pacer)


def outcome_of(call: Callable[[], Any]) -> Any:
    """What the call returns, or the border's error it raises."""
    try:
        return call()
    except errors.ConnectorError as error:
        return error


def is_whole(value: Any, kind: Any = None) -> bool:
    """Whether a value of the border is what its type promises, down to its last part."""
    if kind is None:
        kind = type(value)
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return True
    if origin in (typing.Union, python_types.UnionType):
        return any(is_whole(value, one) for one in inner)
    if origin is tuple:
        return isinstance(value, tuple) and all(is_whole(part, inner[0]) for part in value)
    if origin is not None and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(
            is_whole(name, inner[0]) and is_whole(part, inner[1]) for name, part in value.items()
        )
    if kind is int:
        return type(value) is int
    if kind is datetime:
        return isinstance(value, datetime) and value.tzinfo is not None
    if not isinstance(value, kind):
        return False
    if isinstance(value, Enum) or not dataclasses.is_dataclass(value):
        return True
    hints = _hints(type(value))
    return all(is_whole(getattr(value, name), hint) for name, hint in hints.items())


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a value of the border, evidence left out: it quotes the other side."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from texts_of((*value, *value.values()))
    elif isinstance(value, tuple):
        for part in value:
            yield from texts_of(part)
    elif dataclasses.is_dataclass(value) and not isinstance(value, types.Evidence):
        for name in _hints(type(value)):
            yield from texts_of(getattr(value, name))


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind, vars(types))


def assert_never_half(play: GatewayPlay | SourcePlay, read: Callable[[], Any]) -> None:
    """Every field of the answers is given another type: the reading is whole or unreadable.

    Each field gets two types, one where there are many; between them they meet all six.
    """
    play.transport.bodies.clear()
    read()
    fields = _fields_of(play.transport.bodies)
    assert fields
    for place, field in enumerate(fields):
        types_of_field = (_BECOMES[place % 6], _BECOMES[(place + 3) % 6])
        for becomes in types_of_field[: 1 if len(fields) > _MANY_FIELDS else 2]:
            fault = {"kind": "wrong_types", "field": field, "becomes": becomes, "times": None}
            play.strike({**play.stage.read, **fault})
            value = outcome_of(read)
            if isinstance(value, errors.ConnectorError):
                assert type(value) is errors.UnreadableReply, (field, becomes, value)
                continue
            assert is_whole(value), (field, becomes)
            if becomes != "text":
                assert not [text for text in texts_of(value) if _SAMPLE in text], (field, becomes)
    play.strike()


def assert_no_secret(stage: GatewayStage | SourceStage, *told: object) -> None:
    text = " ".join(str(part) for part in told)
    assert [secret for secret in stage.secrets if secret in text] == []


_NAMES = re.compile(
    r"""(?:"([A-Za-z_$@][^"]*)"\s*:)|(?:<([A-Za-z][\w.-]*)[ >/])|(?:\b(\w+)=["'&])"""
)


def _fields_of(bodies: list[str]) -> list[str]:
    """The names of the fields in JSON or XML answers, as patterns, each once."""
    names = {next(filter(None, found)) for body in bodies for found in _NAMES.findall(body)}
    return sorted(re.escape(name) for name in names)
