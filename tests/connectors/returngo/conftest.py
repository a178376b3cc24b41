"""Replies in ReturnGO's wire form; a test changes only what matters to it."""

import copy
from pathlib import Path

import pytest

from connectors import wire_json

_REPLIES = Path(__file__).parent / "replies"


@pytest.fixture(scope="session")
def make_reply():
    """`make_reply(**top_level_changes)`: one whole return, as GET /rma tells it."""
    recorded = wire_json.decode((_REPLIES / "rma.json").read_text())

    def make(**changes):
        return {**copy.deepcopy(recorded), **changes}

    return make


@pytest.fixture(scope="session")
def make_unit(make_reply):
    """`make_unit(unit_id, **changes)`: one returned unit, not inspected, 36.00 GBP."""

    def make(unit_id="9900421", **changes):
        unit = make_reply()["items"][0]
        unit["itemValidationStatusResponse"]["returnedItemId"] = unit_id
        return {**unit, "returnedItemId": unit_id, **changes}

    return make


@pytest.fixture(scope="session")
def make_validation():
    """`make_validation(**changes)`: an inspection that found the unit fit for sale."""

    def make(**changes):
        return {
            "isReturned": True,
            "isRestockable": True,
            "nonReturnedReason": None,
            "nonRestockableReason": None,
            "storeLocationId": "LDN-1",
            "lastValidationDate": "2026-03-05T09:30:00+00:00",
            "lastValidatedBy": "Wanda",
            **changes,
        }

    return make
