"""The pages themselves: one frame, a list, a sheet, and a form for each act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from connectors.sandbox.consoles.markup import Html, joined, tag
from connectors.sandbox.consoles.room import Act, Field, Row, Sheet, Table, Values, Wrong

MOUNT = "/_systems"

STYLE = """
:root { color-scheme: light dark; --line: light-dark(#c9ccd1, #4a4f57);
  --soft: light-dark(#f3f4f6, #23262b); --accent: light-dark(#1a4fa0, #9cc0ff);
  --good: light-dark(#d9f2df, #17402a); --bad: light-dark(#fbdcdc, #5a1f1f); }
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 68rem; padding: 1rem;
  overflow-wrap: anywhere; background: light-dark(#fff, #16181c);
  color: light-dark(#1b1d21, #e8eaed); }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0; }
h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem; }
a { color: var(--accent); }
.note { background: var(--soft); border-left: 4px solid var(--accent); padding: .5rem .75rem; }
.done { background: var(--good); padding: .5rem .75rem; }
.wrong { background: var(--bad); padding: .5rem .75rem; }
.scroll { overflow-x: auto; position: relative; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .6rem .35rem 0; text-align: left;
  vertical-align: top; overflow-wrap: normal; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .25rem 1rem; }
dt { font-weight: 600; }
dd { margin: 0; }
.act { background: var(--soft); border: 1px solid var(--line); border-radius: 6px;
  margin: .75rem 0; padding: .6rem .75rem; }
.act summary { cursor: pointer; font-weight: 600; }
.act.plain button { margin: 0; }
label { display: block; font-weight: 600; margin-top: .5rem; }
.tick label { display: inline; font-weight: 400; margin: 0 0 0 .4rem; }
.hint { font-size: .875rem; margin: 0; }
input:not([type=checkbox]), select { font: inherit; max-width: 100%; min-width: min(22rem, 100%);
  padding: .35rem .5rem; }
button { font: inherit; margin-top: .75rem; padding: .4rem 1rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
ul.rooms { columns: 14rem; padding-left: 1.2rem; }
@media (max-width: 40rem) {
  table.stack thead { clip-path: inset(50%); height: 1px; overflow: hidden; position: absolute;
    width: 1px; }
  table.stack tr { border-bottom: 1px solid var(--line); display: block; padding: .5rem 0; }
  table.stack td { border: 0; display: flex; gap: .75rem; padding: .1rem 0; }
  table.stack td::before { content: attr(data-label); flex: 0 0 7.5rem; font-weight: 600; }
  table.stack td > * { min-width: 0; overflow-wrap: anywhere; }
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a posted form came to, for the page it stands on; all empty before."""

    done: str = ""
    act: str = ""
    wrong: Wrong | None = None
    typed: Values | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around every page: its way back, and what posts must carry."""

    token: str
    trail: Sequence[tuple[str, str]] = ()

    def page(self, title: str, *body: object, answer: Answer | None = None) -> Html:
        head = tag(
            "head",
            tag("meta", charset="utf-8"),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("title", f"{title} · Simulated systems"),
            tag("link", rel="stylesheet", href=f"{MOUNT}/style.css"),
        )
        crumbs = [joined(tag("a", name, href=url), " › ") for name, url in self.trail]
        inner = tag(
            "body",
            tag("nav", *crumbs, title, aria_label="Where you are"),
            tag("main", tag("h1", title), *_said(answer), *body),
        )
        return joined(Html("<!doctype html>"), tag("html", head, inner, lang="en"))

    def form(self, act: Act, answer: Answer | None = None, *, is_open: bool = False) -> Html:
        """An act's form, folded unless it has no fields; open, with what was typed, if refused."""
        answer = answer if answer is not None and answer.act == act.code else Answer()
        form = tag(
            "form",
            tag("p", act.note, class_="hint") if act.note else "",
            tag("input", type="hidden", name="token", value=self.token),
            tag("input", type="hidden", name="act", value=act.code),
            *(_field(act, field, answer) for field in act.fields),
            tag("button", act.label, type="submit"),
            method="post",
            class_="" if act.fields else "act plain",
        )
        if not act.fields:
            return form
        is_open = is_open or answer.act == act.code
        return tag("details", tag("summary", act.label), form, class_="act", open=is_open)


def _said(answer: Answer | None) -> list[Html]:
    if answer is None:
        return []
    if answer.wrong is not None:
        words = f"Nothing was changed. {answer.wrong}"
        return [tag("p", words, class_="wrong", role="alert")]
    return [tag("p", answer.done, class_="done", role="status")] if answer.done else []


def _field(act: Act, field: Field, answer: Answer) -> Html:
    name = f"{act.code}-{field.name}"
    value = field.value if answer.typed is None else answer.typed.get(field.name, "")
    is_wrong = answer.wrong is not None and answer.wrong.field == field.name
    common: dict[str, object] = {
        "id": name,
        "name": field.name,
        "aria_invalid": "true" if is_wrong else None,
        "aria_describedby": f"{name}-hint" if field.hint or is_wrong else None,
    }
    label = tag("label", field.label, "" if field.is_required else " (optional)", for_=name)
    words = str(answer.wrong) if is_wrong else field.hint
    hint = tag("p", words, id=f"{name}-hint", class_="hint") if words else ""
    if field.kind == "tick":
        tick = tag("input", type="checkbox", value="on", checked=value == "on", **common)
        return tag("div", tick, tag("label", field.label, for_=name), hint, class_="tick")
    if field.kind == "choice":
        empty = [] if field.is_required and value else [tag("option", "Choose", value="")]
        rows = [
            tag("option", words, value=each, selected=each == value)
            for each, words in field.choices
        ]
        return tag("div", label, tag("select", *empty, *rows, **common), hint)
    common["type"] = field.kind if field.kind in ("date", "month") else "text"
    return tag("div", label, tag("input", value=value, autocomplete="off", **common), hint)


def search(query: str, hint: str) -> Html:
    return tag(
        "form",
        tag("label", "Search", for_="q"),
        tag("p", hint, class_="hint") if hint else "",
        tag("input", id="q", name="q", type="search", value=query),
        " ",
        tag("button", "Search", type="submit"),
        role="search",
    )


def table(shown: Table, base: str = "") -> Html:
    """A table; each row's first cell leads to its sheet under `base`, where it has one."""
    heads = [tag("th", column, scope="col") for column in shown.columns]
    rows = [_row(row, shown.columns, base) for row in shown.rows]
    made = tag(
        "div",
        tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *rows), class_="stack"),
        class_="scroll",
    )
    title = tag("h2", shown.title) if shown.title else Html("")
    return joined(title, made if rows else tag("p", "None."), _more(shown))


def _row(row: Row, columns: Sequence[str], base: str) -> Html:
    cells: list[object] = list(row.cells)
    if row.key and base:
        address = f"{base}one?{urlencode({'key': row.key})}"
        cells[0] = tag("a", cells[0] or row.key, href=address)
    pairs = zip(columns, cells, strict=True)
    return tag("tr", *(tag("td", tag("span", cell), data_label=name) for name, cell in pairs))


def _more(shown: Table) -> Html:
    left = shown.total - len(shown.rows)
    words = f"The first {len(shown.rows)} of {shown.total:,}; search to see others."
    return tag("p", words, class_="hint") if left > 0 else Html("")


def sheet(shown: Sheet) -> Html:
    pairs = [part for name, value in shown.facts for part in (tag("dt", name), tag("dd", value))]
    return joined(tag("dl", *pairs), *map(table, shown.tables))


def rooms(links: Mapping[str, str]) -> Html:
    """Addresses by title."""
    items = [tag("li", tag("a", title, href=url)) for title, url in links.items()]
    return tag("ul", *items, class_="rooms")
