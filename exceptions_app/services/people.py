"""People: invited by an admin, given roles, switched off; their own sessions and preferences."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core import signing
from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac

from exceptions_app import errors
from exceptions_app.choices import Role
from exceptions_app.models import UserPreferences
from exceptions_app.selectors import people as selector
from exceptions_app.services import audit, connections, triage

_SALT = "people.invitation"


@transaction.atomic
def invite(
    *, name: str, email: str, roles: Iterable[str], actor: User | None, now: datetime
) -> tuple[User, str]:
    """Make an account without a password; return it and the secret of the link that sets one.

    `actor` is None for the first admin, who is made on the server.

    Raises:
        InvalidChoice: the e-mail address is taken, no role was chosen, or one is not ours.
    """
    wanted = _groups(roles)
    _lock_people()
    if User.objects.filter(email__iexact=email).exists():
        raise errors.InvalidChoice("Somebody already has this e-mail address.")
    first, _, last = name.strip().partition(" ")
    user = User(username=_free_username(email), email=email, first_name=first, last_name=last)
    user.set_unusable_password()
    user.save()
    user.groups.set(wanted)
    _record(actor, "user.invite", user, f"{user.username} invited", now, after=_state(user))
    return user, _secret_for(user, now)


@transaction.atomic
def renew_link(*, user_id: int, actor: User, now: datetime) -> tuple[User, str]:
    """Return a new link; earlier links, the password and all sessions of the person end.

    So does the connection with a company account: its next sign-in connects anew.

    Raises:
        InvalidChoice: the account is switched off, or one's own.
    """
    user = _locked(user_id)
    if user.pk == actor.pk:
        raise errors.InvalidChoice("Change your own password on your account page.")
    if not user.is_active:
        raise errors.InvalidChoice("This account is switched off. Switch it on first.")
    user.set_unusable_password()
    user.save(update_fields=["password"])
    SocialAccount.objects.filter(user=user).delete()
    _end_sessions(user, now=now)
    _record(actor, "user.link", user, f"New sign-in link for {user.username}", now)
    return user, _secret_for(user, now)


def invited(*, secret: str, now: datetime) -> User:
    """The person whom a link names.

    Raises:
        InvitationOver: the link was used, replaced, has expired, or was never made here.
    """
    try:
        user_id, stamp, until = signing.loads(secret, salt=_SALT)
    except (signing.BadSignature, ValueError) as error:
        raise errors.InvitationOver from error
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or now.timestamp() >= until or not constant_time_compare(stamp, _stamp(user)):
        raise errors.InvitationOver
    return user


@transaction.atomic
def accept(*, secret: str, password: str, now: datetime) -> User:
    """Set the password a link allows to set; the link is worth nothing afterwards.

    Raises:
        InvitationOver: as in `invited`; of two at once, one wins.
    """
    _locked(invited(secret=secret, now=now).pk)
    user = invited(secret=secret, now=now)
    user.set_password(password)
    user.save(update_fields=["password"])
    _record(user, "user.accept", user, f"{user.username} set a password by link", now)
    return user


@transaction.atomic
def change_roles(*, user_id: int, roles: Iterable[str], actor: User, now: datetime) -> User:
    """Give a person exactly these roles; they hold from the next click on.

    Raises:
        InvalidChoice: one's own roles, the last admin keeps theirs, no role was chosen, or one is
            not ours.
    """
    wanted = _groups(roles)
    _lock_people()
    user = _locked(user_id)
    before = _state(user)
    if user.pk == actor.pk and before["roles"] != sorted(group.name for group in wanted):
        raise errors.InvalidChoice("You cannot change your own roles. Another admin can.")
    if Role.ADMIN not in {group.name for group in wanted}:
        _keep_an_admin(user, actor)
    user.groups.set(wanted)
    after = _state(user)
    if after != before:
        text = f"Roles of {user.username} changed"
        _record(actor, "user.roles", user, text, now, before=before, after=after)
    return user


@transaction.atomic
def deactivate(*, user_id: int, actor: User, reason: str, now: datetime) -> int:
    """Switch an account off; its sessions end at once, and the reason stays in the trail.

    Returns how many exceptions the person had, which are free again for their teams.

    Raises:
        InvalidChoice: no reason is given, or it is one's own account, or the last admin's.
    """
    if not reason.strip():
        raise errors.InvalidChoice("Say why, so that the next admin understands it.")
    _lock_people()
    user = _locked(user_id)
    _keep_an_admin(user, actor)
    if user.pk == actor.pk:
        raise errors.InvalidChoice("You cannot switch your own account off. Another admin can.")
    if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        return 0
    _end_sessions(user, now=now)
    text = f"{user.username} switched off: {reason.strip()}"
    _record(actor, "user.deactivate", user, text, now)
    return triage.release(assignee=user, actor=actor, now=now)


@transaction.atomic
def reactivate(*, user_id: int, actor: User, now: datetime) -> User:
    """Switch an account on again, with the password and the roles it had."""
    user = _locked(user_id)
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        _record(actor, "user.reactivate", user, f"{user.username} switched on", now)
    return user


@transaction.atomic
def remove_second_factor(*, user_id: int, actor: User, now: datetime) -> User:
    """Take app, passkeys and recovery codes away, for a lost phone; all sessions end.

    Raises:
        InvalidChoice: one's own; that is done on the account page, which asks for the password.
    """
    user = _locked(user_id)
    if user.pk == actor.pk:
        raise errors.InvalidChoice("Change your own second factor on your account page.")
    removed, _ = Authenticator.objects.filter(user=user).delete()
    if removed:
        _end_sessions(user, now=now)
        _record(actor, "user.second_factor", user, f"Second factor of {user.username} removed", now)
    return user


@transaction.atomic
def end_session(*, user: User, session_id: int, now: datetime) -> bool:
    """Sign one's own session out, wherever it is; False if it is gone or somebody else's."""
    session = UserSession.objects.select_for_update().filter(user=user, pk=session_id).first()
    if session is None:
        return False
    session.end()
    _record(user, "user.session", user, f"{user.username} ended a session", now)
    return True


@transaction.atomic
def end_other_sessions(*, user: User, keep: str, now: datetime) -> int:
    """Sign all own sessions out but the one with the key `keep`; returns how many were open."""
    ended = _end_sessions(user, keep=keep, now=now)
    if ended:
        words = "1 session" if ended == 1 else f"{ended} sessions"
        _record(user, "user.session", user, f"{user.username} ended {words}", now)
    return ended


def note_security_change(*, user: User, text: str, now: datetime) -> None:
    """Write into the trail what a person changed about their own sign-in."""
    _record(user, "user.security", user, f"{user.username}: {text}", now)


@transaction.atomic
def rotate_keys() -> tuple[int, list[str]]:
    """Seal app keys and the seeds of recovery codes anew.

    Returns how many were sealed, and the user names of those that no key opens: they stay as they
    are. Nothing of a person changes, so their trail says nothing of it.
    """
    rows = Authenticator.objects.select_for_update().exclude(type=Authenticator.Type.WEBAUTHN)
    count, unreadable = 0, []
    for row in rows.select_related("user").order_by("pk"):
        name = "secret" if row.type == Authenticator.Type.TOTP else "seed"
        try:
            row.data[name] = connections.reseal(row.data[name].encode("ascii")).decode("ascii")
        except errors.ConnectionUnusable:
            unreadable.append(row.user.get_username())
            continue
        row.save(update_fields=["data"])
        count += 1
    return count, unreadable


def prefer(*, user: User, time_zone: str, theme: str, has_single_keys: bool) -> UserPreferences:
    """Keep how the desk looks to one person. Nobody else is touched, so no trail is written."""
    row, _ = UserPreferences.objects.update_or_create(
        user=user,
        defaults={"time_zone": time_zone, "theme": theme, "has_single_keys": has_single_keys},
    )
    return row


# --- Helpers ---------------------------------------------------------------------------------


def _locked(user_id: int) -> User:
    return User.objects.select_for_update().get(pk=user_id)


def _lock_people() -> None:
    """One at a time: two admins at once could each take the other's role."""
    Group.objects.select_for_update().get(name=Role.ADMIN)


