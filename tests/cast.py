"""The standing cast: one person per role, two where a second pair of eyes is needed."""

from __future__ import annotations

from django.contrib.auth.models import Group, User

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
