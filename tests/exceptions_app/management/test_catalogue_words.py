import io
import re

import pytest
from django.core.management import call_command

from exceptions_app.catalogue import CATALOGUE
from exceptions_app.catalogue.entry import templates


@pytest.fixture
def printed():
    out = io.StringIO()
    call_command("catalogue_words", stdout=out)
    return out.getvalue()


def test_every_text_of_every_type_is_there_under_its_type(printed):
    pairs = set(re.findall(r'msgctxt "(\w+)"\nmsgid "(.*)"\n', printed))

    for code, entry in CATALOGUE.items():
        for text in (entry.short, *templates(entry), *(label for _, label in entry.close_reasons)):
            assert (code, text.replace('"', '\\"')) in pairs


def test_no_text_comes_twice_in_one_type(printed):
    pairs = re.findall(r'msgctxt "(\w+)"\nmsgid "(.*)"\n', printed)

    assert len(pairs) == len(set(pairs))


def test_a_text_with_places_tells_the_translator_so(printed):
    for block in printed.split("\n\n")[1:]:
        assert ("python-brace-format" in block) == ("{" in block.partition("msgid")[2])
