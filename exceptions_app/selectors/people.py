"""People for the admin's list, and a person's own way of signing in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.models import Group, User
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.sessions.models import Session
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, When

from exceptions_app.choices import CASE_OPEN, Role
from exceptions_app.models import Case as ExceptionCase
from exceptions_app.models.statements import Select

ORDER = ("is_off", "username", "id")


def with_second_factor(users: QuerySet[User]) -> QuerySet[User]:
    """Each user says `has_second_factor`: an app or a passkey; recovery codes alone are none."""
    own = Authenticator.objects.filter(user=OuterRef("pk"))
    factors = own.exclude(type=Authenticator.Type.RECOVERY_CODES)
    return users.annotate(has_second_factor=Exists(factors))


def with_roles(users: QuerySet[User]) -> QuerySet[User]:
    """Each user carries `group_names`, so that `permissions.roles_of` asks nothing more."""
    names = Group.objects.filter(user=OuterRef("pk")).order_by().values("name")
    return users.annotate(group_names=ArraySubquery(names))


def person(user_id: int) -> User | None:
    """Who asks for a page, with all that a page must know of them, in one query."""
    return _PERSON.first(user_id=user_id)


_PERSON = Select(
    lambda user_id: with_roles(
        with_second_factor(User.objects.select_related("preferences"))
    ).filter(pk=user_id)[:1]
)


def everyone(*, text: str = "", role: str = "") -> QuerySet[User]:
    """People by `ORDER`, those switched off last; `text` is looked for in names and e-mails."""
    users = with_second_factor(User.objects.prefetch_related("groups"))
    if text:
        users = users.filter(
            Q(username__icontains=text)
            | Q(first_name__icontains=text)
            | Q(last_name__icontains=text)
            | Q(email__icontains=text)
        )
    if role:
        users = users.filter(groups__name=role)
    off = Case(When(is_active=False, then=1), default=0, output_field=IntegerField())
    return users.annotate(is_off=off)


def get(*, user_id: int) -> User:
    return with_second_factor(User.objects.prefetch_related("groups")).get(pk=user_id)


def other_admins(*, user_ids: set[int]) -> list[str]:
    """E-mail addresses of the admins who can sign in, without the people named."""
    admins = User.objects.filter(groups__name=Role.ADMIN, is_active=True)
    return list(admins.exclude(pk__in=user_ids).exclude(email="").values_list("email", flat=True))


def role_labels(user: User) -> list[str]:
    """In the order of the roles; reads the prefetched groups."""
    held = {group.name for group in user.groups.all()}
    return [Role(code).label for code in Role.values if code in held]


def state_of(user: User) -> tuple[str, str]:
    """Word and tone: switched off, invited (has never come in), or nothing worth a mark."""
    if not user.is_active:
        return "Switched off", "calm"
    if user.last_login is None and not user.has_usable_password():
        return "Invited", "wait"
    return "", ""


@dataclass(frozen=True, slots=True)
class Factors:
    """A person's second factor: `app` and `passkeys` authenticate, codes replace them once."""

    has_app: bool
    passkeys: int
    codes_left: int

    @property
    def is_on(self) -> bool:
        return self.has_app or self.passkeys > 0


def factors_of(user: User) -> Factors:
    rows = list(Authenticator.objects.filter(user=user))
    kinds = [row.type for row in rows]
    codes = [row for row in rows if row.type == Authenticator.Type.RECOVERY_CODES]
    return Factors(
        has_app=Authenticator.Type.TOTP in kinds,
        passkeys=kinds.count(Authenticator.Type.WEBAUTHN),
        codes_left=sum(_codes_left(row.data) for row in codes),
    )


def _codes_left(data: dict[str, Any]) -> int:
    """Counted without reading the codes: that needs a key, which may be lost."""
    if "migrated_codes" in data:
        return len(data["migrated_codes"])
    return int(mfa_settings.RECOVERY_CODE_COUNT) - int(data.get("used_mask", 0)).bit_count()


def sessions_of(user: User, *, now: datetime) -> QuerySet[Any]:
    """Sessions that still open the desk, newest first."""
    alive = Session.objects.filter(session_key=OuterRef("session_key"), expire_date__gt=now)
    own: QuerySet[Any] = UserSession.objects.filter(Exists(alive), user=user)
    return own.order_by("-created_at", "-pk")


def held_by(user: User) -> int:
    """How many open exceptions are with a person."""
    return ExceptionCase.objects.filter(assignee=user, status__in=CASE_OPEN).count()
