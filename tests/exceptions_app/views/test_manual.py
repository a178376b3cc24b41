import pytest

from exceptions_app import permissions
from exceptions_app.catalogue import CATALOGUE
from exceptions_app.catalogue.entry import LINKS
from exceptions_app.choices import FixKind, Role
from exceptions_app.models import Bridge
from exceptions_app.rules.policy import OPTIONS
from exceptions_app.views import manual_data, manual_words
from exceptions_app.views.manual import general
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def cleo(client):
    client.force_login(make_user("cleo"))


def codes_on(page):
    return {row["entry"].code for chapter in page.context["chapters"] for row in chapter["rows"]}


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_every_type_has_a_page_without_a_place_left_open(client, code):
    page = client.get(f"/manual/{code}/")

    assert page.status_code == 200
    assert CATALOGUE[code].team.label in page.text
    assert "{" not in "".join(
        [page.context["sentence"], page.context["title"], page.context["closes_by"]]
        + [step["text"] for step in page.context["steps"]]
    )


def test_the_index_names_every_type_once_under_its_owner(client):
    chapters = client.get("/manual/").context["chapters"]

    shown = [
        (chapter["code"], row["entry"].code) for chapter in chapters for row in chapter["rows"]
    ]

    assert sorted(shown, key=lambda pair: pair[1]) == [
        (entry.team.value, code) for code, entry in CATALOGUE.items()
    ]


def test_the_index_counts_what_is_open(client):
    factories.CaseFactory()
    factories.CaseFactory(status="resolved")

    chapters = client.get("/manual/").context["chapters"]

    counts = {row["entry"].code: row["count"] for chapter in chapters for row in chapter["rows"]}
    assert counts["SKU_UNKNOWN"] == 1
    assert sum(counts.values()) == 1


@pytest.mark.parametrize("code", ["NOPE", "sku_unknown", "%00"])
def test_a_type_that_is_not_in_the_catalogue_is_a_404(client, code):
    assert client.get(f"/manual/{code}/").status_code == 404


def test_places_are_named_and_sentences_begin_with_a_capital():
    assert general("{erp} lacks {sku}. {platform} knows.") == (
        "The ERP lacks [sku]. The returns platform knows."
    )


# --- Finding a playbook ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        pytest.param("unknown SKU", "SKU_UNKNOWN", id="its few words"),
        pytest.param("sku_unknown", "SKU_UNKNOWN", id="its code"),
        pytest.param("no answer came", "OUTCOME_UNKNOWN", id="words of its meaning"),
        pytest.param("accept difference", "REFUND_CM_MISMATCH", id="what one may do"),
    ],
)
def test_a_playbook_is_found_by_what_it_says(client, typed, code):
    found = client.get("/manual/", {"q": typed})

    assert code in codes_on(found)
    assert len(codes_on(found)) < len(CATALOGUE)
    assert f"mentions “{typed}”" in found.text or f"mention “{typed}”" in found.text


def test_what_nobody_wrote_about_is_not_found_and_the_way_back_is_shown(client):
    found = client.get("/manual/", {"q": "<zebra>"})

    assert codes_on(found) == set()
    assert "No playbook mentions this" in found.text
    assert "<zebra>" not in found.text


# --- A playbook ------------------------------------------------------------------------------


def test_each_change_names_who_may_ask_and_who_must_agree(client):
    make_user("mira")
    make_user("mona")

    (action,) = client.get("/manual/SKU_UNKNOWN/").context["actions"]

    assert action["label"] == FixKind.SKU_ALIAS.label
    assert action["askers"] == "Merchandising, Admin"
    (approval,) = action["approvals"]
    assert (approval["where"], approval["approvers"]) == ("", ["Mira", "Mona"])
    assert not action["is_mine"]


