"""Which addresses may be given as the place where people open a connected system."""

import pytest

from exceptions_app.rules import console_links

HTTPS = "Write an address that begins with https:// and names a host."
BLANKS = "Leave out credentials and blanks: everybody who sees an exception sees the address."


@pytest.mark.parametrize(
    ("url", "is_simulated", "words"),
    [
        ("", False, ""),
        ("https://erp.example.com/returns", False, ""),
        ("https://erp.internal:8443/", False, ""),
        ("http://127.0.0.1:8100/_systems/bluecherry/", True, ""),
        ("http://localhost:8100/", True, ""),
        ("http://127.0.0.1:8100/", False, HTTPS),
        ("http://erp.example.com/", True, HTTPS),
        ("javascript:alert(1)", True, HTTPS),
        ("//erp.example.com/", False, HTTPS),
        ("https:///returns", False, HTTPS),
        ("https://ines:secret@erp.example.com/", False, BLANKS),
        ("https://erp.example.com/a b", False, BLANKS),
        (
            "https://erp.example.com:port/",
            False,
            "This cannot be read as a web address. Write one like https://erp.example.com/.",
        ),
    ],
)
def test_an_address_is_taken_or_refused_in_words(url, is_simulated, words):
    assert console_links.problem(url, is_simulated=is_simulated) == words
