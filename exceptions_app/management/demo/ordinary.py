"""Returns nothing is wrong with, in every stage a return goes through."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from exceptions_app.management.demo import names, records
from exceptions_app.management.demo.records import Record

# Stage and how many of a hundred; what is older than two days has reached its end.
STAGES = (
    ("requested", 12),
    ("approved", 12),
    ("on_the_way", 16),
    ("received", 16),
    ("inspected", 12),
    ("refund_asked", 12),
    ("credited", 20),
)


def order_and_return(number: int, at: datetime, stage: str) -> tuple[Record, Record]:
    """The order SO-<number> and its return RMA <number>, as they stand at `at`."""
    dice = random.Random(number)
    bought = dice.sample(names.ARTICLES, k=dice.choice((1, 1, 2, 3)))
    quantities = [(article, dice.choice((1, 1, 1, 2))) for article in bought]
    order = records.order(order_name(number), quantities, at - timedelta(days=dice.randint(6, 25)))
    back = bought[: dice.randint(1, len(bought))]
    units = [
        records.unit(
            f"{number}{position}",
            article,
            at,
            reason=dice.choice(names.REASONS)[0],
            validation=_verdict(dice, at),
        )
        for position, article in enumerate(back, start=1)
    ]
    return order, staged(records.rma(str(number), order["number"], units, at), stage)


def order_name(number: int) -> str:
    return f"SO-{number}"


def any_stage(number: int) -> str:
    """The stage of a recent return, by its number."""
    roll = random.Random(f"stage {number}").randrange(100)
    for stage, share in STAGES:
        if roll < share:
            return stage
        roll -= share
    return STAGES[-1][0]


def staged(rma: Record, stage: str) -> Record:
    """The finished return `rma` taken back to an earlier stage."""
    if stage == "credited":
        return rma
    if stage == "refund_asked":
        asked = [{**row, "status": "Requested"} for row in rma["transactions"]]
        return {**rma, "transactions": asked}
    before: dict[str, Any] = {**rma, "transactions": []}
    if stage == "inspected":
        return before
    before["items"] = [{**row, "validation": None} for row in rma["items"]]
    status, parcel = {
        "received": ("Received", "Received"),
        "on_the_way": ("Approved", "Shipped"),
        "approved": ("Approved", "LabelCreated"),
        "requested": ("Pending", None),
    }[stage]
    before["status"] = status
    before["shipments"] = [records.shipment(rma["rma_id"], parcel)] if parcel else []
    return before


def value_of(rma: Record) -> Decimal:
    return sum((Decimal(row["paid_price"]) for row in rma["items"]), Decimal(0))


def _verdict(dice: random.Random, at: datetime) -> Record:
    place = names.LOCATIONS[0][0] if dice.random() < 0.8 else names.LOCATIONS[1][0]
    if dice.random() < 0.85:
        return records.validation(at, store_location_id=place)
    word = dice.choice(names.DISPOSITIONS)[0]
    return records.validation(
        at, store_location_id=place, is_restockable=False, non_restockable_reason=word
    )
