"""Connections: how they are set up, and ports built from the registry, whose only caller it is."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils.crypto import salted_hmac

from connectors import registry, types
from connectors.errors import Misconfigured
from connectors.http import check_base_url
from connectors.kinds import Kind, Role
from connectors.ports import Gateway, HeldSecret, Source, Storefront
from connectors.redaction import redact
from exceptions_app import errors
from exceptions_app.models import Connection, ConnectionBudget, ConnectionHealth
from exceptions_app.rules import console_links
from exceptions_app.selectors.clock import database_now
from exceptions_app.services import audit, profile_versions, renewals, sealing
from exceptions_app.services.exchange_book import DatabaseBook
from exceptions_app.services.pacing import CallLimit, DatabasePacer

seal, reseal, unseal = sealing.seal, sealing.reseal, sealing.unseal

# The sides of a bridge.
SOURCE, ERP, STOREFRONT = Role.SOURCE.value, Role.ERP.value, Role.STOREFRONT.value

_CODE_TAKEN = "Another connection has this code."
_CHANGED = (
    "Nothing was changed: somebody else changed the connection since you opened it. Its history"
    " shows what is different; save again to put your values in force."
)

# A requests adapter that tests and the simulation put in the place of the network.
_transport: ContextVar[Any] = ContextVar("transport", default=None)
_clock: ContextVar[Callable[[], datetime]] = ContextVar("clock", default=database_now)


@contextlib.contextmanager
def through(transport: object, clock: Callable[[], datetime] | None = None) -> Iterator[None]:
    """Send every call of this context through `transport`, pacing on `clock` when given."""
    token = _transport.set(transport)
    clock_token = _clock.set(clock) if clock is not None else None
    try:
        yield
    finally:
        _transport.reset(token)
        if clock_token is not None:
            _clock.reset(clock_token)


def transport() -> Any:
    """What stands in the place of the network in this context; None where nothing does."""
    return _transport.get()


def moment() -> datetime:
    """The present moment by the clock of this context: the database's, unless simulated."""
    return _clock.get()()


def source(*, connection: Connection, reason: str) -> Source:
    """The returns platform behind `connection`; `reason` is booked with each call."""
    return registry.build_source(
        config_of(connection), _pacer(connection, reason), transport=_transport.get()
    )


def signs_messages(connection: Connection) -> bool:
    """Whether the platform's messages prove themselves, so that their address needs no secret."""
    try:
        found = source(connection=connection, reason="webhook")
    except Misconfigured:
        return False
    return found.capabilities.signs_webhooks


def gateway(*, connection: Connection, reason: str, limit: CallLimit | None = None) -> Gateway:
    """The ERP behind `connection`; `reason` is booked with each call, `limit` bounds them."""
    known, clock = registry.KINDS.get(connection.kind), _clock.get()
    keeps_book = known is not None and known.keeps_book
    return registry.build_gateway(
        config_of(connection),
        _pacer(connection, reason, limit),
        transport=_transport.get(),
        book=DatabaseBook(connection=connection, clock=clock) if keeps_book else None,
        clock=clock,
    )


def storefront(*, connection: Connection, reason: str) -> Storefront:
    """The shop behind `connection`; `reason` is booked with each call."""
    return registry.open_storefront(
        config_of(connection), _pacer(connection, reason), transport=_transport.get()
    )


def port(*, connection: Connection, reason: str) -> Source | Gateway:
    """The system behind `connection`, whichever side of a bridge it stands on."""
    return registry.build(
        config_of(connection), _pacer(connection, reason), transport=_transport.get()
    )


def kinds() -> tuple[Kind, ...]:
    """Every kind of system a connection can be, by label, with the fields its form asks for."""
    return tuple(sorted(registry.KINDS.values(), key=lambda kind: kind.label))


def codes_of(role: str) -> tuple[str, ...]:
    """Codes of the kinds that may stand as `SOURCE`, `ERP` or `STOREFRONT` of a bridge."""
    return tuple(kind.code for kind in kinds() if kind.stands_as(role))


def has_locations(connection: Connection) -> bool:
    """Whether the system behind it can be asked for its locations."""
    kind = kind_of(connection.kind)
    return kind.stands_as(ERP) or kind.stands_as(STOREFRONT)


def places(*, connection: Connection, reason: str) -> tuple[types.ErpLocation, ...]:
    """The locations of the ERP or the shop behind `connection`, read now."""
    if kind_of(connection.kind).stands_as(ERP):
        return gateway(connection=connection, reason=reason).list_locations()
    return storefront(connection=connection, reason=reason).list_locations()


