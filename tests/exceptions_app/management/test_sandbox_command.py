"""`manage.py sandbox` as a user runs it: a process, a port, a signal."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

MANAGE = str(Path(__file__).parents[3] / "manage.py")


@contextlib.contextmanager
def start(*options, **streams):
    """The command as a shell in the background starts it: with Ctrl-C ignored."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    child = subprocess.Popen(
        [sys.executable, MANAGE, "sandbox", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **streams,
    )
    signal.signal(signal.SIGINT, before)
    with child:
        try:
            yield child
        finally:
            # Leaving the block waits for its end; one that did not obey must not hold up the run.
            if child.poll() is None:
                child.kill()


def test_the_credentials_are_printed_as_json_and_nothing_else():
    # An address nobody listens at: no database may be asked.
    environment = {**os.environ, "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}
    environment |= {"RETURNSBRIDGE_DEBUG": "on"}

    shown = subprocess.run(
        [sys.executable, MANAGE, "sandbox", "--show-credentials"],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
        timeout=60,
    )

    systems = json.loads(shown.stdout)
    assert systems["returngo"]["path"] == "/returngo"
    assert set(systems["returngo"]["credentials"]) == {"api_key", "shop_name"}
    assert set(systems["bluecherry"]["credentials"]) == {"Ocp-Apim-Subscription-Key"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_end(number):
    with start("--port", "0") as child:
        words = child.stdout.readline()
        base_url = words.split()[-1]
        with urllib.request.urlopen(f"{base_url}/_control/", timeout=10) as answer:
            index = json.loads(answer.read())

        child.send_signal(number)
        out, err = child.communicate(timeout=20)

    assert answer.status == 200
    assert {"bluecherry", "returngo"} <= set(index["systems"])
    assert (child.returncode, out, err) == (0, "", "")


def test_it_ends_with_the_process_that_started_it():
    with start("--port", "0", "--until-input-ends", stdin=subprocess.PIPE) as child:
        child.stdout.readline()

        child.stdin.close()

        assert child.wait(timeout=20) == 0


def test_a_taken_port_is_told_in_words():
    with start("--port", "0") as child:
        port = child.stdout.readline().split()[-1].rpartition(":")[2]

        with start("--port", port) as second:
            _, err = second.communicate(timeout=20)
        child.terminate()

    assert second.returncode == 1
    assert f"Port {port}" in err
