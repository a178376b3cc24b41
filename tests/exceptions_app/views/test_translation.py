"""Pages that are ready for another language (decision 0010) hold no words without a mark."""

import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = Path(settings.BASE_DIR) / "templates"
MARKED = sorted([*(TEMPLATES / "manual").glob("*.html"), *(TEMPLATES / "errors").glob("*.html")])
# The unit of hours, and our own name.
NO_WORDS = {"h", "Returnsbridge", "Menu", "id", "code"}


def unmarked(text):
    text = re.sub(r"\{#.*?#\}", "", text)
    text = re.sub(r"\{% blocktranslate.*?endblocktranslate %\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text)
    spoken = " ".join(re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', text))
    return set(re.findall(r"[A-Za-z]+", re.sub(r"<[^>]*>", " ", text) + spoken)) - NO_WORDS


@pytest.mark.parametrize("template", MARKED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_word_of_the_page_is_marked(template):
    assert unmarked(template.read_text()) == set()


def test_a_word_without_a_mark_is_noticed():
    assert unmarked('<p>{% translate "Fine" %} <b aria-label="Loose">word</b></p>') == {
        "Loose",
        "word",
    }
