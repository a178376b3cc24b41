"""The day on which the documents of a return are posted, beside the months we know as closed."""

from __future__ import annotations

from django import forms

from exceptions_app.catalogue.wording import written
from exceptions_app.forms.fixes import FixForm
from exceptions_app.selectors import months
from exceptions_app.services import posting_days
from exceptions_app.services.moments import written as moment


class PostingDateForm(FixForm):
    """`hints` say which months are closed and how we know, and what was chosen already."""

    date = forms.DateField(
        label="Posting date", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    main = ("date",)
    hints: tuple[str, ...] = ()

    def prepare(self) -> None:
        bridge = self.case.bridge
        if bridge is None:
            return
        first = posting_days.first_open_day(bridge, self.now)
        self.initial.setdefault("date", first)
        known = months.of(bridge, self.case.rma)
        self.hints = (
            *_closed(known, bridge.erp.name),
            f"Open as far as we know: from {_day(first.isoformat())} on.",
        )
        if known.chosen is not None:
            chosen = _day(known.chosen.isoformat())
            self.hints += (f"Chosen for this return already: {chosen}. A new choice replaces it.",)
        self.initial.setdefault("note", self._original())

    def _original(self) -> str:
        """What the documents were dated at first, for the approver and the books."""
        day, period = (str(self.case.facts.get(name, "")) for name in ("posting_date", "period"))
        if not day:
            return ""
        return f"Dated {_day(day)} at first; {_month(period or day[:7])} is closed."

    @property
    def warning(self) -> str:
        chosen, bridge = self.payload.get("date", ""), self.case.bridge
        if bridge is None or chosen <= posting_days.company_day(bridge, self.now).isoformat():
            return ""
        return "This date is still to come: the document is booked into the future."

    def new_fact(self) -> dict[str, str]:
        return {"date": self.cleaned_data["date"].isoformat()}


def _closed(known: months.Months, erp: str) -> list[str]:
    told = [
        f"{erp} refused {key}, because {_month(month)} is closed." for month, key in known.refused
    ]
    if known.told:
        more = f" and {len(known.told) - 1} months before" if len(known.told) > 1 else ""
        read = f" Read {moment(known.read_at)}." if known.read_at else ""
        told.append(f"{erp} says it is closed: {_month(known.told[-1])}{more}.{read}")
    elif known.read_at is not None:
        told.append(f"{erp} names no closed month. Read {moment(known.read_at)}.")
    else:
        told.append(f"{erp} does not tell us which months are closed; it refuses the document.")
    if known.noted:
        names = ", ".join(map(_month, known.noted))
        told.append(f"Noted with the bridge as closed, by an admin: {names}.")
    return told


def _month(month: str) -> str:
    return written("period", {"period": month})


def _day(day: str) -> str:
    return written("posting_date", {"posting_date": day})
