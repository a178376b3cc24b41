"""Profiles as an integrator works on them: checked, rehearsed, tried, put in force, put back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.contrib.auth.models import User

from connectors import ports, types
from connectors.addresses import check_base_url
from connectors.errors import Misconfigured
from connectors.profiled import hints, load, port, rehearsal, source_load, trial
from exceptions_app import errors
from exceptions_app.models import Connection, ProfileVersion
from exceptions_app.services import audit, connections, profile_versions

REASON = "trial"
LONGEST = 200_000
# How far back a platform is asked for changed returns in a trial.
TRIED_BACK = timedelta(days=30)
_LONGEST_QUOTE = 120


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a profile; `line` counts from 1, None where no line is meant.

    `quote` is what stands on that line.
    """

    line: int | None
    text: str
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What a profile is worth before anything is called. A problem leaves the rest empty.

    `unconfirmed` are the operations that live mode refuses; `missing` those it says nothing of.
    """

    label: str = ""
    problems: tuple[Problem, ...] = ()
    samples: tuple[rehearsal.Sample, ...] = ()
    unconfirmed: tuple[load.OperationEvidence, ...] = ()
    missing: tuple[str, ...] = ()


def check(
    *, text: str, role: str = connections.ERP, settings: Mapping[str, str] | None = None
) -> Report:
    """Validate and rehearse the profile `text` of a system of `role`. Calls nothing.

    `settings` are the connection's, where there is one; what they lack is `SAMPLE` in the samples.
    """
    try:
        if role == connections.SOURCE:
            source = source_load.loads(_unix(text))
            return Report(label=source.label, unconfirmed=rehearsal.unconfirmed(source))
        loaded = load.loads(_unix(text))
    except load.ProfileError as error:
        found = zip(error.lines, error.problems, strict=True)
        return Report(
            problems=tuple(Problem(line, problem, _quote(text, line)) for line, problem in found)
        )
    return Report(
        label=loaded.label,
        samples=rehearsal.samples(loaded, _given(settings or {})),
        unconfirmed=rehearsal.unconfirmed(loaded),
        missing=rehearsal.missing(loaded),
    )


def _given(settings: Mapping[str, str]) -> dict[str, str]:
    try:
        return port.with_values(settings)
    except Misconfigured:
        # A line of values that cannot be read is told when something is called.
        return dict(settings)


def _quote(text: str, line: int | None) -> str:
    lines = _unix(text).split("\n")
    return lines[line - 1].strip()[:_LONGEST_QUOTE] if line and line <= len(lines) else ""


def text_of(connection: Connection) -> str:
    """The profile in force; "" for a kind that needs none, or that has none yet.

    Raises:
        Misconfigured: the shipped profile it names does not exist.
    """
    kind = connections.kind_of(connection.kind)
    fields = {field.code: field for field in kind.settings_fields}
    if "profile" not in fields:
        return ""
    own = str(connection.settings.get(profile_versions.SETTING, ""))
    if own:
        return own
    name = str(connection.settings.get("profile", "") or fields["profile"].default)
    if not name:
        return ""
    if kind.role == connections.SOURCE:
        return source_load.shipped_text(name)
    return load.shipped_text(name)


def try_out(
    *,
    connection_id: int,
    text: str,
    order_number: str,
    sku: str,
    actor: User,
    now: datetime,
) -> tuple[trial.Step, ...]:
    """Ask the connection's system everything once, as `text` would; nothing is written.

    The calls count against the connection's budget, and an entry of the trail tells that they
    were made.

    Raises:
        ConnectionUnusable: its credentials cannot be read, or it is switched off.
        Misconfigured: the profile cannot be used, or the connection lacks what it needs.
    """
    row = Connection.objects.get(pk=connection_id)
    if not row.is_active:
        raise errors.ConnectionUnusable(f"{row.name} is switched off.")
    row.settings = {**row.settings, profile_versions.SETTING: _unix(text)}
    if connections.kind_of(row.kind).role == connections.SOURCE:
        label = source_load.loads(_unix(text)).label
        source = connections.source(connection=row, reason=REASON)
        steps = trial.source_questions(source, since=now - TRIED_BACK)
    else:
        gateway = connections.gateway(connection=row, reason=REASON)
        label = gateway.capabilities.profile
        steps = trial.questions(gateway, order_number=order_number, sku=sku)
    passed = sum(step.is_ok for step in steps)
    audit.record(
        actor=actor,
        act="connection.try_profile",
        subject=row,
        text=f"{label} tried: {passed} of {len(steps)} questions answered",
        now=now,
    )
    return steps


def activate(
    *,
    connection_id: int,
    text: str,
    reason: str,
    seen: str,
    actor: User,
    now: datetime,
) -> ProfileVersion:
    """Put `text` in force for the connection, from the next call on; a new row of its history.

    `seen` is the connection's `stamp` as the actor was shown it. What confirmed operations of the
    profile before ends with it.

    Raises:
        Misconfigured: the profile cannot be used.
        InvalidChoice: no reason is given, or the text is in force already.
        ConnectionChanged: the connection is not as it was shown.
    """
    row = Connection.objects.get(pk=connection_id)
    clean = _unix(text)
    if connections.kind_of(row.kind).role == connections.SOURCE:
        source_load.loads(clean)
    else:
        load.loads(clean)
    connections.save(
        code=row.code,
        name=row.name,
        kind=row.kind,
        mode=row.mode,
        base_url=row.base_url,
        settings_values={**row.settings, profile_versions.SETTING: clean},
        secrets=None,
        actor=actor,
        now=now,
        reason=reason,
        seen=seen,
    )
    return ProfileVersion.objects.filter(connection=row).order_by("-number")[0]


# --- Without a connection: for the command -----------------------------------------------------


def trial_gateway(
    *, text: str, address: str, settings: dict[str, str], secrets: dict[str, str]
) -> ports.Gateway:
    """A gateway to `address` by the profile `text`, in sandbox mode and without a budget.

    Raises:
        Misconfigured: the address is not one we may call, or a setting or secret is missing.
    """
    check_base_url(address, types.Mode.SANDBOX)
    config = types.ConnectionConfig(
        kind="profile",
        base_url=address,
        settings={**settings, profile_versions.SETTING: _unix(text)},
        secrets=secrets,
    )
    return cast(ports.Gateway, port.build(config, _NoBudget(), connections.transport()))


def not_given(*, text: str, settings: Collection[str], secrets: Collection[str]) -> tuple[str, ...]:
    """What a trial lacks or has too much of, one sentence each, with how the command is told it.

    Raises:
        ProfileError: the profile cannot be used.
    """
    wanted_settings, wanted_secrets = rehearsal.needs(load.loads(_unix(text)))
    lacking = [f"--set {name}=VALUE" for name in wanted_settings if name not in settings]
    lacking += [f"--secret {name}" for name in wanted_secrets if name not in secrets]
    found = [f"The profile also needs: {' '.join(lacking)}"] if lacking else []
    for word, names, wanted in (
        ("setting", settings, wanted_settings),
        ("secret", secrets, wanted_secrets),
    ):
        found += [
            f"The profile asks for no {word} '{name}'{hints.nearest(name, wanted)}."
            for name in names
            if name not in wanted
        ]
    return tuple(found)


def ask(*, gateway: ports.Gateway, order_number: str, sku: str) -> tuple[trial.Step, ...]:
    return trial.questions(gateway, order_number=order_number, sku=sku)


def whole_return(
    *, gateway: ports.Gateway, order_number: str, now: datetime
) -> Iterator[trial.Step]:
    """Return one unit of the order for real, step by step."""
    stamp = f"{int(now.timestamp()) % 100_000_000:08}"
    return trial.whole_return(gateway, order_number=order_number, stamp=stamp, today=now.date())


class _NoBudget:
    def before(self, *, operation: str, is_write: bool) -> None:
        """Every call may leave."""

    def after(self, *, operation: str, status: int | None, headers: object) -> None:
        """Nobody counts."""


def _unix(text: str) -> str:
    """A text as files have it: browsers send lines that end in two characters."""
    return text.replace("\r\n", "\n")
