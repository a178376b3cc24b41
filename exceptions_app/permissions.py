"""The capability table: who may do what. Every door names one capability; roles are groups.

Acts on people, credentials and ways of signing in also ask for a fresh proof of who is there.
"""

from collections.abc import Callable, Mapping
from functools import wraps

from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from exceptions_app import errors
from exceptions_app.catalogue import CATALOGUE, Entry
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import MONEY_KINDS, FixKind, Role, Team

Actor = User | AnonymousUser

EVERYONE = frozenset(Role.values)
STAFF = EVERYONE - {Role.AUDITOR}

CAPABILITIES: dict[str, frozenset[str]] = {
    "view_desk": EVERYONE,
    "use_account": EVERYONE,
    "view_personal_data": frozenset({Role.CX, Role.ADMIN}),
    # A parcel number names no person, and who unpacks it reads it off the label; but a carrier's
    # page shows where a parcel went, so the other roles see it masked.
    "view_parcel_numbers": frozenset({Role.CX, Role.WAREHOUSE, Role.ADMIN}),
    "view_operations": frozenset({Role.INTEGRATOR, Role.ADMIN, Role.AUDITOR, Role.FINANCE}),
    "view_raw_messages": frozenset({Role.INTEGRATOR, Role.ADMIN}),
    # Whose work it is, who has to look into it, and the auditor.
    "view_warehouse": frozenset(
        {Role.WAREHOUSE, Role.CX, Role.INTEGRATOR, Role.ADMIN, Role.AUDITOR}
    ),
    "view_merchandising": frozenset(
        {Role.MERCHANDISING, Role.WAREHOUSE, Role.INTEGRATOR, Role.ADMIN, Role.AUDITOR}
    ),
    "view_finance": frozenset({Role.FINANCE, Role.ADMIN, Role.AUDITOR}),
    "view_audit": frozenset({Role.ADMIN, Role.AUDITOR, Role.FINANCE}),
    "assign_case": STAFF,
    "write_note": STAFF,
    # Which exceptions share a cause: whoever works on them.
    "group_causes": STAFF,
    # Photographs and letters may show a customer: for who works on exceptions, not who audits.
    "use_evidence": STAFF,
    "close_case": STAFF,
    # Who has what on their desk, and what is given to whom by rule: of the teams one leads.
    "view_load": frozenset({Role.LEAD, Role.ADMIN, Role.AUDITOR}),
    "lead_team": frozenset({Role.LEAD, Role.ADMIN}),
    # One call to the ERP, for the item an exception is about.
    "read_item": frozenset({Role.MERCHANDISING, Role.INTEGRATOR, Role.ADMIN}),
    "fix_item": frozenset({Role.MERCHANDISING, Role.ADMIN}),
    "fix_stock": frozenset({Role.WAREHOUSE, Role.ADMIN}),
    "fix_status": frozenset({Role.INTEGRATOR, Role.ADMIN}),
    "fix_money": frozenset({Role.FINANCE}),
    # Whose it is when somebody leaves; what was agreed to stays as it is.
    "assign_acceptance": frozenset({Role.FINANCE, Role.ADMIN}),
    # A quote promises money to a customer: those who talk to them, who pays, and who connects.
    "quote_credit": frozenset({Role.CX, Role.FINANCE, Role.INTEGRATOR}),
    "retry_posting": frozenset(
        {Role.INTEGRATOR, Role.FINANCE, Role.WAREHOUSE, Role.MERCHANDISING, Role.ADMIN}
    ),
    # A note tells the platform what is booked: no goods and no money hang on it, and CX owns it.
    "resend_note": frozenset(
        {
            Role.CX,
            Role.INTEGRATOR,
            Role.FINANCE,
            Role.WAREHOUSE,
            Role.MERCHANDISING,
            Role.ADMIN,
        }
    ),
    "approve_fix": frozenset(
        {Role.MERCHANDISING, Role.WAREHOUSE, Role.FINANCE, Role.INTEGRATOR, Role.ADMIN}
    ),
    "approve_money": frozenset({Role.FINANCE}),
    # Alone and without the other person, when nobody else can; reviewed by another afterwards.
    "break_glass": frozenset({Role.ADMIN}),
    "review_glass": frozenset({Role.ADMIN, Role.FINANCE}),
    "view_conflicts": frozenset({Role.FINANCE, Role.ADMIN, Role.AUDITOR}),
    # Which months of the books are open; a lead only where finance is what they lead.
    "open_month": frozenset({Role.LEAD, Role.ADMIN}),
    "start_run": frozenset({Role.FINANCE}),
    # Whoever may key one of the two: stock is the warehouse's, money finance's.
    "key_by_hand": frozenset({Role.WAREHOUSE, Role.FINANCE, Role.INTEGRATOR}),
    "key_stock": frozenset({Role.WAREHOUSE, Role.INTEGRATOR}),
    "key_money": frozenset({Role.FINANCE, Role.INTEGRATOR}),
    "replay_event": frozenset({Role.INTEGRATOR, Role.ADMIN}),
    # Who maps a warehouse needs to see the one just created; it costs the ERP one call.
    "read_locations": frozenset({Role.WAREHOUSE, Role.INTEGRATOR, Role.ADMIN}),
    "manage_connections": frozenset({Role.INTEGRATOR, Role.ADMIN}),
    # A file of returns holds customers' names, and becomes returns like the platform's own word.
    "import_returns": frozenset({Role.INTEGRATOR, Role.ADMIN}),
    "manage_mappings": frozenset({Role.ADMIN}),
    # Whoever fixes a mapping, sets one up, or checks how it came to be.
    "view_mappings": EVERYONE - {Role.CX},
    # Which hours of a team count: what is late, and who is told.
    "manage_calendars": frozenset({Role.ADMIN}),
    "manage_users": frozenset({Role.ADMIN}),
    "use_admin": frozenset({Role.ADMIN, Role.INTEGRATOR}),
}

