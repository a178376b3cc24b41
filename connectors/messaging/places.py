"""Where messages go: the kinds of places, and how the address of each is read and shown.

An address is pasted as its service gives it. It may name nothing but the place: the library's own
options (templates read from files, other hosts, redirects) are refused with the rest.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from apprise import AppriseAsset
from apprise.exception import AppriseImproperlyConfigured
from apprise.plugins import custom_json, discord, google_chat, mattermost, slack, workflows
from apprise.plugins import webexteams as webex
from apprise.plugins.base import NotifyBase

from connectors import addresses, errors, types
from connectors.messaging import door

with warnings.catch_warnings():
    # Its encryption of mails, which we do not use, asks for a module that Python is to drop.
    warnings.simplefilter("ignore", DeprecationWarning)
    from apprise.plugins import email
    from apprise.plugins.email import smtp

door.guard(custom_json, discord, google_chat, mattermost, slack, webex, workflows, smtp)

_ASSET = AppriseAsset(
    app_id="Returnsbridge",
    app_desc="Returnsbridge",
    app_url="",
    image_url_mask="",
    image_url_logo="",
    http_redirects=False,
    secure_logging=True,
    allow_templates=False,
    storage_mode="memory",
    pgp_autogen=False,
    pem_autogen=False,
)
_MAIL = re.compile(r"[^@\s,;<>\"']+@([a-z0-9-]+\.)+[a-z0-9-]{2,}", re.IGNORECASE)
_HOOK = re.compile(r"(?P<path>(/[\w.-]+)*)/hooks/(?P<token>[a-z0-9]+)/?", re.IGNORECASE)
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class MailServer:
    """The desk's own mail server, as its settings name it; `host` "" is none."""

    host: str
    port: int
    user: str
    password: str
    has_tls: bool
    sender: str


