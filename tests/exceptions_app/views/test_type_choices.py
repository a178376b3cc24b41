"""Types of exception where they are chosen: in the queue's filter and in the search."""

import re

import pytest
from django.urls import reverse

from exceptions_app.catalogue import CATALOGUE
from exceptions_app.views import type_choices
from tests.cast import make_user
from tests.factories import CaseFactory, CauseGroupFactory

pytestmark = pytest.mark.django_db


def options(page):
    """The select of types as (team, [names])."""
    select = re.search(r'<select name="type".*?</select>', page.text, re.DOTALL)[0]
    groups = re.findall(r'<optgroup label="(.*?)">(.*?)</optgroup>', select, re.DOTALL)
    return [(team, re.findall(r"<option [^>]*>(.*?)</option>", inner)) for team, inner in groups]


def test_the_readers_team_comes_first_with_what_is_to_do_by_name(client):
    client.force_login(make_user("wanda"))
    for _ in range(2):
        CaseFactory(group=CauseGroupFactory(type="LOCATION_MISSING"), team="warehouse")
    CaseFactory()

    groups = options(client.get(reverse("case-list"), {"view": "all"}))

    assert groups[0][0] == "Warehouse"
    names = dict(groups)
    assert "Missing location of arrival (2)" in names["Warehouse"]
    assert "Unmapped location of arrival" in names["Warehouse"]
    assert "Unknown SKU (1)" in names["Merchandising"]
    assert names["Warehouse"] == sorted(names["Warehouse"])
    assert sum(len(each) for each in names.values()) == len(CATALOGUE)


def test_the_team_of_the_list_comes_before_ones_own(client):
    client.force_login(make_user("wanda"))

    page = client.get(reverse("case-list"), {"team": "finance", "type": "CM_REJECTED"})

    assert options(page)[0][0] == "Finance"
    assert [(chip["name"], chip["value"]) for chip in page.context["chips"]][1] == (
        "Type",
        "Refused document",
    )


def test_no_two_types_are_called_alike():
    names = [type_choices.name_of(code).casefold() for code in CATALOGUE]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("text", ["SKU_INACTIVE", "sku inactive", "inactive sku", "INACTIVE"])
def test_a_type_is_found_by_its_code_or_its_name(client, text):
    client.force_login(make_user("mira"))

    typed = client.get(reverse("find-options"), {"q": text}).text
    page = client.get(reverse("find"), {"q": text}).text

    assert 'data-url="/exceptions/?view=all&amp;type=SKU_INACTIVE"' in typed
    assert "No return has" not in typed
    assert 'href="/manual/SKU_INACTIVE/">Playbook</a>' in page


def test_two_letters_are_no_name_of_a_type():
    assert type_choices.called("sk", limit=5) == []
