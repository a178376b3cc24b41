"""`golden_cases` and `quote_credit`: exit codes, output, and input that cannot be used."""

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

CASE = {
    "id": "A",
    "currency": "GBP",
    "input": {
        "order": {"lines": [{"ref": "L1", "qty": "2", "net": "10.01", "taxes": []}]},
        "returns": [{"seq": 7, "lines": [{"ref": "L1", "qty": "1"}]}],
    },
}


def golden_file(folder, *cases):
    path = folder / "cases.json"
    path.write_text(json.dumps({"cases": list(cases)}), encoding="utf-8")
    return path


def expecting(net):
    lines = [{"ref": "L1", "net": net}]
    return CASE | {"kind": "reversal", "expected": {"memos": [{"seq": 7, "lines": lines}]}}


def run(name, *args):
    out = io.StringIO()
    call_command(name, *args, stdout=out)
    return out.getvalue()


def test_golden_cases_are_printed_with_what_was_got(tmp_path):
    printed = json.loads(run("golden_cases", golden_file(tmp_path, expecting("5.01")), "--json"))

    (case,) = printed["cases"]
    assert (case["id"], case["pass"]) == ("A", True)
    assert case["got"]["memos"][0]["total"]["gross"] == "5.01"


def test_a_golden_case_that_fails_ends_with_an_error_after_all_were_printed(tmp_path):
    out = io.StringIO()
    path = golden_file(tmp_path, expecting("5.00"), expecting("5.01"))

    with pytest.raises(SystemExit) as ended:
        call_command("golden_cases", path, "--json", stdout=out)

    assert ended.value.code == 1
    assert [case["pass"] for case in json.loads(out.getvalue())["cases"]] == [False, True]


@pytest.mark.parametrize(
    ("content", "reason"),
    [("not json", "not JSON"), ("[]", "must hold an object"), ('{"cases": 1}', "must be a list")],
)
def test_a_file_that_holds_no_cases_is_refused(tmp_path, content, reason):
    path = tmp_path / "cases.json"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(CommandError, match=reason) as refused:
        run("golden_cases", path, "--json")
    with pytest.raises(CommandError, match="cannot be read"):
        run("golden_cases", tmp_path / "nowhere.json")

    assert refused.value.returncode == 2


def test_words_that_no_terminal_takes_are_still_printed(tmp_path):
    odd = expecting("5.01") | {"id": "\ud800é", "currency": "?"}

    with pytest.raises(SystemExit):
        run("golden_cases", golden_file(tmp_path, odd))
    out = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("golden_cases", golden_file(tmp_path, odd), "--json", stdout=out)

    assert out.getvalue().isascii()
    assert json.loads(out.getvalue())["cases"][0]["id"] == "\ud800é"


def test_a_case_in_another_encoding_is_refused(monkeypatch):
    latin = io.TextIOWrapper(io.BytesIO(b'{"id": "\xe9"}'), encoding="utf-8")
    monkeypatch.setattr("sys.stdin", latin)

    with pytest.raises(CommandError, match="not JSON in UTF-8") as refused:
        run("quote_credit", "--json")

    assert refused.value.returncode == 2


def test_a_quote_tells_each_line_and_the_credit(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(CASE)))
    told = run("quote_credit")
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(CASE)))
    as_json = json.loads(run("quote_credit", "--json"))

    assert told.splitlines() == [
        "Return 7",
        "  L1: net 5.01, tax 0.00, gross 5.01",
        "  Credit: net 5.01, tax 0.00, gross 5.01",
    ]
    assert as_json["memos"][0]["total"]["net"] == "5.01"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "not JSON"),
        ("[1]", "must be an object"),
        (json.dumps(CASE | {"kind": "guard"}), "kind: must be reversal"),
        (json.dumps(CASE | {"currency": "XX"}), "currency: must be a known code"),
        (json.dumps(CASE).replace('"10.01"', "NaN"), r"lines\[0\]\.net: must be a number written"),
        (json.dumps(CASE).replace('"10.01"', "1" * 40), r"lines\[0\]\.net: is too large"),
        (json.dumps(CASE).replace('"10.01"', '"1e3"'), r"lines\[0\]\.net: is not a number"),
        (json.dumps(CASE).replace('"2"', '"-2"'), r"lines\[0\]\.qty: must be above zero"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_quote_that_cannot_be_made_names_the_place(monkeypatch, content, reason):
    monkeypatch.setattr("sys.stdin", io.StringIO(content))

    with pytest.raises(CommandError, match=reason) as refused:
        run("quote_credit", "--json")

    assert refused.value.returncode == 2
