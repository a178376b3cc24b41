"""One table of every address: who may go there, and what they get. A new address must enter it."""

import json
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from exceptions_app import permissions
from exceptions_app.choices import Role
from exceptions_app.models import (
    AssignmentRule,
    AuditEntry,
    BreakGlass,
    Bulk,
    Case,
    Delegation,
    Fix,
    FixBatch,
    InboundEvent,
    Posting,
    Question,
)
from tests import factories
from tests.cast import ROLES, let_time_pass, make_user

pytestmark = pytest.mark.django_db

OPEN = "open"  # no sign-in asked for


@dataclass(frozen=True)
class Door:
    """`get` and `post` are what a person with the capability gets from an empty request."""

    capability: str
    get: tuple[int, ...] = (200,)
    post: tuple[int, ...] = (405,)
    args: tuple[str, ...] = ()


# A form sends it; who opens its address is led to the page the form stands on.
ACT = {"get": (302,), "post": (200, 302, 409, 422)}
LED = {"get": (302,), "post": (302,)}
DOORS = {
    "healthz": Door(OPEN),
    "sign-in": Door(OPEN, post=(200,)),
    "sign-out": Door(OPEN, get=(302,), post=(302,)),
    "signed-hook": Door(OPEN, get=(405,), post=(401,), args=("nobody",)),
    "hook": Door(OPEN, get=(405,), post=(401,), args=("nobody", "guess")),
    "account_login": Door(OPEN, post=(200,)),
    "account_logout": Door(OPEN, get=(302,), post=(302,)),
    "mfa_authenticate": Door(OPEN, get=(302,), post=(302,)),
    "mfa_login_webauthn": Door(OPEN, get=(302,), post=(302,)),
    "openid_connect_login": Door(OPEN, get=(404,), args=("company",)),
    "openid_connect_callback": Door(OPEN, get=(404,), args=("company",)),
    "socialaccount_login_cancelled": Door(OPEN, get=(302,)),
    "invitation": Door(OPEN, get=(410,), post=(410,), args=("guess",)),
    "account_reset_password": Door(OPEN, post=(200,)),
    "account_reset_password_done": Door(OPEN),
    "account_reset_password_from_key": Door(OPEN, post=(200,), args=("a1", "guess")),
    "account_reset_password_from_key_done": Door(OPEN),
    "account": Door("use_account"),
    "account-prefer": Door("use_account", **ACT),
    "account-messages": Door("use_account", post=(422,)),
    "account-messages-test": Door("use_account", get=(302,), post=(404,)),
    "message-list": Door("view_desk"),
    "message": Door("view_desk", get=(404,), post=(405,), args=("999999",)),
    "message-places": Door("view_desk"),
    "message-place-add": Door("lead_team", post=(422,)),
    "message-place": Door("lead_team", get=(404,), post=(404,), args=("999999",)),
    "message-place-test": Door("lead_team", get=(302,), post=(404,), args=("999999",)),
    "message-place-remove": Door("lead_team", get=(302,), post=(404,), args=("999999",)),
    "session-end": Door("use_account", **ACT, args=("999999",)),
    "sessions-end": Door("use_account", **ACT),
    "account_change_password": Door("use_account", post=(200,)),
    "account_set_password": Door("use_account", **LED),
    "account_reauthenticate": Door("use_account", post=(200,)),
    "mfa_reauthenticate": Door("use_account", **LED),
    "mfa_reauthenticate_webauthn": Door("use_account", **LED),
    "account_confirm_company": Door("use_account", get=(404,), post=(404,)),
    "mfa_index": Door("use_account"),
    "mfa_activate_totp": Door("use_account", post=(200,)),
    "mfa_deactivate_totp": Door("use_account", get=(404,), post=(404,)),
    "mfa_view_recovery_codes": Door("use_account", get=(404,)),
    "mfa_generate_recovery_codes": Door("use_account", post=(200,)),
    "mfa_download_recovery_codes": Door("use_account", get=(404,), post=(404,)),
    "mfa_list_webauthn": Door("use_account"),
    "mfa_add_webauthn": Door("use_account", post=(200,)),
    "mfa_edit_webauthn": Door("use_account", get=(404,), post=(404,), args=("999999",)),
    "mfa_remove_webauthn": Door("use_account", get=(404,), post=(404,), args=("999999",)),
    "people": Door("manage_users"),
    "person-invite": Door("manage_users", post=(422,)),
    "person": Door("manage_users", args=("person",)),
    "person-roles": Door("manage_users", **ACT, args=("person",)),
    "person-link": Door("manage_users", **ACT, args=("person",)),
    "person-deactivate": Door("manage_users", post=(302, 422), args=("person",)),
    "person-reactivate": Door("manage_users", **ACT, args=("person",)),
    "person-second-factor": Door("manage_users", **ACT, args=("person",)),
    "home": Door("view_desk"),
    "warehouse": Door("view_warehouse"),
    "warehouse-export": Door("view_warehouse"),
    "warehouse-export-xlsx": Door("view_warehouse"),
    "merchandising": Door("view_merchandising"),
    "stock-confidence": Door("view_merchandising"),
    "stock-confidence-export": Door("view_merchandising"),
    "stock-confidence-export-xlsx": Door("view_merchandising"),
    "merchandising-export": Door("view_merchandising"),
    "merchandising-export-xlsx": Door("view_merchandising"),
    "finance": Door("view_finance"),
    "finance-export": Door("view_finance"),
    "finance-export-xlsx": Door("view_finance"),
    "difference-list": Door("view_finance"),
    "difference-export": Door("view_finance"),
    "difference-export-xlsx": Door("view_finance"),
    # Without an act named there is nothing to do.
    # Without a question asked before, or an act named, there is nothing to do.
    "difference-act": Door("fix_money", get=(302,), post=(404,)),
    "acceptance-list": Door("view_finance"),
    "acceptance-export": Door("view_finance"),
    "acceptance-export-xlsx": Door("view_finance"),
    "acceptance": Door("view_finance", get=(404,), args=("999999",)),
    "acceptance-owner": Door("assign_acceptance", get=(302,), post=(404,), args=("999999",)),
    "acceptance-renew": Door("fix_money", get=(302,), post=(404,), args=("999999",)),
    "accepted-export": Door("view_finance"),
    "accepted-export-xlsx": Door("view_finance"),
    "run-list": Door("view_finance"),
    "runs-export": Door("view_finance"),
    "runs-export-xlsx": Door("view_finance"),
    "run-export": Door("view_finance", args=("run",)),
    "run-export-xlsx": Door("view_finance", args=("run",)),
    "run-detail": Door("view_finance", args=("run",)),
    "run-confirm": Door("view_finance", args=("bridge",)),
    "run-start": Door("start_run", **ACT, args=("bridge",)),
    "find": Door("view_desk"),
    "find-options": Door("view_desk"),
    "return-list": Door("view_desk"),
    "return-export": Door("view_desk"),
    "return-export-xlsx": Door("view_desk"),
    "return-detail": Door("view_desk", args=("rma",)),
    "operations": Door("view_operations"),
    "connection-check": Door("manage_connections", **ACT, args=("inactive",)),
    "connection-items": Door("manage_connections", **ACT, args=("inactive",)),
    "connection-locations": Door("manage_connections", **ACT, args=("inactive",)),
    "connection-resume": Door("manage_connections", **ACT, args=("connection",)),
    "return-files": Door("import_returns", post=(422,)),
    "return-file": Door("import_returns", post=(422,), args=("return_file",)),
    "return-file-take": Door("import_returns", **ACT, args=("return_file",)),
    "return-file-discard": Door("import_returns", **ACT, args=("return_file",)),
    "return-file-wrong-export": Door("import_returns", args=("return_file",)),
    "return-file-wrong-export-xlsx": Door("import_returns", args=("return_file",)),
    "exchange-batches": Door("view_operations"),
    "exchange-batches-export": Door("view_operations"),
    "exchange-batches-export-xlsx": Door("view_operations"),
    "exchange-batch": Door("view_operations", args=("batch",)),
    "exchange-batch-export": Door("view_operations", args=("batch",)),
    "exchange-batch-export-xlsx": Door("view_operations", args=("batch",)),
    "exchange-batch-content": Door("view_raw_messages", args=("batch",)),
    "exchange-files": Door("view_operations"),
    "exchange-files-export": Door("view_operations"),
    "exchange-files-export-xlsx": Door("view_operations"),
    "exchange-file": Door("view_operations", args=("file",)),
    "exchange-file-content": Door("view_raw_messages", args=("file",)),
    "exchange-file-read-again": Door("replay_event", **ACT, args=("file",)),
    "inbox": Door("view_operations"),
    "event-detail": Door("view_operations", args=("event",)),
    "event-replay": Door("replay_event", **ACT, args=("event",)),
    "posting-list": Door("view_operations"),
    "posting-export": Door("view_operations"),
    "posting-export-xlsx": Door("view_operations"),
    "inbox-export": Door("view_operations"),
    "inbox-export-xlsx": Door("view_operations"),
    "posting-detail": Door("view_operations", args=("posting",)),
    "case-ask": Door("write_note", post=(422,), args=("case",)),
    "case-locations": Door("read_locations", **ACT, args=("case",)),
    "question": Door("view_desk", args=("question",)),
    "question-answer": Door("write_note", get=(302,), post=(422,), args=("question",)),
    "question-withdraw": Door("write_note", **ACT, args=("question",)),
    "mentions-read": Door("view_desk", get=(302,), post=(302,)),
    "load": Door("view_load"),
    "load-hand-over": Door("lead_team", **ACT, args=("person",)),
    "assignment-rules": Door("view_load"),
    "assignment-rule-add": Door("lead_team", post=(422,)),
    # Only of a team one leads; an empty request names no act.
    "assignment-rule": Door("lead_team", post=(422,), args=("rule",)),
    "assignment-rule-turn": Door("lead_team", get=(302,), post=(404,), args=("rule",)),
    "keying": Door("key_by_hand"),
    "keying-export": Door("key_by_hand"),
    "keying-export-xlsx": Door("key_by_hand"),
    "posting-key": Door("key_by_hand", post=(422,), args=("to_key",)),
    "posting-take": Door("key_by_hand", **ACT, args=("to_key",)),
    "posting-release": Door("key_by_hand", **ACT, args=("to_key",)),
    "posting-could-not": Door("key_by_hand", **ACT, args=("to_key",)),
    # Only a development server has it; elsewhere it does not exist.
    "styleguide": Door("view_desk", get=(404,)),
    "trail": Door("view_audit"),
    "trail-export": Door("view_audit"),
    "trail-export-xlsx": Door("view_audit"),
    "manual": Door("view_desk"),
    "manual-owners": Door("view_desk"),
    "manual-data": Door("view_desk"),
    "manual-words": Door("view_desk"),
    "manual-whole": Door("view_desk"),
    "manual-use": Door("view_load"),
    "manual-type": Door("view_desk", args=("SKU_UNKNOWN",)),
    "case-list": Door("view_desk"),
    "case-export": Door("view_desk"),
    "case-export-xlsx": Door("view_desk"),
    "case-news": Door("view_desk"),
    "page-news": Door("view_desk"),
    "case-act": Door("assign_case", get=(302,), post=(404,)),
    "bulk-list": Door("view_desk"),
    "bulk": Door("view_desk", args=("bulk",)),
    "bulk-export": Door("view_desk", args=("bulk",)),
    "bulk-export-xlsx": Door("view_desk", args=("bulk",)),
    # Whose it is and what it does decide what else is needed.
    "bulk-start": Door("assign_case", **ACT, args=("bulk",)),
    "bulk-stop": Door("assign_case", **ACT, args=("bulk",)),
    "bulk-resume": Door("assign_case", **ACT, args=("bulk",)),
    "bulk-undo": Door("assign_case", **ACT, args=("bulk",)),
    "bulk-again": Door("assign_case", get=(302,), post=(404,), args=("bulk",)),
    "replay-window": Door("retry_posting", post=(422,)),
    "case-next": Door("assign_case", **ACT),
    "case-changed": Door("view_desk"),
    "look-mark": Door("view_desk", get=(302,), post=(404,)),
    "view-save": Door("view_desk", get=(302,), post=(404,)),
    "view-opening": Door("view_desk", get=(302,), post=(302,)),
    "view-default": Door("view_desk", get=(302,), post=(302, 404), args=("view",)),
    "view-rename": Door("view_desk", get=(302,), post=(404,), args=("view",)),
    "view-delete": Door("view_desk", get=(302,), post=(404,), args=("view",)),
    "cause-about": Door("view_desk", args=("group",)),
    "cause-preview": Door("group_causes", get=(302,), args=("group",)),
    "cause-regroup": Door("group_causes", **ACT, args=("group",)),
    "cause-list": Door("view_desk", get=(302,), args=("group",)),
    "case-detail": Door("view_desk", args=("case",)),
    "case-assign": Door("assign_case", **ACT, args=("case",)),
    "case-snooze": Door("assign_case", **ACT, args=("case",)),
    "case-note": Door("write_note", **ACT, args=("case",)),
    "return-note": Door("write_note", **ACT, args=("rma",)),
    "case-evidence": Door("use_evidence", post=(422,), args=("case",)),
    "case-evidence-file": Door("use_evidence", get=(404,), args=("case", "999999")),
    "case-pause": Door("assign_case", **ACT, args=("case",)),
    "case-resume": Door("assign_case", **ACT, args=("case",)),
    # The lead of another team than finance may not.
    "case-month": Door("open_month", get=(302,), post=(403, 422), args=("case",)),
    "item-read": Door("read_item", get=(302,), post=(422,), args=("case",)),
    "case-wake": Door("assign_case", **ACT, args=("case",)),
    "case-reopen": Door("close_case", **ACT, args=("case",)),
    # Its type decides whose it is: this one is merchandising's.
    "case-close": Door("close_case", get=(302,), post=(403,), args=("case",)),
    # Which change is asked for decides what else is needed; an empty request names none.
    "fix-preview": Door("assign_case", get=(302,), post=(404,), args=("case",)),
    "fix-request": Door("assign_case", get=(302,), post=(404,), args=("case",)),
    "fix-list": Door("view_desk"),
    "fix-detail": Door("view_desk", args=("fix",)),
    "fix-approve": Door("approve_fix", **ACT, args=("fix",)),
    "fix-reject": Door("assign_case", **ACT, args=("fix",)),
    "fix-undo": Door("approve_fix", **ACT, args=("fix",)),
    # The kind of the request decides what else is needed: this one is merchandising's.
    "fix-edit": Door("assign_case", get=(403,), post=(403,), args=("fix",)),
    "fix-act": Door("approve_fix", get=(302,), post=(200, 302, 409, 422)),
    "fix-history": Door("assign_case", **ACT, args=("fix",)),
    "fix-alone": Door("break_glass", **ACT, args=("fix",)),
    "fix-batch": Door("view_desk", args=("fix_batch",)),
    "fix-batch-undo": Door("approve_fix", **ACT, args=("fix_batch",)),
    "glass-review": Door("review_glass", **ACT, args=("glass",)),
    "away": Door("view_desk"),
    "away-name": Door("assign_case", get=(302,), post=(422,)),
    "away-end": Door("assign_case", **ACT, args=("delegation",)),
    "conflicts": Door("view_conflicts"),
    "conflicts-export": Door("view_conflicts"),
    "conflicts-export-xlsx": Door("view_conflicts"),
}


