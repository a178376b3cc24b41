"""Messages to people: what was sent, where it goes, and what each wants to be told."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from exceptions_app import errors, permissions
from exceptions_app.choices import MessageState, Team
from exceptions_app.forms.telling import OwnForm, PlaceForm, initial_of
from exceptions_app.models import Message, MessagePlace
from exceptions_app.permissions import actor_of
from exceptions_app.selectors import paging, today
from exceptions_app.selectors import telling as selector
from exceptions_app.services import telling_places
from exceptions_app.services.telling_places import Wishes
from exceptions_app.templatetags.desk import changed_query

NEWEST = ("-id",)
# What is not here waits.
TONES = {"sent": "good", "perhaps": "warn", "failed": "bad", "dropped": "calm"}
_START = {"digest_hour": 8, "quiet_from": 19, "quiet_until": 7, "is_quiet_at_weekends": True}
_SENT = {
    MessageState.SENT: messages.success,
    MessageState.PERHAPS: messages.warning,
}


@require_safe
@permissions.required("view_desk")
def index(request: HttpRequest) -> HttpResponse:
    """What was sent, newest first."""
    chosen = {
        name: request.GET.get(name, "").replace("\0", "") for name in ("team", "state", "place")
    }
    rows = selector.messages(user=actor_of(request), **chosen)
    page = paging.page(rows, order=NEWEST, cursor=request.GET.get("cursor", ""))
    places = [(str(place.pk), place.name) for place in selector.places_of_teams()]
    context = {
        "now": timezone.now(),
        "rows": [_row(message) for message in page.rows],
        "newer": page.newer,
        "older": page.older,
        "selects": [
            {"name": name, "label": label, "options": options, "value": chosen[name]}
            for name, label, options in (
                ("team", "Team", Team.choices),
                ("place", "Place", places),
                ("state", "State", MessageState.choices),
            )
        ],
        "query": changed_query(request.GET, {}),
    }
    return render(request, "operations/messages.html", context)


def _row(message: Message) -> dict[str, object]:
    return {
        "message": message,
        "kind": telling_places.label_of(message.kind),
        "tone": TONES.get(message.state, "wait"),
    }


@require_safe
@permissions.required("view_desk")
def detail(request: HttpRequest, message_id: int) -> HttpResponse:
    """One message as it was said, with its causes and how it ended."""
    rows = selector.messages(user=actor_of(request)).defer(None)
    message = get_object_or_404(rows, pk=message_id)
    context = {
        **_row(message),
        "groups": list(message.groups.order_by("pk")),
        "now": timezone.now(),
    }
    return render(request, "operations/message.html", context)


@require_safe
@permissions.required("view_desk")
def places(request: HttpRequest) -> HttpResponse:
    """Where the messages of every team go; the address of each masked."""
    actor = actor_of(request)
    context = {
        "now": timezone.now(),
        "rows": [
            {
                "place": place,
                "kind": telling_places.label_of(place.kind),
                "may_edit": selector.may_edit(actor, place),
            }
            for place in selector.places_of_teams()
        ],
        "may_add": bool(_led(request)),
    }
    return render(request, "operations/message_places.html", context)


def _led(request: HttpRequest) -> tuple[str, ...]:
    return today.teams_led(permissions.roles_of(actor_of(request)))


@sensitive_post_parameters("address")
@never_cache
@permissions.required("lead_team")
@permissions.proven_first
def add(request: HttpRequest) -> HttpResponse:
    is_sent = request.method == "POST"
    form = PlaceForm(
        request.POST if is_sent else None,
        teams=_led(request),
        initial={
            **_START,
            "has_questions": True,
            "is_on": True,
            "has_alerts": True,
            "time_zone": timezone.get_current_timezone_name(),
        },
    )
    if is_sent and form.is_valid():
        asked = {name: form.cleaned_data[name] for name in ("team", "name", "kind", "address")}
        try:
            place = telling_places.add(
                **asked,
                wishes=form.wishes,
                desk_url=request.build_absolute_uri("/"),
                actor=actor_of(request),
                now=timezone.now(),
            )
        except errors.DeskError as error:
            form.add_error(_field_of(error), str(error))
        else:
            messages.success(request, f"{place.name} is set up. Send a test message to see.")
            return redirect("message-place", place_id=place.pk)
    return _form(request, form, None)


@sensitive_post_parameters("address")
@never_cache
@permissions.required("lead_team")
@permissions.proven_first
def change(request: HttpRequest, place_id: int) -> HttpResponse:
    place = _place(request, place_id)
    is_sent = request.method == "POST"
    form = PlaceForm(
        request.POST if is_sent else None, teams=(), place=place, initial=initial_of(place)
    )
    if is_sent and form.is_valid():
        try:
            telling_places.change(
                place_id=place.pk,
                name=form.cleaned_data["name"],
                address=form.cleaned_data["address"],
                wishes=form.wishes,
                desk_url=request.build_absolute_uri("/"),
                actor=actor_of(request),
                now=timezone.now(),
            )
        except errors.DeskError as error:
            form.add_error(_field_of(error), str(error))
        else:
            messages.success(request, "Kept.")
            return redirect("message-place", place_id=place.pk)
    return _form(request, form, place)


def _field_of(error: errors.DeskError) -> str | None:
    if isinstance(error, errors.NameTaken):
        return "name"
    return "address" if isinstance(error, errors.InvalidChoice) else None


def _form(request: HttpRequest, form: PlaceForm, place: MessagePlace | None) -> HttpResponse:
    context = {
        "now": timezone.now(),
        "form": form,
        "target": place,
        "kind": telling_places.label_of(place.kind) if place else "",
        "hints": telling_places.hints(),
        "can_mail": settings.CAN_MAIL,
    }
    status = 422 if form.errors else 200
    return render(request, "operations/message_place.html", context, status=status)


def _place(request: HttpRequest, place_id: int) -> MessagePlace:
    place = get_object_or_404(selector.places_of_teams(), pk=place_id)
    if not selector.may_edit(actor_of(request), place):
        raise Http404("not of a team this person leads")
    return place


@permissions.required("lead_team")
@permissions.sent_from("message-place", "place_id")
def test(request: HttpRequest, place_id: int) -> HttpResponse:
    place = _place(request, place_id)
    _test(request, place)
    return redirect("message-place", place_id=place.pk)


def _test(request: HttpRequest, place: MessagePlace) -> None:
    """Send it now, and say what came of it."""
    try:
        sent = telling_places.test(place_id=place.pk, actor=actor_of(request), now=timezone.now())
    except errors.DeskError as error:
        messages.warning(request, str(error))
        return
    tell = _SENT.get(MessageState(sent.state), messages.error)
    tell(request, f"Test message to {sent.place_name}: {sent.get_state_display()}. {sent.outcome}")


@permissions.required("lead_team")
@permissions.sent_from("message-place", "place_id")
@permissions.proven
def remove(request: HttpRequest, place_id: int) -> HttpResponse:
    place = _place(request, place_id)
    try:
        name = telling_places.remove(place_id=place.pk, actor=actor_of(request), now=timezone.now())
    except errors.DeskError as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"{name} is removed. What was sent there stays on record.")
    return redirect("message-places")


# --- One's own mail --------------------------------------------------------------------------


@permissions.required("use_account")
def own(request: HttpRequest) -> HttpResponse:
    """What one wants to be told by mail, to the address of one's account."""
    actor = actor_of(request)
    place = MessagePlace.objects.filter(owner=actor).first()
    own = {"is_only_mine": True, "has_mentions": True, "has_approvals": True}
    start = {**_START, **own, "time_zone": timezone.get_current_timezone_name()}
    is_sent = request.method == "POST"
    form = OwnForm(request.POST if is_sent else None, initial=initial_of(place) if place else start)
    if is_sent and form.is_valid():
        wishes: Wishes = form.wishes
        try:
            telling_places.prefer(
                wishes=wishes,
                desk_url=request.build_absolute_uri("/"),
                actor=actor,
                now=timezone.now(),
            )
        except errors.DeskError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Kept.")
            return redirect("account-messages")
    context = {
        "now": timezone.now(),
        "form": form,
        "target": place,
        "can_mail": settings.CAN_MAIL,
        "whose": ", ".join(
            Team(team).label for team in today.teams_of(permissions.roles_of(actor))
        ),
    }
    status = 422 if form.errors else 200
    return render(request, "account/messages_wanted.html", context, status=status)


@permissions.required("use_account")
@permissions.sent_from("account-messages")
def own_test(request: HttpRequest) -> HttpResponse:
    place = get_object_or_404(MessagePlace, owner=actor_of(request))
    _test(request, place)
    return redirect("account-messages")
