"""A listed candidate or a typed one, never both: what the forms that offer candidates share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from exceptions_app.rules.mapping import normalise

OTHER = "other"


class PickForm(forms.Form):
    """Candidates under `choice`, and the field `typed` for one that is not listed.

    What is typed counts when no candidate is ticked; beside a ticked one that says otherwise it is
    refused, so that no answer is dropped unseen.
    """

    typed = ""
    noun = ""

    def offer(self, values: Iterable[str], *, beside: Iterable[tuple[str, str]] = ()) -> None:
        """List these, and what stands `beside` them under a name of its own; where there are none,
        only the field for what is typed is left."""
        listed = [*((value, value) for value in values), *beside]
        if listed:
            self.fields["choice"].choices = [*listed, (OTHER, "None of these")]  # type: ignore[attr-defined]
        else:
            self.fields[self.typed].label = self.fields.pop("choice").label

    def clean(self) -> dict[str, Any]:
        chosen = str(self.cleaned_data.get("choice", ""))
        written = str(self.cleaned_data.get(self.typed, ""))
        is_listed = chosen not in ("", OTHER)
        if is_listed and written and normalise(written) != normalise(chosen):
            self.add_error(
                self.typed,
                f"{chosen} is ticked above, but this says {written}."
                ' Tick "None of these" to use this, or empty the field.',
            )
        elif not is_listed and not written and not {"choice", self.typed} & set(self.errors):
            self._ask_for_it(chosen)
        return super().clean() or self.cleaned_data

    def picked(self) -> str:
        """The candidate that was ticked, or else what was typed."""
        chosen = str(self.cleaned_data.get("choice", ""))
        return chosen if chosen not in ("", OTHER) else str(self.cleaned_data[self.typed])

    def _ask_for_it(self, chosen: str) -> None:
        if chosen == OTHER or "choice" not in self.fields:
            self.add_error(self.typed, f"Say which {self.noun} it is.")
        else:
            self.add_error("choice", f"Tick one, or type another {self.noun} below.")