def test_a_bridge_that_asks_for_more_approval_is_named_and_the_others_stand_together(client):
    own = {"approvals": {"SKU_UNKNOWN": "two"}}
    factories.BridgeFactory(name="Alder UK", policy=own)
    factories.BridgeFactory.create_batch(2)

    page = client.get("/manual/SKU_UNKNOWN/")

    (action,) = page.context["actions"]
    assert [(each["where"], str(each["approval"])) for each in action["approvals"]] == [
        ("Alder UK", "Two others from finance must agree"),
        ("Elsewhere", "Another person who could have made the change must agree"),
    ]
    assert "<b>Alder UK:</b> Two others from finance must agree" in page.text
    Bridge.objects.update(policy=own)
    (action,) = client.get("/manual/SKU_UNKNOWN/").context["actions"]
    assert [(each["where"], each["level"]) for each in action["approvals"]] == [("", "two")]


def test_the_whole_manual_is_one_page_with_contents_of_every_type(client, count_queries):
    factories.BridgeFactory(policy={"approvals": {"SKU_UNKNOWN": "two"}})
    few = count_queries("/manual/all/")
    factories.BridgeFactory(name="Birch")
    page = client.get("/manual/all/")

    assert count_queries("/manual/all/") == few
    for code, entry in CATALOGUE.items():
        assert page.text.count(f'href="#{code}"') == page.text.count(f'<h3 id="{code}">') == 1
        assert f"<code>{entry.code}</code>" in page.text
    assert "Two others from finance must agree" in page.text
    assert 'href="/manual/all/"' in client.get("/manual/").text


@pytest.mark.parametrize("kind", FixKind.values)
def test_the_approval_named_is_the_one_the_rule_asks_for(kind):
    assert manual_data.approval_level(kind) in manual_words.APPROVALS


def test_someone_who_left_is_no_longer_named(client):
    finn = make_user("finn")
    assert "Finn" in client.get("/manual/REFUND_CM_MISMATCH/").text

    finn.is_active = False
    finn.save()

    assert "Finn" not in client.get("/manual/REFUND_CM_MISMATCH/").text


def test_a_step_leads_only_where_the_reader_may_go(client):
    def steps():
        return client.get("/manual/OUTCOME_UNKNOWN/").context["steps"]

    assert "url" not in steps()[0]

    client.force_login(make_user("ines"))

    assert steps()[0]["url"] == "/operations/postings/"


def test_every_link_of_a_playbook_has_its_page():
    assert set(manual_words.PAGES) == LINKS


def test_a_changed_policy_changes_the_playbook(client):
    bridge = factories.BridgeFactory()

    def grace():
        page = client.get("/manual/REFUND_NO_CM/")
        return {policy["label"]: policy["values"][0][0] for policy in page.context["policies"]}[
            "How long a refund may go without a credit"
        ]

    assert grace() == "24 h"

    Bridge.objects.filter(pk=bridge.pk).update(policy={"credit_grace_hours": 72})

    assert grace() == "72 h"


def test_bridges_that_decided_alike_stand_together(client):
    for name, hours in (("UK", 24), ("IE", 48), ("DE", 24)):
        factories.BridgeFactory(name=name, policy={"receipt_grace_hours": hours})

    page = client.get("/manual/RECEIPT_NOT_POSTED/")

    assert page.context["policies"][1]["values"] == [("24 h", ["DE", "UK"]), ("48 h", ["IE"])]


def test_a_playbook_names_only_options_that_exist():
    options = {option.name for option in OPTIONS}

    assert {name for entry in CATALOGUE.values() for name in entry.policy} <= options


# --- Who owns what ---------------------------------------------------------------------------


def test_every_capability_is_said_in_plain_words():
    assert set(manual_words.CAPABILITIES) == set(permissions.CAPABILITIES)


def test_the_rights_shown_are_the_rights_that_are_checked(client):
    rights = client.get("/manual/owners/").context["rights"]

    shown = [
        frozenset(
            role for role, (_, allowed, _) in zip(Role, right["cells"], strict=True) if allowed
        )
        for right in rights
    ]
    assert shown == list(permissions.CAPABILITIES.values())


def test_the_people_of_a_role_are_named_and_the_reader_finds_themselves(client):
    make_user("finn")
    make_user("fiona")

    page = client.get("/manual/owners/")

    roles = {role["code"]: role["people"] for role in page.context["roles"]}
    assert roles["finance"] == ("Finn", "Fiona")
    assert roles["cx"] == ("Cleo",)
    assert roles["auditor"] == ()
    assert page.context["own"] == {"cx"}


