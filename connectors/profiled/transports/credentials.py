"""How a profile's kind of authentication looks on a session."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from connectors import errors, types
from connectors.profiled.schema import Profile
from connectors.profiled.source_schema import SourceProfile
from connectors.profiled.ways import (
    Basic,
    Bearer,
    HeaderKey,
    QueryKey,
    secrets_of,
)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What every call carries; `masked` is all of it that evidence must not show."""

    headers: Mapping[str, str]
    query: tuple[tuple[str, str], ...]
    masked: tuple[str, ...]


def credentials(profile: Profile | SourceProfile, config: types.ConnectionConfig) -> Credentials:
    """Raises `Misconfigured` when the connection lacks a secret that the profile names."""
    found = {name: _secret(name, config) for name in secrets_of(profile.auth)}
    masked = tuple(config.secrets.values())
    match profile.auth:
        case HeaderKey(header=header, secret=secret, prefix=prefix):
            return Credentials({header: prefix + found[secret]}, (), masked)
        case Bearer(secret=secret):
            return Credentials({"Authorization": f"Bearer {found[secret]}"}, (), masked)
        case Basic(user=user, password=password):
            pair = base64.b64encode(f"{found[user]}:{found[password]}".encode()).decode()
            return Credentials({"Authorization": f"Basic {pair}"}, (), (*masked, pair))
        case QueryKey(parameter=parameter, secret=secret):
            return Credentials({}, ((parameter, found[secret]),), masked)
        case _:
            return Credentials({}, (), masked)


def _secret(name: str, config: types.ConnectionConfig) -> str:
    secret = config.secrets.get(name, "")
    if not secret:
        raise errors.Misconfigured(f"The connection has no secret '{name}'.", is_credentials=True)
    return secret
