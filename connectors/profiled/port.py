"""Builds a gateway from a connection's configuration."""

from __future__ import annotations

from collections.abc import Mapping

from requests.adapters import BaseAdapter

from connectors import errors, ports, types
from connectors.profiled import load
from connectors.profiled.engine import ProfiledGateway
from connectors.profiled.paging import Transport
from connectors.profiled.parts import Manual
from connectors.profiled.schema import Profile
from connectors.profiled.transports.manual import ManualTransport
from connectors.profiled.transports.rest_json import RestJsonTransport


def build(
    config: types.ConnectionConfig,
    pacer: ports.Pacer,
    transport: BaseAdapter | None = None,
    *,
    default_profile: str = "",
) -> ProfiledGateway:
    """A gateway for the profile given as text (`profile_text`) or by name (`profile`).

    Raises:
        Misconfigured: no such profile, or the connection lacks a setting or secret it needs.
    """
    text = config.settings.get("profile_text", "")
    name = config.settings.get("profile", "") or default_profile
    loaded = load.loads(text) if text else load.load(name)
    _require_settings(loaded.profile, config.settings)
    return ProfiledGateway(
        loaded=loaded,
        config=config,
        transport=_transport(loaded.profile, config, pacer, transport),
    )


def _require_settings(profile: Profile, settings: Mapping[str, str]) -> None:
    lacking = [name for name in profile.environment.settings if not settings.get(name, "").strip()]
    if lacking:
        raise errors.Misconfigured(f"The connection lacks the settings: {', '.join(lacking)}.")


def _transport(
    profile: Profile,
    config: types.ConnectionConfig,
    pacer: ports.Pacer,
    transport: BaseAdapter | None,
) -> Transport:
    if isinstance(profile.transport, Manual):
        return ManualTransport()
    return RestJsonTransport(profile=profile, config=config, pacer=pacer, transport=transport)
