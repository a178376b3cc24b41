"""Set-up of connections, bridges and mappings; each save is one service call."""

from __future__ import annotations

from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from connectors.errors import ConnectorError
from exceptions_app import errors, permissions
from exceptions_app.admin.site import SetUpAdmin, site
from exceptions_app.forms.admin import (
    connection_form,
    secret_name,
    setting_name,
)
from exceptions_app.forms.bridges import new_bridge_form
from exceptions_app.models import Bridge, Connection, Mapping
from exceptions_app.permissions import actor_of
from exceptions_app.rules import change_words
from exceptions_app.rules import policy as policies
from exceptions_app.selectors import setup as setup_selector
from exceptions_app.services import bridges, connections, webhook_addresses

# What the sides of a bridge are called where a system is chosen.
SIDES = {connections.SOURCE: "Returns platforms and shops", connections.ERP: "ERPs"}
GOING_BACK = (
    "These are the values of an earlier change. Credentials stay as they are. Nothing is in force"
    " before you save."
)


class ServiceAdmin(SetUpAdmin):
    """Calls the service while the form is checked, so that a refusal is a word on the form."""

    def act(self, request: HttpRequest, form: Any, *, change: bool) -> Any:
        """Make the service call; returns the row it made or changed."""
        raise NotImplementedError

    def save_form(self, request: HttpRequest, form: Any, change: Any) -> Any:
        """Django asks for the row to save; it was saved already by the service."""
        return form.instance

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """The service saved it while the form was checked."""

    def saved(self, request: HttpRequest, row: Any, *, is_new: bool) -> HttpResponse:
        """Say what became of it, and go where the row is looked at."""
        messages.success(request, "The new version is kept.")
        return redirect(f"admin:exceptions_app_{self.opts.model_name}_changelist")

    def response_add(self, request: HttpRequest, obj: Any, *args: Any, **kwargs: Any) -> Any:
        return self.saved(request, self.model._default_manager.get(pk=obj.pk), is_new=True)

    def response_change(self, request: HttpRequest, obj: Any) -> Any:
        return self.saved(request, self.model._default_manager.get(pk=obj.pk), is_new=False)

    def get_form(self, request: HttpRequest, obj: Any = None, *args: Any, **kwargs: Any) -> Any:
        base = self.form_class(request, obj)
        act = self.act

        def clean(form: Any) -> dict[str, Any]:
            cleaned: dict[str, Any] = base.clean(form)
            if form.errors or request.method != "POST":
                return cleaned
            try:
                form.instance.pk = act(request, form, change=obj is not None).pk
            except (errors.DeskError, ConnectorError) as error:
                form.refused(error)
                raise ValidationError(str(error)) from error
            return cleaned

        return type(base.__name__, (base,), {"clean": clean})

    def form_class(self, request: HttpRequest, obj: Any) -> Any:
        raise NotImplementedError


