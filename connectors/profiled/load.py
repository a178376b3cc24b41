"""Profiles from TOML: the shipped ones by name, any other by its text."""

from __future__ import annotations

import functools
import hashlib
import tomllib
from dataclasses import dataclass
from importlib import resources

from pydantic import ValidationError

from connectors import errors
from connectors.profiled.parts import CREATES, EvidenceMark
from connectors.profiled.schema import Profile
from connectors.types import OperationSupport

_PACKAGE = "connectors.profiled.profiles"
_SUFFIX = ".toml"


class ProfileError(errors.Misconfigured):
    """A profile that cannot be used; `problems` name the place and say what is expected there."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("The profile cannot be used: " + "; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class OperationEvidence:
    """One operation as the connection screen shows it; `name` is what a user confirms."""

    name: str
    is_write: bool
    support: OperationSupport
    evidence: EvidenceMark
    source: str


@dataclass(frozen=True, slots=True)
class LoadedProfile:
    """A profile with the SHA-256 of its text, so that a replay can tell which one was used."""

    profile: Profile
    content_hash: str

    @property
    def label(self) -> str:
        identity = self.profile.profile
        return f"{identity.name} {identity.version} ({self.content_hash[:12]})"

    def evidence(self) -> tuple[OperationEvidence, ...]:
        """Every operation of the profile with how it is known, in the profile's order."""
        return tuple(
            OperationEvidence(
                name=name.value,
                is_write=name in CREATES,
                support=operation.support,
                evidence=operation.evidence,
                source=operation.source,
            )
            for name, operation in self.profile.operations.items()
        )


@dataclass(frozen=True, slots=True)
class AvailableProfile:
    name: str
    vendor: str
    version: str
    notes: str


def available() -> tuple[AvailableProfile, ...]:
    """The shipped profiles, by name."""
    names = sorted(
        entry.name.removesuffix(_SUFFIX)
        for entry in resources.files(_PACKAGE).iterdir()
        if entry.name.endswith(_SUFFIX)
    )
    identities = [load(name).profile.profile for name in names]
    return tuple(
        AvailableProfile(identity.name, identity.vendor, identity.version, identity.notes)
        for identity in identities
    )


def load(name: str) -> LoadedProfile:
    """The shipped profile called `name`.

    Raises:
        ProfileError: there is none, or it cannot be used.
    """
    shipped = {entry.name: entry for entry in resources.files(_PACKAGE).iterdir()}
    entry = shipped.get(f"{name}{_SUFFIX}")
    if entry is None:
        raise ProfileError((f"'{name}' is not a shipped profile",))
    return loads(entry.read_text(encoding="utf-8"))


# A worker builds a gateway per posting; the same text need not be checked each time.
@functools.lru_cache(maxsize=64)
def loads(text: str) -> LoadedProfile:
    """A profile from its TOML text.

    Raises:
        ProfileError: it is no TOML, or not a profile; every problem is listed at once.
    """
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError((f"not TOML: {error}",)) from None
    try:
        profile = Profile.model_validate(parsed)
    except ValidationError as error:
        raise ProfileError(_problems(error)) from None
    return LoadedProfile(profile, hashlib.sha256(text.encode()).hexdigest())


def _problems(error: ValidationError) -> tuple[str, ...]:
    problems = []
    for detail in error.errors(include_url=False):
        # The kinds of a body's nodes are tags of ours (<value>, <each>), not keys of the file.
        steps = [str(step) for step in detail["loc"] if not str(step).startswith("<")]
        text = detail["msg"].removeprefix("Value error, ")
        if detail["type"] == "extra_forbidden":
            text = "this key is not known here"
        problems.append(f"{'.'.join(steps)}: {text}" if steps else text)
    return tuple(problems)
