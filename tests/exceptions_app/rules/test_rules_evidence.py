import pytest

from exceptions_app.rules.evidence import indented


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param(
            '{"gross":96.00,"lines":[{"sku":"A, {B}"}],"none":[]}',
            '{\n  "gross": 96.00,\n  "lines": [\n    {\n      "sku": "A, {B}"\n    }\n  ],'
            '\n  "none": []\n}',
            id="json",
        ),
        pytest.param('{"name": "***", "note": "cut of', '{\n  "name": "***",\n  "note": "cut of'),
        pytest.param('{"a": 1} and more', '{\n  "a": 1\n}and more', id="words-behind"),
        pytest.param(
            '<?xml version="1.0"?><s:Body><Memo id="1"><No>CM-1</No><Void/></Memo></s:Body>',
            '<?xml version="1.0"?>\n<s:Body>\n  <Memo id="1">\n    <No>CM-1</No>\n    <Void/>'
            "\n  </Memo>\n</s:Body>",
            id="xml",
        ),
        pytest.param("<a><b>cut of", "<a>\n  <b>cut of", id="cut-xml"),
        pytest.param("[2026-05-27 09:17] Error: {no}", "[2026-05-27 09:17] Error: {no}", id="log"),
        pytest.param("Service unavailable", "Service unavailable", id="words"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_evidence_is_laid_out_and_keeps_every_digit(text, shown):
    assert indented(text) == shown
    assert "".join(indented(text).split()) == "".join(text.split())


def test_a_long_run_of_quotes_and_brackets_is_laid_out_at_once():
    text = '{"a":"' + '\\"' * 2_000 + "[" * 2_000

    assert indented(text).startswith('{\n  "a": "')
