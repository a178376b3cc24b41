"""How a profile's calls leave: credentials, XML bodies, offsets, and refusals under status 200."""

import base64
from xml.etree import ElementTree as ET

import pytest

from connectors import errors, types
from connectors.profiled import load
from connectors.profiled.parts import OperationName
from connectors.profiled.transports.credentials import credentials
from connectors.types import DocumentKind

SHIPPED = load.shipped_text("bluecherry-rest")
HEADER_KEY = (
    'kind = "header_key"\nheader = "Ocp-Apim-Subscription-Key"\nsecret = "subscription_key"'
)
KEY = "sandbox-bluecherry-key"
FOUND = '{"data": {"header": []}}'


def with_auth(auth):
    assert HEADER_KEY in SHIPPED
    return SHIPPED.replace(HEADER_KEY, auth)


# --- who we are --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ('kind = "bearer"\nsecret = "subscription_key"', "Authorization", f"Bearer {KEY}"),
        (
            'kind = "header_key"\nheader = "X-Seal"\nsecret = "subscription_key"\nprefix = "Key "',
            "X-Seal",
            f"Key {KEY}",
        ),
        ('kind = "none"', "Authorization", None),
    ],
)
def test_a_secret_leaves_in_the_header_the_profile_names(canned, auth, header, value):
    gateway, transport = canned((200, FOUND), profile_text=with_auth(auth))

    gateway.find_orders(["#1001"])

    assert transport.requests[0].headers.get(header) == value


def test_a_key_in_the_address_is_masked_in_the_evidence(canned):
    auth = 'kind = "query_key"\nparameter = "apikey"\nsecret = "subscription_key"'
    gateway, transport = canned((500, "{}"), profile_text=with_auth(auth))

    with pytest.raises(errors.RetryLater) as failed:
        gateway.find_orders(["#1001"])

    assert f"apikey={KEY}" in transport.requests[0].url
    assert KEY not in str(failed.value.evidence)


def test_a_secret_the_connection_lacks_is_named(make_gateway):
    auth = 'kind = "basic"\nuser = "subscription_key"\npassword = "pin"'

    with pytest.raises(errors.Misconfigured, match="has no secret 'pin'"):
        make_gateway(None, profile_text=with_auth(auth))


def test_a_login_in_the_body_is_masked_in_preview_and_evidence(canned, make_draft):
    auth = 'kind = "in_body"\nsecrets = ["subscription_key"]'
    text = with_auth(auth).replace(
        'vnd_qual = { const = "ZZ" }', 'pass = { from = "secret.subscription_key" }'
    )
    gateway, transport = canned((500, "{}"), profile_text=text)

    preview = gateway.preview(make_draft())
    with pytest.raises(errors.OutcomeUnknown) as failed:
        gateway.create(make_draft())

    assert f'"pass": "{KEY}"' in transport.requests[0].body.decode()
    assert '"pass": "***"' in preview
    assert KEY not in str(failed.value.evidence)


@pytest.mark.parametrize(
    ("auth", "words"),
    [
        (HEADER_KEY, "'subscription_key' is not in the secrets of [auth] kind = 'in_body'"),
        ('kind = "in_body"\nsecrets = ["pin"]', "'subscription_key' is not in the secrets"),
        ('kind = "basic"\nuser = "a"\npassword = "a"', "the names of two secrets"),
    ],
)
def test_a_secret_stands_only_where_the_profile_says_so(auth, words):
    text = with_auth(auth).replace(
        'vnd_qual = { const = "ZZ" }', 'pass = { from = "secret.subscription_key" }'
    )

    with pytest.raises(load.ProfileError) as refused:
        load.loads(text)

    assert words in " ".join(refused.value.problems)


@pytest.mark.parametrize("name", ["Authorization", "content-type", "X Y"])
def test_headers_of_ours_cannot_be_set_by_a_profile(name):
    text = SHIPPED.replace(
        'kind = "rest_json"', f'kind = "rest_json"\nheaders = {{ "{name}" = "x" }}'
    )

    with pytest.raises(load.ProfileError, match="cannot be set here"):
        load.loads(text)


# --- pages -------------------------------------------------------------------------------------

ORDERS_PAGED = 'paging = { page = "_pgno", size_param = "_pgsize", size = 25, stop = "short_rows" }'


def paged(paging):
    start = SHIPPED.index("[operations.find_order]")
    return SHIPPED[:start] + SHIPPED[start:].replace(ORDERS_PAGED, f"paging = {paging}", 1)


def page(*numbers, following=None):
    rows = ", ".join(f'{{"ord_num": "{number}"}}' for number in numbers)
    after = f'"{following}"' if following else "null"
    return (200, f'{{"data": {{"header": [{rows}]}}, "next": {after}}}')


def queries(transport):
    return [request.url.partition("_include=all")[2] for request in transport.requests]


def numbers(gateway):
    operation, request = gateway._book.to_read("find_order")
    found = gateway._pages.all_rows(OperationName.FIND_ORDER, operation, request, {"number": "#1"})
    return [row["ord_num"] for row, _ in found]


def test_pages_by_offset_pass_over_the_rows_before(canned):
    text = paged('{ kind = "offset", offset = "from", size_param = "limit", size = 2 }')
    gateway, transport = canned(page("a", "b"), page("c"), profile_text=text)

    assert numbers(gateway) == ["a", "b", "c"]
    assert queries(transport) == ["&from=0&limit=2", "&from=2&limit=2"]


