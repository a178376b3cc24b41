"""Builds a gateway, or a source, from a connection's configuration."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from requests.adapters import BaseAdapter

from connectors import errors, ports, types
from connectors.http import Redactor, Session
from connectors.profiled import load, source_load
from connectors.profiled.engine import ProfiledGateway
from connectors.profiled.paging import Transport
from connectors.profiled.schema import Profile
from connectors.profiled.source import ProfiledSource
from connectors.profiled.transports.credentials import credentials
from connectors.profiled.transports.manual import ManualTransport
from connectors.profiled.transports.rest_json import RestJsonTransport
from connectors.profiled.transports.rest_xml import RestXmlTransport
from connectors.profiled.transports.soap_string import SoapStringTransport
from connectors.profiled.ways import Manual, RestJson, RestXml, SoapString

# The setting of a connection that holds the values only its profile asks for.
VALUES_SETTING = "profile_values"

# A return of many thousand units is told whole.
_MOST_OF_A_RETURN = 64 * 1024 * 1024


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
    if not (text or name):
        raise errors.Misconfigured("The connection has no profile yet, so nothing can be called.")
    loaded = load.loads(text) if text else load.load(name)
    config = dataclasses.replace(config, settings=with_values(config.settings))
    _require_settings(loaded.profile, config.settings)
    return ProfiledGateway(
        loaded=loaded,
        config=config,
        transport=_transport(loaded.profile, config, pacer, transport),
    )


def with_values(settings: Mapping[str, str]) -> dict[str, str]:
    """The settings, with those that only this profile asks for, one `name = value` per line.

    Raises:
        Misconfigured: a line is not of that form.
    """
    found = dict(settings)
    for line in settings.get(VALUES_SETTING, "").splitlines():
        name, equals, value = line.partition("=")
        if not line.strip():
            continue
        if not equals or not name.strip():
            raise errors.Misconfigured(f"'{line.strip()}' is not of the form: name = value.")
        found.setdefault(name.strip(), value.strip())
    return found


def build_source(
    config: types.ConnectionConfig,
    pacer: ports.Pacer,
    transport: BaseAdapter | None = None,
    *,
    default_profile: str,
) -> ProfiledSource:
    """A source for the profile given as text (`profile_text`) or by name (`profile`).

    Raises:
        Misconfigured: no such profile, or the connection lacks the secret it needs.
    """
    text = config.settings.get("profile_text", "")
    name = config.settings.get("profile", "") or default_profile
    loaded = source_load.loads(text) if text else source_load.load(name)
    who = credentials(loaded.profile, config)
    session = Session(
        config=config,
        pacer=pacer,
        headers={**loaded.profile.transport.headers, **who.headers},
        redactor=Redactor(secrets=who.masked),
        transport=transport,
        max_reply_bytes=_MOST_OF_A_RETURN,
    )
    return ProfiledSource(loaded=loaded, config=config, session=session, who=who)


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
    match profile.transport:
        case Manual():
            return ManualTransport()
        case SoapString() as way:
            return SoapStringTransport(
                profile=profile, way=way, config=config, pacer=pacer, transport=transport
            )
        case RestXml() as way:
            return RestXmlTransport(
                profile=profile, way=way, config=config, pacer=pacer, transport=transport
            )
        case RestJson() as way:
            return RestJsonTransport(
                profile=profile, way=way, config=config, pacer=pacer, transport=transport
            )
