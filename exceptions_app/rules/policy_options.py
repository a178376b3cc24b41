"""Every option of a bridge's policy, with its words and its allowed values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from exceptions_app.choices import PostingKind
from exceptions_app.rules import policy_values as readers
from exceptions_app.rules.penny_parts import NAMES as CAUSES
from exceptions_app.rules.policy_values import Value


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Option:
    """One setting as its screen shows it. `choices` is empty where a number or a table is asked."""

    name: str
    label: str
    explanation: str
    allowed: str  # what may be entered, in words
    read: Callable[[Value], Value]
    choices: tuple[Choice, ...] = ()


def _chosen(name: str, label: str, explanation: str, *choices: tuple[str, str]) -> Option:
    values = tuple(value for value, _ in choices)
    return Option(
        name=name,
        label=label,
        explanation=explanation,
        allowed=", ".join(values),
        read=readers.one_of(*values),
        choices=tuple(Choice(value, text) for value, text in choices),
    )


def _yes_no(name: str, label: str, explanation: str) -> Option:
    choices = (Choice("true", "Yes"), Choice("false", "No"))
    return Option(name, label, explanation, "true, false", readers.flag, choices)


def _number(
    name: str, label: str, explanation: str, unit: str, minimum: int, maximum: int
) -> Option:
    allowed = f"whole {unit} from {minimum} to {maximum}"
    return Option(name, label, explanation, allowed, readers.count(minimum, maximum))


OPTIONS: tuple[Option, ...] = (
    _chosen(
        "credit_trigger",
        "When a credit memo is created",
        "After the refund, the ledger follows money that really moved. After receipt or inspection,"
        " the ledger follows the goods, and the refund is checked against the credit later.",
        ("refund_confirmed", "When the platform confirms the refund"),
        ("goods_received", "When the goods arrived"),
        ("goods_inspected", "When every item has its final disposition"),
    ),
    _chosen(
        "stock_trigger",
        "When stock is booked",
        "Only a final disposition moves stock, so goods never become saleable before someone"
        " looked at them. Where the ERP's own staff check goods in, no receipt is sent: theirs is"
        " read, and a credit that follows the goods is for the units on it. A place of the ERP gets"
        " its bucket among the dispositions, written as in place:returns.",
        ("final_disposition", "When the disposition of a unit is final"),
        ("receipt_and_grade", "When the goods are in and their grade is final"),
        ("erp_receipt", "When the ERP's own staff check the goods in"),
    ),
    _chosen(
        "disposition_authority",
        "Whose disposition counts",
        "The leading side decides the bucket. When the other side says something else, that opens"
        " an exception and overwrites nothing.",
        ("platform", "The returns platform"),
        ("erp", "The ERP: the place its staff put the goods in"),
    ),
    _yes_no(
        "authorise_first",
        "Send the authorisation first",
        "The warehouse then sees in the ERP what is coming. Receipts wait until the ERP has the"
        " authorisation.",
    ),
    _yes_no(
        "note_to_platform",
        "Note the ERP's numbers on the return",
        "Agents who work in the platform see the receipt and credit numbers there. Costs one call"
        " of the platform's daily quota for each note.",
    ),
    Option(
        "schedule",
        "When each kind of document leaves",
        "At once, or held until a person starts a run, or in the ERP's windows. Held credits can"
        " be checked together before they post.",
        f"a kind ({', '.join(PostingKind.values)}) and immediate, run, or windows such as"
        " 02:00-04:00, 13:00-14:00",
        readers.schedule,
    ),
    Option(
        "tolerance",
        "How far refund and credit may differ",
        "An absolute amount for each currency. A smaller difference posts without anybody looking."
        " Without an entry, refund and credit must agree to the penny, apart from rounding of"
        " partly returned lines. With a charge code for differences let pass, the credit books it"
        " on a line of its own.",
        "currency code and an amount of 0 or more, as in GBP 0.05",
        readers.tolerance,
    ),
    Option(
        "tolerance_percent",
        "How far they may differ in percent",
        "Percent of the credit, for each currency. Where an amount is given as well, the lower of"
        " the two counts, so that a small credit allows less.",
        "currency code and a percentage from 0 to 100, as in GBP 0.5",
        readers.percents,
    ),
    Option(
        "tolerance_causes",
        "How far they may differ by cause",
        "An amount for a currency and a cause, in place of the amount above where all of the"
        " difference has that cause. With 0 such a difference is always looked at.",
        "currency code, _ and a cause with an amount of 0 or more, as in GBP_tax 0.10; the causes"
        f" are {', '.join(CAUSES)}",
        readers.causes,
    ),
    Option(
        "tolerance_budget",
        "How much may be let pass in a month",
        "A sum for each currency of all differences let pass within the tolerance, whichever side"
        " was more. Once it is used up, every further difference is looked at.",
        "currency code and an amount of 0 or more, as in GBP 25.00",
        readers.tolerance,
    ),
    _number(
        "undo_seconds",
        "Time to take a decision back",
        "An approved fix waits this long before it acts.",
        "seconds",
        0,
        3600,
    ),
    _number(
        "unknown_case_after_minutes",
        "When an unknown outcome becomes an exception",
        "A lost reply is first looked up in the ERP. If that cannot settle it in this time, a"
        " person is asked.",
        "minutes",
        1,
        1440,
    ),
    _number(
        "credit_grace_hours",
        "How long a refund may go without a credit",
        "Counted from the confirmed refund. Within this time it is late, not wrong.",
        "hours",
        1,
        720,
    ),
    _number(
        "receipt_grace_hours",
        "How long graded goods may go without a receipt",
        "Counted from the final disposition. Within this time it is late, not wrong.",
        "hours",
        1,
        720,
    ),
    _number(
        "inspection_hours",
        "How long received goods may go without an inspection",
        "Counted from their receipt. Where stock needs the grade as well, the time for graded goods"
        " without a receipt counts instead.",
        "hours",
        1,
        720,
    ),
    _number(
        "quarantine_days",
        "How long goods may lie in quarantine",
        "Counted from the disposition that put them there.",
        "days",
        1,
        365,
    ),
    _number(
        "refund_days",
        "How long a customer may wait for the refund",
        "Counted from the confirmed credit, or from the inspection of accepted goods. People start"
        " refunds, and do not work every day.",
        "days",
        1,
        90,
    ),
    _number(
        "exchange_hours",
        "How long an exchange may go without its order",
        "Counted from the inspection of the goods that came back.",
        "hours",
        1,
        720,
    ),
    _number(
        "drift_hours",
        "How long the systems may tell different stories",
        "Counted from the first document that is not in the ERP, of a return the platform is done"
        " with.",
        "hours",
        1,
        720,
    ),
    Option(
        "second_approver_above",
        "Value above which two people approve",
        "Money changes above this value, in the bridge's currency, need two approvers from"
        " finance. Closing an exception by hand above it needs another person who agrees.",
        "an amount of 0 or more",
        readers.amount,
    ),
    _number(
        "accept_days",
        "How long a difference may be accepted for",
        "Counted from the day it is asked for. Then its exception opens again, unless another"
        " person of finance agreed to accept it for longer.",
        "days",
        1,
        1096,
    ),
    Option(
        "approvals",
        "What needs more approval here",
        "A kind of change or an exception type that needs more here than its own rule asks for:"
        " another person, somebody of finance, or two of finance. It never needs less.",
        "a change (sku_alias, retry, edit_document …) or an exception’s code and peer, finance or"
        " two, as in CM_REJECTED two",
        readers.approvals,
    ),
    Option(
        "rounding",
        "How a credit is rounded",
        "As the ERP rounds its own documents: each line for itself, or the document's sums, spread"
        " over its lines. A cash step rounds what is paid back in cash, on a line of its own."
        " Without an entry each line is rounded for itself, halves away from zero. Kept with every"
        " credit.",
        "mode half_up or half_even, scope line or document, cash_step and an amount as in"
        " cash_step 0.05",
        readers.rounding,
    ),
    _chosen(
        "bundle_credit",
        "What a returned bundle reverses",
        "The order's own prices are moved between a bundle and its parts by the shares the order"
        " itself gives them, so that the sum stays what was charged.",
        ("components", "Each part that came back"),
        ("parent", "The bundle as it was sold"),
    ),
    _number(
        "quote_minutes",
        "How long a credit quote holds",
        "A return planned within this time is credited what was quoted; if the facts change,"
        " finance is asked. Its units are promised to nobody else meanwhile.",
        "minutes",
        1,
        20160,
    ),
    _yes_no(
        "record_refund",
        "Record each refund in the ERP",
        "A payment is entered against the confirmed credit for every refund, so that the customer's"
        " account there is even. Each means of payment needs its code among the charges, written as"
        " in tender:card. Where the ERP cannot take such a record, none is planned.",
    ),
    _chosen(
        "first_bucket",
        "Where goods are booked first",
        "Booked to quarantine, nothing can be sold before someone looked at it. The move to"
        " where it belongs is a document of its own, tracked until it is done.",
        ("by_disposition", "Where their disposition says"),
        ("quarantine", "In quarantine, and moved after the inspection"),
    ),
    _chosen(
        "bundle_stock",
        "What a returned bundle is booked as",
        "Booked by its parts, the stock of each part rises by what came back of it, and the bundle"
        " itself is never restocked.",
        ("parent", "The item the return names"),
        ("components", "Its parts, as the order lists them"),
    ),
    _chosen(
        "refund_timing",
        "When the customer gets the money",
        "An instant refund is paid before the goods are back. Goods that stay away are then an"
        " exception of their own once their time is over.",
        ("standard", "When the return is done"),
        ("instant", "At once, before the goods are back"),
    ),
    _number(
        "arrival_days",
        "How long goods may take after an instant refund",
        "Counted from the refund. Within this time they are late, not missing. Reveni accepts a"
        " return by itself after 30 days.",
        "days",
        1,
        365,
    ),
    _number(
        "promise_days",
        "When the customer is promised an end",
        "Counted from the day the goods arrived until the money is paid or the replacement is"
        " released. Past that day the promise is broken: an exception of its own, and every other"
        " exception of the return rises by a step. With 0 nothing is promised.",
        "days",
        0,
        365,
    ),
    _chosen(
        "refund_authority",
        "Who says what is refunded",
        "Where the ERP quotes the sum before the customer is told, refund, quote and credit must be"
        " the same to the penny: no tolerance and no rounding is let pass.",
        ("platform", "The returns platform; the credit is compared with it"),
        ("erp_quote", "The ERP: its quote is what is refunded"),
    ),
    _chosen(
        "depot_by",
        "What decides the depot",
        "The depot whose stock rises, as division and warehouse. Mapped by reason, a reason is"
        " written as reason: and the platform's word, among the locations; a reason without an"
        " entry there goes by its location.",
        ("location", "Where the goods arrived"),
        ("reason", "Why they were sent back, else where they arrived"),
    ),
    Option(
        "returns_warehouses",
        "Warehouses that never ship",
        "Where goods are booked to quarantine first, a location can be mapped to these alone, so"
        " that nothing is sold before someone looked at it. Without an entry, every warehouse has"
        " a quarantine of its own.",
        "codes of the ERP's warehouses with a comma between them, as in RET, RET2",
        readers.codes,
    ),
    Option(
        "graver_above",
        "Value above which an exception is graver",
        "More than this at risk raises an exception by one step of severity. An amount is compared"
        " with the sum of its own currency only: nothing is converted, and in a currency without"
        " a sum the value raises nothing. What is not named here keeps its usual sum.",
        "currency code and an amount of 0 or more, as in GBP 500",
        readers.graver,
    ),
)
