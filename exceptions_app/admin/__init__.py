"""The set-up site; importing its parts registers them."""

from exceptions_app.admin import records, setup
from exceptions_app.admin.site import site

__all__ = ["records", "setup", "site"]