def labels_of(code: str) -> dict[str, str]:
    """What each setting of a kind is called; empty for a kind this release does not have."""
    kind = registry.KINDS.get(code)
    return {field.code: field.label for field in kind.settings_fields} if kind else {}


def kind_of(code: str) -> Kind:
    """The kind `code`.

    Raises:
        ConnectionUnusable: this release has no such connector.
    """
    kind = registry.KINDS.get(code)
    if kind is None:
        raise errors.ConnectionUnusable(f"This release has no connector of the kind {code}.")
    return kind


def config_of(connection: Connection) -> types.ConnectionConfig:
    """What the connector may know.

    Raises:
        Misconfigured: its secrets cannot be read with the present keys; the connection stops.
    """
    try:
        secrets = unseal(bytes(connection.sealed_secrets))
    except errors.ConnectionUnusable as error:
        raise Misconfigured(str(error), is_credentials=True) from error
    return types.ConnectionConfig(
        kind=connection.kind,
        base_url=connection.base_url,
        mode=types.Mode(connection.mode),
        settings={str(key): str(value) for key, value in connection.settings.items()},
        secrets=secrets,
        confirmed_operations=frozenset(connection.confirmed_operations),
        files_root=settings.EXCHANGE_ROOT,
    )


@transaction.atomic
def save(
    *,
    code: str,
    name: str,
    kind: str,
    mode: str,
    base_url: str,
    settings_values: Mapping[str, str],
    secrets: Mapping[str, str] | None,
    actor: User | None,
    now: datetime,
    is_active: bool | None = None,
    daily_limit: int | None = None,
    refill_per_second: int = 5,
    capacity: int = 20,
    reason: str = "",
    seen: str | None = None,
    console_url: str | None = None,
) -> Connection:
    """Create or change a connection; `secrets` are laid over those it has, None keeps them all.

    What confirmed its writes ends with the profile, kind or mode it was confirmed for. `seen` is
    the `stamp` the actor was shown ("" for a new one); None when nothing was shown. `console_url`
    is where people open the system; None leaves it as it is.

    Raises:
        Misconfigured: the address is not one we may call in this mode.
        InvalidChoice: a person changes nothing, says no reason, was shown another state, or is sent
            to an address that `rules.console_links` refuses.
    """
    known = registry.KINDS.get(kind)
    (known.check_address if known else check_base_url)(base_url, types.Mode(mode))
    row = Connection.objects.select_for_update().filter(code=code).first()
    if seen is not None and seen != stamp(row):
        raise errors.ConnectionChanged(_CHANGED if seen else _CODE_TAKEN)
    kept = row or Connection(code=code)
    before, basis, sealed = state(kept), _basis(kept), bytes(kept.sealed_secrets)
    if secrets is not None:
        kept.sealed_secrets = _laid_over(kept if kept.kind == kind else None, secrets)
    kept.name, kept.kind, kept.mode, kept.base_url = name, kind, mode, base_url
    kept.settings = dict(settings_values)
    if console_url is not None:
        _check_console(console_url, mode)
        kept.console_url = console_url
    if is_active is not None:
        kept.is_active = is_active
    if _basis(kept) != basis:
        kept.confirmed_operations = []
    is_resealed = bytes(kept.sealed_secrets) != sealed
    if row is not None and actor is not None:
        _check_change(is_changed=is_resealed or state(kept) != before, reason=reason)
    _write(kept, is_new=row is None)
    profile_versions.note(
        row=kept, before=before["settings"], reason=reason.strip(), actor=actor, now=now
    )
    was_limit = _limit_in_force(kept)
    _budget(kept, daily_limit, refill_per_second, capacity, now)
    hide = _mask(sealed, bytes(kept.sealed_secrets))
    ConnectionHealth.objects.get_or_create(connection=kept)
    audit.record(
        actor=actor,
        act="connection.create" if row is None else "connection.change",
        subject=kept,
        text=hide(f"{name} set up" if row is None else f"{name} changed{_because(reason)}"),
        now=now,
        before=None if row is None else {**_told(before, hide), **was_limit},
        after={
            **_told(state(kept), hide),
            **_limit_in_force(kept),
            "secrets_changed": is_resealed,
        },
    )
    return kept


def state(row: Connection) -> dict[str, Any]:
    """What a person sets of a connection, without its secrets; what its history is made of."""
    return {
        "name": row.name,
        "kind": row.kind,
        "mode": row.mode,
        "base_url": row.base_url,
        "console_url": row.console_url,
        "is_active": row.is_active,
        "settings": dict(row.settings),
        "confirmed_operations": list(row.confirmed_operations),
    }


