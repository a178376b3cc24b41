"""`manage.py replay_lines`: a retailer's order and credit lines through the whole pipeline."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from connectors.errors import ConnectorError
from exceptions_app.errors import DeskError
from exceptions_app.services.replay import reading
from exceptions_app.services.replay.accounting import Account
from exceptions_app.services.replay.driving import Progress
from exceptions_app.services.replay.pairs import DEFAULT, PAIRS
from exceptions_app.services.replay.replaying import Replay, replay
from exceptions_app.services.replay.setup import SandboxInUse
from exceptions_app.services.replay.simulation import HttpSimulation

_REFUSED = 1
_FAILED = 2
_HELP = """\
Replay FILE.csv against simulated systems, over HTTP: order lines become the ERP's orders and item
master, credit lines (invoice beginning with C) become returns in the platform, and the normal flow
does the rest. The same file again changes nothing.

Columns: invoice, stock_code, description, quantity, invoice_date, unit_price_gbp, customer_id,
country; UTF-8. A credit's quantity is below zero, an order's above; anything else is refused.
A broken file is refused whole, with row and reason, before anything is changed (exit code 1).

All units and amounts have the sign of the file: credits are negative. Money in = posted + open +
accepted, proved to the penny for each return; a line that is neither, a duplicate in the ERP's own
list or a replay that does not end is a failure (exit code 2).
"""


class Command(BaseCommand):
    help = _HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.formatter_class = RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.csv")
        parser.add_argument(
            "--bridge",
            choices=sorted(PAIRS),
            default=DEFAULT,
            help="The pair of systems to go through; each keeps a bridge of its own.",
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object only.")
        parser.add_argument(
            "--sandbox",
            metavar="URL",
            default="",
            help="A running sandbox, such as http://127.0.0.1:8100, that nothing else uses. "
            "Without it one is started for this run.",
        )
        parser.add_argument(
            "--port", type=int, default=0, help="Port of the sandbox started; 0 takes a free one."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            lines = reading.read(options["file"].read_bytes())
        except OSError as error:
            raise CommandError(f"The file cannot be read: {error}", returncode=_REFUSED) from error
        except reading.FileRefused as error:
            raise CommandError(str(error), returncode=_REFUSED) from error
        bar = _Bar(self.stderr)
        try:
            with _sandbox(options["sandbox"], options["port"]) as base_url:
                result = replay(
                    lines=lines,
                    pair=PAIRS[options["bridge"]],
                    simulation=HttpSimulation(base_url),
                    tell=bar.tell,
                    is_lasting=bool(options["sandbox"]),
                )
        except SandboxInUse as error:
            raise CommandError(str(error), returncode=_REFUSED) from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted.", returncode=_FAILED) from None
        except (DeskError, ConnectorError) as error:
            raise CommandError(str(error), returncode=_FAILED) from error
        finally:
            bar.end()
        if result.problems:
            raise CommandError("\n".join(result.problems), returncode=_FAILED)
        text = json.dumps(_as_json(result)) if options["json"] else _as_text(result)
        self.stdout.write(text)


class _Bar:
    """Progress on standard error: one line that is rewritten on a terminal, else a line a time."""

    def __init__(self, out: Any) -> None:
        self._out = out
        self._is_terminal = out.isatty()
        self._last = ""

    def tell(self, progress: Progress) -> None:
        text = (
            f"{progress.arrived} of {progress.returns} returns in, "
            f"{progress.confirmed} documents confirmed, {progress.under_way} under way"
        )
        if text == self._last:
            return
        self._last = text
        if self._is_terminal:
            self._out.write(f"\r{text:<78}", ending="")
        else:
            self._out.write(text)
        self._out.flush()

    def end(self) -> None:
        if self._is_terminal and self._last:
            self._out.write("")


@contextlib.contextmanager
def _sandbox(url: str, port: int) -> Iterator[str]:
    """The given sandbox, or one of our own in a child process that never outlives us."""
    if url:
        yield url
        return
    command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "sandbox"]
    with (
        _ended_by_signal(),
        subprocess.Popen(
            [*command, "--port", str(port), "--until-input-ends"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as child,
    ):
        assert child.stdout is not None
        try:
            line = child.stdout.readline()
            if "http://" not in line:
                raise CommandError("The sandbox did not start.", returncode=_FAILED)
            yield line.split()[-1]
        finally:
            child.terminate()


@contextlib.contextmanager
def _ended_by_signal() -> Iterator[None]:
    """Let SIGTERM end the run the way Ctrl-C does, so that the sandbox is stopped too."""

    def end(*args: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _as_json(result: Replay) -> dict[str, Any]:
    account = result.account
    return {
        "credit_lines": account.credit_lines,
        "credit_units": int(account.units.came_in),
        "money": {
            "in": _money(account.money.came_in),
            "posted": _money(account.money.posted),
            "open": _money(account.money.still_open),
            "accepted": _money(account.money.accepted),
        },
        "postings": dict(account.postings),
        "cases": dict(account.cases),
        "calls": dict(result.calls),
        "seconds": result.seconds,
    }


def _money(amount: Decimal) -> str:
    # Adding zero takes the sign off a negative zero.
    return f"{amount + Decimal('0.00'):.2f}"


def _as_text(result: Replay) -> str:
    account = result.account
    rows = [("outcome", "lines", "units", "GBP")]
    for name, row in account.outcomes.items():
        rows.append((name, f"{len(row.lines):,}", f"{row.units:,}", f"{row.money:,.2f}"))
    rows.append(
        (
            "in",
            f"{account.credit_lines:,}",
            f"{int(account.units.came_in):,}",
            f"{account.money.came_in:,.2f}",
        )
    )
    width = max(len(row[0]) for row in rows)
    table = [f"{a:<{width}} {b:>8} {c:>10} {d:>14}" for a, b, c, d in rows]
    return "\n".join([*table, "", *_notes(result, account)])


def _notes(result: Replay, account: Account) -> list[str]:
    kept = account.money
    return [
        f"Money in {_money(kept.came_in)} = posted {_money(kept.posted)} + open "
        f"{_money(kept.still_open)} + accepted {_money(kept.accepted)} GBP.",
        "A credit line that was split over several outcomes counts as a line in each.",
        f"Confirmed documents: {_listed(account.postings)}.",
        f"Open exceptions: {_listed(account.cases)}.",
        f"Calls in this run: {_listed(result.calls)}.",
        f"No duplicate in the ERP's own list. {result.seconds} seconds.",
    ]


def _listed(counts: Any) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items()) or "none"
