"""How allauth is used here: invited people only, limits in rows, our words, our trail."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import record_authentication
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from qrcode import QRCode
from qrcode.image.svg import SvgPathFillImage

from exceptions_app import errors, permissions
from exceptions_app.selectors import people as people_selector
from exceptions_app.services import access, connections, people
from exceptions_app.views.middleware import later

log = structlog.get_logger(__name__)

# What allauth reports about an account, in our words; the same sentence is mailed.
CHANGES = {
    "account/email/password_changed": "the password was changed",
    "account/email/password_set": "a password was set",
    "account/email/password_reset": "the password was set anew by a mailed link",
    "mfa/email/totp_activated": "an authenticator app was added",
    "mfa/email/totp_deactivated": "the authenticator app was removed",
    "mfa/email/recovery_codes_generated": "new recovery codes were made",
    "mfa/email/webauthn_added": "a passkey was added",
    "mfa/email/webauthn_removed": "a passkey was removed",
    "socialaccount/email/account_connected": "the company account was connected",
}
UNKNOWN_COMPANY_ACCOUNT = (
    "Nobody is invited with the e-mail address of this company account. Ask your administrator."
)

NOT_YOUR_COMPANY_ACCOUNT = "This is not the company account you sign in with. Nothing was changed."
OTHER_COMPANY_ACCOUNT = (
    "Another company account is connected to the person with this e-mail address. Ask your "
    "administrator for a new link; it frees the connection."
)


class PeopleBackend(ModelBackend):
    """Names or e-mails; preferences, second factor and roles come with the person in one query."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **credentials: Any,
    ) -> User | None:
        user = access.by_name_or_email(username or "")
        if user is None:
            # As long as a known name takes, so that time tells nothing either.
            User().set_password(password)
            return None
        is_right = user.check_password(password)
        return user if is_right and self.user_can_authenticate(user) else None

    def get_user(self, user_id: int) -> User | None:
        user = people_selector.person(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": access.WRONG,
        "email_password_mismatch": access.WRONG,
        "too_many_login_attempts": access.WAIT,
        "rate_limited": access.WAIT,
        "incorrect_code": access.WRONG_CODE,
        "incorrect_password": "This is not your password.",
        "enter_current_password": "This is not your present password.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Admins invite; nobody makes an account for themselves."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        if access.is_waiting(
            username=_name_in(credentials), address=address_of(request), now=timezone.now()
        ):
            raise self.validation_error("too_many_login_attempts")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        user = super().authenticate(request, **credentials)
        if user is not None:
            access.note_success(
                username=_name_in(credentials), address=address_of(request), now=timezone.now()
            )
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        access.note_failure(
            username=_name_in(credentials), address=address_of(request), now=timezone.now()
        )

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Reached by passkey or company account; says no more than a wrong password does."""
        messages.error(request, access.WRONG)
        return redirect("sign-in")

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Signing in is a proof too."""
        return not permissions.is_proven(self.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, str]]:
        """Who has neither password nor second factor proves it at the company's service."""
        methods: list[dict[str, str]] = super().get_reauthentication_methods(user)
        if methods or not settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]:
            return methods
        if not SocialAccount.objects.filter(user_id=user.pk).exists():
            return []
        return [{"id": "company", "url": reverse("account_confirm_company")}]

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account")

    def set_password(self, user: Any, password: str) -> None:
        """Whoever sits in another session must not stay after a change of the password."""
        user.set_password(password)
        user.save(update_fields=["password"])
        key = self.request.session.session_key or ""
        people.end_other_sessions(user=user, keep=key, now=timezone.now())

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """After the answer, so that its time does not tell whether there was anybody to mail."""
        if not settings.CAN_MAIL:
            return
        values = {"host": self.request.get_host(), "email": email, **context}
        message = self.render_mail(template_prefix, email, values)

        def send() -> None:
            try:
                message.send()
            except OSError:
                log.exception("mail_not_sent", template=template_prefix)

        later(self.request, send)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: Any,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Each change of how a person signs in: into the trail, and to the person by mail."""
        now = timezone.now()
        change = CHANGES[template_prefix]
        people.note_security_change(user=user, text=change, now=now)
        if user.email:
            values = {"change": change, "at": now, "person": user}
            self.send_mail("account/email/security_change", user.email, values)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": access.WRONG_CODE,
    }

    def get_totp_label(self, user: Any) -> str:
        return str(user.get_username())

    def build_totp_svg(self, url: str) -> SafeString:
        """An element for the page itself; the policy allows no image from a data address."""
        code = QRCode(border=2)
        code.add_data(url)
        drawn = code.make_image(image_factory=SvgPathFillImage).to_string(encoding="unicode")
        opening = '<svg class="qr" role="img" aria-label="QR code for the authenticator app" '
        _, _, inside = re.sub(r"</?svg:", lambda tag: tag[0][:-4], drawn).partition("<svg ")
        # Drawn here from digits alone: the address is not in the text of the picture.
        return mark_safe(opening + inside)

    def encrypt(self, text: str) -> str:
        return connections.seal({"text": text}).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        """Raises ValidationError when no key fits: forms show it, pages lead away with it."""
        try:
            return connections.unseal(encrypted_text.encode("ascii"))["text"]
        except errors.ConnectionUnusable as error:
            log.exception("second_factor_unreadable")
            raise ValidationError(access.KEYS_LOST, code="keys_lost") from error

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # noqa: A002 (allauth's)
        count = Authenticator.objects.filter(user=user, type=type).count()
        return "Passkey" if count == 0 else f"Passkey {count + 1}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "Returnsbridge"}


class CompanyAccountAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """A company account opens the desk to somebody invited with its proven e-mail address."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        return reverse("account")

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        if sociallogin.state.get("process") == AuthProcess.REDIRECT:
            self._confirm(request, sociallogin)
            return
        if sociallogin.is_existing:
            return
        for address in sociallogin.email_addresses:
            if address.verified or settings.OIDC_TRUSTS_EMAIL:
                user = access.by_email(address.email)
                if user is not None and user.is_active:
                    self._connect(request, sociallogin, user)
                    return
        messages.error(request, UNKNOWN_COMPANY_ACCOUNT)
        raise ImmediateHttpResponse(redirect("sign-in"))

    def _confirm(self, request: HttpRequest, sociallogin: Any) -> None:
        """Somebody signed in proves who they are; nobody is signed in or connected by this."""
        if not sociallogin.is_existing or sociallogin.user != request.user:
            messages.error(request, NOT_YOUR_COMPANY_ACCOUNT)
            raise ImmediateHttpResponse(redirect("account"))
        record_authentication(request, request.user, "socialaccount", reauthenticated=True)

    def _connect(self, request: HttpRequest, sociallogin: Any, user: User) -> None:
        """An address may pass to somebody else at the company; the account here does not."""
        if SocialAccount.objects.filter(user=user, provider=sociallogin.account.provider).exists():
            messages.error(request, OTHER_COMPANY_ACCOUNT)
            raise ImmediateHttpResponse(redirect("sign-in"))
        sociallogin.connect(request, user)


def address_of(request: HttpRequest | None) -> str:
    """The caller's address; behind our proxy it is the last one the proxy itself noted.

    0.0.0.0 where none is given, as from a server's own socket, or what is given is none.
    """
    if request is None:
        return ""
    if settings.SECURE_PROXY_SSL_HEADER:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
        if forwarded:
            return _address_in(str(forwarded).rpartition(",")[2])
    return _address_in(str(request.META.get("REMOTE_ADDR", "")))


def _address_in(text: str) -> str:
    """ "203.0.113.9:51324" and "[2001:db8::1]:443" as the bare address in its shortest form."""
    given = text.strip()
    if given.startswith("["):
        given = given[1:].partition("]")[0]
    elif given.count(":") == 1:
        given = given.partition(":")[0]
    try:
        address = ip_address(given.partition("%")[0])
    except ValueError:
        return "0.0.0.0"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)


def _name_in(credentials: dict[str, Any]) -> str:
    return str(credentials.get("username") or credentials.get("email") or "")
