"""Addresses of the set-up site's own pages, each guarded by its view's capability."""

from django.urls import path

from exceptions_app.admin import (
    calendar_pages,
    connection_pages,
    import_pages,
    mapping_pages,
    policy_pages,
    profile_pages,
    take_back_pages,
)

_KIND = "mappings/<int:bridge_id>/<slug:kind>/"

urlpatterns = [
    path("mappings/", mapping_pages.overview, name="mappings"),
    path("mappings/imports/<int:import_id>/", import_pages.detail, name="mapping-import"),
    path(
        "mappings/imports/<int:import_id>/apply/",
        import_pages.apply,
        name="mapping-import-apply",
    ),
    path(
        "mappings/imports/<int:import_id>/try/",
        import_pages.try_file,
        name="mapping-import-try",
    ),
    path(
        "mappings/imports/<int:import_id>/discard/",
        import_pages.discard,
        name="mapping-import-discard",
    ),
    path(
        "mappings/imports/<int:import_id>/take-back/",
        take_back_pages.take_back,
        name="mapping-import-take-back",
    ),
    path(
        "mappings/imports/<int:import_id>/checked.<slug:file_format>",
        import_pages.checked_file,
        name="mapping-import-file",
    ),
    path(
        "mappings/<int:bridge_id>/all.<slug:file_format>",
        mapping_pages.export_all,
        name="mapping-export-all",
    ),
    path(_KIND, mapping_pages.kind_page, name="mapping-kind"),
    path(f"{_KIND}map/", mapping_pages.map_value, name="mapping-map"),
    path(f"{_KIND}history/", mapping_pages.history, name="mapping-history"),
    path(f"{_KIND}withdraw/", take_back_pages.withdraw, name="mapping-withdraw"),
    path(f"{_KIND}import/", import_pages.upload, name="mapping-upload"),
    path("calendars/", calendar_pages.overview, name="calendars"),
    path("calendars/<slug:team>/", calendar_pages.calendar, name="calendar"),
    path("bridges/<int:bridge_id>/", policy_pages.bridge, name="bridge-change"),
    path("bridges/<int:bridge_id>/policy/", policy_pages.policy, name="bridge-policy"),
    path(
        "connections/<int:connection_id>/history/",
        connection_pages.history,
        name="connection-history",
    ),
    path(
        "connections/<int:connection_id>/profile/",
        profile_pages.profile,
        name="connection-profile",
    ),
    path(f"{_KIND}export.<slug:file_format>", mapping_pages.export, name="mapping-export"),
]
