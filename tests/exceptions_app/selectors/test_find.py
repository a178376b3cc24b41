"""Every number a person may quote: what it matches, in which order, and by which index."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from exceptions_app.models import ExchangeOrder, Rma, RmaLine
from exceptions_app.selectors import find, lookups, returns, sayings
from tests import factories, plans
from tests.bench import crowd

pytestmark = pytest.mark.django_db


@pytest.fixture
def known():
    """A return with one of every number, beside one that shares none."""
    rma = factories.RmaFactory(external_id="5001", order_name="#1041", order_id="778899")
    order = factories.SalesOrderFactory(number="SO-92207", invoice_number="INV-338560")
    Rma.objects.filter(pk=rma.pk).update(sales_order=order)
    factories.RmaLineFactory(rma=rma, sku="TEE-BLK-M", barcode="5012345678900")
    factories.RefundFactory(rma=rma, external_id="900777", reference="re_3abc")
    factories.ShipmentFactory(rma=rma, tracking_number="H00E7712940318")
    factories.PostingFactory(rma=rma, number="CM-20418", key="RB-uk-1")
    ExchangeOrder.objects.create(rma=rma, number="EO-30911", order_id="4455", kind="Exchange")
    factories.RmaFactory(
        external_id="6002",
        order_name="ZZ-1",
        order_id="1",
        customer_name="Bo",
        customer_email="bo@else.test",
    )
    return rma


def look(text, *, is_personal_shown=True, limit=8):
    return find.find(text=text, is_personal_shown=is_personal_shown, limit=limit)


def seen(found):
    return [(match.kind, match.value, match.is_exact) for match in found.matches]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("5001", "return", "5001"),
        ("RMA5001", "return", "5001"),
        ("rma-5001", "return", "5001"),
        ("1041", "order", "#1041"),
        ("#1041", "order", "#1041"),
        ("778899", "order_id", "778899"),
        ("CARA@example.com", "email", "cara@example.com"),
        ("h00e 7712 940318", "parcel", "H00E7712940318"),
        ("900777", "refund", "900777"),
        ("RE_3ABC", "reference", "re_3abc"),
        ("cm-20418", "document", "CM-20418"),
        ("rb-uk-1", "key", "RB-uk-1"),
        ("eo-30911", "exchange", "EO-30911"),
        ("4455", "exchange_id", "4455"),
        ("so-92207", "erp_order", "SO-92207"),
        ("inv-338560", "invoice", "INV-338560"),
        ("tee-blk-m", "sku", "TEE-BLK-M"),
        ("5012345678900", "barcode", "5012345678900"),
    ],
)
def test_a_whole_number_is_found_in_any_case_and_says_what_it_is(known, text, kind, value):
    found = look(text)

    assert seen(found) == [(kind, value, True)]
    assert found.only is not None
    assert found.only.rma_id == known.pk


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("500", "return"),
        ("rma500", "return"),
        ("104", "order"),
        ("cara@", "email"),
        ("H00E77", "parcel"),
        ("9007", "refund"),
        ("CM-2", "document"),
        ("EO-3", "exchange"),
        ("INV-", "invoice"),
        ("tee-", "sku"),
        ("Cara Cust", "name"),
        ("customer", "name"),
    ],
)
def test_a_beginning_is_found_and_said_to_be_one(known, text, kind):
    found = look(text)

    assert [(match.rma_id, match.kind, match.is_exact) for match in found.matches] == [
        (known.pk, kind, False)
    ]


@pytest.mark.parametrize("text", ["50", "", "   ", "\0", "%", "_001", "001", "- -", "'; --"])
def test_two_characters_middles_and_wildcards_find_nothing(known, text):
    assert look(text).matches == ()


def test_the_exact_number_comes_before_beginnings():
    longer = factories.RmaFactory(external_id="50012")
    exact = factories.RmaFactory(external_id="5001")

    found = look("5001")

    assert [match.rma_id for match in found.matches] == [exact.pk, longer.pk]
    assert found.only is not None
    assert found.only.rma_id == exact.pk


def test_two_exact_ones_lead_nowhere_at_once():
    for _ in range(2):
        factories.RmaFactory(order_name="AW-7")

    assert look("AW-7").only is None


def test_a_return_is_listed_once_by_the_first_that_matches():
    rma = factories.RmaFactory(external_id="7001", order_name="7001", order_id="7001")

    assert [(match.rma_id, match.kind) for match in look("7001").matches] == [(rma.pk, "return")]


def test_more_than_fit_are_said_to_be_more_and_the_newest_of_a_sku_come_first():
    made = [factories.RmaLineFactory(sku="TEE").rma_id for _ in range(5)]

    found = look("tee", limit=3)

    assert [match.rma_id for match in found.matches] == made[:1:-1]
    assert found.has_more


@pytest.mark.parametrize("text", ["cara@", "cara@example.co", "H00E77", "Cara", "Cara Customer"])
def test_without_the_right_nobody_guesses_a_person_letter_by_letter(known, text):
    assert look(text, is_personal_shown=False).matches == ()
    assert find.rma_ids(text=text, is_personal_shown=False, limit=10) == []


@pytest.mark.parametrize(
    ("text", "masked"),
    [("cara@example.com", "c…@example.com"), ("H00E7712940318", "H…")],
)
def test_without_the_right_a_whole_address_is_found_and_not_repeated(known, text, masked):
    found = look(text, is_personal_shown=False)

    assert [match.value for match in found.matches] == [masked]


def test_an_exception_is_found_by_its_number():
    case = factories.CaseFactory()

    found = look(f"ex-{case.pk}")

    assert [each.pk for each in found.cases] == [case.pk]
    assert found.only is None


@pytest.mark.parametrize("text", ["007712940318", "0077 1294 0318", "0077-1294-0318"])
def test_a_parcel_is_found_by_its_digits_alone_whole_or_from_their_beginning(known, text):
    assert seen(look(text)) == [("digits", "H00E7712940318", True)]
    assert seen(look("007712")) == [("digits", "H00E7712940318", False)]


@pytest.mark.parametrize("text", ["00771", "E7712940318", "7712940318"])
def test_fewer_than_six_digits_or_digits_from_the_middle_are_no_parcel(known, text):
    assert look(text).matches == ()


@pytest.mark.parametrize("text", ["H00E77", "007712"])
def test_who_receives_parcels_finds_them_by_a_part_and_reads_their_number(known, text):
    unseen = look(text, is_personal_shown=False)
    found = find.find(text=text, is_personal_shown=False, is_parcel_shown=True, limit=8)

    assert unseen.matches == ()
    assert [(match.rma_id, match.value) for match in found.matches] == [
        (known.pk, "H00E7712940318")
    ]
    # Names and addresses stay what they were.
    assert not find.find(
        text="cara@", is_personal_shown=False, is_parcel_shown=True, limit=8
    ).matches


DIGITS = "007712940318"
INDEXES = {
    "return": "rma_find_number",
    "order": "rma_find_order",
    "order_id": "rma_find_order_id",
    "email": "rma_find_email",
    "parcel": "shipment_find_number",
    "digits": "shipment_find_digits",
    "refund": "refund_find_number",
    "reference": "refund_find_reference",
    "document": "posting_find_number",
    "key": "posting_find_key",
    "exchange": "exchange_find_number",
    "exchange_id": "exchange_find_order_id",
    "erp_order": "order_find_number",
    "invoice": "order_find_invoice",
    "sku": "rma_line_find_sku",
    "barcode": "rma_line_find_barcode",
}


@pytest.mark.parametrize("kind", INDEXES)
def test_a_whole_number_is_looked_up_in_its_own_index(known, kind):
    text = DIGITS if kind == "digits" else "TEE-BLK"

    assert INDEXES[kind] in plans.indexes_of(lookups.exact_rows(text, 9)[kind])


@pytest.mark.parametrize("kind", INDEXES)
def test_a_beginning_is_a_range_of_the_same_index(known, kind):
    text = DIGITS if kind == "digits" else "TEE-BLK"
    rows = lookups.beginning_rows(text, 9)[kind, text]

    assert INDEXES[kind] in plans.indexes_of(rows)


def test_every_lookup_has_its_index_named_here():
    assert list(INDEXES) == [lookup.kind for lookup in lookups.LOOKUPS]


def test_names_are_read_by_the_index_of_their_words(known):
    assert plans.indexes_of(lookups.named(("cara", "cust"))) == {"rma_find_name"}


def test_a_name_nobody_has_is_not_looked_for_in_every_return():
    rma = factories.RmaFactory()
    Rma.objects.bulk_create(
        crowd.like(rma, external_id=f"9{n}", customer_name=f"Bo {n % 7}") for n in range(3_000)
    )
    plans.analyse()

    assert plans.rows_read(asked_for("zoranobody")) < 100


def asked_for(text):
    with CaptureQueriesContext(database) as captured:
        look(text)
    return [row["sql"] for row in captured.captured_queries]


def test_what_begins_thousands_of_numbers_reads_no_more_than_it_may_show():
    bridge = factories.BridgeFactory()
    rma = factories.RmaFactory(bridge=bridge)
    Rma.objects.bulk_create(
        crowd.like(rma, external_id=f"500{n}", customer_name=f"Bo {n}") for n in range(3_000)
    )
    line = factories.RmaLineFactory(rma=rma)
    RmaLine.objects.bulk_create(
        crowd.like(line, rma_id=pk, sku=f"TEE-{pk}")
        for pk in Rma.objects.exclude(pk=rma.pk).values_list("pk", flat=True)
    )
    plans.analyse()

    # Nine of each look-up at most, once in the index and once beside it; and the newest returns,
    # whose names are asked first.
    most = 20 * len(lookups.LOOKUPS) + 2 * lookups.NEWEST
    texts = ["RMA", "RMA5", "rma-5", "RMA50", "tee", "500"]
    read = {text: plans.rows_read(asked_for(text)) for text in texts}
    assert {text: rows for text, rows in read.items() if rows >= most} == {}


def test_a_name_is_found_among_the_newest_and_behind_them():
    bridge = factories.BridgeFactory()
    old, *others = [
        factories.RmaFactory(bridge=bridge, customer_name=name)
        for name in ("Zed Grey", "Cara Blue", "Cara Blue", "Cara Blue", "Cara Blue", "Cara Blue")
    ]

    def named(*words, limit):
        return [row[1] for row in lookups.name_rows(words, limit, newest=0)]

    # Three are the newest for a list of one.
    assert named("zed", limit=1) == [old.pk]
    assert named("cara", limit=1) == [others[-1].pk]
    assert named("grey", "zed", limit=9) == [old.pk]
    assert named("cara", limit=9) == [rma.pk for rma in reversed(others)]
    assert named("nobody", limit=1) == []


def test_a_word_on_very_many_returns_is_never_looked_for_behind_the_newest():
    rma = factories.RmaFactory(customer_name="Cara Blue")
    Rma.objects.bulk_create(crowd.like(rma, external_id=f"N{n}") for n in range(1_500))
    plans.analyse()

    with CaptureQueriesContext(database) as asked:
        list(lookups.name_rows(("cara",), 9))

    (sql,) = [row["sql"] for row in asked.captured_queries]
    whole = next(node for node in plans.nodes(plans.plan(sql)) if node["Node Type"] == "Append")
    assert [branch["Actual Loops"] for branch in whole["Plans"]] == [1, 0]


@pytest.mark.parametrize("text", ["RMA5", "rma-5", "RMA 50"])
def test_a_number_too_short_to_begin_with_stays_so_behind_its_letters(known, text):
    assert look(text).matches == ()


def test_rma_is_left_out_only_in_front():
    factories.RmaFactory(external_id="KA7", order_name="KA7", order_id="KA7")

    assert look("KARMA7").matches == ()


@pytest.mark.parametrize("is_personal_shown", [True, False])
def test_a_look_costs_one_query_also_for_an_exceptions_number(
    known, django_assert_num_queries, is_personal_shown
):
    with django_assert_num_queries(1):
        look("TEE", is_personal_shown=is_personal_shown)
    with django_assert_num_queries(1):
        look("EX-12", is_personal_shown=is_personal_shown)


def test_hits_say_the_sentence_of_the_page(known):
    factories.MappingFactory(
        bridge=known.bridge, kind="status", source_value="Validated", target={"axis": "authorised"}
    )
    factories.CaseFactory(rma=known, team="finance")
    now = timezone.now()

    (told,) = sayings.of([known.pk], now=now).values()
    said = told.saying
    page = returns.get(rma_id=known.pk, now=now, has_attempts=False)

    assert said.text == page.sentence
    assert "Your refund of £20.00 has been made" in said.short


def test_the_sentences_of_twenty_cost_what_those_of_two_do(django_assert_num_queries):
    bridges = [factories.BridgeFactory() for _ in range(3)]
    made = []
    for count in (2, 18):
        for place in range(count):
            rma = factories.RmaFactory(bridge=bridges[place % 3])
            factories.RefundFactory(rma=rma)
            made.append(rma.pk)
        # The returns with all that is beside them, and the mappings of their bridges.
        with django_assert_num_queries(2):
            assert list(sayings.of(made, now=timezone.now())) == sorted(made, reverse=True)
