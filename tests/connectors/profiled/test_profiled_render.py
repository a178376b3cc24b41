"""Values into bodies and queries: exact, typed, and refused in our own words."""

from datetime import date
from decimal import Decimal

import pytest

from connectors import errors, types
from connectors.profiled import load, render
from connectors.profiled.schema import Profile
from connectors.profiled.trees import QueryValue


@pytest.fixture
def render_value(profile_text, make_draft):
    """`render_value(spec, **draft_changes)`: what one value of a body becomes."""

    def make(spec, **changes):
        raw = load.loads(profile_text).profile.model_dump(by_alias=True, mode="json")
        raw["bodies"]["probe"] = {"ref": {"from": "draft.key"}, "out": spec}
        profile = Profile.model_validate(raw)
        renderer = render.BodyRenderer(profile=profile, settings={"vnd_id": " RB "})
        body = renderer.body("probe", make_draft(**changes), wrap_in_array=False)
        return body.get("out", "left out")

    return make


@pytest.mark.parametrize(
    ("spec", "changes", "expected"),
    [
        pytest.param({"from": "draft.note"}, {"note": 'a "b" \\ é'}, 'a "b" \\ é', id="text"),
        pytest.param({"from": "draft.note", "upper": True}, {"note": "gbp"}, "GBP", id="upper"),
        pytest.param({"from": "draft.kind"}, {}, "credit_memo", id="code-of-an-enum"),
        pytest.param(
            {"from": "draft.note", "as": "note", "max": 9},
            {"note": "two\nlines\tand more"},
            "two lines",
            id="note-shortened",
        ),
        pytest.param({"from": "draft.net", "as": "decimal"}, {}, Decimal("27.50"), id="decimal"),
        pytest.param(
            {"from": "draft.net", "as": "decimal", "number_as": "text"}, {}, "27.50", id="as-text"
        ),
        pytest.param(
            {"from": "draft.net", "as": "decimal", "sign": "negative"},
            {},
            Decimal("-27.50"),
            id="negative",
        ),
        pytest.param(
            {"from": "draft.net", "as": "decimal", "scale": 1, "rounding": "half_up"},
            {},
            Decimal("27.5"),
            id="own-scale",
        ),
        pytest.param({"from": "draft.units", "as": "integer"}, {}, 1, id="integer"),
        pytest.param(
            {"from": "draft.control_number", "as": "integer", "pad": 9}, {}, "000000041", id="pad"
        ),
        pytest.param({"from": "draft.date", "as": "date"}, {}, "03/05/2026", id="date"),
        pytest.param(
            {"from": "draft.date", "as": "date", "format": "%Y%m%d"},
            {"date": date(2026, 12, 1)},
            "20261201",
            id="date-format",
        ),
        pytest.param({"from": "draft.units", "as": "bool"}, {}, "Y", id="yes-word"),
        pytest.param({"from": "draft.units", "as": "bool"}, {"lines": ()}, "N", id="no-word"),
        pytest.param({"from": "draft.kind", "lookup": "document_type"}, {}, "CM", id="lookup"),
        pytest.param({"from": "settings.vnd_id"}, {}, "RB", id="setting"),
        pytest.param({"const": "ZZ"}, {}, "ZZ", id="const"),
        pytest.param({"from": "draft.note"}, {"note": ""}, "", id="empty-text"),
        pytest.param(
            {"from": "draft.note", "omit_if_empty": True}, {"note": ""}, "left out", id="omitted"
        ),
        pytest.param(
            {"from": "draft.control_number", "as": "integer"},
            {"control_number": 0},
            None,
            id="no-number-drawn",
        ),
        pytest.param(
            {"object_named": {"from": "draft.units", "as": "integer"}},
            {},
            {"object_named": 1},
            id="nested-object",
        ),
    ],
)
def test_a_value_becomes_what_its_converter_says(render_value, spec, changes, expected):
    rendered = render_value(spec, **changes)

    assert rendered == expected
    assert str(rendered) == str(expected)


