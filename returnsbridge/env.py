"""Typed reading of the environment. A value that cannot be read stops start-up and says why."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

_BOOLEANS = {
    "1": True,
    "true": True,
    "yes": True,
    "on": True,
    "0": False,
    "false": False,
    "no": False,
    "off": False,
}


def text(name: str, default: str = "") -> str:
    """Return the variable without surrounding blanks; an empty one counts as unset."""
    return os.environ.get(name, "").strip() or default


def boolean(name: str, *, default: bool) -> bool:
    """Return the variable as a truth value.

    Raises:
        ImproperlyConfigured: the word is not one of the eight known ones. A
            misspelt "flase" must never be read as true.
    """
    word = text(name)
    if not word:
        return default
    try:
        return _BOOLEANS[word.lower()]
    except KeyError:
        known = ", ".join(_BOOLEANS)
        raise ImproperlyConfigured(f"{name} is {word!r}; use one of {known}.") from None


def integer(name: str, *, default: int, minimum: int = 0) -> int:
    """Return the variable as a whole number of at least `minimum`."""
    word = text(name)
    if not word:
        return default
    try:
        number = int(word)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {word!r}; use a whole number.") from None
    if number < minimum:
        raise ImproperlyConfigured(f"{name} is {number}; the smallest allowed is {minimum}.")
    return number


def choice(name: str, *, default: str, known: tuple[str, ...]) -> str:
    """Return the variable, which must be one of `known`."""
    word = text(name, default)
    if word not in known:
        raise ImproperlyConfigured(f"{name} is {word!r}; use one of {', '.join(known)}.")
    return word


def csv(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Return the comma-separated parts in their order, blanks dropped."""
    parts = [part.strip() for part in text(name).split(",")]
    return [part for part in parts if part] or list(default)


def secret(name: str) -> str:
    """Return the secret `name`, or what the file named by `name`_FILE holds; "" if neither is set.

    Raises:
        ImproperlyConfigured: both are set, or the file cannot be read or is empty.
    """
    value = text(name)
    file_name = text(f"{name}_FILE")
    if not file_name:
        return value
    if value:
        raise ImproperlyConfigured(f"Set either {name} or {name}_FILE, not both.")
    try:
        content = Path(file_name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{name}_FILE cannot be read: {error}") from error
    if not content:
        raise ImproperlyConfigured(f"{name}_FILE points to an empty file.")
    return content
