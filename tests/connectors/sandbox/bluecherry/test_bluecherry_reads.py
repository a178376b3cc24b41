"""The BlueCherry-like twin: who may call, documented reads, filters, pages, loading."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connectors import wire_json
from connectors.sandbox.bluecherry import KEY_HEADER
from tests.connectors.sandbox.bluecherry.bluecherry_cast import (
    get,
    headers,
    make_books,
    make_item,
    make_line,
    make_order,
    make_record,
)


def test_a_missing_and_a_wrong_key_are_refused_in_different_words(client):
    missing = client.get("/api/pick")
    wrong = client.get("/api/pick", headers={KEY_HEADER: "wrong"})

    assert (missing.status_code, missing.json["statusCode"]) == (401, 401)
    assert (wrong.status_code, wrong.json["statusCode"]) == (401, 401)
    assert missing.json["message"] != wrong.json["message"]


def test_a_write_without_a_key_keeps_nothing(client, twin):
    client.post("/api/SimCreditMemo", data=wire_json.encode([make_record()]))

    assert twin.documents() == []


def test_a_pick_carries_the_order_as_it_was_sold(client):
    (pick,) = headers(client, "/api/pick", **{"$filter": "ord_num eq '#1001'", "_include": "all"})
    (line,) = pick["pickdetail"]["rows"]

    assert pick["ord_num"] == "#1001"
    assert pick["inv_num"] == "I-77"
    assert pick["curr_code"] == "GBP"
    assert pick["sim_vat_setting"] == "prices_include_vat"
    assert pick["pick_date"] == "2026-04-02 09:11:12"
    assert pick["frgt_amt"] == Decimal("3.33")
    assert pick["sim_frgt_tax_amt"] == Decimal("0.67")
    assert pick["disc_amt"] == Decimal("1.50")
    assert pick["tax_amt"] == Decimal("4.75")
    assert [row["addr_type"] for row in pick["pickaddress"]["rows"]] == ["BT", "ST"]
    assert line["bk_qty"] == 3
    assert (line["style"], line["size_desc"], line["upc"]) == ("00042", "1", "500000000001")
    assert (line["sim_line_id"], line["line_seq"]) == ("L-1", 1)
    assert line["sim_net_amt"] == Decimal("23.75")
    assert line["sim_tax_code"] == "T1"


def test_children_come_only_when_asked_for(client):
    (pick,) = headers(client, "/api/pick", **{"$filter": "ord_num eq '#1001'"})

    assert "pickdetail" not in pick


def test_a_read_has_a_version_beside_its_data(client):
    assert set(get(client, "/api/pick")[1]) == {"version", "data"}


def test_a_style_has_its_sizes_under_the_odd_key_too(client):
    (style,) = headers(
        client, "/api/style", **{"$filter": "sim_sku eq 'SHIRT-RED-2'", "_include": "all"}
    )
    rows = style["styledetail"]["rows"]

    assert [row["sim_sku"] for row in rows] == ["SHIRT-RED-1", "SHIRT-RED-2", "SHIRT-RED-3"]
    assert [row["sim_active"] for row in rows] == ["Y", "Y", "N"]
    assert rows[0]["sim_unit_cost"] == Decimal("3.10")
    assert [row["size_desc"] for row in style["stylecolorsizes"]["rows-i"]] == ["1", "2", "3"]


def test_locations_are_a_plain_list(client):
    status, body = get(client, "/api/Location", **{"$filter": "loc_type eq 'W'"})

    assert status == 200
    assert [row["location"] for row in body["data"]] == ["W1", "W2", "W3", "W9"]
    assert body["data"][0]["sim_division"] == "01"
    assert body["data"][2]["sim_active"] == "N"


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("/api/style", "upc eq '500000000002'", 1),
        ("/api/style", "style eq '00042' and upc eq '500000000002'", 1),
        ("/api/style", "style eq '00042' and upc eq '1'", 0),
        ("/api/style", "STYLE EQ '00042'", 1),
        ("/api/style", "sim_sku eq 'none'", 0),
        ("/api/style", "last_mod gt '2026-05-04 08:59:59'", 1),
        ("/api/style", "last_mod gt '2026-05-04 09:00:00'", 0),
        ("/api/pick", "ord_num eq 'O''Hara'", 0),
        ("/api/pick", "pkey gt '9'", 2),
        ("/api/pick", "pick_date gt '2026-04-02 09:11:11'", 2),
        ("/api/pick", "pick_date gt '2026-04-02 09:11:12'", 0),
        ("/api/pick", "last_mod gt '2026-05-04 08:00:00' and ord_num eq '#1002'", 1),
    ],
)
def test_a_filter_finds_what_it_says(client, path, text, found):
    assert len(headers(client, path, **{"$filter": text})) == found


@pytest.mark.parametrize(
    "query",
    [
        {"$filter": "ord_num"},
        {"$filter": "ord_num eq #1"},
        {"$filter": "ord_num ne '1'"},
        {"$filter": "ord_num eq '1' or ord_num eq '2'"},
        {"$filter": "ord_num eq '1' and "},
        {"$filter": "colour eq 'red'"},
        {"_pgno": "0"},
        {"_pgsize": "many"},
        {"_pgsize": "9" * 5000},
    ],
)
def test_a_query_it_cannot_read_is_refused_with_a_text(client, query):
    status, body = get(client, "/api/pick", **query)

    assert status == 400
    assert list(body) == ["message"]
    assert isinstance(body["message"], str)


def test_a_quoted_quote_and_a_key_find_one_record(client, twin):
    twin.load({"orders": [make_order("O'Hara")]})
    (pick,) = headers(client, "/api/pick", **{"$filter": "ord_num eq 'O''Hara'"})

    assert headers(client, "/api/pick", pkey=str(pick["pkey"])) == [pick]


def test_pages_are_cut_in_key_order_and_capped_without_a_word(client, twin):
    twin.load({"orders": [make_order(f"P{number:03}") for number in range(250)]})

    pages = [headers(client, "/api/pick", _pgno=str(page), _pgsize="500") for page in (1, 2, 3)]
    numbers = [pick["ord_num"] for page in pages for pick in page]

    assert [len(page) for page in pages] == [200, 52, 0]
    assert len(set(numbers)) == 252
    assert len(headers(client, "/api/pick")) == 25


def test_loading_again_changes_nothing_but_what_differs(client, twin, clock):
    before = headers(client, "/api/pick", _include="all")
    clock.advance(60)

    twin.load(make_books(orders=[make_order(), make_order("#1002", customer="C1")]))
    after = headers(client, "/api/pick", _include="all")

    assert after[0] == before[0]
    assert after[1]["pkey"] == before[1]["pkey"]
    assert after[1]["customer"] == "C1"
    assert after[1]["last_mod"] == "2026-05-04 09:01:00"


def test_an_item_that_changes_its_style_leaves_the_old_one(client, twin):
    twin.load({"items": [make_item(2, style="00099")]})

    found = headers(client, "/api/style", _include="all")

    assert {
        style["style"]: [row["size_desc"] for row in style["styledetail"]["rows"]]
        for style in found
    } == {"00042": ["1", "3"], "00099": ["2"]}


@pytest.mark.parametrize(
    "lines", [[make_line(net=1.5)], [make_line(tax="much")], [make_line(quantity="x")]]
)
def test_an_order_with_an_unclear_amount_is_refused(twin, lines):
    with pytest.raises(ValueError, match=r"amount|int"):
        twin.load({"orders": [make_order(lines=lines)]})
