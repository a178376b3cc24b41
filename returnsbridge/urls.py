"""Addresses of the site: the health check, Django admin, and everything the app offers."""

from django.urls import include, path

from exceptions_app.admin import site
from returnsbridge import account_urls, health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("admin/", site.urls),
    *account_urls.door,
    path("account/", include(account_urls.own_account)),
    path("people/", include(account_urls.all_people)),
    path("", include("exceptions_app.urls")),
]

handler400 = "exceptions_app.views.errors.bad_request"
handler403 = "exceptions_app.views.errors.forbidden"
handler404 = "exceptions_app.views.errors.not_found"
handler500 = "exceptions_app.views.errors.server_error"
