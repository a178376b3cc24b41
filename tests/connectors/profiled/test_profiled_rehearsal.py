"""A profile rehearsed: what it would send, where its problems are, what a trial tells."""

import dataclasses

import pytest

from connectors import errors, types
from connectors.profiled import load, places, rehearsal, trial
from connectors.types import DocumentKind
from tests.connectors.profiled.test_profiled_prima import Play


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("profile", "name"), 2),
        (("profile", "notes"), 3),
        (("bodies", "memo", "Data", "Line", "each"), 9),
        (("bodies", "memo", "Data", "odd.key", "max"), 10),
        (("errors", "1", "code"), 15),
        (("errors", "0", "code"), 12),
        (("operations", "fly"), None),
    ],
)
def test_a_place_is_found_at_the_line_that_names_the_most_of_it(place, line):
    text = '''[profile]
name = "x"
notes = """
[errors]
name = "not a name"
"""
[bodies.memo]
RequestType = { const = "A" }
Data.Line.each = "draft.lines"
Data."odd.key" = { from = "draft.key" }

[[errors]]
match = "a"
[[errors]]
code = "b"
'''

    assert places.line_of(text, place) == line


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('kind = "soap_string"', 'kind = "soap"', "[transport]", "the kind 'soap' is not known"),
        ("[money]", "[money", "[money", "not TOML"),
        (
            'rows = "data.order"',
            'row = "data.order"',
            "row =",
            "not known here (did you mean 'rows'?)",
        ),
        (
            "Data.WebSku = {",
            'Data."Web Sku" = {',
            'Data."Web Sku" = {',
            "'Web Sku' cannot be the name of an element",
        ),
        (
            'Data.OrderNumber = { from = "query.number"',
            'Data.OrderNumber = { from = "query.sku"',
            "Data.OrderNumber = {",
            "'query.sku' is not known here; expected one of ['query.number']",
        ),
        (
            "[operations.find_order]",
            "[operations.find_ordr]",
            "[operations.find_ordr]",
            "this name is not known (did you mean 'find_order'?); expected one of",
        ),
        ('request = { body = "order" }', "request = {}", "request = {}", "needs a body"),
        ('"data.depot", ', '"depot", ', "lists =", "two names of elements"),
    ],
)
def test_every_problem_is_told_with_its_line_and_what_is_expected(old, new, line, words):
    text = load.shipped_text("prima-soap")
    assert old in text

    with pytest.raises(load.ProfileError) as refused:
        load.loads(text.replace(old, new, 1))

    told = dict(zip(refused.value.problems, refused.value.lines, strict=True))
    (problem,) = [each for each in told if words in each]
    assert text.replace(old, new, 1).splitlines()[told[problem] - 1].startswith(line)


@pytest.mark.parametrize("name", ["bluecherry-rest", "prima-soap"])
def test_every_request_of_a_shipped_profile_can_be_shown_without_a_call(name):
    loaded = load.load(name)

    found = rehearsal.samples(loaded)

    assert [sample for sample in found if sample.problem] == []
    assert {sample.operation for sample in found} == set(loaded.profile.operations)
    assert {sample.scenario for sample in found} - {
        "What changed since a time",
        "The second page",
    } == {
        "A question",
        "A plain return",
        "Part of a line",
        "Two taxes, delivery paid back and a fee kept",
        "A damaged item",
        "Goods moved after inspection",
    }
    assert rehearsal.missing(loaded) == ("create_refund_record",)


def test_a_question_is_also_shown_as_it_is_asked_later():
    found = {
        sample.scenario: sample.line
        for sample in rehearsal.samples(load.load("bluecherry-rest"))
        if sample.operation == "changed_items"
    }

    asked = "GET /api/style?"
    assert found["What changed since a time"].startswith(
        f"{asked}$filter=last_mod+gt+%272026-03-05+09:55:00%27&"
    )
    assert found["The second page"] == f"{asked}_include=all&_pgno=2&_pgsize=200"


def test_a_request_that_cannot_be_made_says_why():
    text = load.shipped_text("bluecherry-rest")
    start = text.index("[bodies.document.detail.entry.tax_lines]")
    end = text.index("# --- How replies are read")

    found = rehearsal.samples(load.loads(text[:start] + text[end:]))

    assert [(sample.operation, sample.problem) for sample in found if sample.problem] == [
        (
            "create_credit_memo",
            "line.tax_code ('STATE, CITY') are several taxes of one line, and the profile sends"
            " one.",
        )
    ]