@admin.register(Connection, site=site)
class ConnectionAdmin(ServiceAdmin):
    changes = "manage_connections"
    title = "Connections"
    list_display = ["name", "code", "system", "how", "address", "may_call"]
    change_form_template = "admin/connection_form.html"

    @admin.display(description="System", ordering="kind")
    def system(self, row: Connection) -> str:
        return next((kind.label for kind in connections.kinds() if kind.code == row.kind), row.kind)

    @admin.display(description="Mode", ordering="mode")
    def how(self, row: Connection) -> str:
        return setup_selector.MODES[row.mode]

    @admin.display(description="Address", ordering="base_url")
    def address(self, row: Connection) -> str:
        return row.base_url

    @admin.display(description="Calls may leave", ordering="is_active")
    def may_call(self, row: Connection) -> str:
        return "Yes" if row.is_active else "No"

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        if request.method == "GET" and request.GET.get("back"):
            row = self.get_object(request, object_id)
            told = _told_back(request, row) if row is not None else ""
            messages.info(request, f"{GOING_BACK} {told}".strip())
        return super().change_view(request, object_id, *args, **kwargs)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Credentials are typed here: who types them proves first who they are."""
        if request.method == "GET" and not permissions.is_proven(request):
            raise ReauthenticationRequired
        return super().changeform_view(request, *args, **kwargs)

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The system first: a form of every kind's fields would be a page nobody reads."""
        if request.method == "GET" and not _chosen(request) and self.has_add_permission(request):
            sides = [
                {
                    "title": title,
                    "kinds": [kind for kind in connections.kinds() if kind.role == role],
                }
                for role, title in SIDES.items()
            ]
            return render(request, "admin/setup/choose_kind.html", {"sides": sides})
        return super().add_view(request, *args, **kwargs)

    def form_class(self, request: HttpRequest, obj: Any) -> Any:
        as_of = _as_of(request, obj) if obj is not None else None
        kinds = _kinds(request, obj)
        return connection_form(kinds, is_new=obj is None, as_of=as_of)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        own = ["code", "name", "kind", "mode", "base_url", "console_url", "is_active"]
        shown: list[Any] = [(None, {"fields": own})]
        kinds = _kinds(request, obj)
        for kind in kinds:
            names = [setting_name(kind.code, field.code) for field in kind.settings_fields]
            names += [secret_name(kind.code, field.code) for field in kind.credential_fields]
            shown.append((kind.label, {"fields": names, "description": kind.documentation}))
        last = ["reason", "seen"] if obj is not None else ["seen"]
        return [*shown, (None, {"fields": last})]

    def act(self, request: HttpRequest, form: Any, *, change: bool) -> Connection:
        permissions.need_proof(request)
        cleaned = form.cleaned_data
        kind = connections.kind_of(cleaned["kind"])
        return connections.save(
            code=cleaned["code"],
            name=cleaned["name"],
            kind=cleaned["kind"],
            mode=cleaned["mode"],
            base_url=cleaned["base_url"],
            settings_values=cleaned["settings_values"],
            secrets=cleaned["secrets"],
            actor=actor_of(request),
            now=timezone.now(),
            is_active=cleaned["is_active"],
            daily_limit=form.wanted_limit(kind),
            reason=cleaned["reason"],
            seen=cleaned["seen"],
            console_url=cleaned["console_url"],
        )

    def saved(self, request: HttpRequest, row: Connection, *, is_new: bool) -> HttpResponse:
        said = f"{row.name} is set up." if is_new else f"{row.name} is changed."
        messages.success(request, f"{said} It holds from the next call on.")
        return redirect("admin:connection-history", connection_id=row.pk)

    def get_urls(self) -> list[Any]:
        own = path(
            "<int:connection_id>/webhook/",
            self.admin_site.admin_view(permissions.proven(self.webhook)),
            name="exceptions_app_connection_webhook",
        )
        return [own, *super().get_urls()]

    def webhook(self, request: HttpRequest, connection_id: int) -> HttpResponse:
        """Ask first; then show the new address this once."""
        if not self.has_change_permission(request):
            raise PermissionDenied("manage_connections")
        connection = get_object_or_404(Connection, pk=connection_id)
        is_signed, address = connections.signs_messages(connection), ""
        if is_signed:
            address = request.build_absolute_uri(reverse("signed-hook", args=[connection.code]))
        elif request.method == "POST":
            secret = webhook_addresses.renew(
                connection_id=connection.pk, actor=actor_of(request), now=timezone.now()
            )
            address = request.build_absolute_uri(reverse("hook", args=[connection.code, secret]))
        context = {
            **self.admin_site.each_context(request),
            "title": f"Webhook address of {connection.name}",
            "connection": connection,
            "address": address,
            "is_signed": is_signed,
        }
        answer = render(request, "admin/webhook.html", context)
        answer["Cache-Control"] = "no-store"
        return answer


def _chosen(request: HttpRequest) -> tuple[Any, ...]:
    """The kind the address names for a new connection; empty while none is chosen."""
    code = request.GET.get("kind", "")
    return tuple(kind for kind in connections.kinds() if kind.code == code)


def _kinds(request: HttpRequest, obj: Connection | None) -> tuple[Any, ...]:
    """The kind chosen for a new connection, else all; a kept one stays what it is."""
    if obj is None:
        return _chosen(request) or connections.kinds()
    return tuple(kind for kind in connections.kinds() if kind.code == obj.kind)


