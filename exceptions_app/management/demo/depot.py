"""The demo's depot: a partner of files, with a folder of its own and its own program's rounds."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from connectors.sandbox.base import Twin
from connectors.sandbox.file_partner import FilePartnerTwin, make_folders

# Nobody's real feed is called so: it is emptied when the demo is made.
FOLDER = "alder-depot-demo"


def begin() -> None:
    """The feed's folders below the configured root, empty."""
    shutil.rmtree(_folder(), ignore_errors=True)
    make_folders(_folder())


def lay(folder: str, name: str, content: bytes) -> None:
    """Put a file there as the partner would."""
    (_folder() / folder / name).write_bytes(content)


def visit(twin: Twin) -> bool:
    """The partner's program goes round once; False for a system that is called instead."""
    if not isinstance(twin, FilePartnerTwin):
        return False
    twin.visit(_folder())
    return True


def go_round(served: Mapping[str, Twin]) -> None:
    """Have every partner of files go round for as long as the process lives."""
    for twin in served.values():
        if isinstance(twin, FilePartnerTwin):
            twin.go_round(_folder())


def _folder() -> Path:
    return Path(settings.EXCHANGE_ROOT) / FOLDER
