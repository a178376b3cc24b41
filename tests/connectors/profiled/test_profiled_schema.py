"""What a profile may say, and how a wrong one is refused: by path, with what is expected."""

import hashlib

import pytest

from connectors.profiled import load


def problems_of(text):
    with pytest.raises(load.ProfileError) as refused:
        load.loads(text)
    return refused.value.problems


def test_the_shipped_profile_loads_with_the_hash_of_its_text(profile_text):
    loaded = load.load("bluecherry-rest")

    assert loaded.content_hash == hashlib.sha256(profile_text.encode()).hexdigest()
    assert loaded.label == f"bluecherry-rest 0.2.0 ({loaded.content_hash[:12]})"


def test_every_shipped_profile_is_listed_by_name():
    assert [(entry.name, entry.vendor) for entry in load.available()] == [
        ("bluecherry-rest", "CGS BlueCherry"),
        ("prima-soap", "Prima Solutions"),
    ]


def test_the_shipped_profile_claims_no_evidence_for_writes():
    entries = load.load("bluecherry-rest").evidence()

    known = {entry.name: (entry.is_write, entry.evidence) for entry in entries}
    assert known == {
        "check_connection": (False, "documented"),
        "list_locations": (False, "documented"),
        "changed_items": (False, "documented"),
        "find_item": (False, "documented"),
        "find_item_by_barcode": (False, "documented"),
        "find_order": (False, "documented"),
        "find_document": (False, "placeholder"),
        "create_return_authorisation": (True, "placeholder"),
        "create_stock_receipt": (True, "placeholder"),
        "create_stock_move": (True, "placeholder"),
        "create_write_off": (True, "placeholder"),
        "create_credit_memo": (True, "placeholder"),
    }


@pytest.mark.parametrize("name", ["nothing", "../load", "", "__init__.py"])
def test_a_name_that_is_no_shipped_profile_is_refused(name):
    with pytest.raises(load.ProfileError) as refused:
        load.load(name)

    assert refused.value.problems == (f"'{name}' is not a shipped profile",)


def test_text_that_is_no_toml_is_refused():
    assert problems_of("[profile")[0].startswith("not TOML: ")


