"""What people say to one another: notes that name the reader."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from exceptions_app import permissions
from exceptions_app.services import mentions
from exceptions_app.views.ticked import number


@permissions.required("view_desk")
@permissions.sent_from("home")
def mentions_read(request: HttpRequest) -> HttpResponse:
    """One note, or all of them, have been read."""
    text = request.POST.get("mention", "")
    count = mentions.read(
        person=permissions.actor_of(request),
        now=timezone.now(),
        mention_id=number(text) if text else None,
    )
    if count:
        messages.success(request, f"{count} note{'' if count == 1 else 's'} marked as read.")
    return redirect("home")