def in_force(row: Connection) -> dict[str, Any]:
    """`state`, with the calls a day that hold."""
    return {**state(row), **_limit_in_force(row)}


def _limit_in_force(row: Connection) -> dict[str, int]:
    """The calls a day that hold, chosen or not, under a name of its own; {} while none do."""
    budget = ConnectionBudget.objects.filter(connection=row).first()
    limit = budget.daily_limit if budget is not None else None
    return {} if limit is None else {"daily_limit": limit}


def _mask(*sealed: bytes) -> Callable[[str], str]:
    """What takes credentials out of a text, should one have been typed into the wrong field."""
    found: set[str] = set()
    for each in sealed:
        with contextlib.suppress(errors.ConnectionUnusable):
            found.update(unseal(each).values())
    return lambda text: redact(text, found)


def _told(values: Mapping[str, Any], hide: Callable[[str], str]) -> dict[str, Any]:
    """A state as the trail keeps it (decision 0006)."""
    settings_values = {name: hide(str(each)) for name, each in values["settings"].items()}
    hidden = {name: hide(values[name]) for name in ("base_url", "console_url")}
    return {**values, **hidden, "settings": settings_values}


def stamp(row: Connection | None) -> str:
    """A short sign for how a connection is, its secrets included; "" for one not made yet."""
    if row is None:
        return ""
    shown = json.dumps(state(row), sort_keys=True)
    return salted_hmac(
        "connection", f"{shown}{renewals.entered(row)}", algorithm="sha256"
    ).hexdigest()


def _basis(row: Connection) -> tuple[str, ...]:
    """What a confirmation of a write was given for."""
    found = registry.KINDS.get(row.kind)
    defaults = {field.code: field.default for field in found.settings_fields} if found else {}
    profile = row.settings.get("profile") or defaults.get("profile", "")
    return row.kind, row.mode, profile, row.settings.get("profile_text", "")


def basis_stamp(row: Connection) -> str:
    """A short sign for what a confirmation of a write is given for."""
    return hashlib.sha256(json.dumps(_basis(row)).encode()).hexdigest()


def _laid_over(row: Connection | None, typed: Mapping[str, str]) -> bytes:
    """Sealed anew only when something differs; what cannot be read any more is left behind."""
    try:
        kept = unseal(bytes(row.sealed_secrets)) if row is not None else {}
    except errors.ConnectionUnusable:
        kept = {}
    if row is not None and kept and {**kept, **typed} == kept:
        return bytes(row.sealed_secrets)
    return seal({**kept, **typed})


def _check_console(url: str, mode: str) -> None:
    found = console_links.problem(url, is_simulated=mode == types.Mode.SANDBOX)
    if found:
        raise errors.InvalidChoice(f"Where people open it: {found}")


def _check_change(*, is_changed: bool, reason: str) -> None:
    if not is_changed:
        raise errors.InvalidChoice("Nothing was changed: these are the values in force already.")
    if not reason.strip():
        raise errors.InvalidChoice("Say why, so that the next person understands the change.")


def _write(row: Connection, *, is_new: bool) -> None:
    fields = (*state(row), "sealed_secrets")
    try:
        with transaction.atomic():
            row.save(update_fields=None if is_new else fields)
    except IntegrityError as error:
        # Of two who make one code at once, the second is told.
        raise errors.ConnectionChanged(_CODE_TAKEN) from error


def _because(reason: str) -> str:
    return f": {reason.strip()}" if reason.strip() else ""


def _budget(
    row: Connection, daily_limit: int | None, refill_per_second: int, capacity: int, now: datetime
) -> None:
    """A new limit holds from the next call on; calls of the day stay counted."""
    reserve = (daily_limit or 0) // 10
    _, is_new = ConnectionBudget.objects.get_or_create(
        connection=row,
        defaults={
            "refilled_at": now,
            "day": now.date(),
            "daily_limit": daily_limit,
            "write_reserve": reserve,
            "refill_per_second": refill_per_second,
            "capacity": capacity,
            "tokens": capacity,
        },
    )
    if not is_new and daily_limit is not None:
        ConnectionBudget.objects.filter(connection=row).update(
            daily_limit=daily_limit, write_reserve=reserve
        )


def _pacer(connection: Connection, reason: str, limit: CallLimit | None = None) -> _Pacer:
    return _Pacer(connection=connection, reason=reason, clock=_clock.get(), limit=limit)


class _Pacer(DatabasePacer):
    """Paces calls, and keeps what the other side replaces of our credentials."""

    def hold(self, name: str) -> AbstractContextManager[HeldSecret]:
        return renewals.hold(connection_id=self.connection_id, name=name)
