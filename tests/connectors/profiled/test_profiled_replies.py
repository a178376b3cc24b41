"""What a reply means: refusals in four shapes, pages, facts, and what nobody can read."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connectors import errors, wire_json
from connectors.types import DocumentKind, DocumentStatus

SHAPES = {
    "errors-errorMessage": lambda text: {"errors": [{"errorMessage": text}]},
    "errors-message": lambda text: {"errors": [{"message": text}]},
    "message-list": lambda text: {"message": [{"message": text}]},
    "message-text": lambda text: {"message": text},
}
WORDINGS = [
    ("Control number already used: 000000041", "duplicate_key", "control_number"),
    ("Duplicate isa_num", "duplicate_key", "control_number"),
    ("Duplicate ref_num CM-1", "duplicate_key", "key"),
    ("Accounting period is closed for date 03/05/2026", "period_closed", "date"),
    ("Location does not belong to division: LDN / MEN", "division_warehouse_pair", "warehouse"),
    ("Style/colour/size is not active: HAT-OLD", "inactive_item", "sku"),
    ("Style/colour/size not on file: DRESS", "unknown_item", "sku"),
    ("UPC not found", "unknown_item", "sku"),
    ("Unknown style: order of the day", "unknown_item", "sku"),
    ("Location not on file: XX", "unknown_warehouse", "warehouse"),
    ("Warehouse unknown", "unknown_warehouse", "warehouse"),
    ("Division not on file: PETS", "unknown_division", "division"),
    ("Order not on file: #9", "unknown_order", "order_number"),
    ("Customer VAT setting does not allow posting: exempt", "vat_setting", "customer_code"),
    ("Customer not on file: NOBODY", "unknown_customer", "customer_code"),
    ("Credit quantity exceeds quantity shipped: #1001 line 1", "quantity", "quantity"),
    ("Document amount must be greater than zero: 0", "amount", "net"),
    ("Customer not on file: VAT-1", "unknown_customer", "customer_code"),
    ("Customer VAT setting does not allow posting: unknown", "vat_setting", "customer_code"),
    ("Order not on file: inactive", "unknown_order", "order_number"),
    ("The moon is in the wrong house", "unclassified", ""),
]


def encode(document):
    return wire_json.encode(document)


@pytest.mark.parametrize("shape", list(SHAPES))
@pytest.mark.parametrize(("text", "code", "field"), WORDINGS)
def test_a_refusal_gets_our_code_whatever_its_shape(canned, make_draft, shape, text, code, field):
    gateway, _ = canned((400, encode(SHAPES[shape](text))), (200, '{"data": {"header": []}}'))

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(make_draft())

    assert (refused.value.code, refused.value.field, refused.value.text) == (code, field, text)
    assert refused.value.evidence.status == 400


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(200, "{}", id="yes-without-a-key"),
        pytest.param(200, '{"pkey": null}', id="empty-key"),
        pytest.param(200, '{"pkey": ""}', id="blank-key"),
        pytest.param(200, "[]", id="another-shape"),
        pytest.param(202, '{"pkey": 7}', id="another-status"),
        pytest.param(200, '{"message": "Order not on file: #9"}', id="refusal-with-200"),
        pytest.param(200, "<html>ok</html>", id="no-json"),
        pytest.param(400, "<html>Bad request</html>", id="refusal-that-is-no-json"),
        pytest.param(400, '{"problem": "x"}', id="refusal-without-a-known-text"),
        pytest.param(500, '{"message": "Order not on file: #9"}', id="server-error"),
    ],
)
def test_neither_a_clear_yes_nor_a_clear_no_is_an_unknown_outcome(canned, make_draft, status, body):
    gateway, transport = canned((status, body))

    with pytest.raises(errors.OutcomeUnknown):
        gateway.create(make_draft())

    assert len(transport.requests) == 1


DUPLICATE = (400, '{"message": "Control number already used: 000000041"}')
OURS = {
    "pkey": 5,
    "ref_num": "CM-RMA5001",
    "status": "STAGED",
    "doc_num": "",
    "total_qty": 1,
    "total_amt": Decimal("33.00"),
    "curr_code": "GBP",
    "location": "LDN",
    "division": "WOM",
    "posted_at": "",
}


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        pytest.param((200, encode({"data": {"header": [OURS]}})), errors.OutcomeUnknown, id="ours"),
        pytest.param((200, '{"data": {"header": []}}'), errors.Rejected, id="somebody-elses"),
        pytest.param((503, "{}"), errors.OutcomeUnknown, id="cannot-be-seen-now"),
        pytest.param((200, "<html>"), errors.OutcomeUnknown, id="unreadable"),
    ],
)
def test_a_duplicate_number_is_looked_up_before_it_counts_as_a_refusal(
    canned, make_draft, answer, outcome
):
    gateway, transport = canned(DUPLICATE, answer)

    with pytest.raises(outcome):
        gateway.create(make_draft())

    assert [request.method for request in transport.requests] == ["POST", "GET"]
    assert transport.requests[1].path_url == (
        "/bluecherry/api/SimDocument?doc_type=CM&refs=CM-RMA5001"
    )


def test_a_profile_may_take_a_duplicate_number_at_its_word(canned, make_draft, profile_text):
    text = profile_text.replace("is_duplicate_looked_up = true", "is_duplicate_looked_up = false")
    gateway, transport = canned(DUPLICATE, profile_text=text)

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(make_draft())

    assert refused.value.code == "duplicate_key"
    assert len(transport.requests) == 1


RULES = [
    pytest.param('status = [409]\noutcome = "retry_later"', 409, errors.RetryLater, id="busy"),
    pytest.param(
        'match = "licence"\noutcome = "credentials"', 400, errors.Misconfigured, id="credentials"
    ),
    pytest.param('status = [404]\noutcome = "not_found"', 404, errors.NotFound, id="not-found"),
]


@pytest.mark.parametrize(("rule", "status", "outcome"), RULES)
def test_a_rule_may_name_an_outcome_of_its_own(
    canned, make_draft, profile_text, rule, status, outcome
):
    text = profile_text.replace("[[errors]]", f"[[errors]]\n{rule}\n\n[[errors]]", 1)
    gateway, _ = canned((status, '{"message": "licence"}'), profile_text=text)

    with pytest.raises(outcome):
        gateway.create(make_draft())


def test_a_rule_may_look_at_a_path_of_its_own(canned, make_draft, profile_text):
    rule = 'path = "fault.reason"\nmatch = "late"\ncode = "period_closed"\nfield = "date"'
    text = profile_text.replace("[[errors]]", f"[[errors]]\n{rule}\n\n[[errors]]", 1)
    gateway, _ = canned((422, '{"fault": {"reason": "Too late"}}'), profile_text=text)

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(make_draft())

    assert (refused.value.code, refused.value.text) == ("period_closed", "Too late")


def location_pages(*sizes):
    number = iter(range(10_000))
    return [
        (200, encode({"data": [{"location": f"L{next(number)}"} for _ in range(size)]}))
        for size in sizes
    ]


@pytest.fixture
def short_rows_profile(profile_text):
    return profile_text.replace('stop = "empty_rows"', 'stop = "short_rows"')


@pytest.mark.parametrize(
    ("sizes", "calls", "rows"),
    [
        pytest.param((3,), 1, 3, id="short-first-page"),
        pytest.param((0,), 1, 0, id="empty"),
        pytest.param((200, 1), 2, 201, id="short-second-page"),
        pytest.param((200, 200, 0), 3, 400, id="full-to-the-end"),
    ],
)
def test_reading_ends_at_a_page_with_fewer_rows_than_its_size(
    canned, short_rows_profile, sizes, calls, rows
):
    gateway, transport = canned(*location_pages(*sizes), profile_text=short_rows_profile)

    locations = gateway.list_locations()

    assert len(locations) == rows
    assert [request.path_url.partition("&")[2] for request in transport.requests] == [
        f"_pgno={number}&_pgsize=200" for number in range(1, calls + 1)
    ]


def test_the_stop_counts_rows_of_the_row_path_not_keys_around_it(canned, short_rows_profile):
    """One integration compared the page size with the keys of `data` and stopped after page one."""
    styles = [
        {"division": "WOM", "last_mod": "2026-03-05 10:00:00", "styledetail": {"rows": []}}
    ] * 200
    gateway, _ = canned(
        (200, encode({"data": {"header": styles}})),
        (200, encode({"data": {"header": styles[:199], **{str(index): [] for index in range(9)}}})),
        profile_text=short_rows_profile,
    )

    first = gateway.changed_items(since="")
    second = gateway.changed_items(since="", cursor=first.next_cursor)

    assert (first.next_cursor, second.next_cursor) == ("2;2026-03-05 10:00:00", "")


def test_where_the_cap_is_unknown_only_an_empty_page_ends_the_reading(canned):
    gateway, transport = canned(*location_pages(50, 3, 0))

    assert len(gateway.list_locations()) == 53
    assert len(transport.requests) == 3


def test_a_system_that_ignores_page_numbers_is_noticed(canned):
    (page,) = location_pages(200)
    gateway, transport = canned(page, page)

    with pytest.raises(errors.UnreadableReply) as unreadable:
        gateway.list_locations()

    assert unreadable.value.field == "paging"
    assert len(transport.requests) == 2


@pytest.mark.parametrize(
    "body",
    ['{"data": null}', "{}", "[]", '{"data": {"header": 3}}', '{"data": {"header": ["x"]}}'],
)
def test_an_answer_without_a_list_is_not_taken_for_nothing_found(canned, body):
    gateway, _ = canned((200, body))

    with pytest.raises(errors.UnreadableReply) as unreadable:
        gateway.find_documents(DocumentKind.CREDIT_MEMO, ["CM-1"])

    assert unreadable.value.field == "data.header"


def test_a_refused_read_is_unreadable_with_the_systems_words(canned):
    gateway, _ = canned((400, '{"message": "The filter cannot be read."}'))

    with pytest.raises(errors.UnreadableReply) as unreadable:
        gateway.find_orders(["#1"])

    assert "The filter cannot be read." in unreadable.value.text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"total_qty": "1.5"}, "units", id="half-a-unit"),
        pytest.param({"total_qty": True}, "units", id="not-a-number"),
        pytest.param({"total_amt": "12,50"}, "gross", id="comma-amount"),
        pytest.param({"total_amt": "NaN"}, "gross", id="nan"),
        pytest.param({"status": "PARKED"}, "status", id="new-status"),
        pytest.param({"status": None}, "status", id="no-status"),
        pytest.param({"pkey": {"id": 1}}, "external_id", id="object-for-text"),
        pytest.param({"posted_at": "yesterday"}, "posted_at", id="no-date"),
    ],
)
def test_a_fact_that_cannot_be_read_is_named_and_never_guessed(canned, changes, field):
    gateway, _ = canned((200, encode({"data": {"header": [{**OURS, **changes}]}})))

    with pytest.raises(errors.UnreadableReply) as unreadable:
        gateway.find_documents(DocumentKind.CREDIT_MEMO, ["CM-RMA5001"])

    assert unreadable.value.field == field


def test_a_rejected_document_carries_our_code_and_field(canned):
    row = {
        **OURS,
        "status": "REJECTED",
        "err_code": "E17",
        "err_field": "doc_date",
        "err_msg": "Accounting period is closed for date 03/05/2026",
    }
    strange = {**row, "pkey": 6, "err_msg": "No idea"}
    gateway, _ = canned((200, encode({"data": {"header": [row, strange]}})))

    known, unknown = gateway.find_documents(DocumentKind.CREDIT_MEMO, ["CM-RMA5001"])

    assert known.status is DocumentStatus.REJECTED
    assert (known.refusal_code, known.refusal_field) == ("period_closed", "date")
    assert (unknown.refusal_code, unknown.refusal_field) == ("E17", "doc_date")
    assert (known.external_id, unknown.external_id) == ("5", "6")


def test_times_of_the_instance_become_utc(canned, profile_text):
    text = profile_text.replace('timezone = "UTC"', 'timezone = "America/New_York"')
    row = {**OURS, "status": "POSTED", "posted_at": "2026-03-05 09:30:00"}
    gateway, _ = canned((200, encode({"data": {"header": [row]}})), profile_text=text)

    (state,) = gateway.find_documents(DocumentKind.CREDIT_MEMO, ["CM-RMA5001"])

    assert state.posted_at == datetime(2026, 3, 5, 14, 30, tzinfo=UTC)
    assert gateway.capabilities.timezone == "America/New_York"


def test_documents_are_asked_for_in_sets_of_fifty_each_key_once(canned):
    nothing = (200, '{"data": {"header": []}}')
    gateway, transport = canned(nothing, nothing, nothing)
    keys = [f"CM-{number}" for number in range(101)]

    gateway.find_documents(DocumentKind.CREDIT_MEMO, [*keys, "CM-0", " ", ""])

    asked = [request.path_url.partition("refs=")[2].split("%2C") for request in transport.requests]
    assert [len(keys) for keys in asked] == [50, 50, 1]
    assert [key for keys in asked for key in keys] == keys


def test_items_without_variants_are_read_from_the_row_itself(canned, profile_text):
    flat = profile_text.replace('lines = "styledetail.rows"\n', "")
    row = {"style": "S1", "sim_sku": "SCARF", "sim_active": "N", "division": "WOM"}
    gateway, _ = canned((200, encode({"data": {"header": [row]}})), profile_text=flat)

    (item,) = gateway.find_items(["SCARF"])

    assert (item.erp_id, item.is_active, item.is_returnable) == ("WOM|S1||||", False, True)
    assert (item.unit_cost, item.key_parts) == (None, {"style": "S1"})


def test_documents_nobody_asked_for_are_left_out(canned):
    other = {**OURS, "ref_num": "CM-OTHER"}
    gateway, _ = canned((200, encode({"data": {"header": [other, OURS]}})))

    states = gateway.find_documents(DocumentKind.CREDIT_MEMO, ["CM-RMA5001"])

    assert [state.key for state in states] == ["CM-RMA5001"]


def test_orders_of_a_system_that_ignores_the_filter_are_left_out(canned):
    order = {
        "pkey": 1,
        "ord_num": "#2",
        "customer": "WEB",
        "curr_code": "GBP",
        "sim_ord_date": "2026-02-01 00:00:00",
        "pickdetail": {"rows": []},
    }
    gateway, _ = canned((200, encode({"data": {"header": [order]}})))

    assert gateway.find_orders(["#1"]) == ()


@pytest.mark.parametrize("cursor", ["0;x", "two;", "-1;", "99999999;"])
def test_a_cursor_that_is_not_ours_is_refused(canned, cursor):
    gateway, transport = canned()

    with pytest.raises(errors.Misconfigured):
        gateway.changed_items(since="", cursor=cursor)

    assert transport.requests == []


def test_a_watermark_that_is_not_the_systems_is_refused(canned):
    gateway, transport = canned()

    with pytest.raises(errors.Misconfigured):
        gateway.changed_items(since="last week")

    assert transport.requests == []


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param(
            'secret = "subscription_key"',
            'secret = "other"',
            "The connection has no secret 'other'.",
            id="secret",
        ),
        pytest.param(
            'settings = ["vnd_id"]',
            'settings = ["vnd_id", "store"]',
            "The connection lacks the settings: store.",
            id="setting",
        ),
    ],
)
def test_a_connection_without_its_secret_or_setting_is_refused(
    make_gateway, profile_text, old, new, words
):
    with pytest.raises(errors.Misconfigured) as refused:
        make_gateway(None, profile_text=profile_text.replace(old, new))

    assert refused.value.text == words
