"""What an exception type says and allows, how its words are filled, and how its severity rises.

**Facts.** Templates hold `{name}` places, filled from a finding's facts, all of them text.
Amounts are plain digits in `currency`, or ready to read; so is `value`. Dates are ISO:

- always: `erp`, `platform`, `bridge` (names of the systems), `rma`, `order`, `value` (at risk);
  the service that opens a case adds what its finding does not bring
- item: `sku`, `name`, `units`, `candidates`; `sold_on` (the day of sale) and `told` (what the SKU
  stands for then, as the end of a sentence)
- mapping: `source_value` (the word the platform sent)
- location: `location`, `division`, `warehouse`, `order_division`
- money: `refund`, `credit`, `difference` (signed: refund less credit), `currency`, `component`,
  `setting`, `period`, `posting_date`, `line_max`, `excess`, `sold`, `returned`,
  `why` (the main cause of a difference, in words that fit into a title); of a credit
  quote its number `quote`, the `quoted` amount and what has `changed` since
- posting: `kind` (its code or label), `key`, `vendor_code`, `vendor_text`, `attempts`, `since`;
  a read-back that saw another document under our key adds its `number` and what was `found`
- connection: `connection`, `reason`, `waiting` (what waits: "3 documents")
- event: `event`, `field`, `expected`, `got`, `needs`, `copies`; a conflict of two systems
  uses `expected` for the platform's word and `got` for the ERP's
- time: `limit` (how long it may take, in words: "72 hours")

A group's title may only use facts that all its cases share (`GROUP_FACTS`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Literal

from exceptions_app.catalogue.wording import written
from exceptions_app.choices import SEVERITY_RANK, FixKind, Severity, Team

Family = Literal["item", "location", "stock", "money", "exchange", "integration"]
Approval = Literal["none", "peer", "finance"]

FACTS: Mapping[str, tuple[str, ...]] = {
    "always": ("erp", "platform", "bridge", "rma", "order", "value"),
    "item": ("sku", "name", "units", "candidates", "sold_on", "told"),
    "mapping": ("source_value",),
    "location": ("location", "division", "warehouse", "order_division"),
    "money": (
        "refund",
        "credit",
        "difference",
        "currency",
        "component",
        "setting",
        "period",
        "posting_date",
        "line_max",
        "excess",
        "sold",
        "returned",
        "why",
        "quote",
        "quoted",
        "changed",
    ),
    "posting": (
        "kind",
        "key",
        "vendor_code",
        "vendor_text",
        "attempts",
        "since",
        "number",
        "found",
    ),
    "connection": ("connection", "reason", "waiting"),
    "event": ("event", "field", "expected", "got", "needs", "copies"),
    "time": ("limit",),
}
FACT_NAMES = frozenset(name for names in FACTS.values() for name in names)
GROUP_FACTS = frozenset(
    {
        "erp",
        "platform",
        "bridge",
        "sku",
        "source_value",
        "location",
        "division",
        "warehouse",
        "order_division",
        "component",
        "setting",
        "period",
        "kind",
        "vendor_code",
        "connection",
        "event",
        "field",
        "needs",
        "unit",
        "apart",
        "why",
    }
)
NOT_KNOWN = "not known"

# Pages a playbook step may point at; the view turns a name into an address.
LINKS = frozenset(
    {
        "return",
        "group",
        "causes",
        "mappings",
        "roll_back",
        "items",
        "item",
        "order",
        "posting",
        "postings",
        "credit",
        "ungraded",
        "inbox",
        "files",
        "messages",
        "connection",
        "own_connection",
        "earlier",
        "keys",
        "approvals",
        "feeds",
        "items_anew",
        "entries",
        "support",
        "parcel",
        "depots",
        "locations",
        "place",
        "month",
    }
)

# Ranks order the exceptions of one return: the one that unblocks the others comes first.
RANK_INTEGRATION = 5
RANK_IDENTITY = 10
RANK_ITEM = 20
RANK_LOCATION = 30
RANK_STOCK = 40
RANK_MONEY = 50
RANK_EXCHANGE = 60

# A group with more cases than this is one step more severe.
GROUP_LIMIT = 10
# The period end is near from this many working days before it.
PERIOD_END_DAYS = 3

_MAY_BE_EMPTY = frozenset({"actions", "close_reasons", "policy", "waits_for"})
# How a step says that it is done in a system itself.
_THERE = re.compile(
    r"\b(?:in|at|search|open|ask|owner of|sent to) \{(?P<side>erp|platform|connection)\}"
    r"|\{(?P<of>erp|platform)\}.*\bthere\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r".+?(?:[.,;:?!](?=\s|$)|(?= \())")
_PLACE = re.compile(r"\{([a-z_]+)\}")
_UNITS = re.compile(r"\b(?<![.,])1 units\b")
_ONE_UNIT = re.compile(rf"(?P<until>{_UNITS.pattern}[^.;:]*? )(?P<verb>are|were)\b")
_SENTENCE_END = re.compile(r"(^|[.!?]\s+)$")


def lead_of(text: str) -> str:
    """The first clause of a step with the sign that ends it; all of it where nothing does."""
    found = _CLAUSE.match(text)
    return found.group() if found else text


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do; `action` is the FixKind it ends in, `link` one of `LINKS`, "" for none.

    A step that `needs_erp` has to wait while the ERP does not answer.
    A step that sends a reader to other people names their team with `ask`, and the `question` its
    form begins with.
    """

    text: str
    action: str = ""
    link: str = ""
    needs_erp: bool = False
    ask: str = ""
    question: str = ""

    @property
    def opens(self) -> str:
        """Whose own pages this needs: `erp`, `platform`, `connection`; "" when it is done here."""
        found = _THERE.search(self.text)
        return found["side"] or found["of"] if found else ""

    @property
    def lead(self) -> str:
        """The first clause, still a template: what a reader scans a playbook by."""
        return lead_of(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One exception type. All texts are templates (see the module's list of facts) except `short`.

    `clock_hours` runs from opening to when someone must have acted; the bridge's calendar decides
    which hours count. A waiting type is late, not wrong: it joins the queue only past its clock.
    `closes_itself` tells whether proof may come without anybody acting here (a master sync, a
    read-back). `close_reasons` is empty exactly where a person may never close by hand.
    `policy` names the bridge's options (rules.policy) that decide when or whether it opens.
    `requirements` are R-numbers, or L-numbers of the lessons where no requirement names the type.
    `waits_for` names the facts without which no check can raise it yet, and is empty once one does.
    """

    code: str
    family: Family
    title: str
    group_title: str
    short: str
    team: Team
    severity: Severity
    rank: int
    clock_hours: int
    sentence: str
    consequence: str
    playbook: tuple[Step, ...]
    approval: Approval
    closes_by: str
    closes_itself: bool
    value_note: str
    requirements: tuple[str, ...]
    actions: tuple[FixKind, ...] = ()
    close_reasons: tuple[tuple[str, str], ...] = ()
    is_waiting_type: bool = False
    policy: tuple[str, ...] = ()
    waits_for: str = ""

    @property
    def is_watched(self) -> bool:
        """Whether a check raises it."""
        return not self.waits_for


def render(template: str, facts: Mapping[str, object]) -> str:
    """Return `template` with its places filled; plain text, not safe for HTML until escaped.

    A fact that is absent or blank reads "not known". Money, dates and kinds are written as the
    screens write them ("3.20" with its currency as "£3.20", "2026-04" as "April 2026"). Braces
    inside a value stay as they are, and line breaks and control characters become single spaces,
    so a vendor's text cannot change the layout.
    """

    def fill(place: re.Match[str]) -> str:
        text = written(place.group(1), facts)
        is_word_of_ours = not text or place.group(1) == "kind"
        if is_word_of_ours and _SENTENCE_END.search(template[: place.start()]):
            return (text or NOT_KNOWN).capitalize()
        return text or NOT_KNOWN

    return _singular(_PLACE.sub(fill, template))


def _singular(text: str) -> str:
    """Of one unit a sentence says "1 unit is" where its template says "units are"."""
    verbs = {"are": "is", "were": "was"}
    text = _ONE_UNIT.sub(lambda found: f"{found['until']}{verbs[found['verb']]}", text)
    return _UNITS.sub("1 unit", text)


def raised(
    entry: Entry,
    *,
    value: Decimal,
    threshold: Decimal | None,
    is_promise_breached: bool,
    working_days_to_period_end: int | None,
    group_count: int,
) -> Severity:
    """Return the entry's severity raised one step for each rule that holds, critical at most.

    `value` and `threshold` are in company currency; a threshold of None raises nothing, nor does an
    unknown period end. Age is no argument on purpose: it neither raises nor lowers.
    """
    steps = (
        (threshold is not None and value > threshold)
        + is_promise_breached
        + (working_days_to_period_end is not None and working_days_to_period_end <= PERIOD_END_DAYS)
        + (group_count > GROUP_LIMIT)
    )
    top = len(Severity.values) - 1
    return Severity(Severity.values[min(SEVERITY_RANK[entry.severity] + steps, top)])


def templates(entry: Entry) -> tuple[str, ...]:
    """Return every template of the entry, playbook included, in reading order."""
    texts = (entry.title, entry.group_title, entry.sentence, entry.consequence, entry.closes_by)
    return (*texts, entry.value_note, *(step.text for step in entry.playbook))


def facts_used(entry: Entry) -> frozenset[str]:
    """Return the fact names the templates ask for: what a finding of this type should bring."""
    return frozenset(name for text in templates(entry) for name in _PLACE.findall(text))


def flaws(entry: Entry) -> tuple[str, ...]:
    """Return what makes the entry unfit for the catalogue, in plain words; empty when it is fit."""
    empty = [
        f"{field.name} is empty"
        for field in fields(entry)
        if getattr(entry, field.name) in ("", ()) and field.name not in _MAY_BE_EMPTY
    ]
    unknown = [f"fact {name} is not documented" for name in facts_used(entry) - FACT_NAMES]
    own = set(_PLACE.findall(entry.group_title)) - GROUP_FACTS
    return (
        *empty,
        *sorted(unknown),
        *(f"group title uses {name}, which cases do not share" for name in sorted(own)),
        *_playbook_flaws(entry),
        *_closing_flaws(entry),
    )


def _playbook_flaws(entry: Entry) -> list[str]:
    found = []
    if not 3 <= len(entry.playbook) <= 6:
        found.append("playbook has not 3 to 6 steps")
    for step in entry.playbook:
        if step.action and step.action not in entry.actions:
            found.append(f"step action {step.action} is not among the actions")
        if step.link and step.link not in LINKS:
            found.append(f"step link {step.link} is not a page")
    return found


def _closing_flaws(entry: Entry) -> list[str]:
    if bool(entry.close_reasons) != (FixKind.CLOSE in entry.actions):
        return ["close reasons and the close action must come together"]
    return []
