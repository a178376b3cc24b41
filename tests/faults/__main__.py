"""`python -m tests.faults --seeds 5000 --first 1`: the seeded simulation by hand."""

import argparse
import os
import shutil
import sys
from pathlib import Path

import django


def main() -> int:
    parser = argparse.ArgumentParser(description="Play seeded histories against the real flow.")
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--history", action="store_true", help="print every seed's history")
    options = parser.parse_args()

    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    # Models can be imported only now.
    from django.db import connection  # noqa: PLC0415

    from tests.faults import runner, stage  # noqa: PLC0415

    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        tally = runner.run(
            stage.build(), range(options.first, options.first + options.seeds), tell=_show(options)
        )
    finally:
        connection.close()
        _remove_database()
    sys.stdout.write(tally.summary() + "\n")
    return 1 if tally.bad else 0


def _show(options: argparse.Namespace):
    def show(outcome) -> None:
        if outcome.violations or options.history:
            sys.stdout.write(outcome.report() + "\n")

    return show


def _remove_database() -> None:
    from returnsbridge import embedded  # noqa: PLC0415

    data_dir = Path(os.environ["RETURNSBRIDGE_DATA_DIR"])
    embedded.remove(data_dir)
    shutil.rmtree(data_dir, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