def test_what_is_not_confirmed_is_listed_and_reads_that_are_inferred_are_not():
    text = load.shipped_text("prima-soap").replace(
        'evidence = "placeholder"\nsource = "Invented for the sandbox: no list of depots',
        'evidence = "inferred"\nsource = "Invented for the sandbox: no list of depots',
    )

    found = [row.name for row in rehearsal.unconfirmed(load.loads(text))]

    assert "list_locations" not in found
    assert found[0] == "find_item"
    assert len(found) == 9


def test_a_trial_asks_everything_once_and_writes_nothing():
    play = Play()

    steps = trial.questions(play.gateway, order_number="#1001", sku="00042-RED-M")

    assert [(step.name, step.is_ok) for step in steps] == [
        ("check_connection", True),
        ("list_locations", True),
        ("changed_items", True),
        ("find_item", True),
        ("find_order", True),
        ("find_document", True),
    ]
    assert steps[4].text == "#1001 of WEB: 3 lines, 275.00 GBP and 55.00 tax."
    assert play.pacer.writes == 0


def test_a_trial_tells_what_is_not_there_and_what_cannot_be_read():
    play = Play()
    play.twin.faults.parse([{"kind": "garbage", "content": "SimDepot"}])

    steps = trial.questions(play.gateway, order_number="#9", sku="GHOST")

    assert {step.name: step.text for step in steps if not step.is_ok} == {
        "list_locations": (
            "The answer is no SOAP answer of this operation: not XML: syntax error: line 1,"
            " column 0."
        ),
        "find_item": "There is no item GHOST.",
        "find_order": "There is no order #9.",
    }


def test_a_whole_return_is_made_step_by_step_and_read_back():
    play = Play()

    steps = list(
        trial.whole_return(
            play.gateway, order_number="#1001", stamp="00000042", today=play.clock.at.date()
        )
    )

    made = play.twin.documents()
    assert [(step.name, step.is_ok) for step in steps] == [
        ("create_return_authorisation", True),
        ("create_stock_receipt", True),
        ("create_credit_memo", True),
    ]
    assert steps[0].text == f"posted as {made[0]['number']}, and read back."
    assert [(each["reference"], each["units"]) for each in made] == [
        ("rb-trial-return-authorisation-00000042", 1),
        ("rb-trial-stock-receipt-00000042", 1),
        ("rb-trial-credit-memo-00000042", 1),
    ]
    assert str(made[2]["gross"]) == "30.00"


def test_a_whole_return_stops_where_it_fails():
    play = Play()
    play.twin.load({"closed_periods": ["2026-03"]})

    steps = list(
        trial.whole_return(
            play.gateway, order_number="#1001", stamp="00000042", today=play.clock.at.date()
        )
    )

    assert [(step.name, step.is_ok, step.text) for step in steps[1:]] == [
        ("create_stock_receipt", False, "The period is closed for date: 05/03/2026")
    ]
    assert len(play.twin.documents()) == 1


def test_what_a_silent_erp_did_not_keep_fails_the_trial():
    play = Play(silent_success=True)

    first = next(
        trial.whole_return(
            play.gateway, order_number="#1001", stamp="00000042", today=play.clock.at.date()
        )
    )

    assert (first.is_ok, first.text.partition(", ")[2]) == (
        False,
        "and a look-up by its key finds 0 documents.",
    )


def test_a_draft_never_names_a_path_outside_its_step():
    text = load.shipped_text("bluecherry-rest").replace(
        'path = "/api/SimCreditMemo"', 'path = "/orders/{draft.order_number}/credits"'
    )
    loaded = load.loads(text)
    found = [
        sample.line
        for sample in rehearsal.samples(loaded)
        if sample.operation == "create_credit_memo"
    ]

    assert set(found) == {"POST /orders/%231001/credits"}


@pytest.mark.parametrize("number", ["", "..", "a\nb"])
def test_a_step_of_a_path_that_leads_elsewhere_is_refused(make_gateway, make_draft, number):
    text = load.shipped_text("bluecherry-rest").replace(
        'path = "/api/SimCreditMemo"', 'path = "/orders/{draft.order_number}/credits"'
    )
    gateway = make_gateway(None, mode=types.Mode.SANDBOX, profile_text=text)
    draft = dataclasses.replace(make_draft(DocumentKind.CREDIT_MEMO), order_number=number)

    with pytest.raises(errors.Rejected, match="cannot be a step of an address"):
        gateway.create(draft)
