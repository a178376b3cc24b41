"""The catalogue against the table of types it was made from, where that table is at hand."""

import os
import re
from pathlib import Path

import pytest

from exceptions_app.catalogue import CATALOGUE
from exceptions_app.choices import Team

# Types that experience with real systems added to the table.
OURS = {
    "BATCH_OVERDUE",
    "FILE_UNREADABLE",
    "MESSAGE_NOT_SENT",
    "PLACE_UNMAPPED",
    "QUOTE_CHANGED",
    "STEP_UNSUPPORTED",
    "TENDER_UNMAPPED",
}
TABLE = Path(os.environ.get("RETURNSBRIDGE_TYPES_TABLE", "exception-types.md"))
TEAMS = {
    "MER": Team.MERCHANDISING,
    "WH": Team.WAREHOUSE,
    "FIN": Team.FINANCE,
    "CX": Team.CX,
    "OPS": Team.OPERATIONS,
}
# "| `CODE` | title | OWNER | detection | Severity; value | …"
ROW = re.compile(r"^\| `([A-Z0-9_]+)` \|[^|]*\| (\w+) \|[^|]*\| (\w+)", re.MULTILINE)


def test_all_ninety_two_types_and_our_own_have_an_entry():
    assert len(set(CATALOGUE) - OURS) == 92
    assert set(CATALOGUE) >= OURS


def test_a_type_without_a_check_says_what_a_check_would_need():
    silent = {code for code, entry in CATALOGUE.items() if not entry.is_watched}

    assert silent <= set(CATALOGUE) - OURS
    for code in silent:
        assert not CATALOGUE[code].waits_for.endswith(".")


@pytest.fixture
def rows():
    # Without the table the count above is the check.
    return ROW.findall(TABLE.read_text()) if TABLE.is_file() else []


def test_codes_owners_and_severities_are_those_of_the_table(rows):
    told = {(code, TEAMS[team], severity.casefold()) for code, team, severity in rows}
    ours = {(code, CATALOGUE[code].team, CATALOGUE[code].severity.value) for code, *_ in told}

    assert ours == told
    assert {code for code, *_ in rows} in (set(), set(CATALOGUE) - OURS)
