"""Personal data as a reader may see it: in full with the right to it, else the first letters."""

from __future__ import annotations

from exceptions_app.models import Rma


def customer_of(rma: Rma, *, is_shown: bool) -> str:
    """Name and e-mail as this reader may see them; empty when the platform told neither.

    Both are emptied for good once a settled return is past the retention time.
    """
    parts = (rma.customer_name, rma.customer_email)
    if is_shown:
        return ", ".join(part for part in parts if part)
    return ", ".join(masked for part in parts if (masked := mask(part)))


def mask(text: str) -> str:
    """First letter only: "c…@example.com", "C… C…", "H…"; the domain of an address stays."""
    name, at, domain = text.partition("@")
    if at:
        return f"{name[:1]}…@{domain}"
    return " ".join(f"{word[0]}…" for word in text.split())
