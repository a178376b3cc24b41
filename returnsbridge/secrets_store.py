"""Secrets that a clone makes for itself, once, and keeps in its data folder (mode 0600)."""

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured


def kept_secret_key(data_dir: Path) -> str:
    """Return the signing key of this clone, made at the first call."""
    return _kept(data_dir / "secret_key", secrets.token_urlsafe(64))


def kept_credential_key(data_dir: Path) -> str:
    """Return the Fernet key of this clone, made at the first call."""
    return _kept(data_dir / "credential_key", Fernet.generate_key().decode("ascii"))


def _kept(path: Path, fresh: str) -> str:
    """Return the file's content, or write `fresh` into it first.

    Several processes may start at once: each writes its own temporary file and the first
    to link it into place wins, so nobody ever reads half a key.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(fresh)
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return path.read_text(encoding="ascii").strip()


def check_credential_keys(keys: list[str]) -> None:
    """Stop start-up when a key is not a Fernet key; the message never shows the key.

    Raises:
        ImproperlyConfigured: with the position of the unusable key.
    """
    for position, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except ValueError:
            raise ImproperlyConfigured(
                f"RETURNSBRIDGE_CREDENTIAL_KEYS: key {position} of {len(keys)} is not a Fernet "
                "key (32 bytes in URL-safe base64)."
            ) from None
