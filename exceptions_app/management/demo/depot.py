"""The demo's depot: a partner of files, with a folder of its own and its own program's rounds."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from connectors.exchange import stores
from connectors.sandbox.base import Twin
from connectors.sandbox.file_partner import FilePartnerTwin

# Nobody's real feed is called so: it is emptied when the demo is made.
FOLDER = "alder-depot-demo"
ROUND_SECONDS = 3.0


def make_folders() -> None:
    """The feed's folders below the configured root, empty."""
    shutil.rmtree(_folder(), ignore_errors=True)
    for name in stores.FOLDERS:
        (_folder() / name).mkdir(parents=True, exist_ok=True)


def visit(twin: Twin) -> bool:
    """The partner's program goes round once; False for a system that is called instead."""
    if not isinstance(twin, FilePartnerTwin):
        return False
    twin.visit(_folder())
    return True


def go_round(served: Mapping[str, Twin]) -> None:
    """Have every partner of files go round for as long as the process lives."""
    partners = [twin for twin in served.values() if isinstance(twin, FilePartnerTwin)]
    threading.Thread(target=_rounds, args=(partners,), daemon=True).start()


def _rounds(partners: list[FilePartnerTwin]) -> None:
    while True:
        for twin in partners:
            # A folder that was taken away comes back with the next start.
            if (_folder() / stores.OUT).is_dir():
                visit(twin)
        time.sleep(ROUND_SECONDS)


def _folder() -> Path:
    return Path(settings.EXCHANGE_ROOT) / FOLDER
