"""What a change would do, computed for its form; writes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.errors import ConnectorError
from exceptions_app import errors
from exceptions_app.forms.fixes import FixForm
from exceptions_app.services import doubts, fix_steps, looking, previews


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


def previewed(form: FixForm) -> Preview:
    """Compute effect and documents for answers already checked; writes nothing."""
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
    return Preview(effect, documents, refusal, digest, look, doubt=doubt)
