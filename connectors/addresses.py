"""Which hosts a configured connection may reach, so that no address field becomes a way inside.

An address is checked twice: as written (`check_base_url`, when a form saves it) and as resolved, at
every connection (`checked_addresses`); the caller then connects to the very address that was
checked, so a name that resolves differently the second time gains nothing.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable
from urllib.parse import SplitResult, urlsplit

from connectors import errors, types

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], list[str]]

# Carriers of an embedded IPv4 address: NAT64, 6to4 and Teredo lead to hosts we did not check.
_TUNNELS = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "2002::/16", "2001::/32"))
# The platform endpoint of Azure virtual machines is a public address that only the machine reaches.
_METADATA = frozenset({ipaddress.ip_address("168.63.129.16")})
# inet_aton reads "2130706433", "0x7f.1" and "0177.0.0.1" as addresses; nobody writes a host so.
_NUMERIC_HOST = re.compile(r"(?i)(0x[0-9a-f]*|[0-9]+)(\.(0x[0-9a-f]*|[0-9]+))*\.?")


def check_base_url(url: str, mode: types.Mode, *, resolver: Resolver | None = None) -> None:
    """Refuse an address a connection of this mode may not use; a name unknown to DNS passes.

    Such a name may be known tomorrow, and the check at every connection refuses it then.

    Raises:
        Misconfigured: not http(s), not https in live mode, credentials in the address, or a host
            that is (or resolves to) anything but a public address. Sandbox mode allows loopback.
    """
    parts = check_written(url, mode)
    host = parts.hostname or ""
    try:
        found = (resolver or resolve)(host, _port(parts))
    except OSError:
        return
    checked_addresses(host, found, mode)


def check_written(url: str, mode: types.Mode) -> SplitResult:
    """Check what the text alone can tell, without a look-up; return its parts."""
    try:
        parts = urlsplit(url)
        _port(parts)
    except ValueError:
        raise errors.Misconfigured("The address cannot be read as a web address.") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise errors.Misconfigured("The address must begin with https:// and name a host.")
    if mode is types.Mode.LIVE and parts.scheme != "https":
        raise errors.Misconfigured("A live connection must use https.")
    if "@" in parts.netloc or "\\" in url or any(char <= " " for char in url):
        raise errors.Misconfigured("The address may hold neither credentials nor blanks.")
    _check_literal(parts.hostname, mode)
    return parts


def checked_addresses(host: str, found: list[str], mode: types.Mode) -> list[str]:
    """Return `found` when every address in it is allowed; one bad address refuses the host."""
    for text in found:
        if not is_allowed(ipaddress.ip_address(text.partition("%")[0]), mode):
            raise errors.Misconfigured(f"The host {host} leads to an address that is not allowed.")
    return found


def is_allowed(address: IPAddress, mode: types.Mode) -> bool:
    """Public addresses always; loopback in sandbox mode only; a wrapped IPv4 address never."""
    if isinstance(address, ipaddress.IPv6Address) and (
        address.ipv4_mapped is not None
        or address.is_site_local
        or any(address in net for net in _TUNNELS)
    ):
        return False
    if mode is types.Mode.SANDBOX and address.is_loopback:
        return True
    if address in _METADATA or address.is_multicast or address.is_reserved:
        return False
    return address.is_global


def is_loopback(url: str) -> bool:
    """Whether the host is written as a loopback address or as localhost."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def resolve(host: str, port: int) -> list[str]:
    """Every address of `host`, in the order the system prefers them."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise OSError("The host name cannot be encoded.") from None
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def _check_literal(host: str, mode: types.Mode) -> None:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        if _NUMERIC_HOST.fullmatch(host):
            raise errors.Misconfigured("The host is a number, not a name.") from None
        if mode is types.Mode.LIVE and host.rstrip(".").rpartition(".")[2] == "localhost":
            raise errors.Misconfigured("A live connection cannot use localhost.") from None
        return
    if not is_allowed(address, mode):
        raise errors.Misconfigured(f"The address {host} is not allowed.")


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)
