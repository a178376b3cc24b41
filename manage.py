#!/usr/bin/env python
"""Django's commands. Each runs with the time limits of the kind of process it is."""

import os
import sys

from django.core.management import execute_from_command_line

from returnsbridge import memory

_PROCESS_OF_COMMAND = {"runserver": "web", "qcluster": "worker"}


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "returnsbridge.settings")
    # Other commands set nothing: what they start must still find out for itself.
    process = _PROCESS_OF_COMMAND.get(sys.argv[1] if len(sys.argv) > 1 else "")
    if process is not None:
        os.environ.setdefault("RETURNSBRIDGE_PROCESS", process)
        memory.settle()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