# For reading an address alone; nothing is sent through it.
_NOWHERE = MailServer("localhost", 25, "", "", has_tls=False, sender="desk@example.com")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of place. `hosts` ends every host it may name; empty is any host we may reach.

    `queries` are the names its address may carry behind the question mark.
    """

    code: str
    label: str
    hint: str
    native: Callable[[str], Any] | None = None
    plugin: type[Any] = NotifyBase
    hosts: tuple[str, ...] = ()
    queries: frozenset[str] = frozenset()
    is_mail: bool = False
    # It runs lines together that no empty line parts.
    is_paragraphed: bool = False


KINDS: Mapping[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind("mail", "E-mail", "One address, a distribution list for many.", is_mail=True),
        Kind(
            "slack",
            "Slack",
            "The address of an incoming webhook: https://hooks.slack.com/services/…",
            slack.NotifySlack.parse_native_url,
            slack.NotifySlack,
            hosts=("hooks.slack.com", "hooks.slack-gov.com"),
        ),
        Kind(
            "teams",
            "Microsoft Teams",
            "The address of the workflow “When a Teams webhook request is received”.",
            workflows.NotifyWorkflows.parse_native_url,
            workflows.NotifyWorkflows,
            hosts=(".logic.azure.com", ".powerplatform.com", ".logic.azure.us"),
            queries=frozenset({"api-version", "sp", "sv", "sig"}),
            is_paragraphed=True,
        ),
        Kind(
            "google_chat",
            "Google Chat",
            "The webhook of a space: https://chat.googleapis.com/v1/spaces/…",
            google_chat.NotifyGoogleChat.parse_native_url,
            google_chat.NotifyGoogleChat,
            hosts=("chat.googleapis.com",),
            queries=frozenset({"key", "token"}),
        ),
        Kind(
            "discord",
            "Discord",
            "The webhook of a channel: https://discord.com/api/webhooks/…",
            discord.NotifyDiscord.parse_native_url,
            discord.NotifyDiscord,
            hosts=("discord.com", "discordapp.com"),
        ),
        Kind(
            "webex",
            "Webex",
            "The incoming webhook of a space: https://webexapis.com/v1/webhooks/incoming/…",
            webex.NotifyWebexTeams.parse_native_url,
            webex.NotifyWebexTeams,
            hosts=("webexapis.com", "api.ciscospark.com"),
            is_paragraphed=True,
        ),
        Kind(
            "mattermost",
            "Mattermost",
            "An incoming webhook of your server: https://chat.example.com/hooks/…",
            plugin=mattermost.NotifyMattermost,
        ),
        Kind(
            "webhook",
            "Your own service",
            "An https address that takes JSON with title and message.",
            plugin=custom_json.NotifyJSON,
        ),
    )
}


def check(kind: str, address: str, mode: types.Mode) -> None:
    """Refuse an address that its kind cannot use, with the reason in words.

    Raises:
        Misconfigured: not such an address, or a host that may not be reached.
    """
    opened(kind, address, mode, key="", mail=None)
    if not KINDS[kind].is_mail:
        addresses.check_base_url(address, mode)


def masked(kind: str, address: str) -> str:
    """The address as screens and the trail may show it: enough to tell two apart, no secret."""
    if KINDS[kind].is_mail:
        name, _, domain = address.strip().rpartition("@")
        return f"{name[:1]}…@{domain}"
    end = re.sub(r"[^A-Za-z0-9]", "", address)[-_SHOWN:]
    return f"{urlsplit(address).hostname}/…{end}"


def opened(kind: str, address: str, mode: types.Mode, *, key: str, mail: MailServer | None) -> Any:
    """The library's object for the place, ready to send what carries `key`.

    Raises:
        Misconfigured: as `check`.
    """
    found = KINDS[kind]
    if found.is_mail:
        return _mail(address, key, mail)
    parts = addresses.check_written(address, mode)
    _check(found, address, parts.hostname or "", parts.query)
    try:
        if found.code == "webhook":
            return _own(address, key)
        if found.code == "mattermost":
            return _mattermost(address)
        asked = found.native(address) if found.native else None
        if not asked:
            raise errors.Misconfigured(f"This is no address of {found.label}. {found.hint}")
        asked |= {"asset": _ASSET, "include_image": False, "redirect": False, "verify": True}
        return found.plugin(**asked)
    except (AppriseImproperlyConfigured, TypeError):
        raise errors.Misconfigured(f"This is no address of {found.label}. {found.hint}") from None


def _check(kind: Kind, address: str, host: str, query: str) -> None:
    host = host.casefold()
    if kind.hosts and not any(
        host.endswith(end) if end.startswith(".") else host == end for end in kind.hosts
    ):
        raise errors.Misconfigured(f"This is no address of {kind.label}. {kind.hint}")
    names = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    if kind.code != "webhook" and names - kind.queries:
        raise errors.Misconfigured("The address carries more than the place itself.")
    if "#" in address:
        raise errors.Misconfigured("Leave out what follows the #.")


def _mail(address: str, key: str, mail: MailServer | None) -> Any:
    address = address.strip()
    if not _MAIL.fullmatch(address):
        raise errors.Misconfigured("Give one e-mail address.")
    server = mail or MailServer(
        "localhost", 25, "", "", has_tls=False, sender="desk@localhost.test"
    )
    plugin: Any = email.NotifyEmail
    return plugin(
        smtp_host=server.host,
        host=server.host,
        port=server.port,
        user=server.user or None,
        password=server.password or None,
        secure_mode=_mail_mode(server),
        from_addr=server.sender,
        targets=[address],
        headers={"X-Returnsbridge-Key": key} if key else None,
        format="text",
        asset=_ASSET,
    )


def _mail_mode(server: MailServer) -> str:
    if server.has_tls:
        return "ssl" if server.port == 465 else "starttls"
    return "insecure"


def _own(address: str, key: str) -> Any:
    parts = urlsplit(address)
    plugin: Any = custom_json.NotifyJSON
    return plugin(
        headers={"Idempotency-Key": key},
        params=dict(parse_qsl(parts.query, keep_blank_values=True)),
        host=parts.hostname,
        port=parts.port,
        fullpath=parts.path or "/",
        secure=parts.scheme == "https",
        asset=_ASSET,
    )


def _mattermost(address: str) -> Any:
    parts = urlsplit(address)
    hook = _HOOK.fullmatch(parts.path)
    if hook is None or parts.query:
        kind = KINDS["mattermost"]
        raise errors.Misconfigured(f"This is no address of {kind.label}. {kind.hint}")
    return mattermost.NotifyMattermost(
        token=hook["token"],
        fullpath=hook["path"],
        host=parts.hostname,
        port=parts.port,
        secure=parts.scheme == "https",
        asset=_ASSET,
    )
