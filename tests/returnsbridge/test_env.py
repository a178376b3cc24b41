import pytest
from django.core.exceptions import ImproperlyConfigured

from returnsbridge import env


@pytest.mark.parametrize(
    ("word", "meaning"),
    [("1", True), ("TRUE", True), ("yes", True), ("on", True), ("0", False), ("Off", False)],
)
def test_a_boolean_is_read_in_any_case(monkeypatch, word, meaning):
    monkeypatch.setenv("RB_FLAG", word)

    assert env.boolean("RB_FLAG", default=not meaning) is meaning


def test_an_empty_boolean_counts_as_unset(monkeypatch):
    monkeypatch.setenv("RB_FLAG", " ")

    assert env.boolean("RB_FLAG", default=True) is True


def test_a_misspelt_boolean_stops_start_up(monkeypatch):
    monkeypatch.setenv("RB_FLAG", "flase")

    with pytest.raises(ImproperlyConfigured, match="RB_FLAG is 'flase'; use one of 1, true"):
        env.boolean("RB_FLAG", default=True)


@pytest.mark.parametrize(("word", "text"), [("ten", "use a whole number"), ("0", "smallest")])
def test_a_number_that_cannot_be_used_stops_start_up(monkeypatch, word, text):
    monkeypatch.setenv("RB_NUMBER", word)

    with pytest.raises(ImproperlyConfigured, match=text):
        env.integer("RB_NUMBER", default=3, minimum=1)


def test_a_list_keeps_its_order_and_drops_blanks(monkeypatch):
    monkeypatch.setenv("RB_LIST", " b, ,a,")

    assert env.csv("RB_LIST") == ["b", "a"]


def test_a_choice_outside_the_known_words_stops_start_up(monkeypatch):
    monkeypatch.setenv("RB_KIND", "webb")

    with pytest.raises(ImproperlyConfigured, match="use one of web, worker"):
        env.choice("RB_KIND", default="web", known=("web", "worker"))


def test_a_secret_may_come_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "key").write_text("s3cret\n", encoding="utf-8")
    monkeypatch.setenv("RB_SECRET_FILE", str(tmp_path / "key"))

    assert env.secret("RB_SECRET") == "s3cret"


def test_a_secret_given_twice_stops_start_up(monkeypatch, tmp_path):
    monkeypatch.setenv("RB_SECRET", "a")
    monkeypatch.setenv("RB_SECRET_FILE", str(tmp_path / "key"))

    with pytest.raises(ImproperlyConfigured, match="not both"):
        env.secret("RB_SECRET")


@pytest.mark.parametrize("content", [None, " \n"], ids=["missing", "empty"])
def test_a_secret_file_without_a_secret_stops_start_up(monkeypatch, tmp_path, content):
    if content is not None:
        (tmp_path / "key").write_text(content, encoding="utf-8")
    monkeypatch.setenv("RB_SECRET_FILE", str(tmp_path / "key"))

    with pytest.raises(ImproperlyConfigured, match="RB_SECRET_FILE"):
        env.secret("RB_SECRET")
