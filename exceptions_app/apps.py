"""Registration of the app with Django."""

from django.apps import AppConfig


class ExceptionsAppConfig(AppConfig):
    """The app behind every screen."""

    name = "exceptions_app"
    verbose_name = "Returnsbridge"