def test_pages_by_cursor_go_where_the_page_before_says(canned):
    text = paged('{ kind = "cursor", cursor = "after", next = "next" }')
    gateway, transport = canned(page("a", following="x/1"), page("b"), profile_text=text)

    assert numbers(gateway) == ["a", "b"]
    assert queries(transport) == ["", "&after=x%2F1"]


def test_a_cursor_that_leads_to_its_own_page_is_unreadable(canned):
    text = paged('{ kind = "cursor", cursor = "after", next = "next" }')
    gateway, _ = canned(page("a", following="x"), page("b", following="x"), profile_text=text)

    with pytest.raises(errors.UnreadableReply, match="is that of this page"):
        numbers(gateway)


# --- XML ---------------------------------------------------------------------------------------

XML = """kind = "rest_xml"
root = "Message"
lists = ["data.header", "pickdetail.rows", "detail.tax_lines"]
charset = "ISO-8859-1"
headers = { "X-Shop" = "north" }"""


def in_xml(transport=XML):
    text = SHIPPED.replace('kind = "rest_json"', transport).replace(", wrap_in_array = true", "")
    return text.replace('vnd_qual = { const = "ZZ" }', '"@vnd_qual" = { const = "ZZ" }')


def test_a_body_is_a_document_of_elements_and_attributes(canned, make_draft):
    gateway, transport = canned((200, "<Answer><pkey>7</pkey></Answer>"), profile_text=in_xml())

    receipt = gateway.create(make_draft(note="Größe & Länge"))

    (request,) = transport.requests
    sent = ET.fromstring(request.body)
    assert request.headers["Content-Type"] == "application/xml; charset=ISO-8859-1"
    assert request.headers["X-Shop"] == "north"
    assert request.body.startswith(b"<?xml version='1.0' encoding='ISO-8859-1'?>")
    assert (sent.tag, sent.attrib, sent.find("note").text) == (
        "Message",
        {"vnd_qual": "ZZ"},
        "Größe & Länge",
    )
    assert [line.find("net_amt").text for line in sent.findall("detail")] == ["27.50"]
    assert receipt.external_id == "7"


def test_a_reply_in_another_charset_is_read_by_its_own_word(canned):
    answer = "<Answer><message>Location not on file: Köln</message></Answer>"
    gateway, _ = canned((400, answer), profile_text=in_xml())

    with pytest.raises(errors.UnreadableReply, match="Location not on file: Köln"):
        gateway.find_orders(["#1"])


def test_a_refusal_under_status_200_is_known_by_its_own_test(canned, make_draft):
    text = SHIPPED.replace("[labels]", "[refusal]\npath = \"state == 'bad'\"\n\n[labels]", 1)
    answer = '{"state": "bad", "pkey": 9, "message": "Accounting period is closed"}'
    gateway, _ = canned((200, answer), profile_text=text)

    with pytest.raises(errors.Rejected) as refused:
        gateway.create(make_draft())

    assert (refused.value.code, refused.value.text) == (
        "period_closed",
        "Accounting period is closed",
    )


def test_a_find_that_is_refused_found_nothing_only_where_the_profile_says_so(canned):
    text = SHIPPED.replace('applies_to = "[0-9]{8,14}"', "none_when_not_found = true", 1)
    answer = (404, '{"message": "upc not on file: GHOST"}')
    gateway, _ = canned((200, FOUND), answer, profile_text=text)
    strict, _ = canned((404, '{"message": "sku not on file: GHOST"}'))

    assert gateway.find_items(["GHOST"]) == ()
    with pytest.raises(errors.NotFound):
        strict.find_items(["GHOST"])


def test_a_value_stands_in_where_the_table_does_not_know_the_first(canned, make_draft):
    text = SHIPPED.replace(
        'location = { from = "draft.warehouse", omit_if_empty = true }',
        'location = { from = "draft.division", lookup = "place", else_from = "draft.warehouse" }',
    ).replace(
        "[lookups.document_type.values]",
        '[lookups.place.values]\nMEN = "M1"\n\n[lookups.document_type.values]',
    )
    gateway, _ = canned(profile_text=text)

    assert '"location": "LDN"' in gateway.preview(make_draft(DocumentKind.STOCK_RECEIPT))
    assert '"location": "M1"' in gateway.preview(
        make_draft(DocumentKind.STOCK_RECEIPT, division="MEN")
    )


def test_the_gross_of_a_line_and_the_documents_before_it_can_be_sent(canned, make_draft):
    text = SHIPPED.replace(
        'net_amt = { from = "line.net", as = "decimal" }',
        'net_amt = { from = "line.gross", as = "decimal" }',
    ).replace("draft.authorisation_number", "draft.based_on.return_authorisation")
    gateway, _ = canned(profile_text=text)

    preview = gateway.preview(make_draft(based_on={"return_authorisation": "1042"}))

    assert '"net_amt": 33.00' in preview
    assert '"ra_num": "1042"' in preview


def test_user_and_password_open_a_proxy(make_gateway):
    text = with_auth('kind = "basic"\nuser = "user"\npassword = "password"')
    config = types.ConnectionConfig(
        kind="bluecherry",
        base_url="http://127.0.0.1:8999/bluecherry",
        secrets={"user": "u", "password": "p:w"},
    )

    found = credentials(load.loads(text).profile, config)

    pair = base64.b64encode(b"u:p:w").decode()
    assert found.headers == {"Authorization": f"Basic {pair}"}
    assert pair in found.masked
