"""`manage.py sandbox`: every simulated system on one port of this machine."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from argparse import SUPPRESS, ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from connectors.sandbox import server
from connectors.sandbox.file_partner import FilePartnerTwin, make_folders
from connectors.sandbox.twins import all_twins


class Command(BaseCommand):
    help = (
        "Serve the simulated systems at /<system>/, their own pages at /_systems/ and their "
        "control at /_control/ on 127.0.0.1, until Ctrl-C or SIGTERM. GET /_control/ answers 200 "
        "once it is ready. The systems are simulated: passing against them proves our logic, not a "
        "vendor's behaviour."
    )
    # Nothing here needs a database.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8100, help="0 takes a free one.")
        parser.add_argument(
            "--files",
            type=Path,
            metavar="FOLDER",
            help="A feed's folder that the simulated partner of files takes from and answers into.",
        )
        parser.add_argument(
            "--show-credentials",
            action="store_true",
            help="Print the keys that open each system as JSON, and nothing else.",
        )
        # For a parent process: serving ends when it closes our standard input, even by dying.
        parser.add_argument("--until-input-ends", action="store_true", help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["show_credentials"]:
            self.stdout.write(json.dumps(_credentials(), indent=2))
            return
        # A shell starts what it puts in the background with Ctrl-C ignored.
        signal.signal(signal.SIGINT, _end)
        signal.signal(signal.SIGTERM, _end)
        if options["until_input_ends"]:
            threading.Thread(target=_end_with_input, daemon=True).start()
        partner = all_twins()[FilePartnerTwin.name]
        if options["files"] is not None and isinstance(partner, FilePartnerTwin):
            make_folders(options["files"])
            partner.go_round(options["files"])
        try:
            server.serve(options["port"], on_ready=self._say)
        except KeyboardInterrupt:
            return
        except (OSError, OverflowError, SystemExit) as error:
            # werkzeug leaves with SystemExit where the port is taken.
            raise CommandError(f"Port {options['port']} cannot be served: {error}") from error

    def _say(self, base_url: str) -> None:
        self.stdout.write(f"Sandbox ready at {base_url}")
        self.stdout.flush()


def _credentials() -> dict[str, dict[str, Any]]:
    return {
        name: {"path": f"/{name}", "credentials": twin.credentials()}
        for name, twin in sorted(all_twins().items())
    }


def _end(*args: object) -> None:
    raise KeyboardInterrupt


def _end_with_input() -> None:
    # Unbuffered: a thread that holds the buffer's lock cannot be left behind at exit.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
