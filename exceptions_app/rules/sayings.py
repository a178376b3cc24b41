"""What may be said to a customer about a return: proven stages, what is not so yet, no promise.

A claim that something happened carries the stage it rests on and that stage's proof. What is only
under way is said as such; what nobody can say is said to be so. No date to come is ever named.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.types import Money
from exceptions_app.choices import (
    ApprovalAxis,
    ExchangeAxis,
    HoldReason,
    InspectionAxis,
    LogisticsAxis,
    PostingKind,
    PostingStatus,
    RefundStatus,
    Team,
)
from exceptions_app.rules import money, totals
from exceptions_app.rules.facts import PostingFact, RefundFact, RmaFacts
from exceptions_app.rules.resolving import Resolved, ReturnedLine, inspection_axis, resolve
from exceptions_app.rules.stages import Stage, proved_refunds

_SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥"}
_NAMES_AT_MOST = 2
_TEAMS = {
    Team.CX.value: "customer care",
    Team.WAREHOUSE.value: "warehouse",
    Team.FINANCE.value: "finance",
    Team.MERCHANDISING.value: "merchandising",
    Team.OPERATIONS.value: "operations",
}
_CREDIT_WAITS = {
    HoldReason.WINDOW.value: "waits for the next window of our books",
    HoldReason.RUN.value: "waits for our next credit run",
    HoldReason.APPROVAL.value: "waits for an approval",
    HoldReason.MANUAL.value: "waits to be keyed by hand",
}
_CREDIT_SENT = (PostingStatus.SENDING, PostingStatus.UNCONFIRMED, PostingStatus.POSTED)


@dataclass(frozen=True, slots=True)
class Around:
    """What stands beside the stages.

    `exchange` is the ExchangeAxis, `exchange_numbers` the orders that prove it, `teams` who has an
    open exception of this return, `credit_hold` why its credit is held, `zone` whose days to name.
    """

    exchange: str = ExchangeAxis.NONE
    exchange_numbers: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    credit_hold: str = ""
    zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement. `stage` and `proof` are empty when it says what is not so, or not known."""

    topic: str  # "goods" | "exchange" | "money" | "question"
    text: str
    stage: str = ""
    proof: str = ""


@dataclass(frozen=True, slots=True)
class Saying:
    """The whole as `text`, its one line on money as `short`, and what is deliberately left out."""

    claims: tuple[Claim, ...]
    left_out: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(claim.text for claim in self.claims)

    @property
    def short(self) -> str:
        about_money = [claim.text for claim in self.claims if claim.topic == "money"]
        return " ".join(about_money) or self.claims[0].text

    @property
    def rests_on(self) -> tuple[Claim, ...]:
        return tuple(claim for claim in self.claims if claim.proof)


@dataclass(frozen=True, slots=True)
class _View:
    """The return as its sentence sees it."""

    facts: RmaFacts
    resolved: Resolved
    stages: Mapping[str, Stage]
    around: Around

    def is_proved(self, code: str) -> bool:
        stage = self.stages[code]
        return stage.state == "done" and bool(stage.proof)

    @property
    def is_inspecting(self) -> bool:
        """Here, and not inspected to the end."""
        return self.is_proved("received") and not self.is_proved("inspected")

    def day(self, at: datetime) -> str:
        local = at.astimezone(ZoneInfo(self.around.zone))
        return f"{local.day} {local:%B %Y}"

    def amount(self, value: Decimal) -> str:
        """Of the goods, whose prices are in the return's currency."""
        return spoken(value, self.facts.currency)

    def refunds(self, rows: Iterable[RefundFact]) -> str:
        """ "£20.00", or "£20.00 and €5.00": sums of different currencies stay apart."""
        return " and ".join(_spoken(total) for total in totals.of_refunds(self.facts, rows))

    def credits(self, rows: Iterable[PostingFact]) -> str:
        return " and ".join(_spoken(total) for total in totals.of_postings(self.facts, rows))


def say(facts: RmaFacts, seen: Iterable[Stage], around: Around) -> Saying:
    """The honest sentence for a return whose stages are `seen`; never empty."""
    view = _View(facts, resolve(facts), {stage.code: stage for stage in seen}, around)
    claims = [*_approval(view), *_goods(view), *_exchange(view), *_money(view), *_question(view)]
    return Saying(claims=tuple(claims), left_out=_left_out(view))


def _spoken(total: Money) -> str:
    return spoken(total.amount, total.currency)


def spoken(value: Decimal, currency: str) -> str:
    """ "£1,056.00", or "1,056.00 CHF" for a currency without a symbol here."""
    digits = f"{money.quantise(value, currency):,f}"
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{digits}" if symbol else f"{digits} {currency}".strip()


# --- Goods -----------------------------------------------------------------------------------


