"""What a demo keeps in its data folder: its password, and whether it has been seeded."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

# Easy to type and to read aloud; three of them and a number are 28 bits.
_WORDS = (
    *("amber", "birch", "cedar", "clover", "copper", "coral", "cotton", "ember", "fennel", "fern"),
    *("flint", "ginger", "harbour", "hazel", "heather", "indigo", "ivory", "juniper", "kelp"),
    *("linen", "maple", "marble", "meadow", "oak", "olive", "opal", "pebble", "plum", "quartz"),
    *("rowan", "saffron", "sage", "slate", "teal", "thistle", "thyme", "velvet", "walnut", "wren"),
)


@dataclass
class State:
    password: str
    is_seeded: bool = False


def read(data_dir: Path) -> State:
    """The state kept in `data_dir`, made at the first call."""
    path = _path(data_dir)
    if path.exists():
        return State(**json.loads(path.read_text(encoding="utf-8")))
    words = "-".join(secrets.choice(_WORDS) for _ in range(3))
    state = State(password=f"{words}-{secrets.randbelow(9000) + 1000}")
    write(data_dir, state)
    return state


def write(data_dir: Path, state: State) -> None:
    folder = journal_folder(data_dir)
    folder.mkdir(parents=True, exist_ok=True)
    fresh = _path(data_dir).with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(state), file)
    fresh.replace(_path(data_dir))


def journal_folder(data_dir: Path) -> Path:
    return data_dir / "demo"


def _path(data_dir: Path) -> Path:
    return journal_folder(data_dir) / "state.json"
