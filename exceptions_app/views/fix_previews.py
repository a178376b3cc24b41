"""What a change would do, computed for its form; changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from connectors.errors import ConnectorError
from exceptions_app import errors
from exceptions_app.forms.fixes import FixForm
from exceptions_app.models import Bulk
from exceptions_app.services import doubts, fix_steps, looking, previews, whole_previews
from exceptions_app.views import whole_progress


@dataclass(frozen=True, slots=True)
class Preview:
    """What was computed for the reader; `was_changed` when the answers differ from those shown."""

    effect: previews.Effect | None
    documents: tuple[previews.DocumentPreview, ...]
    documents_refusal: str
    digest: str
    look: looking.Look | None = None
    was_changed: bool = False
    must_confirm: bool = False
    doubt: str = ""
    whole: dict[str, Any] | None = None

    @property
    def is_harmful(self) -> bool:
        return self.effect is not None and self.effect.is_harmful

    @property
    def needs_tick(self) -> bool:
        return bool(self.breaks) or self.is_idle or bool(self.doubt)

    @property
    def breaks(self) -> str:
        found = self.effect
        return doubts.breaks(found.healed_returns, found.newly_broken) if found else ""

    @property
    def is_idle(self) -> bool:
        return self.effect is not None and self.effect.is_idle

    @property
    def idle_words(self) -> str:
        return f"This would change nothing: {doubts.stays(self.effect)}." if self.effect else ""


def previewed(form: FixForm, actor: User) -> Preview:
    """Compute effect and documents for answers already checked; changes nothing.

    Where the change touches more returns than are planned at once, all of them are planned in the
    background for `actor`, and once they are the effect speaks for all of them.
    """
    case = form.case
    changed: dict[str, Any] = {
        "kind": form.kind,
        "source_value": form.source_value,
        "payload": form.payload,
        "now": form.now,
    }
    effect, doubt = None, ""
    if case.bridge is not None:
        about: dict[str, Any] = {"kind": form.kind, "bridge": case.bridge, "rma": case.rma}
        source = form.source_value if form.is_mapping else ""
        doubt = doubts.of_change(**about, payload=form.payload, source_value=source)
        rma = None if form.is_mapping else case.rma
        effect = previews.effect_of_change(bridge=case.bridge, rma=rma, **changed)
    whole = _whole(form, effect, actor)
    if effect is not None:
        effect = whole_previews.exact(effect, whole)
    documents: tuple[previews.DocumentPreview, ...] = ()
    refusal = ""
    if case.rma is not None:
        try:
            documents = previews.documents(rma=case.rma, **changed)
        except (errors.DeskError, ConnectorError) as error:
            refusal = str(error)
    source = form.source_value if form.is_mapping else ""
    digest = fix_steps.payload_hash(form.kind, source, form.payload)
    look = looking.before(kind=form.kind, payload=form.payload, now=form.now)
    shown = whole_progress.shown(whole) if whole is not None else None
    return Preview(effect, documents, refusal, digest, look, doubt=doubt, whole=shown)


def _whole(form: FixForm, effect: previews.Effect | None, actor: User) -> Bulk | None:
    """The act that plans all returns; None where all of them were planned at once."""
    if effect is None or not effect.is_partial or form.case.bridge is None:
        return None
    return whole_previews.begin(
        bridge=form.case.bridge,
        kind=form.kind,
        source_value=form.source_value,
        payload=form.payload,
        actor=actor,
        now=form.now,
    )
