"""Who proves to be whom over SSH: the server by a pinned key, we by a password or a key of ours."""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import io
from dataclasses import dataclass

import paramiko

from connectors import errors

_FINGERPRINT = "SHA256:"
_KEYS: tuple[type[paramiko.PKey], ...] = (
    paramiko.Ed25519Key,
    paramiko.ECDSAKey,
    paramiko.RSAKey,
)


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are: a password or a private key (OpenSSH or PEM text, with its passphrase)."""

    user: str
    password: str = ""
    private_key: str = ""
    passphrase: str = ""

    def __repr__(self) -> str:
        return f"Login(user={self.user!r})"


def fingerprint(key: paramiko.PKey) -> str:
    """As `ssh-keygen -l` shows it."""
    return _digest(key.asbytes())


def host_keys(text: str) -> tuple[str, ...]:
    """The pins of a setting: one per line, blank lines and comments left out.

    Raises:
        Misconfigured: a line is neither a fingerprint nor a key line.
    """
    lines = [line.strip() for line in text.splitlines()]
    found = tuple(line for line in lines if line and not line.startswith("#"))
    for line in found:
        pin(line)
    return found


def pin(line: str) -> str:
    """The fingerprint a line stands for: itself, or that of the key in "[host] type base64"."""
    words = line.split()
    if len(words) == 1 and words[0].startswith(_FINGERPRINT):
        return words[0].rstrip("=")
    for word in words:
        if word.startswith("AAAA"):
            with contextlib.suppress(binascii.Error, ValueError):
                blob = base64.b64decode(word, validate=True)
                # Even the shortest kind of key is longer than this.
                if len(blob) > 32:
                    return _digest(blob)
    raise errors.Misconfigured(
        "A host key is written as SHA256:… or as a line of a known_hosts file; one line is neither."
    )


def _digest(blob: bytes) -> str:
    digest = hashlib.sha256(blob).digest()
    return _FINGERPRINT + base64.b64encode(digest).decode().rstrip("=")


def check_key(key: paramiko.PKey, pinned: frozenset[str], host: str) -> None:
    shown = fingerprint(key)
    if shown not in pinned:
        raise errors.Misconfigured(
            f"{host} sends the host key {shown} ({key.get_name()}), which is not one that was"
            " pinned. Nothing was sent. Compare it with what your partner tells you by another way"
            " than this server: pin it if it is theirs, and call them if it is not."
        )


def private_key(login: Login) -> paramiko.PKey:
    for kind in _KEYS:
        try:
            return kind.from_private_key(
                io.StringIO(login.private_key.strip() + "\n"), login.passphrase or None
            )
        except paramiko.PasswordRequiredException:
            break
        except (paramiko.SSHException, ValueError, IndexError, TypeError):
            continue
    # Whatever the library says of it may quote the key.
    raise errors.Misconfigured(
        "The private key cannot be read: it must be an OpenSSH or PEM key (Ed25519, ECDSA or RSA),"
        " with its passphrase where it has one.",
        is_credentials=True,
    )
