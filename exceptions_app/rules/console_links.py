"""Which addresses may be given as the place where people open a connected system themselves.

Only a person's browser goes there, never our own calls, so a host inside the company is as good as
any; what matters is that nobody is sent to a page in clear, or with credentials in its address.
"""

from __future__ import annotations

from urllib.parse import urlsplit

_HERE = frozenset({"127.0.0.1", "localhost", "::1"})


def problem(url: str, *, is_simulated: bool) -> str:
    """What is wrong with the address, in a sentence that says what to write; "" when it will do.

    Empty is none at all. A simulated system may also be opened on this machine without encryption.
    """
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "This cannot be read as a web address. Write one like https://erp.example.com/."
    if "@" in parts.netloc or "\\" in url or any(character <= " " for character in url):
        return "Leave out credentials and blanks: everybody who sees an exception sees the address."
    is_here = is_simulated and parts.scheme == "http" and host in _HERE
    if not host or (parts.scheme != "https" and not is_here):
        return "Write an address that begins with https:// and names a host."
    return ""
