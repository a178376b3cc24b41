"""Where a feed's folders are, read from a connection's address.

`folder:depot/returns` is a folder below the root that whoever runs the house configured;
`sftp://files.example.com:22/returns` is a folder on a partner's server.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from connectors import addresses, errors, types

SFTP_PORT = 22
_FOLDER = "folder:"
_STEP = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._ -]{0,99}")
# The host, port and path are judged as those of a web address are.
_SCHEME = "sftp://"


@dataclass(frozen=True, slots=True)
class LocalPlace:
    """Steps from the configured root down to the feed's folder; never empty."""

    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SftpPlace:
    """`path` is absolute when the address says so with two slashes, else from the login's own
    folder; "" is that folder itself."""

    host: str
    port: int
    path: str


def read(address: str, mode: types.Mode) -> LocalPlace | SftpPlace:
    """The place `address` names; nothing is looked up.

    Raises:
        Misconfigured: it is neither form, leads upwards, or names a host that is not allowed.
    """
    if address.startswith(_FOLDER):
        return LocalPlace(_steps(address.removeprefix(_FOLDER).strip("/")))
    if not address.startswith(_SCHEME):
        raise errors.Misconfigured(
            "The address must be folder:name for a folder on this system, or"
            " sftp://host/folder for a partner's server."
        )
    # The rules for hosts are those of web addresses, and so is the check that keeps them.
    addresses.check_written("https://" + address.removeprefix(_SCHEME), mode)
    parts = urlsplit(address)
    if parts.query or parts.fragment:
        raise errors.Misconfigured("The address of a server ends with its folder.")
    path = parts.path[1:]
    steps = path.strip("/")
    if steps:
        _steps(steps)
    root = "/" if path.startswith("/") else ""
    return SftpPlace(parts.hostname or "", parts.port or SFTP_PORT, root + steps)


def check(address: str, mode: types.Mode, *, resolver: addresses.Resolver | None = None) -> None:
    """Refuse an address that this connection may not have; a host unknown to DNS passes.

    Raises:
        Misconfigured: as `read`, or the host leads to an address that is not allowed.
    """
    place = read(address, mode)
    if isinstance(place, LocalPlace):
        return
    try:
        found = (resolver or addresses.resolve)(place.host, place.port)
    except OSError:
        return
    addresses.checked_addresses(place.host, found, mode)


def _steps(path: str) -> tuple[str, ...]:
    steps = tuple(path.split("/"))
    if not all(_STEP.fullmatch(step) for step in steps):
        raise errors.Misconfigured(
            "The name of a folder may hold letters, digits, blanks and . _ - only, and may not"
            " begin with a dot."
        )
    return steps
