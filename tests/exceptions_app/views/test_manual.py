import pytest

from exceptions_app.catalogue import CATALOGUE
from exceptions_app.views.manual import general
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def cleo(client):
    client.force_login(make_user("cleo"))


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_type_has_a_page_without_a_place_left_open(client, code):
    page = client.get(f"/manual/{code}/")

    assert page.status_code == 200
    assert CATALOGUE[code].team.label in page.text
    assert "{" not in "".join(
        [page.context["sentence"], page.context["title"], page.context["closes_by"]]
        + [step["text"] for step in page.context["steps"]]
    )


def test_the_index_names_every_type_once_under_its_owner(client):
    chapters = client.get("/manual/").context["chapters"]

    shown = [
        (chapter["code"], row["entry"].code) for chapter in chapters for row in chapter["rows"]
    ]

    assert sorted(shown, key=lambda pair: pair[1]) == [
        (entry.team.value, code) for code, entry in CATALOGUE.items()
    ]


def test_the_index_counts_what_is_open(client):
    factories.CaseFactory()
    factories.CaseFactory(status="resolved")

    chapters = client.get("/manual/").context["chapters"]

    counts = {row["entry"].code: row["count"] for chapter in chapters for row in chapter["rows"]}
    assert counts["SKU_UNKNOWN"] == 1
    assert sum(counts.values()) == 1


@pytest.mark.parametrize("code", ["NOPE", "sku_unknown", "%00"])
def test_a_type_that_is_not_in_the_catalogue_is_a_404(client, code):
    assert client.get(f"/manual/{code}/").status_code == 404


def test_places_are_named_and_sentences_begin_with_a_capital():
    assert general("{erp} lacks {sku}. {platform} knows.") == (
        "The ERP lacks [sku]. The returns platform knows."
    )
