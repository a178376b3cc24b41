"""What a profile would send, without sending it; and what of it nobody has confirmed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from connectors import errors, types
from connectors.http import Reply
from connectors.profiled import documents, render, scenarios
from connectors.profiled.engine import ProfiledGateway
from connectors.profiled.load import LoadedProfile, OperationEvidence
from connectors.profiled.paging import ItemCursor, Position
from connectors.profiled.parts import (
    EvidenceMark,
    OperationName,
    Request,
    create_operation,
)
from connectors.profiled.schema import Profile
from connectors.profiled.source_load import LoadedSource
from connectors.profiled.ways import RestXml, SoapString, secrets_of
from connectors.redaction import MASK

_QUESTION = "A question"
_SINCE = "What changed since a time"
_SECOND = "The second page"
_SAMPLE_SETTING = "SAMPLE"


@dataclass(frozen=True, slots=True)
class Sample:
    """One request as it would leave: `line` is method and address, `text` the body, indented.

    `problem` says why there is none; "" otherwise.
    """

    operation: str
    scenario: str
    line: str = ""
    text: str = ""
    problem: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether it is a question, or of a plain return: what every profile must be able to."""
        return self.scenario in (_QUESTION, scenarios.PLAIN)


def samples(loaded: LoadedProfile, settings: Mapping[str, str] | None = None) -> tuple[Sample, ...]:
    """Every question and every document of the rehearsal, in the profile's own form.

    Settings that are not given are `SAMPLE`, secrets are masked. Nothing is called.
    """
    profile = loaded.profile
    gateway = ProfiledGateway(
        loaded=loaded, config=_config(profile, settings or {}), transport=_Recorder(profile)
    )
    asked = [
        _recorded(name.value, _QUESTION, question)
        for name, question in _questions(gateway)
        if _is_called(profile, name)
    ]
    asked += _further(profile, gateway)
    sent = [
        _sent(profile, gateway, scenario.name, draft)
        for scenario in scenarios.scenarios(profile)
        for draft in scenario.drafts
        if _is_called(profile, create_operation(draft.kind))
    ]
    return (*asked, *sent)


def unconfirmed(loaded: LoadedProfile | LoadedSource) -> tuple[OperationEvidence, ...]:
    """What live mode refuses: placeholders, and writes that are only inferred."""
    called = [row for row in loaded.evidence() if row.support is types.OperationSupport.SUPPORTED]
    return tuple(
        row
        for row in called
        if row.evidence is EvidenceMark.PLACEHOLDER
        or (row.is_write and row.evidence is EvidenceMark.INFERRED)
    )


def needs(loaded: LoadedProfile) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The settings and the secrets that a connection of the profile must have, by name."""
    profile = loaded.profile
    return profile.environment.settings, secrets_of(profile.auth)


def missing(loaded: LoadedProfile) -> tuple[str, ...]:
    """Operations the profile says nothing of; nothing can be asked or posted so."""
    return tuple(name.value for name in OperationName if name not in loaded.profile.operations)


class _Recorded(Exception):
    def __init__(self, line: str, text: str) -> None:
        super().__init__(line)
        self.line = line
        self.text = text


class _Recorder:
    """Stands where a transport would, and hands what it is given back as an exception."""

    def __init__(self, profile: Profile) -> None:
        self._way = profile.transport

    def call(
        self,
        *,
        operation: str,
        request: Request,
        query: Sequence[tuple[str, str]] = (),
        body: render.JsonValue = None,
        is_write: bool = False,
    ) -> Reply:
        raise _Recorded(
            line_of(self._way, request, query), self.shown(body) if body is not None else ""
        )

    def shown(self, body: render.JsonValue) -> str:
        if isinstance(self._way, (RestXml, SoapString)):
            return documents.shown(self._way, body)
        return render.indented(body)


def line_of(way: object, request: Request, query: Sequence[tuple[str, str]] = ()) -> str:
    """Method and address under the connection's own, for people."""
    path = way.path if isinstance(way, SoapString) else request.path
    shown = f"?{urlencode(query, safe='$:/,*')}" if query else ""
    return f"{request.method} {path}{shown}".strip()


def _config(profile: Profile, settings: Mapping[str, str]) -> types.ConnectionConfig:
    return types.ConnectionConfig(
        kind="profile",
        base_url="",
        settings={**dict.fromkeys(profile.environment.settings, _SAMPLE_SETTING), **settings},
        secrets=dict.fromkeys(secrets_of(profile.auth), MASK),
    )


def _is_called(profile: Profile, name: OperationName) -> bool:
    operation = profile.operations.get(name)
    return (
        operation is not None
        and operation.support is types.OperationSupport.SUPPORTED
        and operation.request is not None
    )


def _questions(
    gateway: ProfiledGateway,
) -> tuple[tuple[OperationName, Callable[[], object]], ...]:
    key = scenarios.KEY
    return (
        (OperationName.CHECK_CONNECTION, gateway.check),
        (OperationName.LIST_LOCATIONS, gateway.list_locations),
        (OperationName.CHANGED_ITEMS, lambda: gateway.changed_items(since="")),
        (OperationName.FIND_ITEM, lambda: gateway.find_items([scenarios.SKU])),
        (
            OperationName.FIND_ITEM_BY_BARCODE,
            lambda: gateway.item_by_barcode(scenarios.BARCODE),
        ),
        (OperationName.FIND_ORDER, lambda: gateway.find_orders([scenarios.ORDER_NUMBER])),
        (
            OperationName.FIND_DOCUMENT,
            lambda: gateway.find_documents(types.DocumentKind.CREDIT_MEMO, [key]),
        ),
    )


def _further(profile: Profile, gateway: ProfiledGateway) -> list[Sample]:
    """The item master as it is asked later: from a time on, and for the page after the first."""
    name = OperationName.CHANGED_ITEMS
    if not _is_called(profile, name):
        return []
    operation, found = profile.operations[name], []
    if operation.watermark is not None:
        since = scenarios.SINCE.strftime(profile.environment.datetime_format)
        found.append(_recorded(name, _SINCE, partial(gateway.changed_items, since=since)))
    if operation.paging is not None:
        cursor = ItemCursor(Position(2, scenarios.CURSOR), "").text()
        question = partial(gateway.changed_items, since="", cursor=cursor)
        found.append(_recorded(name, _SECOND, question))
    return found


def _recorded(operation: str, scenario: str, act: Callable[[], object]) -> Sample:
    try:
        act()
    except _Recorded as recorded:
        return Sample(operation, scenario, recorded.line, recorded.text)
    except errors.ConnectorError as error:
        return Sample(operation, scenario, problem=error.text)
    return Sample(operation, scenario, problem="It asks nothing with these values.")


def _sent(
    profile: Profile, gateway: ProfiledGateway, scenario: str, draft: types.DocumentDraft
) -> Sample:
    name = create_operation(draft.kind)
    try:
        line = line_of(profile.transport, gateway.request_for(draft))
        text = gateway.preview(draft)
    except errors.ConnectorError as error:
        return Sample(name.value, scenario, problem=error.text)
    return Sample(name.value, scenario, line, text)