def every_pattern(resolver=None, prefix=""):
    for pattern in (resolver or get_resolver()).url_patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from every_pattern(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield route, pattern


def own_patterns():
    """Those of our pages; the set-up site and the API are walked in the tests below."""
    return [
        (route, pattern)
        for route, pattern in every_pattern()
        if not route.startswith(("admin/", "api/"))
    ]


@pytest.fixture
def rows(db):
    rma = factories.RmaFactory()
    case = factories.CaseFactory(rma=rma)
    connection = rma.bridge.source
    for each in (connection, rma.bridge.erp):
        factories.HealthFactory(connection=each)
        factories.BudgetFactory(connection=each)
    mira, now = make_user("mira"), factories.NOW
    fix = factories.FixFactory(bridge=rma.bridge, case=case, requested_by=mira)
    found = {
        "bridge": rma.bridge,
        "rma": rma,
        "connection": connection,
        "inactive": factories.ConnectionFactory(is_active=False),
        "event": factories.InboundEventFactory(connection=connection),
        "posting": factories.PostingFactory(rma=rma),
        "to_key": factories.PostingFactory(
            rma=rma, kind="stock_receipt", sequence=20, status="held", hold_reason="manual"
        ),
        "case": case,
        "run": factories.CreditRunFactory(bridge=rma.bridge),
        "return_file": factories.ReturnFileFactory(
            connection=connection, uploaded_by=make_user("ines")
        ),
        "batch": factories.ExchangeBatchFactory(),
        "file": factories.ExchangeFileFactory(),
        "group": case.group,
        "question": Question.objects.create(
            case=case, team="cx", text="Why?", asked_by=mira, asked_at=now, due_at=now
        ),
        "rule": AssignmentRule.objects.create(
            team="merchandising", position=1, way="turn", created_at=now
        ),
        "bulk": Bulk.objects.create(
            kind="mine", asked_by=mira, frozen_at=now, expires_at=now, count=1
        ),
        "view": factories.SavedViewFactory(owner=make_user("mira")),
        "fix": fix,
        "fix_batch": FixBatch.objects.create(released_by=mira, released_at=now, hold_until=now),
        "glass": BreakGlass.objects.create(fix=fix, person=mira, at=now, reason="x", missing=1),
        "delegation": Delegation.objects.create(
            person=mira,
            delegate=make_user("mona"),
            starts_at=now,
            ends_at=now + timedelta(days=1),
            created_at=now,
        ),
        "person": make_user("zoe"),
    }
    return {name: row.pk for name, row in found.items()}


def address_of(name, rows):
    door = DOORS[name]
    return reverse(name, args=[rows.get(arg, arg) for arg in door.args])


def someone_with(capability):
    holders = permissions.CAPABILITIES[capability]
    name = next(n for n, role in ROLES.items() if role in holders and n != "mira")
    return make_user(name)


def strangers_to(capability):
    holders = permissions.CAPABILITIES[capability]
    return [make_user(name) for name, role in ROLES.items() if role not in holders]


def pages_of_acts():
    """Of each address that only a form sends: the name of the page the form stands on."""
    return {
        pattern.name: pattern.callback.page
        for _, pattern in every_pattern()
        if hasattr(pattern.callback, "page")
    }


GUARDED = [name for name, door in DOORS.items() if door.capability != OPEN]


def test_every_address_is_in_the_table_and_every_entry_exists():
    names = {pattern.name for _, pattern in own_patterns()}

    assert names == set(DOORS)


@pytest.mark.parametrize("name", GUARDED)
def test_the_view_names_the_capability_of_the_table(name):
    (pattern,) = [pattern for _, pattern in own_patterns() if pattern.name == name]

    assert getattr(pattern.callback, "capability", None) == DOORS[name].capability


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("name", GUARDED)
def test_a_stranger_is_led_to_sign_in(client, rows, name, method):
    before = state()
    address = address_of(name, rows)

    answer = getattr(client, method)(address)

    allowed = getattr(DOORS[name], method)
    if allowed == (405,):
        assert answer.status_code in (302, 405)
    else:
        assert answer.status_code == 302
        assert answer.url.startswith("/sign-in/?next=")
    assert state() == before


@pytest.mark.parametrize("name", GUARDED)
def test_people_without_the_capability_are_refused_and_nothing_changes(client, rows, name):
    door = DOORS[name]
    address = address_of(name, rows)
    people = strangers_to(door.capability)
    before = state()
    assert people

    for person in people:
        client.force_login(person)
        for method in ("get", "post"):
            if getattr(door, method) != (405,):
                assert getattr(client, method)(address).status_code == 403, (person, method)
    assert state() == before


@pytest.mark.parametrize("name", GUARDED)
def test_someone_with_the_capability_gets_in(client, rows, name):
    door = DOORS[name]
    client.force_login(someone_with(door.capability))
    address = address_of(name, rows)

    assert client.get(address).status_code in door.get
    assert client.post(address).status_code in door.post


@pytest.mark.parametrize("name", [n for n, door in DOORS.items() if door.post != (405,)])
def test_a_post_without_its_token_is_refused(rows, name):
    if name in ("hook", "signed-hook"):
        return
    strict = Client(enforce_csrf_checks=True)
    door = DOORS[name]
    if door.capability != OPEN:
        strict.force_login(someone_with(door.capability))
    before = state()

    answer = strict.post(address_of(name, rows))

    assert answer.status_code == 403
    assert "The form was open too long" in answer.text
    assert state() == before


@pytest.mark.parametrize("name", sorted(set(pages_of_acts()) & set(DOORS)))
def test_the_address_of_an_act_leads_back_to_the_page_its_form_stands_on(client, rows, name):
    client.force_login(
        someone_with(DOORS[name].capability) if name in GUARDED else make_user("ada")
    )
    page, address, before = pages_of_acts()[name], address_of(name, rows), state()
    args = [] if not DOORS[page].args else [rows.get(arg, arg) for arg in DOORS[name].args]

    answer = client.get(f"{address}?list=team%3Dfinance")

    assert (answer.status_code, answer.url) == (
        302,
        f"{reverse(page, args=args)}?list=team%3Dfinance",
    )
    assert client.head(address).status_code == 302
    assert client.put(address).status_code == 405
    assert state() == before


def test_only_the_doors_of_other_systems_answer_nobody_who_looks(client, rows):
    client.force_login(make_user("ada"))
    deaf = {name for name in DOORS if client.get(address_of(name, rows)).status_code == 405}

    assert deaf == {"signed-hook", "hook"}


def test_only_the_webhook_doors_need_no_token():
    exempt = {
        pattern.name or route
        for route, pattern in every_pattern()
        if getattr(pattern.callback, "csrf_exempt", False) and not route.startswith("api/")
    }

    assert exempt == {"hook", "signed-hook"}


@pytest.mark.parametrize("name", [n for n in GUARDED if DOORS[n].post not in ((405,),)])
def test_an_auditor_changes_nothing(client, rows, name):
    client.force_login(make_user("aud"))
    before = state()

    client.post(address_of(name, rows))

    assert state() == before


@pytest.mark.parametrize("name", [n for n in GUARDED if DOORS[n].get[0] in (200, 302)])
def test_an_auditor_reads_every_page(client, rows, name):
    # A question about rows is a page of those who may act on them, and an act is none.
    if (
        name in pages_of_acts()
        or name in ("case-act", "difference-act", "fix-act")
        or DOORS[name].capability
        in (
            "key_by_hand",
            "group_causes",
            "lead_team",
            "write_note",
            "manage_users",
            "import_returns",
            "retry_posting",
            "view_raw_messages",
            "use_evidence",
        )
    ):
        return
    client.force_login(make_user("aud"))

    assert client.get(address_of(name, rows), follow=True).status_code == 200


ASKING = [name for name in GUARDED if name.startswith("person-")]
ASKING_FIRST = [
    "account_set_password",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_deactivate_totp",
    "mfa_download_recovery_codes",
    "mfa_edit_webauthn",
    "mfa_generate_recovery_codes",
    "mfa_remove_webauthn",
    "mfa_view_recovery_codes",
]


@pytest.mark.parametrize("name", [*ASKING, *ASKING_FIRST])
def test_a_proof_that_is_too_old_is_asked_for_anew_and_nothing_changes(client, rows, name):
    client.force_login(someone_with(DOORS[name].capability))
    let_time_pass(client, minutes=31)
    address = address_of(name, rows)
    before = state()

    if name in ASKING_FIRST:
        assert client.get(address).url.startswith("/account/confirm/?next=")
    answer = client.post(address)

    # Forms with secrets are opened again, which asks; other acts wait for the proof.
    assert answer.url == address or answer.url.startswith("/account/confirm/?next=")
    assert state() == before


def set_up_addresses():
    models = ("connection", "bridge", "mapping", "item", "erplocation")
    names = [f"admin:exceptions_app_{model}_changelist" for model in models]
    names += [f"admin:exceptions_app_{model}_add" for model in models[:3]]
    return ["admin:index", *names]


@pytest.mark.parametrize("name", set_up_addresses())
def test_the_set_up_site_is_closed_to_others(client, name):
    led = client.get(reverse(name), follow=True).redirect_chain
    assert led[-1][0].startswith("/sign-in/?next=")
    for person in ("cleo", "wanda", "finn", "mira", "aud", "otto"):
        client.force_login(make_user(person))
        assert client.get(reverse(name)).status_code in (302, 403), person
        assert client.get(reverse(name), follow=True).status_code == 403, person


def test_an_old_superuser_flag_opens_nothing(client):
    user = make_user("otto")
    user.is_staff = user.is_superuser = True
    user.save()
    client.force_login(user)

    assert client.get("/admin/", follow=True).status_code == 403
    assert client.get("/").status_code == 403


def state():
    """What a refused request must leave as it was."""
    watched = (
        Case.objects.order_by("pk").values_list("pk", "status", "assignee"),
        Fix.objects.order_by("pk").values_list("pk", "status"),
        Posting.objects.order_by("pk").values_list("pk", "status", "hold_reason"),
        InboundEvent.objects.order_by("pk").values_list("pk", "state"),
        Bulk.objects.order_by("pk").values_list("pk", "state"),
        AssignmentRule.objects.order_by("pk").values_list("pk", "version"),
        AuditEntry.objects.order_by("pk").values_list("pk"),
        User.objects.order_by("pk").values_list("pk", "is_active", "password", "email"),
        User.groups.through.objects.order_by("pk").values_list("user", "group"),
    )
    return json.dumps([list(rows) for rows in watched])


def test_every_role_has_somebody_in_the_cast():
    assert {role for role in ROLES.values() if role} == set(Role.values)
