"""docs/where-it-is.md names pages and tests: each of them has to be there."""

import re

from django.conf import settings
from django.urls import resolve

TEXT = (settings.BASE_DIR / "docs" / "where-it-is.md").read_text()


def test_every_test_it_names_is_there():
    named = set(re.findall(r"`([a-z_/]*test_\w+\.py)`", TEXT))
    places = {
        name: settings.BASE_DIR
        / ("tests" if name.startswith("browser/") else "tests/exceptions_app")
        / name
        for name in named
    }

    assert len(named) > 25
    assert [name for name, place in places.items() if not place.is_file()] == []


def test_every_page_it_names_is_one():
    named = set(re.findall(r"`(/[a-z/]*/)`", TEXT))

    assert len(named) > 8
    assert all(resolve(page).url_name for page in named)
