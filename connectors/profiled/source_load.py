"""Profiles of returns platforms from TOML: the shipped ones by name, any other by its text."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from importlib import resources

from connectors.profiled.load import OperationEvidence, ProfileError, validated
from connectors.profiled.source_schema import SOURCE_WRITES, SourceProfile
from connectors.types import OperationSupport

# Apart from the ERPs' profiles, which are all of another shape.
_PACKAGE = "connectors.profiled.profiles.sources"
_SUFFIX = ".toml"


@dataclass(frozen=True, slots=True)
class LoadedSource:
    """A profile with the SHA-256 of its text, so that a replay can tell which one was used."""

    profile: SourceProfile
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
                is_write=name in SOURCE_WRITES,
                support=OperationSupport.SUPPORTED,
                evidence=operation.evidence,
                source=operation.source,
            )
            for name, operation in self.profile.operations.items()
        )


def load(name: str) -> LoadedSource:
    """The shipped profile called `name`; raises ProfileError as `shipped_text` and `loads` do."""
    return loads(shipped_text(name))


def shipped_text(name: str) -> str:
    """The text of the shipped profile called `name`.

    Raises:
        ProfileError: there is none.
    """
    shipped = {entry.name: entry for entry in resources.files(_PACKAGE).iterdir()}
    entry = shipped.get(f"{name}{_SUFFIX}")
    if entry is None:
        raise ProfileError((f"'{name}' is not a shipped profile of a returns platform",))
    return entry.read_text(encoding="utf-8")


# A worker builds a source per event; the same text need not be checked each time.
@functools.lru_cache(maxsize=16)
def loads(text: str) -> LoadedSource:
    """A profile from its TOML text.

    Raises:
        ProfileError: it is no TOML, or not a profile; every problem is listed at once.
    """
    profile = validated(text, SourceProfile)
    return LoadedSource(profile, hashlib.sha256(text.encode()).hexdigest())
