"""The set-up site: Django's admin behind our own capabilities, sign-in and services."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import cached_property

from exceptions_app import permissions
from exceptions_app.admin import mapping_urls
from exceptions_app.rules.mapping import normalise

MOST_COUNTED = 10_000


class SetUpSite(admin.AdminSite):
    """Open to those with the capability, whatever Django's own flags of staff say."""

    site_header = "Returnsbridge set-up"
    site_title = "Set-up"
    index_title = "What can be set up"
    site_url = "/"
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return permissions.can(request.user, "use_admin")

    def get_urls(self) -> list[Any]:
        """Our own pages first; they do not need the right to the whole site."""
        return [*mapping_urls.urlpatterns, *super().get_urls()]

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Each list under the name its page bears."""
        found = super().get_app_list(request, app_label)
        for app in found:
            for model in app["models"]:
                model["name"] = self._registry[model["model"]].title  # type: ignore[attr-defined]
        return found

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one door: the sign-in page of the desk."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied("use_admin")
        return redirect_to_login(request.GET.get("next") or request.get_full_path())

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """On the account page, where guesses are counted and other sessions end."""
        return redirect("account_change_password")

    def logout(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """The same door leads out."""
        if request.method == "POST":
            logout(request)
        return redirect("sign-in")


site = SetUpSite(name="admin")


if TYPE_CHECKING:
    _Paginator = Paginator[Any]
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _Paginator, _ModelAdmin = Paginator, admin.ModelAdmin


class CappedPaginator(_Paginator):
    """Counts no further than a person pages, so that a long table opens at once."""

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows[: MOST_COUNTED + 1].count())


class SetUpAdmin(_ModelAdmin):
    """Rows are seen with `sees`, changed by services with `changes`, and never deleted."""

    sees = "use_admin"
    changes = ""
    # What the list is called on screen, where the model's own name would not do.
    title = ""
    actions = None
    paginator = CappedPaginator
    show_full_result_count = False
    # Counts beside each filter read the whole table once for each of them.
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    # Fields that hold normalised keys.
    search_keys: tuple[str, ...] = ()

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[Any, bool]:
        """Codes are found as they are shown: the keys they are looked up by are folded."""
        text = search_term.replace("\0", "")
        found, may_repeat = super().get_search_results(request, queryset, text)
        for name in self.search_keys:
            found |= queryset.filter(**{f"{name}__startswith": normalise(text)})
        return found, may_repeat

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {**(extra_context or {}), "title": self.title})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        # One button saves; Django's further ones lead to what nobody does twice here.
        buttons = {"show_save_and_add_another": False, "show_save_and_continue": False}
        named = {**(extra_context or {}), **buttons, "list_title": self.title}
        return super().changeform_view(request, object_id, form_url, named)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Mistakes are told by our own summary, which the template shows in the form."""
        return super().render_change_form(request, {**context, "errors": None}, *args, **kwargs)

    def history_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Django's own history is never written; the audit trail is ours."""
        raise Http404("the audit trail is the history")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return permissions.can(request.user, self.sees)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return permissions.can(request.user, self.sees)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(self.changes) and permissions.can(request.user, self.changes)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    # The services write the one trail of the house; the admin's own would tell half of it.
    def log_addition(self, *args: Any, **kwargs: Any) -> Any:
        return None

    def log_change(self, *args: Any, **kwargs: Any) -> Any:
        return None

    def log_deletions(self, *args: Any, **kwargs: Any) -> Any:
        return None

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: Any) -> None:
        """Services saved everything already."""
