"""Addresses of signing in, one's own account and people.

allauth's views are named one by one: whatever it offers beyond these (sign-up, changing one's
e-mail) has no address here.
"""

from allauth.account import views as account_views
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkey
from allauth.socialaccount.providers.openid_connect import views as company
from django.urls import path, re_path
from django.views.decorators.cache import never_cache

from exceptions_app import permissions
from exceptions_app.views import account, people, telling

own = permissions.required("use_account")


def way_in(view: permissions.View) -> permissions.View:
    """One's own, after a proof; the library asks for none of who comes by company account only."""
    return own(permissions.proven_first(view))


def secret(view: permissions.View) -> permissions.View:
    """A way in, and no browser or proxy keeps the page: keys and codes stand on it."""
    return way_in(never_cache(view))


door = [
    # The names by which allauth finds our two doors.
    path("sign-in/", account.SignIn.as_view(), name="account_login"),
    path("sign-out/", account.sign_out, name="account_logout"),
    path("sign-in/second-factor/", factor.authenticate, name="mfa_authenticate"),
    path("sign-in/passkey/", passkey.login_webauthn, name="mfa_login_webauthn"),
    path("sign-in/<slug:provider_id>/start/", company.login, name="openid_connect_login"),
    path("sign-in/<slug:provider_id>/back/", company.callback, name="openid_connect_callback"),
    path("sign-in/cancelled/", account.company_cancelled, name="socialaccount_login_cancelled"),
    path("welcome/<str:secret>/", account.invitation, name="invitation"),
    path("password/", account.PasswordReset.as_view(), name="account_reset_password"),
    path("password/sent/", account_views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[^/]+)/$",
        account_views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/changed/",
        account_views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
own_account = [
    path("", account.page, name="account"),
    path("preferences/", account.prefer, name="account-prefer"),
    path("messages/", telling.own, name="account-messages"),
    path("messages/test/", telling.own_test, name="account-messages-test"),
    path("sessions/<int:session_id>/end/", account.end_session, name="session-end"),
    path("sessions/end/", account.end_other_sessions, name="sessions-end"),
    path("password/", own(account_views.password_change), name="account_change_password"),
    path("password/first/", way_in(account_views.password_set), name="account_set_password"),
    path("confirm/", own(account_views.reauthenticate), name="account_reauthenticate"),
    path("confirm/code/", own(factor.reauthenticate), name="mfa_reauthenticate"),
    path(
        "confirm/passkey/", own(passkey.reauthenticate_webauthn), name="mfa_reauthenticate_webauthn"
    ),
    path("confirm/company/", account.confirm_company, name="account_confirm_company"),
    path("second-factor/", own(account.SecondFactor.as_view()), name="mfa_index"),
    path("second-factor/app/", secret(totp.activate_totp), name="mfa_activate_totp"),
    path("second-factor/app/remove/", way_in(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path(
        "second-factor/codes/",
        secret(account.readable(codes.view_recovery_codes)),
        name="mfa_view_recovery_codes",
    ),
    path(
        "second-factor/codes/new/",
        way_in(account.readable(codes.generate_recovery_codes)),
        name="mfa_generate_recovery_codes",
    ),
    path(
        "second-factor/codes/file/",
        secret(account.readable(codes.download_recovery_codes)),
        name="mfa_download_recovery_codes",
    ),
    path("second-factor/passkeys/", own(passkey.list_webauthn), name="mfa_list_webauthn"),
    path("second-factor/passkeys/add/", way_in(passkey.add_webauthn), name="mfa_add_webauthn"),
    path(
        "second-factor/passkeys/<int:pk>/",
        way_in(passkey.edit_webauthn),
        name="mfa_edit_webauthn",
    ),
    path(
        "second-factor/passkeys/<int:pk>/remove/",
        way_in(account.RemovePasskey.as_view()),
        name="mfa_remove_webauthn",
    ),
]
all_people = [
    path("", people.index, name="people"),
    path("invite/", people.invite, name="person-invite"),
    path("<int:user_id>/", people.detail, name="person"),
    path("<int:user_id>/roles/", people.change_roles, name="person-roles"),
    path("<int:user_id>/link/", people.renew_link, name="person-link"),
    path("<int:user_id>/deactivate/", people.deactivate, name="person-deactivate"),
    path("<int:user_id>/reactivate/", people.reactivate, name="person-reactivate"),
    path("<int:user_id>/second-factor/", people.remove_second_factor, name="person-second-factor"),
]
