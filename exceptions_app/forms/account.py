"""Forms of signing in and of one's own account; allauth's, with our words and our limits."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from allauth.account import forms as allauth_account
from allauth.account.adapter import get_adapter
from allauth.mfa.base import forms as allauth_factor
from allauth.mfa.totp import forms as allauth_totp
from allauth.mfa.webauthn import forms as allauth_passkey
from django import forms
from django.conf import settings
from django.utils import timezone

from exceptions_app.choices import Theme
from exceptions_app.services import access

PASSWORD_RULES = "At least 8 characters, not a common password, not your name, not only digits."


def _plain(form: forms.Form, **labels: str) -> None:
    """Our labels instead of allauth's, and no placeholder, which would vanish while typing."""
    for name, label in labels.items():
        field = form.fields[name]
        field.label = label
        field.help_text = ""
        field.widget.attrs.pop("placeholder", None)


def _new_password(form: forms.Form, first: str = "New password") -> None:
    _plain(form, password1=first, password2="The same again")
    form.fields["password1"].help_text = PASSWORD_RULES


class SignInForm(allauth_account.LoginForm):  # type: ignore[misc]
    """Name or e-mail and password; the adapter counts wrong tries in rows."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = forms.CharField(
            label="User name or e-mail",
            max_length=254,
            widget=forms.TextInput(
                attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
            ),
        )
        del self.fields["login"]
        self.fields["username"] = name
        self.order_fields(["username", "password"])
        _plain(self, password="Password")

    def user_credentials(self) -> dict[str, str]:
        return {
            "username": self.cleaned_data["username"],
            "password": self.cleaned_data["password"],
        }

    def clean(self) -> dict[str, Any]:
        self.cleaned_data["login"] = self.cleaned_data.get("username", "")
        cleaned: dict[str, Any] = super().clean()
        return cleaned


class ResetForm(allauth_account.ResetPasswordForm):  # type: ignore[misc]
    """Answers the same for every address, and mails only so often to one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, email="E-mail")

    def save(self, request: Any, **kwargs: Any) -> str:
        email: str = self.cleaned_data["email"]
        if access.may_mail(email=email, now=timezone.now()):
            super().save(request, **kwargs)
        return email


class NewPasswordForm(allauth_account.ResetPasswordKeyForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _new_password(self)


class SetPasswordForm(allauth_account.SetPasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _new_password(self, "Password")


class ChangePasswordForm(allauth_account.ChangePasswordForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, oldpassword="Present password")
        _new_password(self)

    def clean_oldpassword(self) -> str:
        """Through the adapter, so that guesses in a stolen session are counted too."""
        given: str = self.cleaned_data["oldpassword"]
        if not get_adapter().reauthenticate(self.user, given):
            raise get_adapter().validation_error("enter_current_password")
        return given


class ConfirmForm(allauth_account.ReauthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, password="Your password")


class _CountedCode:
    """Wrong codes are counted, right ones taken once, for all web processes together."""

    def clean_code(self) -> str:
        user_id, now = self.user.pk, timezone.now()  # type: ignore[attr-defined]
        if access.is_code_waiting(user_id=user_id, now=now):
            raise get_adapter().validation_error("too_many_login_attempts")
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except forms.ValidationError as error:
            if error.code != "keys_lost":
                access.note_wrong_code(user_id=user_id, now=now)
            raise
        if not access.use_code(user_id=user_id, code=code, now=now):
            raise get_adapter().validation_error("incorrect_code")
        return code


CODE = "Code from the app, or a recovery code"


class SecondFactorForm(_CountedCode, allauth_factor.AuthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, code=CODE)


class ConfirmCodeForm(_CountedCode, allauth_factor.ReauthenticateForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, code=CODE)


class ActivateForm(allauth_totp.ActivateTOTPForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, code="The six digits the app shows now")
        self.fields["code"].widget.attrs["inputmode"] = "numeric"


# What a made-up answer makes the reader of passkeys stumble over.
_STUMBLES = (KeyError, TypeError, AttributeError, ValueError)


class _MadeUpAnswer:
    """The library trusts the shape of what a browser sends; anybody may send something else."""

    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except _STUMBLES as error:
            raise get_adapter().validation_error("incorrect_code") from error


class PasskeySignInForm(_MadeUpAnswer, allauth_passkey.LoginWebAuthnForm):  # type: ignore[misc]
    """A passkey alone."""


class PasskeyAfterForm(_MadeUpAnswer, allauth_passkey.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey after the password."""


class PasskeyConfirmForm(_MadeUpAnswer, allauth_passkey.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey before a change."""


class AddPasskeyForm(allauth_passkey.AddWebAuthnForm):  # type: ignore[misc]
    """A passkey opens the desk by itself unless that is unticked; then it is a second factor."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, name="Name", passwordless="Sign in with it alone, without the password")
        self.fields["name"].help_text = "For your own list, for example the device."
        self.fields["passwordless"].initial = True

    def clean(self) -> dict[str, Any]:
        try:
            cleaned: dict[str, Any] = super().clean()
        except _STUMBLES as error:
            raise get_adapter().validation_error("incorrect_code") from error
        return cleaned


class RenamePasskeyForm(allauth_passkey.EditWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self, name="Name")
        self.fields["name"].max_length = 60


class PreferencesForm(forms.Form):
    """How the desk looks to one person."""

    time_zone = forms.ChoiceField(required=False, label="Time zone")
    theme = forms.ChoiceField(
        choices=Theme.choices, required=False, label="Colours", widget=forms.RadioSelect
    )
    has_single_keys = forms.BooleanField(
        required=False,
        label="Single keys act (j, k, f, a, s and others)",
        help_text="The key ? shows all of them. Switch them off if you use speech input.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = ("", f"The desk's own ({settings.TIME_ZONE})")
        zones = sorted(zone for zone in available_timezones() if "/" in zone)
        self.fields["time_zone"].choices = [  # type: ignore[attr-defined]
            own,
            *((zone, zone.replace("_", " ")) for zone in zones if not zone.startswith("Etc/")),
        ]


class InvitedForm(forms.Form):
    """The first password, set by whoever holds the link."""

    password1 = allauth_account.SetPasswordField(label="Password", help_text=PASSWORD_RULES)
    password2 = allauth_account.PasswordField(
        label="The same again", autocomplete="new-password", show_reset_help=False
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].user = user  # type: ignore[attr-defined]
        _new_password(self, "Password")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if {"password1", "password2"} <= set(cleaned) and (
            cleaned["password1"] != cleaned["password2"]
        ):
            self.add_error("password2", "The two passwords differ.")
        return cleaned
