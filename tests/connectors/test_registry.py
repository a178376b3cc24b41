"""The list of vendors."""

import pytest

from connectors import errors, registry, types


class Pacer:
    def before(self, *, operation, is_write):
        raise AssertionError("building a connector makes no call")

    def after(self, *, operation, status, headers):
        raise AssertionError("building a connector makes no call")


def make_config(kind, **changes):
    values = {
        "returngo": {
            "base_url": "https://api.example.com",
            "settings": {"shop_name": "shop"},
            "secrets": {"api_key": "k"},
        },
        "bluecherry": {
            "base_url": "https://erp.example.com",
            "settings": {"vnd_id": "RB"},
            "secrets": {"subscription_key": "k"},
        },
    }.get(kind, {"base_url": "https://example.com"})
    return types.ConnectionConfig(kind=kind, **{**values, **changes})


def test_every_kind_is_listed_under_its_code_with_its_role():
    assert {code: (kind.code, kind.role.value) for code, kind in registry.KINDS.items()} == {
        "returngo": ("returngo", "source"),
        "reveni": ("reveni", "source"),
        "shopify": ("shopify", "source"),
        "bluecherry": ("bluecherry", "erp"),
        "prima": ("prima", "erp"),
        "other": ("other", "erp"),
        "netsuite": ("netsuite", "erp"),
        "brightpearl": ("brightpearl", "erp"),
        "file_exchange": ("file_exchange", "erp"),
    }


def test_every_kind_says_what_its_form_asks_for():
    asked = {
        code: (
            [field.code for field in kind.credential_fields],
            [(field.code, field.is_required) for field in kind.settings_fields],
        )
        for code, kind in registry.KINDS.items()
    }

    assert asked == {
        "returngo": (["api_key"], [("shop_name", True), ("daily_call_limit", False)]),
        "reveni": (
            ["api_key", "webhook_secret"],
            [("profile", False), ("profile_text", False)],
        ),
        "shopify": (
            ["access_token", "api_secret"],
            [
                ("shop_domain", True),
                ("api_version", False),
                ("customer_details", False),
                ("returns_per_read", False),
                ("final_sale_metafield", False),
                ("final_sale_tag", False),
            ],
        ),
        "bluecherry": (
            ["subscription_key"],
            [
                ("profile", False),
                ("profile_text", False),
                ("profile_values", False),
                ("vnd_id", True),
                ("item_check_calls", False),
            ],
        ),
        "other": (
            ["user", "password", "api_key"],
            [
                ("profile", False),
                ("profile_text", False),
                ("profile_values", False),
                ("item_check_calls", False),
            ],
        ),
        "prima": (
            ["user", "password"],
            [
                ("profile", False),
                ("profile_text", False),
                ("profile_values", False),
                ("item_check_calls", False),
            ],
        ),
        "netsuite": (
            [
                "client_id",
                "certificate_id",
                "private_key",
                "consumer_key",
                "consumer_secret",
                "token_id",
                "token_secret",
            ],
            [
                ("account", False),
                ("order_fields", False),
                ("sku_field", False),
                ("tax_engine", False),
                ("advanced_receiving", False),
                ("sale_kind", False),
                ("quarantine_by", False),
                ("bucket_places", False),
                ("adjustment_account", False),
                ("refund_account", False),
                ("concurrent_calls", False),
                ("timezone", False),
                ("item_check_calls", False),
            ],
        ),
        "brightpearl": (
            ["app_ref", "account_token", "dev_ref", "client_secret", "refresh_token"],
            [
                ("account", True),
                ("instance_id", True),
                ("timezone", False),
                ("untaxed_code", False),
                ("sales_nominal", False),
                ("shipping_nominal", False),
                ("discount_nominal", False),
                ("channel_id", False),
                ("credit_status_id", False),
                ("item_check_calls", False),
            ],
        ),
        "file_exchange": (
            ["user", "password", "private_key", "passphrase"],
            [
                ("layout", False),
                ("host_keys", False),
                ("acknowledgement", False),
                ("overdue_hours", False),
                ("minimum_age_seconds", False),
                ("charset", False),
                ("feed", False),
                ("documents_per_file", False),
                ("by_hand", False),
                ("our_id", False),
                ("our_qualifier", False),
                ("our_group_id", False),
                ("partner_id", False),
                ("partner_qualifier", False),
                ("partner_group_id", False),
                ("authorisation_set", False),
                ("timezone", False),
            ],
        ),
    }


def test_a_source_is_built_without_a_call():
    source = registry.build_source(make_config("returngo"), Pacer())

    assert source.capabilities.daily_call_limit == 2_000


def test_a_gateway_is_built_from_the_default_profile_without_a_call():
    gateway = registry.build_gateway(make_config("bluecherry"), Pacer())

    assert gateway.capabilities.profile.startswith("bluecherry-rest 0.2.0 (")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"vnd_id": "RB", "profile": "bluecherry-fax"}, "'bluecherry-fax' is not a shipped"),
        ({"vnd_id": " "}, "lacks the settings: vnd_id"),
        ({"vnd_id": "RB", "profile_values": "no value"}, "not of the form: name = value"),
    ],
)
def test_a_gateway_that_cannot_work_is_refused(settings, words):
    with pytest.raises(errors.Misconfigured, match=words):
        registry.build_gateway(make_config("bluecherry", settings=settings), Pacer())


def test_a_kind_nobody_knows_is_refused():
    with pytest.raises(errors.Misconfigured, match="'fax' is no kind of connection"):
        registry.build_gateway(make_config("fax"), Pacer())


def test_a_connection_is_not_built_in_the_other_role():
    with pytest.raises(
        errors.Misconfigured, match="CGS BlueCherry cannot stand in the role 'source'"
    ):
        registry.build_source(make_config("bluecherry"), Pacer())
    with pytest.raises(errors.Misconfigured, match="ReturnGO cannot stand in the role 'erp'"):
        registry.build_gateway(make_config("returngo"), Pacer())


def test_another_erp_has_nothing_to_say_until_it_has_a_profile():
    with pytest.raises(errors.Misconfigured, match="has no profile yet"):
        registry.build_gateway(make_config("other"), Pacer())


def test_a_value_only_the_profile_asks_for_comes_from_a_line_of_its_own():
    settings = {"profile_values": "\n vnd_id = RETURNS\n"}

    gateway = registry.build_gateway(make_config("bluecherry", settings=settings), Pacer())

    assert gateway.capabilities.profile.startswith("bluecherry-rest")


def test_files_are_exchanged_by_a_gateway_that_needs_no_call_to_be_built():
    config = types.ConnectionConfig(
        kind="file_exchange", base_url="folder:depot", files_root="/srv/exchange"
    )

    gateway = registry.build_gateway(config, Pacer())

    assert gateway.capabilities.profile == "generic-csv-1"
    assert gateway.capabilities.max_documents_per_write == 100


def test_a_partners_server_without_a_login_is_refused():
    config = types.ConnectionConfig(
        kind="file_exchange", base_url="sftp://files.example.com/returns"
    )

    with pytest.raises(errors.Misconfigured, match="needs a user"):
        registry.build_gateway(config, Pacer())