def _approval(view: _View) -> list[Claim]:
    words = {
        ApprovalAxis.REFUSED: "Your return was not accepted.",
        ApprovalAxis.CANCELLED: "Your return was cancelled.",
        ApprovalAxis.REQUESTED: "You asked for this return; it is not authorised yet.",
        ApprovalAxis.UNKNOWN: "We cannot say yet whether your return is authorised.",
    }
    text = words.get(ApprovalAxis(view.resolved.approval))
    return [Claim("goods", text)] if text else []


def _goods(view: _View) -> list[Claim]:
    if view.is_proved("received"):
        return _arrived(view)
    if view.resolved.is_dead:
        return []
    words = {
        LogisticsAxis.NOT_REQUIRED: "You do not have to send anything back.",
        LogisticsAxis.IN_TRANSIT: "Your parcel is recorded as sent; it has not reached us yet.",
    }
    logistics = LogisticsAxis(view.facts.logistics)
    return [Claim("goods", words.get(logistics, "Your return has not reached us yet."))]


def _arrived(view: _View) -> list[Claim]:
    stage = view.stages["received"]
    # The moment is the first sign of the goods at ours, so it is the latest they can have come.
    by = f" by {view.day(stage.at)}" if stage.at else ""
    if not view.is_proved("inspected"):
        claims = [Claim("goods", f"Your return reached us{by}.", "received", stage.proof)]
        # With the refund still to come, the inspection is named there, as what is missing.
        return claims if _is_refund_to_come(view) else [*claims, _inspection_open(view)]
    return _counted(view, by)


def _inspection_open(view: _View) -> Claim:
    if inspection_axis(view.resolved.lines) == InspectionAxis.PARTLY:
        return Claim("goods", "The inspection is not finished.")
    return Claim("goods", "It has not been inspected yet.")


def _counted(view: _View, by: str) -> list[Claim]:
    """How many came, by the inspection's own word on each."""
    items = [line for line in view.resolved.lines if line.is_item]
    came = sum(line.fact.quantity for line in items if not line.is_not_returned)
    total = sum(line.fact.quantity for line in items)
    proof = view.stages["inspected"].proof
    if not came:
        text = "We have inspected your return; none of its items is recorded as returned."
        return [Claim("goods", text, "inspected", proof)]
    if came < total:
        verb = "has" if came == 1 else "have"
        text = f"{came} of your {total} items reached us{by} and {verb} been inspected;"
        rest = total - came
        text += f" {rest} {'is' if rest == 1 else 'are'} recorded as not returned."
    elif total == 1:
        text = f"Your item reached us{by} and has been inspected."
    else:
        text = f"All {total} items reached us{by} and have been inspected."
    return [Claim("goods", text, "inspected", proof)]


def _exchange(view: _View) -> list[Claim]:
    numbers = ", ".join(view.around.exchange_numbers)
    if view.around.exchange == ExchangeAxis.RELEASED and numbers:
        return [Claim("exchange", "Your exchange order has been released.", "exchange", numbers)]
    if view.around.exchange == ExchangeAxis.RELEASED:
        return [Claim("exchange", "We cannot say yet where your exchange order stands.")]
    if view.around.exchange == ExchangeAxis.PENDING:
        return [Claim("exchange", "Your exchange order has not been released yet.")]
    return []


# --- Money -----------------------------------------------------------------------------------


def _money(view: _View) -> list[Claim]:
    if view.is_proved("refunded"):
        return _refunded(view)
    if view.facts.refunds:
        claims = _under_way(view)
    elif view.stages["refunded"].state == "not_needed":
        claims = [] if view.around.exchange != ExchangeAxis.NONE else [_no_refund(view)]
    else:
        claims = [_to_come(view)]
    return claims + _credit(view)


def _no_refund(view: _View) -> Claim:
    return Claim("money", "No refund is recorded for it.")


def _refunded(view: _View) -> list[Claim]:
    stage = view.stages["refunded"]
    made = proved_refunds(view.facts)
    total = view.refunds(made)
    day = f"confirmed on {view.day(stage.at)}" if stage.at else ""
    if len(made) == 1:
        text = f"Your refund of {total} has been made" + (f"; it was {day}." if day else ".")
    else:
        text = f"Your refunds have been made, {total} in total"
        text += f"; the last was {day}." if day else "."
    return [Claim("money", text, "refunded", stage.proof), *_failed(view, is_other=True)]


def _under_way(view: _View) -> list[Claim]:
    """Refunds that are not all confirmed: each part said for what it is."""
    claims = []
    made = proved_refunds(view.facts)
    if made:
        text = f"{view.refunds(made)} of your refund has been made."
        proof = "Refund " + ", ".join(sorted(row.external_id for row in made))
        claims.append(Claim("money", text, "refund_part", proof))
    asked = _of_status(view, RefundStatus.PENDING)
    if asked:
        lead = "A further" if claims else "Your refund of"
        text = f"{lead} {view.refunds(asked)} has been asked for and is not confirmed yet."
        claims.append(Claim("money", text))
    unknown = _of_status(view, RefundStatus.UNKNOWN)
    if unknown:
        text = f"We cannot say yet whether a refund of {view.refunds(unknown)} has been made."
        claims.append(Claim("money", text))
    claims += _failed(view, is_other=bool(claims))
    return claims or [Claim("money", "We cannot say yet whether your refund has been made.")]


