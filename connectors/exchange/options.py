"""What a connection's settings say of its exchange, checked once."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass

from connectors import errors, types
from connectors.exchange import layouts
from connectors.exchange.layouts import LayoutSettings
from connectors.kinds import Field
from connectors.types import DocumentKind

KIND = "file_exchange"
LABEL = "File exchange"

PER_LINE, ALL_OR_NOTHING = "per_line", "all_or_nothing"

LAYOUTS = (layouts.GENERIC_CSV, layouts.X12_4010)
_MOST_DOCUMENTS = 1_000

CREDENTIALS = (
    Field("user", "User", "The login on the partner's SFTP server.", is_required=False),
    Field("password", "Password", "Of that login, where it has one.", is_required=False),
    Field(
        "private_key",
        "Private key",
        "An OpenSSH or PEM key (Ed25519, ECDSA, RSA), in the place of a password.",
        is_required=False,
        is_multiline=True,
    ),
    Field("passphrase", "Passphrase", "Of the private key.", is_required=False),
)


def _setting(
    code: str, label: str, help_text: str, default: str = "", *, is_multiline: bool = False
) -> Field:
    return Field(
        code, label, help_text, is_required=False, default=default, is_multiline=is_multiline
    )


SETTINGS = (
    _setting("layout", "Layout", "generic-csv or x12-4010.", layouts.GENERIC_CSV),
    _setting(
        "host_keys",
        "Host keys",
        "SFTP only: the server's key as SHA256:… or as a known_hosts line, one per line. Your"
        " partner tells it by another way than the server.",
        is_multiline=True,
    ),
    _setting(
        "acknowledgement",
        "Acknowledgement",
        "per_line: each document is taken or refused by itself. all_or_nothing: one refused"
        " document refuses its file.",
        PER_LINE,
    ),
    _setting("overdue_hours", "Hours until overdue", "How long an answer may take.", "24"),
    _setting(
        "minimum_age_seconds",
        "Age of a file",
        "Seconds a file must lie unchanged before it is read.",
        "30",
    ),
    _setting("charset", "Charset", "Of the files, both ways: utf-8 or latin-1.", "utf-8"),
    _setting("feed", "Feed", "The first word of every file's name.", "returns"),
    _setting(
        "documents_per_file",
        "Documents per file",
        f"The most that one file holds, up to {_MOST_DOCUMENTS:,}.",
        "100",
    ),
    _setting(
        "by_hand",
        "Keyed by hand",
        "Documents that do not go by file, one code per line, as: credit_memo.",
        is_multiline=True,
    ),
    _setting("our_id", "Our id", "What the partner knows us by (X12: ISA06).", "RETURNSBRIDGE"),
    _setting("our_qualifier", "Our qualifier", "X12 only: ISA05.", "ZZ"),
    _setting("our_group_id", "Our group id", "X12 only: GS02; empty: our id."),
    _setting("partner_id", "Partner's id", "What the partner is called (X12: ISA08).", "PARTNER"),
    _setting("partner_qualifier", "Partner's qualifier", "X12 only: ISA07.", "ZZ"),
    _setting("partner_group_id", "Partner's group id", "X12 only: GS03; empty: its id."),
    _setting(
        "authorisation_set",
        "Set of an authorisation",
        "X12 only: 943 for a warehouse, 180 for a vendor.",
        "943",
    ),
    _setting("timezone", "Time zone", "Where the partner's days begin: Europe/London.", "UTC"),
)


@dataclass(frozen=True, slots=True)
class Options:
    """The settings, read. `layout` is a name of `LAYOUTS`."""

    layout: str
    layout_settings: LayoutSettings
    acknowledgement: str
    overdue_hours: int
    minimum_age_seconds: int
    feed: str
    documents_per_file: int
    by_hand: frozenset[DocumentKind]
    timezone: str


def read(config: types.ConnectionConfig) -> Options:
    """What the settings say; absent ones have their default.

    Raises:
        Misconfigured: a value is not one of those it may have; the text names the setting.
    """
    given = {field.code: field.default for field in SETTINGS}
    given.update({code: text.strip() for code, text in config.settings.items() if text.strip()})
    charset = _one_of(given, "charset", ("utf-8", "latin-1"))
    return Options(
        layout=_one_of(given, "layout", LAYOUTS),
        layout_settings=LayoutSettings(
            our_qualifier=given["our_qualifier"],
            our_id=given["our_id"],
            partner_qualifier=given["partner_qualifier"],
            partner_id=given["partner_id"],
            our_group_id=given["our_group_id"] or given["our_id"],
            partner_group_id=given["partner_group_id"] or given["partner_id"],
            charset=codecs.lookup(charset).name,
            is_test=config.mode is types.Mode.SANDBOX,
            authorisation_set=_one_of(given, "authorisation_set", ("943", "180")),
        ),
        acknowledgement=_one_of(given, "acknowledgement", (PER_LINE, ALL_OR_NOTHING)),
        overdue_hours=_number(given, "overdue_hours", 1, 24 * 31),
        minimum_age_seconds=_number(given, "minimum_age_seconds", 0, 86_400),
        feed=_word(given, "feed"),
        documents_per_file=_number(given, "documents_per_file", 1, _MOST_DOCUMENTS),
        by_hand=frozenset(_kind(code) for code in given["by_hand"].replace(",", "\n").split()),
        timezone=given["timezone"],
    )


def _one_of(given: Mapping[str, str], code: str, known: tuple[str, ...]) -> str:
    if given[code] not in known:
        raise errors.Misconfigured(f"{_label(code)} must be one of: {', '.join(known)}.")
    return given[code]


def _number(given: Mapping[str, str], code: str, least: int, most: int) -> int:
    text = given[code]
    if not text.isdecimal() or not least <= int(text) <= most:
        raise errors.Misconfigured(f"{_label(code)} must be a whole number, {least} to {most:,}.")
    return int(text)


def _word(given: Mapping[str, str], code: str) -> str:
    text = given[code]
    if not (text.isascii() and text.isalnum() and len(text) <= 20):
        raise errors.Misconfigured(f"{_label(code)} must be letters and digits only, at most 20.")
    return text


def _kind(code: str) -> DocumentKind:
    try:
        return DocumentKind(code)
    except ValueError:
        known = ", ".join(kind.value for kind in DocumentKind)
        raise errors.Misconfigured(
            f"Keyed by hand: '{code}' is no document; known are {known}."
        ) from None


def _label(code: str) -> str:
    return next(field.label for field in SETTINGS if field.code == code)