def _keep_an_admin(user: User, actor: User) -> None:
    if not user.groups.filter(name=Role.ADMIN).exists():
        return
    if user.pk == actor.pk:
        raise errors.InvalidChoice("You cannot take your own access away. Another admin can.")
    others = User.objects.filter(groups__name=Role.ADMIN, is_active=True).exclude(pk=user.pk)
    # Somebody who never came in may never do so.
    if not others.exclude(password__startswith="!", last_login=None).exists():
        raise errors.InvalidChoice("This is the last admin who can sign in. Name another first.")


def _groups(roles: Iterable[str]) -> list[Group]:
    wanted = set(roles)
    if not wanted or wanted - set(Role.values):
        raise errors.InvalidChoice(f"Choose one or more of: {', '.join(Role.labels)}.")
    return list(Group.objects.filter(name__in=wanted))


def _free_username(email: str) -> str:
    stem = re.sub(r"[^\w.+-]", "", email.partition("@")[0].lower())[:140] or "person"
    taken = {
        name.lower()
        for name in User.objects.filter(username__istartswith=stem).values_list(
            "username", flat=True
        )
    }
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}{number}"
    return name


def _secret_for(user: User, now: datetime) -> str:
    until = int(now.timestamp()) + settings.INVITATION_HOURS * 3600
    return signing.dumps([user.pk, _stamp(user), until], salt=_SALT)


def _stamp(user: User) -> str:
    """Changes with the password, and an account without one has a random text in its place."""
    return salted_hmac(_SALT, user.password).hexdigest()[:32]


def _end_sessions(user: User, *, now: datetime, keep: str = "") -> int:
    """Rows of sessions that ran out by themselves go too, and do not count."""
    is_open = selector.sessions_of(user, now=now).exclude(session_key=keep).count()
    for session in UserSession.objects.filter(user=user).exclude(session_key=keep):
        session.end()
    return is_open


def _state(user: User) -> dict[str, Any]:
    return {"roles": sorted(user.groups.values_list("name", flat=True))}


def _record(
    actor: User | None,
    act: str,
    user: User,
    text: str,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(actor=actor, act=act, subject=user, text=text, now=now, before=before, after=after)