@pytest.mark.parametrize(
    ("spec", "changes", "code", "field"),
    [
        pytest.param(
            {"from": "draft.invoice_number", "required": True},
            {"invoice_number": ""},
            "unclassified",
            "draft.invoice_number",
            id="missing",
        ),
        pytest.param(
            {"from": "draft.control_number", "as": "integer", "pad": 9, "required": True},
            {"control_number": 0},
            "unclassified",
            "draft.control_number",
            id="no-number-drawn",
        ),
        pytest.param(
            {"from": "draft.control_number", "as": "integer", "pad": 3},
            {"control_number": 1000},
            "unclassified",
            "draft.control_number",
            id="number-too-wide",
        ),
        pytest.param(
            {"from": "draft.customer_code", "max": 2},
            {},
            "unclassified",
            "draft.customer_code",
            id="too-long",
        ),
        pytest.param(
            {"from": "draft.order_number"},
            {"order_number": "#1\n2"},
            "unclassified",
            "draft.order_number",
            id="control-character",
        ),
        pytest.param(
            {"from": "draft.note", "lookup": "document_type"},
            {"note": "surprise"},
            "unclassified",
            "draft.note",
            id="not-in-table",
        ),
        pytest.param(
            {"from": "draft.note", "as": "decimal"},
            {},
            "unclassified",
            "draft.note",
            id="no-amount",
        ),
        pytest.param(
            {"from": "draft.note", "as": "date"}, {}, "unclassified", "draft.note", id="no-date"
        ),
        pytest.param(
            {"from": "draft.note", "as": "integer"},
            {},
            "unclassified",
            "draft.note",
            id="no-number",
        ),
        pytest.param(
            {"from": "draft.net", "as": "decimal", "scale": 1},
            {"note": "27.55 has two places"},
            "amount",
            "draft.net",
            id="never-rounded",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_field(
    render_value, make_line, spec, changes, code, field
):
    lines = (make_line(net=Decimal("27.55")),)

    with pytest.raises(errors.Rejected) as refused:
        render_value(spec, lines=lines, **changes)

    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.evidence is None


def test_the_indented_form_holds_the_same_digits():
    body = [{"a": Decimal("1.10"), "b": [], "c": {}, "d": None, "e": ["x", 1]}]

    assert render.indented(body) == (
        '[\n  {\n    "a": 1.10,\n    "b": [],\n    "c": {},\n    "d": null,\n'
        '    "e": [\n      "x",\n      1\n    ]\n  }\n]'
    )


@pytest.fixture(scope="module")
def fill(profile_text):
    profile = load.loads(profile_text).profile

    def make(value, values, **options):
        templates = {"q": QueryValue(value=value, **options)}
        return render.query(profile=profile, templates=templates, values=values)

    return make


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("#1001", "ord_num eq '#1001'"),
        ("O'Neil", "ord_num eq 'O''Neil'"),
        ("x' or pkey gt '0", "ord_num eq 'x'' or pkey gt ''0'"),
        ("'", "ord_num eq ''''"),
        ("{number|quote}", "ord_num eq '{number|quote}'"),
        ("1&_pgsize=9%27", "ord_num eq '1&_pgsize=9%27'"),
    ],
)
def test_a_quoted_value_cannot_leave_its_quotes(fill, number, expected):
    assert fill("ord_num eq '{number|quote}'", {"number": number}) == (("q", expected),)


@pytest.mark.parametrize("number", ["a\nb", "a\x00b", "a\x7fb", "a\u2028b", "\t"])
def test_a_control_character_never_reaches_a_filter(fill, number):
    with pytest.raises(errors.Rejected) as refused:
        fill("ord_num eq '{number|quote}'", {"number": number})

    assert refused.value.field == "number"


def test_an_empty_value_is_refused_because_it_would_read_everything(fill):
    with pytest.raises(errors.Rejected) as refused:
        fill("ord_num eq '{number|quote}'", {"number": ""})

    assert refused.value.field == "number"


def test_an_empty_value_may_leave_out_the_parameter_where_the_profile_says_so(fill):
    assert fill("last_mod gt '{since|quote}'", {"since": ""}, omit_if_empty=True) == ()


def test_keys_are_joined_by_commas(fill):
    assert fill("{keys|comma}", {"keys": ["CM-1", "CM-2"]}) == (("q", "CM-1,CM-2"),)


def test_a_key_with_a_comma_is_refused_because_it_would_be_two(fill):
    with pytest.raises(errors.Rejected) as refused:
        fill("{keys|comma}", {"keys": ["CM-1,CM-2"]})

    assert (refused.value.field, refused.value.value) == ("keys", "CM-1,CM-2")


def test_a_query_value_is_translated_by_its_table(fill):
    kind = types.DocumentKind.WRITE_OFF.value

    assert fill("{kind}", {"kind": kind}, lookup="document_type") == (("q", "ADJ"),)
