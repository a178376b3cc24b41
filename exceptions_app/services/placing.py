"""Which cause an exception stands in: its own, or where people's merges and splits put it;
and which exception of its return it waits for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.catalogue import render
from exceptions_app.choices import CASE_OPEN
from exceptions_app.models import Bridge, Case, CauseGroup, Connection
from exceptions_app.rules import blocking
from exceptions_app.rules.facts import Finding
from exceptions_app.selectors import grouping


def groups(
    finding: Finding,
    facts: Mapping[str, str],
    *,
    bridge: Bridge | None,
    connection: Connection | None,
    now: datetime,
) -> tuple[CauseGroup, CauseGroup]:
    """The cause a finding names, made where it is new, and the one its exception stands in."""
    title = render(catalogue_entry(finding.type, finding.facts).group_title, facts)
    own, is_new = CauseGroup.objects.get_or_create(
        type=finding.type,
        bridge=bridge,
        connection=None if bridge else connection,
        cause=finding.cause[:200],
        defaults={"title": title[:300], "first_seen_at": now, "last_seen_at": now},
    )
    group = grouping.place_of(own, facts) if own.has_rules else own
    if not is_new:
        seen = CauseGroup.objects.filter(pk__in={own.pk, group.pk}, last_seen_at__lt=now)
        seen.update(last_seen_at=now)
    return own, group


def anew(case: Case, facts: Mapping[str, str]) -> dict[str, object]:
    """The changed fields of a case whose facts changed; none where no person's rule says so."""
    if not case.own_group_id and not case.group.has_rules:
        return {}
    own = case.own_group or case.group
    group = grouping.place_of(own, facts)
    return {"group": group, "own_group": own if own.pk != group.pk else None}


def in_order(findings: Sequence[Finding], cases: Sequence[Case]) -> None:
    """Keep which case of a return waits for which (decision 0024); `cases` are of `findings`."""
    here = [place for place, case in enumerate(cases) if case.status in CASE_OPEN]
    waits = blocking.first([findings[place] for place in here])
    for number, place in enumerate(here):
        case = cases[place]
        before = cases[here[waits[number]]] if number in waits else None
        if case.behind_id != (before.pk if before else None):
            case.behind = before
            case.save(update_fields=["behind"])
