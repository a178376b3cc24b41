"""How the screens name exception types in a few words."""

from django import template

from exceptions_app.catalogue import entry

register = template.Library()


@register.filter
def short_of(code: str) -> str:
    """Return the type's few words, "unknown SKU", for its code."""
    return entry(code).short
