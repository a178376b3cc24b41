"""Who a note names."""

import pytest

from exceptions_app.rules.mentions import Named, Person, has_any, named

PEOPLE = (
    Person(1, ("Finn Ashworth", "finn", "Finn")),
    Person(2, ("Anna Reid", "anna.r", "Anna")),
    Person(3, ("Anna Voss", "anna.v", "Anna")),
    Person(4, ("Finn", "finn-b")),
)


@pytest.mark.parametrize(
    ("text", "people", "unknown", "several"),
    [
        pytest.param("@Finn Ashworth look", (1,), (), (), id="the longest name"),
        pytest.param("ask @anna.r, then (@ANNA.V)", (2, 3), (), (), id="user names"),
        pytest.param("@anna.r and @anna.r", (2,), (), (), id="twice is once"),
        pytest.param("@Anna looks", (), (), ("anna",), id="two of that name"),
        pytest.param("@Annabel looks", (), ("Annabel",), (), id="the beginning of a word"),
        pytest.param("@nobody there", (), ("nobody",), (), id="nobody"),
        pytest.param("mail finn@example.com", (), (), (), id="an address names nobody"),
        pytest.param("12 @ 3.20", (), (), (), id="a price names nobody"),
        pytest.param("nothing", (), (), (), id="no name"),
    ],
)
def test_a_name_after_an_at_is_read_to_its_end(text, people, unknown, several):
    assert named(text, PEOPLE) == Named(people, unknown, several)


def test_only_an_at_that_begins_a_word_asks_who_is_there():
    assert (has_any("see @finn"), has_any("finn@example.com")) == (True, False)
