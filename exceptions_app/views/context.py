"""What every page shows around its content: navigation with counts, and how fresh the data is."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from exceptions_app import permissions
from exceptions_app.choices import Role
from exceptions_app.selectors import today
from exceptions_app.views.middleware import preferences_of


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the navigation; `counted` names the figure of `today.Shell` beside it."""

    group: str
    label: str
    url_name: str
    icon: str
    capability: str
    key: str = ""
    counted: str = ""


# Asks the queue for what the reader opens it with: their view, else their own team's tab.
OWN = "own=1"
PLACES = (
    Place("Work", "Today", "home", "today", "view_desk", key="t"),
    Place("Work", "Exceptions", "case-list", "flag", "view_desk", key="e", counted="cases"),
    Place("Work", "Approvals", "fix-list", "stamp", "view_desk", key="a", counted="approvals"),
    Place("Work", "To key by hand", "keying", "pen", "key_by_hand", key="k", counted="to_key"),
    Place("Work", "Returns", "return-list", "return", "view_desk", key="r"),
    Place("Teams", "Warehouse", "warehouse", "house", "view_warehouse", key="w"),
    Place("Teams", "Merchandising", "merchandising", "tag", "view_merchandising", key="d"),
    Place("Teams", "Finance", "finance", "scales", "view_finance", key="f"),
    Place("Teams", "Who has what", "load", "user", "view_load"),
    Place("System", "Operations", "operations", "pulse", "view_operations", key="o"),
    Place("System", "Inbox", "inbox", "send", "view_operations"),
    Place("System", "Postings", "posting-list", "link", "view_operations", key="p"),
    Place("System", "Manual", "manual", "book", "view_desk", key="m"),
    Place("System", "Mappings", "admin:mappings", "copy", "view_mappings"),
    Place("System", "Set-up", "admin:index", "key", "use_admin"),
    Place("System", "People", "people", "user", "manage_users"),
    Place("System", "Audit trail", "trail", "seal", "view_audit"),
)


def shell(request: HttpRequest) -> dict[str, Any]:
    """Empty for strangers. One query, the roles come with the person."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    roles = permissions.roles_of(user)
    if not roles:
        return {"nav": [], "place": "No role yet"}
    figures = today.shell(roles=roles, user_id=user.pk)
    return {
        "nav": [item for place in PLACES if (item := _item(place, request, roles, figures))],
        "place": ", ".join(Role(role).label for role in Role.values if role in roles),
        "simulated_systems": figures.simulated,
        "data_as_of": figures.data_as_of,
        "reviews": figures.reviews,
        "can": dict.fromkeys(permissions.capabilities_of(user), True),
    }


def look(request: HttpRequest) -> dict[str, Any]:
    """Theme and single keys as the reader set them; the person carries both, so no query."""
    own = preferences_of(request)
    if own is None:
        return {}
    return {"theme": own.theme, "keys_off": not own.has_single_keys}


def _item(
    place: Place, request: HttpRequest, roles: frozenset[str], figures: today.Shell
) -> dict[str, Any] | None:
    if not permissions.CAPABILITIES[place.capability] & roles:
        return None
    url = reverse(place.url_name)
    return {
        "group": place.group,
        "label": place.label,
        "url": f"{url}?{OWN}" if place.url_name == "case-list" else url,
        "icon": place.icon,
        "key": place.key,
        "count": _shown(getattr(figures, place.counted)) if place.counted else "",
        "is_current": is_current(place, request, url),
    }


def _shown(count: int) -> str:
    if not count:
        return ""
    return f"{today.COUNT_CAP:,}+" if count > today.COUNT_CAP else f"{count:,}"


def is_current(place: Place, request: HttpRequest, url: str) -> bool:
    """The longest place whose address begins this one; Today only for itself."""
    if url == "/":
        return request.path == "/"
    if not request.path.startswith(url):
        return False
    others = (reverse(each.url_name) for each in PLACES if each is not place)
    return not any(request.path.startswith(other) and len(other) > len(url) for other in others)
