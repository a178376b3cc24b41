"""`manage.py demo`: everything with sample data, until Ctrl-C. `make demo` ends here."""

from __future__ import annotations

import signal
from argparse import SUPPRESS, ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection as database

from connectors.sandbox.consoles.pages import MOUNT
from exceptions_app.errors import DeskError
from exceptions_app.management.demo import arrivals, sandbox, seeding, setup, state, supervisor
from exceptions_app.models import Connection


class Command(BaseCommand):
    help = (
        "Start the desk, its workers and simulated systems with the sample retailer Alder, and "
        "print the address and the sign-ins. Ctrl-C stops all of it; the data stays."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="of the site (8000)")
        parser.add_argument(
            "--sandbox-port", type=int, default=8100, help="of the simulated systems (8100)"
        )
        parser.add_argument(
            "--no-browser-needed",
            action="store_true",
            help="Accepted for scripts; the demo never opens a browser.",
        )
        parser.add_argument(
            "--returns", type=int, default=seeding.RETURNS, help="made at the first start"
        )
        parser.add_argument("--part", choices=("sandbox", "arrivals"), help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        # A shell starts what it puts in the background with Ctrl-C ignored.
        signal.signal(signal.SIGINT, _end)
        signal.signal(signal.SIGTERM, _end)
        ports = supervisor.Ports(web=options["port"], sandbox=options["sandbox_port"])
        try:
            if options["part"] == "sandbox":
                sandbox.run(
                    data_dir=settings.RETURNSBRIDGE_DATA_DIR,
                    port=ports.sandbox,
                    web_port=ports.web,
                    returns=options["returns"],
                    tell=self._say,
                )
            elif options["part"] == "arrivals":
                arrivals.run(f"http://{supervisor.HOST}:{ports.sandbox}")
            else:
                self._run(ports, returns=options["returns"])
        except KeyboardInterrupt:
            return
        except DeskError as error:
            raise CommandError(str(error)) from error

    def _run(self, ports: supervisor.Ports, *, returns: int) -> None:
        supervisor.check_ports(ports)
        call_command("migrate", verbosity=0)
        _refuse_real_data()
        data_dir = settings.RETURNSBRIDGE_DATA_DIR
        kept = state.read(data_dir)
        if not kept.is_seeded:
            self._say("First start: making the sample data. This takes one to three minutes.")
        family = supervisor.Demo(
            base_dir=settings.BASE_DIR,
            data_dir=data_dir,
            ports=ports,
            returns=returns,
            tell=self._say,
        )
        try:
            family.start()
            self._greet(ports, kept.password)
            family.watch()
        finally:
            # A second Ctrl-C must not leave half of them behind.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            # The embedded database stops by itself when this process, its last user, has ended.
            family.stop()
            database.close()

    def _greet(self, ports: supervisor.Ports, password: str) -> None:
        self._say(f"ready: http://{supervisor.HOST}:{ports.web}/")
        self._say(f"Sign in with any of these names; the password of all is {password}")
        for username, name, role in setup.PEOPLE:
            self._say(f"  {username:6} {role.label:14} {name}")
        self._say(f"Simulated systems: http://{supervisor.HOST}:{ports.sandbox}{MOUNT}/")
        self._say("  where you do what their own staff would: items, orders, documents, returns.")
        self._say("All outside systems are simulated. Ctrl-C stops everything; the data stays.")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _refuse_real_data() -> None:
    if not settings.DEBUG:
        raise supervisor.DemoFailed("The demo makes sample data and needs RETURNSBRIDGE_DEBUG on.")
    if Connection.objects.filter(mode="live").exists():
        raise supervisor.DemoFailed(
            "This database holds live connections. Give the demo a database of its own: unset "
            "DATABASE_URL, or name another folder in RETURNSBRIDGE_DATA_DIR."
        )


def _end(*args: object) -> None:
    """Ends by the way that ends the children, and once only."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt
