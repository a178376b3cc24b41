"""Wrong tries, counted in rows so that all web processes keep one limit.

A name waits at the address that tried, never everywhere: nobody can lock a colleague out. Names
that do not exist are counted alike, so waiting tells nothing about who works here.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import QuerySet

from exceptions_app.models import SignInTry

TRIES = 5
# One address with this many wrong tries at any names guesses passwords; a whole office may share
# an address, so the number is generous.
ADDRESS_TRIES = 50
# Mails with a link to a new password, to one e-mail address.
MAILS = 3
WINDOW = timedelta(minutes=15)

# The same words whether the name or the password is wrong, so that nobody learns who works here.
WRONG = "The name and the password do not belong together. Check both."
WAIT = "Too many wrong tries. Wait for 15 minutes, then try again."
# Not the person's fault, and no new try helps.
KEYS_LOST = (
    "The keys of this second factor cannot be read here, so no code is right. Tell your "
    "administrator: the key they were sealed with is missing in RETURNSBRIDGE_CREDENTIAL_KEYS."
)
WRONG_CODE = "This was not accepted. A code of the app works once, and for about a minute."

_COUNT = """
INSERT INTO exceptions_app_signintry AS old (key, failures, first_at) VALUES (%s, 1, %s)
ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN old.first_at <= %s THEN 1 ELSE old.failures + 1 END,
    first_at = CASE WHEN old.first_at <= %s THEN excluded.first_at ELSE old.first_at END
RETURNING failures
"""


def is_waiting(*, username: str, address: str, now: datetime) -> bool:
    """Whether this name must wait at this address, or the address at any name."""
    is_name_waiting = _is_over(_key(username, _place(address)), TRIES, now)
    return is_name_waiting or _is_over(_key("any name", _place(address)), ADDRESS_TRIES, now)


def note_failure(*, username: str, address: str, now: datetime) -> None:
    """Count one failure, atomically, and drop rows whose window is over."""
    _count(_key(username, _place(address)), now)
    _count(_key("any name", _place(address)), now)
    _drop_old(now)


def note_success(*, username: str, address: str, now: datetime) -> None:
    """Forget the failures of this name; those of the address stay until their window is over."""
    SignInTry.objects.filter(key=_key(username, _place(address))).delete()
    _drop_old(now)


def is_code_waiting(*, user_id: int, now: datetime) -> bool:
    """Whether this person's second factor must wait; who gets this far knows the password."""
    return _is_over(_key("second factor", str(user_id)), TRIES, now)


def note_wrong_code(*, user_id: int, now: datetime) -> None:
    _count(_key("second factor", str(user_id)), now)
    _drop_old(now)


def use_code(*, user_id: int, code: str, now: datetime) -> bool:
    """Take a right code; False if it was taken before, in whichever process."""
    digits = "".join(code.split())
    if _count(_key(f"used code {digits}", str(user_id)), now) > 1:
        return False
    SignInTry.objects.filter(key=_key("second factor", str(user_id))).delete()
    return True


def may_mail(*, email: str, now: datetime) -> bool:
    """Count one mail that was asked for; False once `MAILS` were within `WINDOW`."""
    return _count(_key("mail", email), now) <= MAILS


def by_name_or_email(name: str) -> User | None:
    """The person who signs in as `name`; an e-mail address that two people have names nobody."""
    given = name.strip()
    if not given:
        return None
    user = User.objects.filter(username__iexact=given).first()
    return user or by_email(given)


def by_email(email: str) -> User | None:
    """The one person with this e-mail address."""
    found: QuerySet[User] = User.objects.filter(email__iexact=email.strip()).exclude(email="")
    people = list(found[:2])
    return people[0] if len(people) == 1 else None


def _is_over(key: str, most: int, now: datetime) -> bool:
    return SignInTry.objects.filter(key=key, failures__gte=most, first_at__gt=now - WINDOW).exists()


def _count(key: str, now: datetime) -> int:
    start = now - WINDOW
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [key, now, start, start])
        return int(cursor.fetchone()[0])


def _drop_old(now: datetime) -> None:
    SignInTry.objects.filter(first_at__lte=now - WINDOW).delete()


def _place(address: str) -> str:
    """Whom an address stands for: of IPv6 a household has a whole /64, and each of its addresses
    is a guess more."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if parsed.version == 6 else address


def _key(username: str, address: str) -> str:
    """Names compare without case, so that case is no way around the limit."""
    return hashlib.sha256(f"{username.strip().casefold()}\0{address}".encode()).hexdigest()
