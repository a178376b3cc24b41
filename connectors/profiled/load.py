"""Profiles from TOML: the shipped ones by name, any other by its text."""

from __future__ import annotations

import functools
import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from connectors import errors
from connectors.profiled import hints, places
from connectors.profiled.parts import CREATES, EvidenceMark
from connectors.profiled.schema import Profile
from connectors.types import OperationSupport

AnyProfile = TypeVar("AnyProfile", bound=BaseModel)

_PACKAGE = "connectors.profiled.profiles"
_SUFFIX = ".toml"
# Where pydantic means the name of a table's entry, and not its value.
_KEY = "[key]"
_QUOTING = "; a name with other signs than letters, digits, '_' and '-' stands in quotes"
_TOML_LINE = re.compile(r"at line ([0-9]+)")


class ProfileError(errors.Misconfigured):
    """A profile that cannot be used; `problems` name the place and say what is expected there.

    `lines` are the lines of the text they concern, None where no line does.
    """

    def __init__(
        self, problems: tuple[str, ...], *, lines: tuple[int | None, ...] | None = None
    ) -> None:
        super().__init__("The profile cannot be used: " + "; ".join(problems))
        self.problems = problems
        self.lines = lines or (None,) * len(problems)


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
    """The shipped profile called `name`; raises ProfileError as `shipped_text` and `loads` do."""
    return loads(shipped_text(name))


# Part of the package: it is there or not for as long as the process runs.
@functools.cache
def shipped_text(name: str) -> str:
    """The text of the shipped profile called `name`.

    Raises:
        ProfileError: there is none.
    """
    shipped = {entry.name: entry for entry in resources.files(_PACKAGE).iterdir()}
    entry = shipped.get(f"{name}{_SUFFIX}")
    if entry is None:
        raise ProfileError((f"'{name}' is not a shipped profile",))
    return entry.read_text(encoding="utf-8")


# A worker builds a gateway per posting; the same text need not be checked each time.
@functools.lru_cache(maxsize=64)
def loads(text: str) -> LoadedProfile:
    """A profile from its TOML text.

    Raises:
        ProfileError: it is no TOML, or not a profile; every problem is listed at once.
    """
    return LoadedProfile(validated(text, Profile), hashlib.sha256(text.encode()).hexdigest())


def validated(text: str, model: type[AnyProfile]) -> AnyProfile:
    """TOML as a profile of either side; raises ProfileError as `loads` does."""
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = _TOML_LINE.search(str(error))
        raise ProfileError(
            (f"not TOML: {error}{_QUOTING}",), lines=(int(line[1]) if line else None,)
        ) from None
    try:
        return model.model_validate(parsed)
    except ValidationError as error:
        problems = _problems(error, model)
        lines = tuple(_line(text, problem) for problem in problems)
        raise ProfileError(problems, lines=lines) from None


def _problems(error: ValidationError, model: type[BaseModel]) -> tuple[str, ...]:
    problems: list[str] = []
    for detail in error.errors(include_url=False):
        # The kinds of a body's nodes are tags of ours (<value>, <each>), not keys of the file.
        steps = [str(step) for step in detail["loc"] if not str(step).startswith("<")]
        if steps[:1] in (["transport"], ["auth"]):
            # The second step is the kind that was chosen, which is no key of the file either.
            del steps[1:2]
        text = _told(detail, [step for step in steps if step != _KEY], model)
        if steps:
            problems.append(f"{'.'.join(step for step in steps if step != _KEY)}: {text}")
        else:
            # What concerns several parts names its places itself, one a line.
            problems += text.splitlines()
    return tuple(problems)


def _told(detail: ErrorDetails, steps: Sequence[str], model: type[BaseModel]) -> str:
    context: Mapping[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            known = hints.keys_at(model, steps[:-1])
            dotted = ".".join(steps[-2:])
            hint = hints.nearest(steps[-1], known - {steps[-1]})
            quoting = f'; a name with a dot stands in quotes, as "{dotted}"'
            return f"this key is not known here{quoting if steps[-2:-1] == ['key_parts'] else hint}"
        case "string_type" if isinstance(detail["input"], dict):
            return 'expected text; a name with a dot stands in quotes, as "A.B" = "c"'
        case "enum" if detail["loc"][-1] == _KEY:
            names = tuple(context["expected"].replace("'", "").replace(" or ", ", ").split(", "))
            hint = hints.nearest(steps[-1], names)
            return f"this name is not known{hint}; expected one of {list(names)}"
        case "missing":
            return "it is required, and nothing is there"
        case "union_tag_invalid":
            expected = context["expected_tags"].replace("<", "").replace(">", "")
            return f"the kind '{context['tag']}' is not known; expected one of {expected}"
        case "union_tag_not_found":
            return "it needs a 'kind'"
    return detail["msg"].removeprefix("Value error, ")


def _line(text: str, problem: str) -> int | None:
    place = problem.partition(": ")[0]
    return places.line_of(text, place.split("."))