FIX_CAPABILITY: dict[str, str] = {
    FixKind.SKU_ALIAS: "fix_item",
    FixKind.DISPOSITION: "fix_stock",
    FixKind.REASON: "fix_stock",
    FixKind.LOCATION: "fix_stock",
    FixKind.SET_LOCATION: "fix_stock",
    FixKind.STATUS: "fix_status",
    FixKind.VAT: "fix_money",
    FixKind.FEE: "fix_money",
    FixKind.LINK_ORDER: "fix_money",
    FixKind.ACCEPT_DIFFERENCE: "fix_money",
    FixKind.CORRECT_CREDIT: "fix_money",
    FixKind.POSTING_DATE: "fix_money",
    FixKind.RETRY: "retry_posting",
    FixKind.EDIT_DOCUMENT: "retry_posting",
    FixKind.LINK_DOCUMENT: "retry_posting",
    FixKind.CLOSE: "close_case",
}

# Exceptions about a note alone; sending their document again asks for less.
NOTE_TYPES = frozenset({"NOTIFY_FAILED"})


def fix_capability(kind: str, case_type: str) -> str:
    """What asking for a change of `kind` about an exception of `case_type` ("" for none) takes."""
    if kind == FixKind.RETRY and case_type in NOTE_TYPES:
        return "resend_note"
    return FIX_CAPABILITY[kind]


def roles_of(user: Actor) -> frozenset[str]:
    """Role codes of an active user, read once per request; empty for strangers."""
    if isinstance(user, AnonymousUser) or not user.is_active:
        return frozenset()
    cached: frozenset[str] | None = getattr(user, "_roles", None)
    if cached is None:
        names = getattr(user, "group_names", None)
        if names is None:
            names = user.groups.values_list("name", flat=True)
        cached = frozenset(names) & EVERYONE
        user._roles = cached  # type: ignore[attr-defined]
    return cached


def can(user: Actor, capability: str) -> bool:
    """Say whether one of the user's roles carries `capability`; unknown names are a KeyError."""
    return bool(CAPABILITIES[capability] & roles_of(user))


def may_open_month(user: Actor) -> bool:
    """An admin, or who leads finance: a lead of another team has no say in the books."""
    roles = roles_of(user)
    return Role.ADMIN in roles or {Role.LEAD, Role.FINANCE} <= roles


def holders(capability: str) -> str:
    """The roles that carry `capability`, named for the screen: "Warehouse, Admin"."""
    return ", ".join(role.label for role in Role if role in CAPABILITIES[capability])


def keying_capability(kind: str) -> str:
    """What keying a document of this kind into an ERP by hand asks for."""
    return "key_money" if kind in MONEY_KINDS else "key_stock"


TEAM_OF_ROLE: Mapping[str, Team] = {
    Role.CX: Team.CX,
    Role.WAREHOUSE: Team.WAREHOUSE,
    Role.FINANCE: Team.FINANCE,
    Role.MERCHANDISING: Team.MERCHANDISING,
    Role.INTEGRATOR: Team.OPERATIONS,
    Role.ADMIN: Team.OPERATIONS,
}