def _told_back(request: HttpRequest, row: Connection) -> str:
    """What saving the earlier values would change, old and new."""
    found = setup_selector.going_back(
        connections.in_force(row), _as_of(request, row) or {}, connections.labels_of(row.kind)
    )
    told = "; ".join(f"{each.label}: {each.before} → {each.after}" for each in found)
    return f"{told or 'They are the ones in force now'}."


def _as_of(request: HttpRequest, obj: Connection) -> dict[str, Any] | None:
    """The values of the earlier state that `?back=` names; None to start from those in force."""
    number = request.GET.get("back", "")
    if not number:
        return None
    is_number = number.isascii() and number.isdigit() and len(number) < 16
    found = setup_selector.connection_at(obj, int(number)) if is_number else None
    if found is None:
        raise Http404("no such change")
    return found


@admin.register(Bridge, site=site)
class BridgeAdmin(ServiceAdmin):
    changes = "manage_connections"
    title = "Bridges"
    list_display = ["name", "code", "platform", "ledger", "start", "currency", "in_use"]
    list_select_related = ["source", "erp"]

    @admin.display(description="Returns platform", ordering="source__name")
    def platform(self, row: Bridge) -> str:
        return row.source.name

    @admin.display(description="ERP", ordering="erp__name")
    def ledger(self, row: Bridge) -> str:
        return row.erp.name

    @admin.display(description="Preset", ordering="preset")
    def start(self, row: Bridge) -> str:
        return policies.PRESETS[row.preset].label

    @admin.display(description="In use", ordering="is_active")
    def in_use(self, row: Bridge) -> str:
        return "Yes" if row.is_active else "No"

    def form_class(self, request: HttpRequest, obj: Any) -> Any:
        return new_bridge_form()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        own = ["code", "name", "source", "erp", "storefront", "preset", "currency", "timezone"]
        options = [name for name in new_bridge_form().base_fields if name not in own]
        policy = ("Policy", {"fields": options, "description": "Empty follows the preset."})
        return [(None, {"fields": own}), policy]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        """A bridge that exists has a page of its own: its policy, with history."""
        if not self.has_view_permission(request):
            raise PermissionDenied("use_admin")
        if not (object_id.isascii() and object_id.isdigit()):
            raise Http404("no such bridge")
        return redirect("admin:bridge-policy", bridge_id=int(object_id))

    def saved(self, request: HttpRequest, row: Bridge, *, is_new: bool) -> HttpResponse:
        messages.success(request, f"{row.name} is set up. This is its policy.")
        return redirect("admin:bridge-policy", bridge_id=row.pk)

    def act(self, request: HttpRequest, form: Any, *, change: bool) -> Bridge:
        cleaned = form.cleaned_data
        actor, now = actor_of(request), timezone.now()
        return bridges.create(
            code=cleaned["code"],
            name=cleaned["name"],
            source=cleaned["source"],
            erp=cleaned["erp"],
            storefront=cleaned["storefront"],
            preset=cleaned["preset"],
            currency=cleaned["currency"],
            timezone_name=cleaned["timezone"],
            policy=cleaned["policy"],
            actor=actor,
            now=now,
        )


@admin.register(Mapping, site=site)
class MappingAdmin(SetUpAdmin):
    """Versions are rows that are looked at; the next one is made on the page that previews it."""

    title = "All versions of mappings"
    list_display = ["source_value", "kind", "shown_target", "bridge", "version", "status"]
    list_filter = ["kind", "status", "bridge"]
    list_select_related = ["bridge"]
    search_fields = ["source_key__startswith"]
    search_keys = ("source_key",)
    readonly_fields = ["shown_target", "versions"]
    fields = ["bridge", "kind", "source_value", "shown_target", "reason", "versions"]

    @admin.display(description="Stands for")
    def shown_target(self, row: Mapping) -> str:
        return change_words.shown_target(row.kind, row.target)

    @admin.display(description="All versions")
    def versions(self, row: Mapping) -> SafeString:
        address = reverse(
            "admin:mapping-history",
            args=[row.bridge_id, row.kind],
            query={"value": row.source_value},
        )
        return format_html('<a href="{}">Every version of {}</a>', address, row.source_value)
