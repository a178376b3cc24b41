"""Thirty rules learned from other products' users: each has its test, and the page says which."""

import re
from collections import defaultdict
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PAGE = REPOSITORY / "docs" / "lessons.md"
RULES = set(range(1, 31))
_MARK = re.compile(r"@pytest\.mark\.lesson\((\d+)\)")
_TEST = re.compile(r"def (test_\w+)\(")
_HEAD = re.compile(r"^## (\d+)\. ", re.MULTILINE)


def marked() -> dict[int, set[str]]:
    """The tests of each rule by their place, read from the files and never by running them."""
    found = defaultdict(set)
    for path in sorted((REPOSITORY / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        for mark in _MARK.finditer(text):
            name = _TEST.search(text, mark.end())
            assert name is not None, path
            found[int(mark[1])].add(f"{path.relative_to(REPOSITORY).as_posix()}::{name[1]}")
    return dict(found)


def told() -> dict[int, set[str]]:
    """The tests the page names for each rule."""
    parts = _HEAD.split(PAGE.read_text(encoding="utf-8"))[1:]
    return {
        int(number): set(re.findall(r"^- `(tests/\S+)`$", text, re.MULTILINE))
        for number, text in zip(parts[::2], parts[1::2], strict=True)
    }


def test_each_of_the_thirty_rules_has_its_test():
    found = marked()

    assert sorted(RULES - set(found)) == []
    assert sorted(set(found) - RULES) == []


def test_the_page_names_the_tests_of_each_rule():
    assert told() == marked()