# --- Where data lives ------------------------------------------------------------------------


def test_each_thing_has_one_home_per_bridge(client):
    bridge = factories.BridgeFactory()
    factories.WatermarkFactory(connection=bridge.source, feed="refunds")

    (row,) = client.get("/manual/data/").context["bridges"]

    homes = {home["thing"]: home for home in row["homes"]}
    assert len(homes) == len(row["homes"])
    assert homes["Refund"]["where"] == "ReturnGO"
    assert homes["Refund"]["read_at"] == factories.NOW
    assert homes["Credit memo"]["where"] == "BlueCherry"
    assert homes["Disposition of a unit"]["where"] == "ReturnGO"
    assert homes["Item: SKU, barcode, active or not"]["read_at"] is None


def test_a_changed_policy_changes_when_a_credit_is_said_to_leave(client):
    bridge = factories.BridgeFactory()

    def note():
        (row,) = client.get("/manual/data/").context["bridges"]
        return next(home["note"] for home in row["homes"] if home["thing"] == "Credit memo")

    assert note() == "Created: when the platform confirms the refund. It leaves: at once."

    Bridge.objects.filter(pk=bridge.pk).update(
        policy={"credit_trigger": "goods_received", "schedule": {"credit_memo": "run"}}
    )

    assert note() == ("Created: when the goods arrived. It leaves: when finance starts a run.")


@pytest.mark.parametrize(
    ("policy", "label", "words"),
    [
        ({}, "How far refund and credit may differ", "To the penny"),
        (
            {"tolerance": {"GBP": "0.05", "EUR": "0.1"}},
            "How far refund and credit may differ",
            "€0.10, £0.05",
        ),
        ({"authorise_first": False}, "Send the authorisation first", "No"),
        ({"undo_seconds": 90}, "Time to take a decision back", "90 s"),
        ({}, "When each kind of document leaves", "Every kind at once"),
        (
            {"schedule": {"credit_memo": "13:00-14:00"}},
            "When each kind of document leaves",
            "Credit memo: in the windows 13:00-14:00; all others at once",
        ),
        ({"second_approver_above": "1500"}, "Value above which two people approve", "1,500"),
    ],
)
def test_each_option_is_said_in_words(client, policy, label, words):
    factories.BridgeFactory(policy=policy)

    (row,) = client.get("/manual/data/").context["bridges"]

    assert {option["label"]: option["value"] for option in row["policy"]}[label] == words


def test_a_bridge_out_of_use_is_not_shown(client):
    factories.BridgeFactory(is_active=False)

    page = client.get("/manual/data/")

    assert page.context["bridges"] == []
    assert "No bridge is set up" in page.text


@pytest.mark.parametrize("address", ["/manual/data/", "/manual/REFUND_NO_CM/", "/manual/owners/"])
def test_more_bridges_and_people_cost_no_more_queries(client, count_queries, address):
    factories.BridgeFactory()
    make_user("finn")
    few = count_queries(address)

    factories.BridgeFactory.create_batch(4)
    for name in ("fiona", "mira", "mona", "ines"):
        make_user(name)

    assert count_queries(address) == few


@pytest.fixture
def count_queries(client, django_assert_max_num_queries):
    def count(address):
        with django_assert_max_num_queries(30) as captured:
            client.get(address)
        return len(captured)

    return count


def test_the_glossary_explains_each_word_once(client):
    glossary = client.get("/manual/words/").context["glossary"]

    words = [str(word) for word, _ in glossary]
    assert len(words) == len(set(words))
    assert {"Bridge", "Posting", "Exception", "Closed by proof"} <= set(words)


# --- Kinds that nothing watches yet ----------------------------------------------------------


def test_a_kind_that_nothing_watches_says_what_it_needs(client):
    needs = CATALOGUE["PAYOUT_MISMATCH"].waits_for

    assert f"Not watched yet: needs {needs}" in client.get("/manual/PAYOUT_MISMATCH/").text
    assert f"Not watched yet: needs {needs}" in client.get("/manual/", {"q": "payout"}).text
    assert "Not watched yet" not in client.get("/manual/SKU_UNKNOWN/").text
