import os
import sys

import pytest

import manage


@pytest.mark.parametrize(
    ("command", "process"),
    [("runserver", "web"), ("qcluster", "worker"), ("migrate", None), ("demo", None)],
)
def test_a_command_names_its_kind_of_process_and_never_that_of_its_children(
    monkeypatch, command, process
):
    seen = []
    monkeypatch.setattr(os, "environ", dict(os.environ))
    os.environ.pop("RETURNSBRIDGE_PROCESS", None)
    monkeypatch.setattr(sys, "argv", ["manage.py", command])
    monkeypatch.setattr(
        manage,
        "execute_from_command_line",
        lambda _argv: seen.append(os.environ.get("RETURNSBRIDGE_PROCESS")),
    )

    manage.main()

    assert seen == [process]