def closing_roles(entry: Entry) -> frozenset[str]:
    """Roles that may close this type by hand: its team's, admin, and who its approval names.

    A capability alone is too wide for that: every team closes exceptions, each its own.
    """
    own = {role for role, team in TEAM_OF_ROLE.items() if team == entry.team}
    named = {Role.FINANCE} if entry.approval == "finance" else set()
    return frozenset({*own, *named, Role.ADMIN})


def types_closed_by(roles: frozenset[str]) -> list[str]:
    """The types that one of these roles may close by hand."""
    return [
        code
        for code, entry in CATALOGUE.items()
        if entry.close_reasons and closing_roles(entry) & roles
    ]


def approving_roles(*, kind: str, level: str, case_type: str = "") -> frozenset[str]:
    """Roles that may approve a change: finance for money, else a peer who could have made it.

    `case_type` is what is to be closed by hand, where that is the change.
    """
    if level == "finance":
        return CAPABILITIES["approve_money"]
    peers = CAPABILITIES["approve_fix"] & CAPABILITIES[FIX_CAPABILITY[kind]]
    if kind == FixKind.CLOSE and case_type:
        return peers & closing_roles(catalogue_entry(case_type))
    return peers


def capabilities_of(user: Actor) -> frozenset[str]:
    roles = roles_of(user)
    return frozenset(name for name, allowed in CAPABILITIES.items() if allowed & roles)


def actor_of(request: HttpRequest) -> User:
    """The person acting, for services; guarded views have one.

    Raises:
        PermissionDenied: a stranger.
    """
    if isinstance(request.user, AnonymousUser):
        raise PermissionDenied("sign in")
    return request.user


View = Callable[..., HttpResponse]


def required(capability: str) -> Callable[[View], View]:
    """Guard a view: strangers go to sign-in, others without the capability get 403."""
    CAPABILITIES[capability]

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not can(request.user, capability):
                raise PermissionDenied(capability)
            return view(request, *args, **kwargs)

        guarded.capability = capability  # type: ignore[attr-defined]
        return guarded

    return decorate


def sent_from(page: str, *named: str) -> Callable[[View], View]:
    """Guard an act that only a form sends; whoever opens its address is led to the form's page.

    A browser stays at the address of an act when it was refused there: to reload it, or to type
    it, is to ask for the page. `named` are the parts of the address that `page` is called with;
    the query, which holds the way back to a list, goes along.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            if request.method in ("GET", "HEAD"):
                address = reverse(page, kwargs={name: kwargs[name] for name in named})
                query = request.META.get("QUERY_STRING", "")
                return redirect(f"{address}?{query}" if query else address)
            if request.method != "POST":
                return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
            return view(request, *args, **kwargs)

        guarded.page = page  # type: ignore[attr-defined]
        return guarded

    return decorate


def is_proven(request: HttpRequest, *, times: int = 1) -> bool:
    """Whether the person signed in or confirmed within `times` the span that a proof holds."""
    records = get_authentication_records(request, actor_of(request))
    latest = max((float(record["at"]) for record in records), default=0.0)
    span = settings.ACCOUNT_REAUTHENTICATION_TIMEOUT * times
    return timezone.now().timestamp() - latest < span


def proven(view: View) -> View:
    """Guard an act: who has not proved lately who they are does so, and the act goes on.

    What was sent waits in the session meanwhile, in plain text: for forms without secrets.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.method == "POST" and not is_proven(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return guarded


def proven_first(view: View) -> View:
    """Guard a form with secrets: the proof is asked for when it is opened.

    It may be sent for twice as long as a proof holds, so that nobody types for nothing. Sent
    later than that, it is asked for anew: secrets must not wait in the session.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        if request.method in ("GET", "HEAD") and not is_proven(request):
            raise ReauthenticationRequired
        if request.method == "POST" and not is_proven(request, times=2):
            return redirect(request.get_full_path())
        return view(request, *args, **kwargs)

    return guarded


def need_proof(request: HttpRequest) -> None:
    """Check, while a form is checked that keeps what was typed, that it may still be sent.

    Raises:
        ProofTooOld: the last proof is older than `proven_first` allows.
    """
    if not is_proven(request, times=2):
        raise errors.ProofTooOld
