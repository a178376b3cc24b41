"""Samples of forms, messages, steps and selections: fragments through which people act."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django import forms

from exceptions_app.forms.notes import NoteForm
from exceptions_app.views.styleguide_parts import AT, EARLIER, LONG, Component, Sample


class SampleForm(forms.Form):
    """One field of each shape; bound to mistakes it shows them all."""

    note = forms.CharField(label="Note", help_text="Who decided it, and why.")
    reason = forms.ChoiceField(
        label="Reason", choices=[("", "Choose one"), ("policy", "Policy"), ("mistake", "Mistake")]
    )
    amount = forms.DecimalField(label="Amount", disabled=True, required=False)
    text = forms.CharField(label="Words for the customer", widget=forms.Textarea({"rows": 2}))
    tell = forms.BooleanField(label="Tell the customer when it is proved")
    bucket = forms.ChoiceField(
        label="Bucket",
        choices=[("saleable", "Saleable"), ("damaged", "Damaged")],
        widget=forms.RadioSelect,
        help_text="What the warehouse found.",
    )


def _form(prefix: str, data: Mapping[str, str] | None) -> SampleForm:
    form = SampleForm(data, auto_id=f"{prefix}-%s", initial={"amount": "3.20"})
    form.is_valid()
    return form


def _field(name: str, prefix: str, data: Mapping[str, str] | None) -> Callable[[], dict[str, Any]]:
    return lambda: {"field": _form(prefix, data)[name]}


_EMPTY: dict[str, str] = {}


def _alert(tone: str, icon: str, title: str, text: str, **more: Any) -> Sample:
    return Sample(tone, {"tone": tone, "icon": icon, "title": title, "text": text, **more})


_STAGES = (
    {"label": "Received", "state": "done", "source": "Leeds DC", "at": EARLIER, "proof": "RCV-112"},
    {"label": "Inspected", "state": "waiting", "note": "Limit 2 working days"},
    {"label": "Stock booked", "state": "blocked", "url": "#", "url_label": "EX-20366"},
    {"label": "Refunded", "state": "not_yet", "note": "Waits for stock"},
)

ACTS: tuple[Component, ...] = (
    Component(
        "alert",
        (
            _alert(
                "bad",
                "critical",
                "3 credits, £241.70: the reply from BlueCherry was lost",
                "Nothing was sent again. The next read-back is at 09:20.",
                url="#",
            ),
            _alert("warn", "high", "May closes in 3 working days", "£2,540.78 is open."),
            _alert("mild", "medium", "", "2 values were never seen before."),
            _alert("wait", "hour", "22 credits leave at 14:00", "Waiting is not wrong."),
            _alert(
                "good", "check", "37 of 37 returns are healed, £2,318.40", "Each was read back."
            ),
            Sample("calm, text only", {"text": "This is the sandbox. Nothing leaves it."}),
            Sample("long text", {"title": LONG, "text": LONG, "url": "#", "url_label": "Open it"}),
        ),
    ),
    Component(
        "field",
        tuple(
            Sample(
                f"{name}, {state}",
                _field(name, f"{prefix}-{name}", data),
            )
            for state, prefix, data in (("empty", "new", None), ("with a mistake", "bad", _EMPTY))
            for name in SampleForm.base_fields
        ),
    ),
    Component(
        "errors",
        (
            Sample("mistakes", lambda: {"form": _form("bad-note", _EMPTY)}),
            Sample("none: says nothing", lambda: {"form": _form("new-note", None)}),
        ),
    ),
    Component(
        "note",
        (
            Sample("to be written", lambda: {"form": NoteForm(auto_id="told_%s"), "url": "#"}),
            Sample("sent empty", lambda: {"form": NoteForm({}, auto_id="mute_%s"), "url": "#"}),
        ),
        frame="bare",
    ),
    Component(
        "diff",
        (
            Sample(
                "changed",
                {
                    "before": "SKU TEE-BLAK-M\nitem: none",
                    "after": "SKU TEE-BLAK-M\nitem: TEE-BLK-M",
                    "label": "Sample of a change",
                },
            ),
            Sample("new", {"before": "", "after": LONG, "label": "Sample of something new"}),
            Sample("equal", {"before": "", "after": "", "label": "Sample without a change"}),
        ),
    ),
    Component(
        "steps",
        (
            Sample(
                "every state",
                {
                    "steps": (
                        {"title": "Asked for", "state": "done", "note": "Finn, 27 May, 09:02"},
                        {"title": "Approval", "state": "waiting", "note": "Fiona can."},
                        {"title": "Window", "state": "blocked", "note": "By EX-20402."},
                        {"title": "Sent", "state": "not_yet", "note": "When it is approved."},
                    )
                },
            ),
        ),
        frame="bare",
    ),
    Component("stages", (Sample("every state", {"stages": _STAGES}),)),
    Component(
        "story",
        (
            Sample(
                "people and the house",
                {
                    "entries": (
                        {"at": AT, "actor": "Finn Ashworth", "text": "asked for a correction."},
                        {
                            "at": EARLIER,
                            "text": "opened this exception.",
                            "detail": LONG,
                            "url": "#",
                        },
                    )
                },
            ),
        ),
        frame="bare",
    ),
    Component(
        "progress",
        (
            Sample("not begun", {"label": "Sending", "done": 0, "total": 500}),
            Sample(
                "under way",
                {
                    "label": "Sending",
                    "done": 212,
                    "total": 500,
                    "sums": "£9,418.20 of £22,004.75",
                    "failed": 1,
                },
            ),
        ),
    ),
    Component(
        "say",
        (
            Sample(
                "a sentence",
                {
                    "id": "say-sample",
                    "text": "Your refund of £56.00 has not been made yet: we still have to book the"
                    " T-shirts into our stock.",
                },
            ),
        ),
    ),
    Component("copy", (Sample("a number", {"value": "CM-77120"}),)),
    Component(
        "undo",
        (
            Sample(
                "may take back",
                {
                    "title": "4 credits, £11.98",
                    "until": AT + timedelta(seconds=41),
                    "now": AT,
                    "hold_seconds": 60,
                    "take_back_url": "#",
                },
            ),
            Sample(
                "may not",
                {
                    "title": "1 credit, £3.20",
                    "until": AT + timedelta(seconds=9),
                    "now": AT,
                    "detail": "Fiona Reid approved it.",
                },
            ),
        ),
    ),
    Component(
        "toast",
        (
            Sample("calm", {"text": "Nothing was changed. All 4 had been resolved by proof."}),
            Sample(
                "good", {"text": "3 sent.", "tone": "good", "url": "#", "url_label": "See each"}
            ),
            Sample("warn", {"text": "3 sent, 1 refused.", "tone": "warn", "icon": "high"}),
            Sample("long text", {"text": LONG, "tone": "bad", "icon": "critical"}),
        ),
    ),
    Component(
        "messages", note="What a page says after an act; two of them stand on top of this one."
    ),
    Component(
        "selbar",
        (
            Sample(
                "four ticked",
                {
                    "count": 4,
                    "totals": "£11.98",
                    "frozen_at": AT,
                    "actions": (
                        {"label": "Preview fix for 4", "value": "preview", "main": True},
                        {"label": "Snooze", "value": "snooze"},
                    ),
                },
            ),
        ),
        frame="form",
    ),
    Component("icons", frame="icons", note="Each with its name. A word always stands beside one."),
    Component("live", note="Where Today, the approvals and the rooms are told what is new."),
    Component("news", note="What such a place says, with the way to show it."),
    Component("keys", note="The list of keys: press ? or the button at the foot of this page."),
    Component(
        "outside",
        (
            Sample(
                "a simulated system",
                {
                    "system": {
                        "name": "BlueCherry",
                        "mode": "sandbox",
                        "console_url": "http://127.0.0.1:8100/_systems/",
                    }
                },
            ),
            Sample(
                "a live one",
                {
                    "system": {
                        "name": "NetSuite",
                        "mode": "live",
                        "console_url": "https://erp.example/app",
                    }
                },
            ),
        ),
        frame="bare",
    ),
)
