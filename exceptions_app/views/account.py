"""Sign-in and sign-out."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from exceptions_app.services import access

# The same words whether the name or the password is wrong, so that nobody learns who works here.
WRONG = "The user name and the password do not belong together. Check both."
WAIT = "Too many wrong tries. This account waits for 15 minutes at your address."


class SignInForm(AuthenticationForm):
    """Refuses before the password is looked at when too many tries failed."""

    error_messages = {"invalid_login": WRONG, "inactive": WRONG}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "User name"

    def clean(self) -> dict[str, Any]:
        name = str(self.cleaned_data.get("username") or "")
        address = address_of(self.request)
        now = timezone.now()
        if access.is_waiting(username=name, address=address, now=now):
            raise forms.ValidationError(WAIT)
        try:
            cleaned = super().clean()
        except forms.ValidationError:
            access.note_failure(username=name, address=address, now=now)
            raise
        if self.get_user() is not None:
            access.note_success(username=name, address=address)
        return cleaned


class SignIn(LoginView):
    """Django's own view gives the session a new key and keeps `next` on this site."""

    template_name = "sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign-in")


def address_of(request: HttpRequest | None) -> str:
    """The caller's address; behind our proxy it is the last one the proxy itself noted."""
    if request is None:
        return ""
    if settings.SECURE_PROXY_SSL_HEADER:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
        if forwarded:
            return str(forwarded).rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))