@pytest.mark.parametrize(
    ("old", "new", "path", "words"),
    [
        pytest.param(
            'vendor = "CGS BlueCherry"',
            'vendor = "CGS BlueCherry"\nowner = "x"',
            "profile.owner",
            "this key is not known here",
            id="unknown-key",
        ),
        pytest.param(
            'version = "0.2.0"', 'version = "1"', "profile.version", "pattern", id="version"
        ),
        pytest.param("schema = 1", "schema = 2", "profile.schema", "1", id="schema"),
        pytest.param(
            'kind = "rest_json"',
            'kind = "carrier_pigeon"',
            "transport",
            "rest_json",
            id="transport",
        ),
        pytest.param(
            'timezone = "UTC"',
            'timezone = "Mars/Base"',
            "environment.timezone",
            "'Mars/Base' is not an IANA time zone such as Europe/London",
            id="timezone",
        ),
        pytest.param(
            'evidence = "placeholder"\nsource = "Invented for the sandbox: no credit',
            'evidence = "hearsay"\nsource = "Invented for the sandbox: no credit',
            "operations.create_credit_memo.evidence",
            "customer_confirmed",
            id="evidence",
        ),
        pytest.param(
            "[operations.find_order]",
            "[operations.find_cat]",
            "operations.find_cat",
            "find_order",
            id="operation",
        ),
        pytest.param(
            "ord_num eq '{number|quote}'",
            "ord_num eq '{number}'",
            "operations.find_order.request.query.$filter.value",
            "{number} stands inside other text; expected {number|quote} in quotes",
            id="unquoted-placeholder",
        ),
        pytest.param(
            "ord_num eq '{number|quote}'",
            "ord_num eq {number|quote}",
            "operations.find_order.request.query.$filter.value",
            "{number|quote} must stand between single quotes",
            id="quote-without-quotes",
        ),
        pytest.param(
            "{keys|comma}",
            "{keys|shout}",
            "operations.find_document.request.query.refs.value",
            "'shout' is not a filter",
            id="filter-name",
        ),
        pytest.param(
            "ord_num eq '{number|quote}'",
            "ord_num eq '{customer|quote}'",
            "operations.find_order.request.query.$filter",
            "{customer} is not known here; expected one of ['number']",
            id="unknown-placeholder",
        ),
        pytest.param(
            'from = "draft.key", max = 60',
            'from = "draft.keys", max = 60',
            "bodies.document.ref_num.from",
            "'draft.keys' is not known (did you mean 'draft.key'?); expected draft.<field>",
            id="unknown-source",
        ),
        pytest.param(
            'ref_num = { from = "draft.key", max = 60, required = true }',
            'ref_num = { from = "draft.key", as = "note", max = 60 }',
            "bodies.document.ref_num",
            "draft.key must be sent as 'text'",
            id="shortened-key",
        ),
        pytest.param(
            'ref_num = { from = "draft.key", max = 60, required = true }',
            'ref_num = { const = "RETURN" }',
            "bodies.document",
            "sends no draft.key, so nothing could be found again",
            id="no-key",
        ),
        pytest.param(
            'vnd_qual = { const = "ZZ" }',
            'vnd_qual = { const = "ZZ", from = "draft.note" }',
            "bodies.document.vnd_qual",
            "expected either 'from' or 'const'",
            id="from-and-const",
        ),
        pytest.param(
            'vnd_qual = { const = "ZZ" }',
            'vnd_qual = { from = "draft.note", pad = 9 }',
            "bodies.document.vnd_qual",
            "'pad' does nothing here; expected as = integer",
            id="idle-option",
        ),
        pytest.param(
            'vnd_qual = { const = "ZZ" }',
            'vnd_qual = { from = "line.sku" }',
            "bodies.document",
            "'line.sku' stands outside 'each'",
            id="line-outside-each",
        ),
        pytest.param(
            'settings = ["vnd_id"]',
            "settings = []",
            "bodies.document",
            "'vnd_id' is not in environment.settings",
            id="undeclared-setting",
        ),
        pytest.param(
            'lookup = "document_type"',
            'lookup = "doc_types"',
            "operations.find_document",
            "no [lookups.doc_types]",
            id="missing-table",
        ),
        pytest.param(
            'read = "order"',
            'read = "orders"',
            "operations.find_order.read",
            "no [readings.orders]",
            id="missing-reading",
        ),
        pytest.param(
            'lines = "pickdetail.rows"\n',
            "",
            "operations.find_order.read",
            "[readings.order] needs the path of its 'lines'",
            id="order-without-lines",
        ),
        pytest.param(
            'net = "sim_net_amt"\n',
            "",
            "readings.order.line_fields.net",
            "it is required",
            id="missing-fact",
        ),
        pytest.param(
            'net = "sim_net_amt"\n',
            'net = "sim_net_amt"\nnett = "x"\n',
            "readings.order.line_fields.nett",
            "it is not known (did you mean 'net'?); expected one of",
            id="unknown-fact",
        ),
        pytest.param(
            'lines = "pickdetail.rows"',
            'lines = "pickdetail.[rows-i"',
            "readings.order.lines",
            "is not a JMESPath expression",
            id="jmespath",
        ),
        pytest.param(
            'finality = "staged"\n\n[operations.create_stock_move]',
            "\n[operations.create_stock_move]",
            "operations.create_stock_receipt.finality",
            "a create needs 'posted' or 'staged'",
            id="finality",
        ),
        pytest.param(
            'code = "period_closed"',
            'code = "shut"',
            "errors.2.code",
            "'shut' is no refusal code",
            id="refusal-code",
        ),
        pytest.param(
            'match = "^[^:]*(inactive|not active)"',
            'match = "inactive|("',
            "errors.4.match",
            "is not a regular expression",
            id="regex",
        ),
        pytest.param(
            'outcome = "unknown"',
            'outcome = "retry_later"\nstatus = [423]',
            "errors",
            'the last rule must be { outcome = "unknown" }',
            id="no-last-rule",
        ),
        pytest.param(
            "settle_seconds = 150",
            "settle_seconds = -1",
            "idempotency.settle_seconds",
            "greater than or equal to 0",
            id="settle",
        ),
        pytest.param(
            "[labels]",
            '[[schedule]]\ndays = ["mon"]\nstart = 22:00:00\nend = 04:00:00\n\n[labels]',
            "schedule.0",
            "split a window that crosses midnight",
            id="window",
        ),
    ],
)
def test_a_wrong_profile_is_refused_with_the_place_and_what_is_expected(
    profile_text, old, new, path, words
):
    assert old in profile_text

    found = " | ".join(problems_of(profile_text.replace(old, new, 1)))

    assert path in found
    assert words in found


def test_every_problem_is_told_at_once(profile_text):
    text = profile_text.replace('timezone = "UTC"', 'timezone = "Mars"').replace(
        "schema = 1", "schema = 9"
    )

    assert [problem.partition(":")[0] for problem in problems_of(text)] == [
        "profile.schema",
        "environment.timezone",
    ]


def test_a_window_inside_a_day_is_kept(profile_text):
    window = '[[schedule]]\ndays = ["mon", "tue"]\nstart = 01:00:00\nend = 05:30:00\n\n[labels]'

    (kept,) = load.loads(profile_text.replace("[labels]", window)).profile.schedule

    assert (kept.days, kept.start.isoformat(), kept.end.isoformat()) == (
        ("mon", "tue"),
        "01:00:00",
        "05:30:00",
    )


CURSOR = 'paging = { kind = "cursor", cursor = "after", next = "meta.next" }'
PAGES = 'paging = { page = "_pgno", size_param = "_pgsize", size = 200, stop = "empty_rows" }'


def test_a_cursor_that_is_never_sent_is_refused(profile_text):
    assert PAGES in profile_text
    good = profile_text.replace(PAGES, CURSOR)

    (problem, *_) = problems_of(good.replace('cursor = "after", ', ""))

    assert "paging.cursor: nothing sends the cursor" in problem
    assert load.loads(good).profile is not None


def test_a_format_without_its_marks_is_refused(profile_text):
    (problem, *_) = problems_of(profile_text.replace("%m/%d/%Y", "MM/DD/YYYY"))

    assert "a format is written with %" in problem