def _failed(view: _View, *, is_other: bool) -> list[Claim]:
    failed = _of_status(view, RefundStatus.FAILED)
    if not failed:
        return []
    lead = "Another refund of" if is_other else "Your refund of"
    text = f"{lead} {view.refunds(failed)} was tried, did not go through and is not made."
    return [Claim("money", text)]


def _to_come(view: _View) -> Claim:
    if not view.resolved.is_approved:
        return Claim("money", "No refund has been made.")
    amount = _amount_to_come(view)
    named = f" of {view.amount(amount)}" if amount else ""
    missing = _still_to_do(view)
    text = f"Your refund{named} has not been made yet"
    return Claim("money", f"{text}: we still have to {missing}." if missing else f"{text}.")


def _still_to_do(view: _View) -> str:
    if view.is_inspecting:
        is_begun = inspection_axis(view.resolved.lines) == InspectionAxis.PARTLY
        return "finish inspecting your return" if is_begun else "inspect your return"
    is_open = view.stages["stock_booked"].state in {"waiting", "blocked"}
    if view.is_proved("inspected") and is_open:
        return f"book {_goods_for_stock(view)} into our stock"
    return ""


def _goods_for_stock(view: _View) -> str:
    lines = [line for line in view.resolved.lines if line.is_for_stock]
    booked = any(
        row.kind == PostingKind.STOCK_RECEIPT and row.status == PostingStatus.CONFIRMED
        for row in view.facts.postings
    )
    if booked:
        return "the rest of the items"
    if not lines or len(lines) > _NAMES_AT_MOST:
        return "the items"
    return " and ".join(_named(line) for line in lines)


def _named(line: ReturnedLine) -> str:
    name = line.fact.name.strip() or line.fact.sku
    return f"{line.fact.quantity} × {name}" if line.fact.quantity > 1 else f"the {name}"


def _amount_to_come(view: _View) -> Decimal | None:
    """What the goods to be refunded cost the customer; None where a charge may change it."""
    facts = view.facts
    lines = view.resolved.lines
    if facts.cancellation_fee or any(not line.is_item or line.fact.fees for line in lines):
        return None
    owed = [line for line in lines if not line.is_exchange and not line.is_not_returned]
    amounts = [money.paid_gross(line.fact) for line in owed]
    known = [amount for amount in amounts if amount is not None]
    return sum(known, money.ZERO) if known and len(known) == len(amounts) else None


def _credit(view: _View) -> list[Claim]:
    """The credit in the ERP, said only while no refund is proved; then it is the customer's."""
    rows = [row for row in view.facts.postings if row.kind == PostingKind.CREDIT_MEMO]
    if view.is_proved("credited"):
        done = [row for row in rows if row.status == PostingStatus.CONFIRMED and row.number]
        text = f"A credit of {view.credits(done)} stands in our books."
        return [Claim("money", text, "credited", view.stages["credited"].proof)]
    if any(row.status in _CREDIT_SENT for row in rows):
        text = "The credit was sent to our books, which have not confirmed it yet."
        return [Claim("money", text)]
    waits = _CREDIT_WAITS.get(view.around.credit_hold)
    return [Claim("money", f"The credit in our books {waits}.")] if waits and rows else []


def _is_refund_to_come(view: _View) -> bool:
    return not view.facts.refunds and view.stages["refunded"].state == "not_yet"


def _of_status(view: _View, status: str) -> list[RefundFact]:
    """Without those of nothing, which give no customer anything."""
    return [row for row in view.facts.refunds if row.status == status and row.amount > 0]


# --- What is open, and what is left out --------------------------------------------------------


def _question(view: _View) -> list[Claim]:
    if view.is_proved("refunded") or not view.around.teams:
        return []
    names = [_TEAMS.get(team, team) for team in dict.fromkeys(view.around.teams)]
    last = names[-1]
    listed = f"{', '.join(names[:-1])} and {last}" if len(names) > 1 else last
    noun = "teams have" if len(names) > 1 else "team has"
    return [Claim("question", f"Our {listed} {noun} a question about it to settle.")]


def _left_out(view: _View) -> tuple[str, ...]:
    """What a reader may be tempted to add, and why it is not there."""
    reasons = {
        "received": "“Received”: the platform has not recorded it.",
        "inspected": "“Inspected”: not every item has a final grade.",
        "stock_booked": "“Back in stock”: no stock receipt is confirmed for all of it.",
        "refunded": "“Refunded”: no refund is proved in full.",
        "credited": "“Credited”: no credit is confirmed in the books.",
    }
    found = [
        text
        for code, text in reasons.items()
        if view.stages[code].state != "not_needed" and not view.is_proved(code)
    ]
    return (*found, "A date to come: nothing proves one.")
