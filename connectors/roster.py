"""Every kind of system and what it asks for; the only list of vendors."""

from __future__ import annotations

from collections.abc import Callable

from requests.adapters import BaseAdapter

from connectors import ports, types
from connectors.brightpearl import kind as brightpearl_kind
from connectors.brightpearl import port as brightpearl
from connectors.exchange import options as exchange_options
from connectors.exchange import places as exchange_places
from connectors.exchange import port as exchange
from connectors.exchange.csv_layout import CsvLayout
from connectors.exchange.layouts import GENERIC_CSV, X12_4010, Layout, LayoutSettings
from connectors.exchange.x12.layout import X12Layout
from connectors.kinds import Field, Kind, Role
from connectors.netsuite import options as netsuite_options
from connectors.netsuite import port as netsuite
from connectors.profiled import port as profiled
from connectors.returngo import kind as returngo_kind
from connectors.returngo import port as returngo
from connectors.shopify import kind as shopify_kind
from connectors.shopify import port as shopify

DEFAULT_BLUECHERRY_PROFILE = "bluecherry-rest"
DEFAULT_REVENI_PROFILE = "reveni-rest"
DEFAULT_PRIMA_PROFILE = "prima-soap"


def _build_returngo(
    config: types.ConnectionConfig, pacer: ports.Pacer, transport: BaseAdapter | None
) -> ports.Source:
    return returngo.build(config, pacer, transport)


def _build_netsuite(
    config: types.ConnectionConfig, pacer: ports.Pacer, transport: BaseAdapter | None
) -> ports.Gateway:
    return netsuite.build(config, pacer, transport)


def _build_shopify(
    config: types.ConnectionConfig, pacer: ports.Pacer, transport: BaseAdapter | None
) -> ports.Source:
    return shopify.build(config, pacer, transport)


def _build_other(
    config: types.ConnectionConfig, pacer: ports.Pacer, transport: BaseAdapter | None
) -> ports.Gateway:
    return profiled.build(config, pacer, transport)


def _build_prima(
    config: types.ConnectionConfig, pacer: ports.Pacer, transport: BaseAdapter | None
) -> ports.Gateway:
    return profiled.build(config, pacer, transport, default_profile=DEFAULT_PRIMA_PROFILE)


def _build_bluecherry(
    config: types.ConnectionConfig, pacer: ports.Pacer, transport: BaseAdapter | None
) -> ports.Gateway:
    return profiled.build(config, pacer, transport, default_profile=DEFAULT_BLUECHERRY_PROFILE)


def _build_reveni(
    config: types.ConnectionConfig, pacer: ports.Pacer, transport: BaseAdapter | None
) -> ports.Source:
    return profiled.build_source(config, pacer, transport, default_profile=DEFAULT_REVENI_PROFILE)


def _profile_fields(default: str) -> tuple[Field, ...]:
    """What every system that a profile describes asks for; the profile may want more values."""
    return (
        Field(
            "profile",
            "Profile",
            "How this instance speaks; see the guide to writing a profile.",
            is_required=False,
            default=default,
        ),
        Field(
            "profile_text",
            "Profile of your own",
            "A whole profile as TOML; it takes the place of the one named above.",
            is_required=False,
            is_multiline=True,
        ),
        Field(
            "profile_values",
            "Values the profile asks for",
            "One per line, as: name = value. Their names are in the profile's settings.",
            is_required=False,
            is_multiline=True,
        ),
    )


def _build_brightpearl(
    config: types.ConnectionConfig, pacer: ports.Pacer, transport: BaseAdapter | None
) -> ports.Gateway:
    return brightpearl.build(config, pacer, transport)


_LAYOUTS: dict[str, Callable[[LayoutSettings], Layout]] = {
    GENERIC_CSV: CsvLayout,
    X12_4010: X12Layout,
}


def _build_file_exchange(
    config: types.ConnectionConfig, pacer: ports.Pacer, transport: BaseAdapter | None
) -> ports.Gateway:
    return exchange.build(config, pacer, layout=layout)


