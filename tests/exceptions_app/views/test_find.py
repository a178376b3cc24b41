"""The box that finds: where Enter leads, what is offered, who sees what, without scripts."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import dateformat

from tests import factories
from tests.bench import crowd
from tests.cast import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def cleo(client):
    user = make_user("cleo")
    client.force_login(user)
    return user


def test_one_return_is_opened_at_once_and_says_by_what_it_was_found(client, cleo):
    rma = factories.RmaFactory()
    factories.ShipmentFactory(rma=rma, tracking_number="H00E77")

    answer = client.get("/find/", {"q": "h00e77"})

    assert answer.status_code == 302
    assert answer.url == f"/returns/{rma.pk}/?by=parcel"
    assert "Found by parcel." in client.get(answer.url).text


def test_a_return_opened_by_a_beginning_says_that_it_is_one(client, cleo):
    rma = factories.RmaFactory(order_name="AW-7100")

    answer = client.get("/find/", {"q": "aw-71"})

    assert answer.url == f"/returns/{rma.pk}/?by=order&part=1"
    assert "Found by part of its order." in client.get(answer.url).text


def test_an_abbreviation_keeps_its_capitals(client, cleo):
    line = factories.RmaLineFactory(sku="TEE-1")

    assert "Found by SKU." in client.get(f"/returns/{line.rma_id}/", {"by": "sku"}).text


def test_an_address_never_carries_the_e_mail_on(client, cleo):
    factories.RmaFactory(customer_email="amara@example.com")

    answer = client.get("/find/", {"q": "amara@example.com"})

    assert answer.status_code == 302
    assert "amara" not in answer.url


def test_a_hit_names_its_items_and_when_the_return_was_asked_for(client, cleo):
    for number in ("AW-71", "AW-72"):
        rma = factories.RmaFactory(order_name=number)
        factories.RmaLineFactory(rma=rma, name="Black tee M", quantity=2)
    factories.RmaLineFactory(rma=rma, name="", sku="MUG", quantity=3)
    day = dateformat.format(rma.requested_at, "j M Y")

    page = client.get("/find/", {"q": "aw-7"}).text
    options = client.get("/find/options/", {"q": "aw-7"}).text

    for text in (page, options):
        assert "2 × Black tee M and 3 more" in text
        assert day in text
    assert f"Asked for {day}" in page


def test_several_are_listed_with_what_matched_and_the_sentence(client, cleo):
    for number in ("AW-71", "AW-72"):
        factories.RefundFactory(rma=factories.RmaFactory(order_name=number))

    answer = client.get("/find/", {"q": "aw-7"})

    assert "2 returns" in answer.text
    assert "Order AW-71" in answer.text
    assert "Begins like this" in answer.text
    assert answer.text.count("Your refund of £20.00 has been made") == 2
    assert "/returns/?q=aw-7" in answer.text


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("cleo", "e-mail addresses and names"),
        ("wanda", "only when they are given whole"),
    ],
)
def test_nothing_found_says_what_was_looked_at_and_what_to_try(client, name, words):
    client.force_login(make_user(name))

    answer = client.get("/find/", {"q": "nothing-like-it"})

    assert "No return has “nothing-like-it” as one of its numbers" in answer.text
    assert words in answer.text
    assert "Try the order number" in answer.text


def test_without_a_text_the_page_lists_the_pages_of_the_role(client, cleo):
    text = client.get("/find/").text

    assert 'href="/exceptions/"' in text
    main = text.partition("<main")[2]
    assert "Operations" not in main


def test_the_options_are_those_of_a_listbox_and_hold_no_links(client, cleo):
    rma = factories.RmaFactory(external_id="5001")

    text = client.get("/find/options/", {"q": "5001"}).text

    assert f'id="find-return-{rma.pk}" data-url="/returns/{rma.pk}/?by=return"' in text
    assert 'role="option"' in text
    assert "<a " not in text
    assert 'aria-label="Pages"' not in text


def test_the_palette_offers_pages_by_role_as_well(client, cleo):
    everything = client.get("/find/options/", {"all": "1"}).text
    some = client.get("/find/options/", {"all": "1", "q": "manu"}).text

    assert 'data-url="/exceptions/"' in everything
    assert 'data-url="/operations/"' not in everything
    assert 'data-url="/manual/"' in some
    assert 'data-url="/exceptions/"' not in some


def test_one_character_is_not_looked_up(client, cleo):
    factories.RmaFactory(external_id="5")

    assert "option" not in client.get("/find/options/", {"q": "5"}).text


@pytest.mark.parametrize("path", ["/find/", "/find/options/"])
def test_a_role_without_the_right_sees_no_person(client, path):
    for number in ("AW-71", "AW-72"):
        factories.RmaFactory(order_name=number)
    client.force_login(make_user("finn"))

    text = client.get(path, {"q": "AW-7"}).text

    assert "AW-71" in text
    assert "cara@example.com" not in text
    assert "Cara Customer" not in text


def test_a_name_is_never_markup(client, cleo):
    for _ in range(2):
        factories.RmaFactory(customer_name="<b>Eve", order_name="AW-7")

    for path in ("/find/", "/find/options/"):
        assert "<b>Eve" not in client.get(path, {"q": "AW-7"}).text


def queries(client, text):
    with CaptureQueriesContext(database) as captured:
        assert client.get("/find/options/", {"q": text}).status_code == 200
    return len(captured)


def test_a_letter_typed_asks_for_no_figure_of_the_frame(client, cleo):
    factories.RmaLineFactory(rma=factories.RmaFactory(order_name="AW-71"))

    # Session, and person with roles; the look-up; the return with all its sentence rests on, and
    # the mappings of its bridge.
    assert queries(client, "AW-7") == 5


def test_the_palette_asks_four_at_most_for_an_exceptions_number_too(client):
    client.force_login(make_user("boss", "admin"))
    case = factories.CaseFactory()
    factories.RmaFactory(order_name=f"EX-{case.pk}")
    address = f"/find/options/?all=1&q=EX-{case.pk}"

    with CaptureQueriesContext(database) as captured:
        text = client.get(address).text

    # Those of every page, and besides these the names of the bridges, whose policies are offered.
    assert len(captured) == 2 + 4
    assert f"palette-case-{case.pk}" in text
    assert "palette-return-" in text


def test_ten_thousand_returns_cost_as_many_queries_as_ten(client, cleo):
    bridge = crowd.fill(10)
    few = queries(client, "CO-")
    few_by_name = queries(client, "cara")

    crowd.fill(9_990, bridge=bridge)

    assert queries(client, "CO-") == few
    assert queries(client, "cara") == few_by_name


def test_the_palette_finds_the_policy_of_a_bridge_for_who_may_read_it(client):
    bridge = factories.BridgeFactory(name="Alder UK")
    factories.BridgeFactory(name="Alder old", is_active=False)
    address = f"/admin/bridges/{bridge.pk}/policy/"

    client.force_login(make_user("finn"))
    found = client.get("/find/options/", {"all": "1", "q": "policy"}).text
    by_name = client.get("/find/options/", {"all": "1", "q": "alder"}).text
    plain = client.get("/find/options/", {"all": "1"}).text
    client.force_login(make_user("cleo"))
    hidden = client.get("/find/options/", {"all": "1", "q": "policy"}).text

    assert address in found
    assert address in by_name
    assert "Alder old" not in found
    assert address not in plain
    assert address not in hidden


def _parked(state="parked"):
    event = factories.InboundEventFactory(subject_id="4250", state=state)
    case = factories.CaseFactory(
        rma=None,
        bridge=None,
        event=event,
        subject=f"event:{event.connection_id}:4250",
        title="ReturnGO lists an item of return 4250 twice, and not alike",
        group=factories.CauseGroupFactory(type="PAYLOAD_INVALID"),
    )
    return event, case


@pytest.mark.parametrize("text", ["4250", "RMA4250", "rma-4250"])
def test_a_return_that_is_only_parked_leads_to_its_exception_and_its_message(client, text):
    event, case = _parked()
    factories.InboundEventFactory(subject_id="4250", state="processed")
    client.force_login(make_user("ines"))

    page = client.get("/find/", {"q": text})
    offered = client.get("/find/options/", {"q": text}).text

    assert page.status_code == 200
    assert [each.pk for each in page.context["found"].cases] == [case.pk]
    assert [each.pk for each in page.context["found"].parked] == [event.pk]
    assert f'href="/operations/inbox/{event.pk}/"' in page.text
    assert f"<b>EX-{case.pk}</b>" in offered
    assert client.get("/exceptions/", {"q": text, "view": "list"}).text.count(case.title) >= 1


def test_what_is_parked_is_found_by_its_whole_number_only_and_shown_to_who_may_see_it(client, cleo):
    event, case = _parked(state="given_up")

    page = client.get("/find/", {"q": "4250"})

    assert f"EX-{case.pk}" in page.text
    assert f"/operations/inbox/{event.pk}/" not in page.text
    assert client.get("/find/", {"q": "425"}).context["found"].parked == ()
