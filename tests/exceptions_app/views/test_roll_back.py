"""From an exception about a mapping that made things worse to the page that ends it."""

import pytest
from django.urls import reverse

from tests.cast import make_user
from tests.factories import CaseFactory, CauseGroupFactory, MappingFactory, RmaFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    group = CauseGroupFactory(type="MAPPING_REGRESSION")
    MappingFactory(
        bridge=group.bridge,
        kind="location",
        source_value="Leeds DC",
        source_key="leeds dc",
        target={"division": "10", "warehouse": "LEE"},
        version=3,
    )
    facts = {"source_value": "Leeds DC", "number": "3", "units": "6"}
    return CaseFactory(
        group=group, rma=RmaFactory(bridge=group.bridge), team="operations", facts=facts
    )


def _step(client, case, who):
    client.force_login(make_user(who))
    steps = client.get(reverse("case-detail", args=[case.pk])).context["steps"]
    return next(each for each in steps if each["title"].startswith("Roll the version back"))


@pytest.mark.parametrize("who", ["wanda", "ada"])
def test_whoever_asks_for_such_a_mapping_is_one_click_from_the_preview(client, case, who):
    step = _step(client, case, who)

    page = reverse("admin:mapping-withdraw", args=[case.bridge_id, "location"])
    assert (step["url"], step["url_label"]) == (f"{page}?value=Leeds+DC", "Roll back")
    assert client.get(step["url"]).status_code == 200


def test_its_owner_reads_whose_it_is_and_asks_them(client, case):
    make_user("wanda")

    step = _step(client, case, "ines")

    assert step["note"] == "Location mappings are rolled back by Warehouse: Wanda."
    assert step["url_label"] == "Ask Warehouse"
    form = client.get(step["url"]).content.decode()
    assert "Version 3 of the mapping of “Leeds DC” brought 6 new exceptions." in form