def layout(options: exchange_options.Options) -> Layout:
    return _LAYOUTS[options.layout](options.layout_settings)


ALL = (
    Kind(
        code=returngo_kind.KIND,
        label=returngo_kind.LABEL,
        role=Role.SOURCE,
        credential_fields=(
            Field("api_key", "API key", "From ReturnGO's integration settings; one per owner."),
        ),
        settings_fields=(
            Field("shop_name", "Shop", "The shop's name as ReturnGO knows it."),
            Field(
                "daily_call_limit",
                "Calls a day",
                "What the vendor allows; leave as it is unless they gave you another figure.",
                is_required=False,
                default=str(returngo_kind.DAILY_CALL_LIMIT),
            ),
        ),
        build=_build_returngo,
        documentation="The vendor's public API reference.",
        sandbox_path="/returngo",
        default_base_url=returngo_kind.DEFAULT_BASE_URL,
    ),
    Kind(
        code="reveni",
        label="Reveni",
        role=Role.SOURCE,
        credential_fields=(
            Field("api_key", "API key", "The private key Reveni issues; used between servers."),
            Field(
                "webhook_secret",
                "Webhook secret",
                "What Reveni signs its messages with; empty where they are not signed.",
                is_required=False,
            ),
        ),
        settings_fields=(
            Field(
                "profile",
                "Profile",
                "How this account speaks; see what is known of Reveni.",
                is_required=False,
                default=DEFAULT_REVENI_PROFILE,
            ),
            Field(
                "profile_text",
                "Profile of your own",
                "A whole profile as TOML; it takes the place of the one named above.",
                is_required=False,
                is_multiline=True,
            ),
        ),
        build=_build_reveni,
        documentation=(
            "The API is private. States, decisions and instant refunds follow the vendor's help"
            " centre; how it is called is assumed, so live mode calls nothing before it is"
            " confirmed. Take the dashboard's export in as a file meanwhile."
        ),
        sandbox_path="/reveni",
    ),
    Kind(
        code=shopify_kind.KIND,
        label=shopify_kind.LABEL,
        role=Role.SOURCE,
        credential_fields=(
            Field("access_token", "Access token", "The app's Admin API token (shpat_…)."),
            Field(
                "api_secret",
                "App secret",
                "The app's client secret; its messages are signed with it. Without it none is"
                " accepted.",
                is_required=False,
            ),
        ),
        settings_fields=(
            Field("shop_domain", "Shop", "As example.myshopify.com."),
            Field(
                "api_version",
                "API version",
                f"One of {', '.join(shopify_kind.VERSIONS)}.",
                is_required=False,
                default=shopify_kind.DEFAULT_VERSION,
            ),
            Field(
                "customer_details",
                "Read customers",
                '"no" where the app may not see customers: returns then have no name.',
                is_required=False,
                default="yes",
            ),
            Field(
                "returns_per_read",
                "Returns per read",
                "How many returns one call asks for, 1 to 100. Fewer cost less at a time.",
                is_required=False,
                default=str(shopify_kind.RETURNS_PER_READ),
            ),
            Field(
                "final_sale_metafield",
                "Final-sale metafield",
                "namespace.key of the flag on products or variants that forbids a return.",
                is_required=False,
                default=shopify_kind.FINAL_SALE_METAFIELD,
            ),
            Field(
                "final_sale_tag",
                "Final-sale tag",
                "A product tag that forbids a return, where the shop uses one.",
                is_required=False,
            ),
        ),
        build=_build_shopify,
        also=(Role.STOREFRONT,),
        documentation=(
            "The vendor's public Admin API; our queries are checked against its schema of"
            f" {', '.join(shopify_kind.VERSIONS)}."
        ),
        sandbox_path="/shopify",
    ),
    Kind(
        code="bluecherry",
        label="CGS BlueCherry",
        role=Role.ERP,
        credential_fields=(
            Field(
                "subscription_key",
                "Subscription key",
                "Sent as Ocp-Apim-Subscription-Key; the ERP's administrator issues it.",
            ),
        ),
        settings_fields=(
            *_profile_fields(DEFAULT_BLUECHERRY_PROFILE),
            Field("vnd_id", "Sender id", "Our id in the envelope of every document (vnd_id)."),
        ),
        build=_build_bluecherry,
        documentation=(
            "The API is private. Reads follow a public third-party integration; documents are"
            " placeholders, keyed by hand in live use until a customer's specification confirms"
            " them."
        ),
        sandbox_path="/bluecherry",
    ),
    Kind(
        code="other",
        label="Another ERP",
        role=Role.ERP,
        credential_fields=(
            Field("user", "User", "Where its profile names one.", is_required=False),
            Field("password", "Password", "Where its profile names one.", is_required=False),
            Field("api_key", "API key", "Where its profile names one.", is_required=False),
        ),
        settings_fields=_profile_fields(""),
        build=_build_other,
        documentation=(
            "Any ERP that a profile describes. Write one by the guide and check it before it is"
            " put in force; nothing of it is known but what it says."
        ),
        sandbox_path="",
    ),
    Kind(
        code="prima",
        label="Prima",
        role=Role.ERP,
        credential_fields=(
            Field(
                "user",
                "User",
                "Prima has no login of its own; a proxy in front of it may ask for one.",
                is_required=False,
            ),
            Field("password", "Password", "That proxy's password.", is_required=False),
        ),
        settings_fields=_profile_fields(DEFAULT_PRIMA_PROFILE),
        build=_build_prima,
        documentation=(
            "The API is private. The operation and the stock requests follow a public shop plugin;"
            " documents are placeholders, keyed by hand in live use until a customer's"
            " specification confirms them."
        ),
        sandbox_path="/prima/wsa/wsa1",
    ),
    Kind(
        code=netsuite_options.KIND,
        label=netsuite_options.LABEL,
        role=Role.ERP,
        # One of the two ways to sign in is enough.
        credential_fields=tuple(
            Field(code, label, help_text, is_required=False)
            for code, label, help_text in netsuite_options.CREDENTIALS
        ),
        settings_fields=tuple(
            Field(code, label, help_text, is_required=False, default=default)
            for code, label, help_text, default in netsuite_options.FIELDS
        ),
        build=_build_netsuite,
        documentation=(
            "The vendor's public help and REST API browser; column names of SuiteQL follow public"
            " integrations. See the page on NetSuite for what is assumed."
        ),
        sandbox_path="/netsuite",
    ),
    Kind(
        code=brightpearl_kind.KIND,
        label=brightpearl_kind.LABEL,
        role=Role.ERP,
        credential_fields=tuple(
            Field(code, label, help_text, is_required=is_required)
            for code, label, help_text, is_required in brightpearl_kind.CREDENTIALS
        ),
        settings_fields=tuple(
            Field(code, label, help_text, is_required=is_required)
            for code, label, help_text, is_required in brightpearl_kind.SETTINGS
        ),
        build=_build_brightpearl,
        documentation=(
            "The vendor's public API reference. The codes of some refusals are not published: they"
            " are told by their words, and looked up before they are believed."
        ),
        sandbox_path="/brightpearl",
        default_base_url=brightpearl_kind.DEFAULT_BASE_URL,
    ),
    Kind(
        code=exchange_options.KIND,
        label=exchange_options.LABEL,
        role=Role.ERP,
        credential_fields=exchange_options.CREDENTIALS,
        settings_fields=exchange_options.SETTINGS,
        build=_build_file_exchange,
        documentation=(
            "An ERP or a warehouse that takes files. The CSV layout is our own; the X12 sets follow"
            " public guides and are agreed with each partner. See the page on file exchange."
        ),
        sandbox_path="",
        check_address=exchange_places.check,
        address_help="folder:name on this system, or sftp://host/folder at the partner.",
        keeps_book=True,
    ),
)
