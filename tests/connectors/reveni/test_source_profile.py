"""What a returns platform's profile may say, and how its mistakes are told."""

from importlib import resources

import pytest

from connectors.profiled import source_load
from connectors.profiled.load import ProfileError

TEXT = (
    resources.files("connectors.profiled.profiles.sources")
    .joinpath("reveni-rest.toml")
    .read_text(encoding="utf-8")
)


def problems_of(text):
    with pytest.raises(ProfileError) as caught:
        source_load.loads(text)
    return caught.value.problems


def test_every_operation_of_reveni_is_a_placeholder():
    loaded = source_load.load("reveni-rest")

    assert {(row.name, row.is_write, row.evidence.value) for row in loaded.evidence()} == {
        ("check_connection", False, "placeholder"),
        ("list_returns", False, "placeholder"),
        ("read_return", False, "placeholder"),
        ("list_refunds", False, "placeholder"),
        ("add_note", True, "placeholder"),
    }
    assert loaded.label.startswith("reveni-rest 0.1.0 (")


def test_its_words_name_every_documented_state():
    profile = source_load.load("reveni-rest").profile

    assert set(profile.words["status"]) == set(profile.lookups["state"].values.values())


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(
            'updated_since = "{since}"', 'updated_since = "from {since}"', "{since}", id="query"
        ),
        pytest.param(
            "/v1/transactions/{id}/notes", "/v1/transactions/{since}/notes", "{id}", id="path"
        ),
        pytest.param('sku = "sku"\n', "", "reading.lines.fields.sku: it is required", id="lacking"),
        pytest.param('sku = "sku"\n', 'sku = "a["\n', "not a JMESPath", id="path-of-a-fact"),
        pytest.param('sku = "sku"\n', 'sku = "sku"\ncolour = "c"\n', "colour", id="unknown-fact"),
        pytest.param('lookup = "tender"', 'lookup = "coin"', "no [lookups.coin]", id="lookup"),
        pytest.param("[operations.read_return]", "[operations.read_it]", "read_it", id="operation"),
        pytest.param('success = { path = "note.id" }', "", "needs 'success'", id="write"),
        pytest.param('kind = "cursor", ', 'kind = "book", ', "paging", id="paging"),
        pytest.param("[profile]", "[profile", "not TOML", id="no-toml"),
    ],
)
def test_a_mistake_is_named_with_its_place(old, new, expected):
    assert old in TEXT

    problems = problems_of(TEXT.replace(old, new))

    assert any(expected in problem for problem in problems), problems


def test_a_profile_nobody_ships_is_refused():
    with pytest.raises(ProfileError, match="is not a shipped profile of a returns platform"):
        source_load.load("bluecherry-rest")


def test_a_problem_bears_its_line():
    line = TEXT.splitlines().index('sku = "sku"') + 1
    with pytest.raises(ProfileError) as caught:
        source_load.loads(TEXT.replace('sku = "sku"\n', 'sku = "a["\n'))

    assert caught.value.lines == (line,)
