"""The standing cast: one person per role, two where a second pair of eyes is needed."""

from __future__ import annotations

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.contrib.auth.models import Group, User
from django.test import Client

from exceptions_app.choices import Role

ROLES: dict[str, Role | None] = {
    "cleo": Role.CX,
    "wanda": Role.WAREHOUSE,
    "finn": Role.FINANCE,
    "fiona": Role.FINANCE,
    "mira": Role.MERCHANDISING,
    "mona": Role.MERCHANDISING,
    "ines": Role.INTEGRATOR,
    "ada": Role.ADMIN,
    "otto": None,
    "aud": Role.AUDITOR,
    "lena": Role.LEAD,
}
PASSWORD = "correct-horse-battery"


def make_user(name: str, *roles: str) -> User:
    """The person called `name` with these roles, without any with the cast's own.

    Made on the first call; everybody's password is PASSWORD.
    """
    user = User.objects.filter(username=name).first()
    if user is not None:
        return user
    user = User.objects.create_user(
        name, f"{name}@example.com", PASSWORD, first_name=name.capitalize()
    )
    own = ROLES.get(name)
    wanted = roles or ((own,) if own else ())
    user.groups.set(Group.objects.filter(name__in=wanted))
    return user


def let_time_pass(client: Client, *, minutes: float) -> None:
    """Whoever is signed in there proved who they are that much longer ago."""
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {**record, "at": record["at"] - minutes * 60}
        for record in session[AUTHENTICATION_METHODS_SESSION_KEY]
    ]
    session.save()
