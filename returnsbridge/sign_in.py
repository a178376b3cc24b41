"""How people sign in: forms, second factors by role, company accounts (OpenID Connect)."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from exceptions_app.choices import Role
from returnsbridge import env

# allauth's forms by our own, which carry our words and our limits.
ACCOUNT_FORMS = {
    "login": "exceptions_app.forms.account.SignInForm",
    "reset_password": "exceptions_app.forms.account.ResetForm",
    "reset_password_from_key": "exceptions_app.forms.account.NewPasswordForm",
    "change_password": "exceptions_app.forms.account.ChangePasswordForm",
    "set_password": "exceptions_app.forms.account.SetPasswordForm",
    "reauthenticate": "exceptions_app.forms.account.ConfirmForm",
}
MFA_FORMS = {
    "authenticate": "exceptions_app.forms.account.SecondFactorForm",
    "reauthenticate": "exceptions_app.forms.account.ConfirmCodeForm",
    "activate_totp": "exceptions_app.forms.account.ActivateForm",
    "login_webauthn": "exceptions_app.forms.account.PasskeySignInForm",
    "authenticate_webauthn": "exceptions_app.forms.account.PasskeyAfterForm",
    "reauthenticate_webauthn": "exceptions_app.forms.account.PasskeyConfirmForm",
    "add_webauthn": "exceptions_app.forms.account.AddPasskeyForm",
    "edit_webauthn": "exceptions_app.forms.account.RenamePasskeyForm",
}


def second_factor_roles(default: tuple[str, ...]) -> list[str]:
    """Return the codes of roles whose people must have a second factor; "none" names no role.

    Raises:
        ImproperlyConfigured: a role that does not exist would protect nobody, silently.
    """
    if env.text("RETURNSBRIDGE_MFA_ROLES") == "none":
        return []
    named = env.csv("RETURNSBRIDGE_MFA_ROLES", default)
    unknown = ", ".join(sorted(set(named) - set(Role.values)))
    if unknown:
        raise ImproperlyConfigured(
            f"RETURNSBRIDGE_MFA_ROLES names {unknown}; use {', '.join(Role.values)}, or none."
        )
    return named


def company_accounts() -> list[dict[str, Any]]:
    """Return the one configured provider in allauth's form, or nothing.

    Raises:
        ImproperlyConfigured: some of address, client and secret are given, but not all, or the
            address is not https.
    """
    server = env.text("RETURNSBRIDGE_OIDC_SERVER")
    client = env.text("RETURNSBRIDGE_OIDC_CLIENT_ID")
    secret = env.secret("RETURNSBRIDGE_OIDC_CLIENT_SECRET")
    if not (server or client or secret):
        return []
    if not (server and client and secret):
        raise ImproperlyConfigured(
            "Company accounts need RETURNSBRIDGE_OIDC_SERVER, RETURNSBRIDGE_OIDC_CLIENT_ID and "
            "RETURNSBRIDGE_OIDC_CLIENT_SECRET together."
        )
    if not server.startswith("https://"):
        raise ImproperlyConfigured("RETURNSBRIDGE_OIDC_SERVER must begin with https://.")
    return [
        {
            "provider_id": "company",
            "name": env.text("RETURNSBRIDGE_OIDC_NAME", "your company account"),
            "client_id": client,
            "secret": secret,
            "settings": {"server_url": server},
        }
    ]
