"""Samples of marks, figures, tables and lists: fragments that say how things stand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from exceptions_app.selectors.sums import Amount
from exceptions_app.views.styleguide_parts import AT, EARLIER, LONG, Component, Sample


def _figure(label: str, amount: str | None, currency: str, **more: Any) -> dict[str, Any]:
    value = None if amount is None else Decimal(amount)
    return {"label": label, "amount": value, "currency": currency, **more}


def _cause(label: str, amount: str, text: str, proposal: str) -> dict[str, Any]:
    return {"label": label, "amount": Decimal(amount), "text": text, "proposal": proposal}


_VIEW = {"pk": 1, "url": "#", "name": "Over £100.00", "may_edit": True, "is_current": True}
_SHARED = {
    "pk": 2,
    "url": "#",
    "name": "This week",
    "team": "Finance",
    "count": "34",
    "sums": (Amount(Decimal("1234.50"), "GBP"), Amount(Decimal(96), "EUR")),
}

FIGURES: tuple[Component, ...] = (
    Component(
        "views",
        (
            Sample(
                "two views, and a filtered list to keep",
                {
                    "saved": {
                        "views": (_VIEW, _SHARED),
                        "page": "case-list",
                        "query": "value=100",
                        "teams": (("finance", "Finance"),),
                    }
                },
            ),
            Sample("none yet, nothing to keep", {"saved": {"views": (), "page": "case-list"}}),
        ),
    ),
    Component(
        "export",
        (
            Sample(
                "a list's rows",
                {"csv": "case-export", "xlsx": "case-export-xlsx", "query": "?team=finance"},
            ),
        ),
    ),
    Component(
        "filters",
        (
            Sample(
                "one may stay open, one is chosen",
                {
                    "selects": (
                        {
                            "name": "sample-bridge",
                            "label": "Bridge",
                            "options": (("alder", "Alder UK"),),
                            "value": "",
                        },
                        {
                            "name": "sample-days",
                            "label": "Period",
                            "options": (("7", "7 days"), ("30", "30 days")),
                            "value": "30",
                            "is_asked": True,
                        },
                    )
                },
            ),
        ),
        frame="bare",
    ),
    Component(
        "badge",
        (
            Sample("bad", {"label": "Blocked", "tone": "bad"}),
            Sample("warn", {"label": "At risk", "tone": "warn"}),
            Sample("mild", {"label": "Look", "tone": "mild"}),
            Sample("good", {"label": "Proved 09:10", "tone": "good"}),
            Sample("wait", {"label": "Waiting, not wrong", "tone": "wait"}),
            Sample("calm", {"label": "Not yet"}),
            Sample("icon of its own", {"label": "New", "tone": "good", "icon": "plus"}),
        ),
        frame="inline",
    ),
    Component(
        "sev",
        tuple(
            Sample(code, {"severity": code})
            for code in ("critical", "high", "medium", "low", "info")
        ),
        frame="inline",
    ),
    Component(
        "chip",
        (
            Sample("one", {"name": "Company", "value": "Alder UK", "remove_url": "?"}),
            Sample("figure", {"name": "Value", "value": "over £100.00", "remove_url": "?"}),
        ),
        frame="chips",
    ),
    Component(
        "tabs",
        (
            Sample(
                "with notes",
                {
                    "label": "Views, sample",
                    "tabs": (
                        {
                            "url": "#",
                            "label": "Finance",
                            "note": "34, £2,299.08",
                            "is_current": True,
                        },
                        {"url": "#", "label": "Mine", "note": "18, £1,038.28"},
                        {"url": "#", "label": "Came back", "note": "0, £0.00"},
                    ),
                },
            ),
            Sample(
                "plain",
                {
                    "label": "Teams, sample",
                    "tabs": (
                        {"url": "#", "label": "CX", "is_current": True},
                        {"url": "#", "label": "Warehouse"},
                    ),
                },
            ),
        ),
    ),
    Component(
        "switch",
        (
            Sample(
                "two ways",
                {
                    "label": "How it is shown",
                    "options": (
                        {"url": "#", "label": "By cause", "is_current": True},
                        {"url": "#", "label": "One by one"},
                    ),
                },
            ),
        ),
    ),
    Component(
        "th",
        (
            Sample("not sorted", {"label": "Return", "key": "return"}),
            Sample(
                "descending", {"label": "Value", "key": "value", "order": "-value", "num": True}
            ),
            Sample("ascending", {"label": "Opened", "key": "opened", "order": "opened"}),
        ),
        frame="head",
    ),
    Component(
        "tick",
        (
            Sample(
                "free",
                {"value": 1, "label": "row 1", "amount": Decimal("1126.90"), "currency": "GBP"},
            ),
            Sample("ticked", {"value": 2, "label": "row 2", "checked": True}),
            Sample("disabled", {"value": 3, "label": "row 3, not possible", "disabled": True}),
        ),
        frame="row",
    ),
    Component(
        "td_money",
        (
            Sample("pounds", {"label": "Value", "amount": Decimal("1126.90"), "currency": "GBP"}),
            Sample(
                "signed",
                {"label": "Value", "amount": Decimal("3.20"), "currency": "EUR", "signed": True},
            ),
            Sample(
                "strong", {"label": "Value", "amount": 12400, "currency": "JPY", "strong": True}
            ),
            Sample("zero", {"label": "Value", "amount": Decimal(0), "currency": "GBP"}),
            Sample("not known", {"label": "Value", "amount": None, "currency": "GBP"}),
        ),
        frame="row",
    ),
    Component(
        "money",
        (
            Sample("big figure", {"amount": Decimal("84.20"), "currency": "GBP", "size": "big"}),
            Sample("figure", {"amount": Decimal("2318.40"), "currency": "GBP", "size": "fig"}),
            Sample("less", {"amount": Decimal("-2.95"), "currency": "GBP"}),
            Sample("more", {"amount": Decimal("3.20"), "currency": "EUR", "signed": True}),
            Sample("no minor unit", {"amount": 12400, "currency": "JPY"}),
            Sample("three places", {"amount": Decimal("5.124"), "currency": "KWD"}),
            Sample("zero", {"amount": Decimal(0), "currency": "USD"}),
            Sample("hidden penny", {"amount": Decimal("3.3349"), "currency": "GBP"}),
            Sample("currency not known", {"amount": Decimal("3.20"), "currency": ""}),
            Sample("not known", {"amount": None, "currency": "GBP"}),
        ),
        frame="inline",
    ),
    Component(
        "time",
        (
            Sample("age", {"at": EARLIER, "now": AT}),
            Sample("to come", {"at": AT + timedelta(hours=2), "now": AT}),
            Sample("late", {"at": EARLIER, "now": AT, "late": True}),
            Sample("written out", {"at": AT, "exact": True}),
            Sample("absent", {"at": None}),
            Sample("absent, in words", {"at": None, "absent": "Not yet"}),
        ),
        frame="inline",
    ),
    Component(
        "proof",
        (
            Sample("proved", {"text": "BlueCherry CM-77120", "second": "Read back 27 May, 06:05"}),
            Sample("not proved", {"text": "ReturnGO says so", "proved": False}),
        ),
    ),
    Component(
        "eq",
        (
            Sample(
                "a difference",
                {
                    "left": _figure("Refunded", "23.20", "GBP", proof="ReturnGO 95011"),
                    "right": _figure("Credited", "20.00", "GBP", proof="BlueCherry CM-77120"),
                    "difference": _figure("Difference", "3.20", "GBP", tone="bad"),
                },
            ),
            Sample(
                "equal, one side not proved, not known",
                {
                    "left": _figure("Refunded", "0.00", "EUR"),
                    "right": _figure("Credited", None, "EUR", proof="no reply", proved=False),
                    "difference": _figure("", "0.00", "EUR", tone="good"),
                },
            ),
        ),
        frame="bare",
    ),
    Component(
        "flowline",
        (
            Sample(
                "four figures",
                {
                    "figures": (
                        {"label": "Received", "value": "1,131", "note": "since Monday", "url": "#"},
                        {"label": "Booked", "value": "1,094", "tone": "good"},
                        {"label": "Waiting", "value": "22", "tone": "wait", "note": "till 14:00"},
                        {"label": "Blocked", "value": "0"},
                    )
                },
            ),
        ),
        frame="bare",
    ),
    Component(
        "facts",
        (
            Sample(
                "known and not",
                {
                    "facts": (
                        {"label": "Order", "value": "AW-104221", "url": "#"},
                        {"label": "Item", "value": LONG},
                        {"label": "Invoice", "value": ""},
                    )
                },
            ),
        ),
        frame="bare",
    ),
    Component(
        "penny",
        (
            Sample(
                "two causes, a difference of means, and a rest without a name",
                {
                    "penny": {
                        "currency": "GBP",
                        "difference": Decimal("3.20"),
                        "is_explained": False,
                        "rows": (
                            _cause("Fee", "2.95", "The fee was not kept back.", "Correct it"),
                            _cause("Rounding", "-0.01", LONG, "Accept it with a reason"),
                            _cause("Currency", "0", "Paid 12.00 EUR.", "Hold until it is asked"),
                            _cause("Unexplained", "0.26", "Nothing names it.", "Hold, and ask"),
                        ),
                    }
                },
            ),
        ),
        frame="bare",
    ),
    Component(
        "pager",
        (
            Sample("in the middle", {"newer": "a", "older": "b", "summary": "51 to 100 of 1,000+"}),
            Sample("at the start", {"older": "b", "summary": "50 shown"}),
            Sample("the only page", {"summary": "3 shown"}),
        ),
        frame="bare",
    ),
    Component(
        "empty",
        (
            Sample(
                "nothing to do",
                {"title": "Nothing waits for you", "text": "Looked at 1,136 returns, 09:12."},
            ),
            Sample(
                "nothing found",
                {
                    "title": "No return has this number",
                    "icon": "search",
                    "url": "#",
                    "url_label": "Clear the search",
                },
            ),
            Sample(
                "could not be read",
                {
                    "title": "BlueCherry does not answer",
                    "text": "Since 09:18. The list comes back by itself.",
                    "icon": "hour",
                },
            ),
            Sample(
                "no right",
                {
                    "title": "Raw messages may hold personal data",
                    "text": "Integrators and administrators can read them.",
                    "icon": "key",
                },
            ),
        ),
        frame="bare",
    ),
)
