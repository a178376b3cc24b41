"""The demo comes up, answers, and leaves no process behind. Takes about a minute and a half."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from returnsbridge import embedded

BASE = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 300


def _free_ports():
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def _processes_of(data_dir):
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("RETURNSBRIDGE_DATA_DIR") == str(data_dir):
                found.append(process)
        except psutil.Error:
            continue
    return [process for process in found if process.status() != psutil.STATUS_ZOMBIE]


def _begin(data_dir, *arguments):
    environment = {**os.environ, "RETURNSBRIDGE_DATA_DIR": str(data_dir)}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    return subprocess.Popen(
        [sys.executable, "manage.py", "demo", "--returns", "8", *arguments],
        cwd=BASE,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _read_until_ready(process):
    for line in process.stdout:
        if line.startswith("ready: "):
            return line.strip()
    raise AssertionError("the demo ended before it was ready")


@pytest.fixture
def data_dir(tmp_path):
    yield tmp_path / "data"
    for process in _processes_of(tmp_path / "data"):
        process.kill()
    embedded.remove(tmp_path / "data")


def test_it_comes_up_answers_and_leaves_no_process_after_ctrl_c(data_dir):
    port, sandbox_port = _free_ports()
    with _begin(data_dir, "--port", str(port), "--sandbox-port", str(sandbox_port)) as process:
        ready = _read_until_ready(process)
        answer = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        answer.request("GET", "/healthz")
        status = answer.getresponse().status
        answer.close()
        sign_ins = [process.stdout.readline() for _ in range(11)]
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_SECONDS)

    assert ready == f"ready: http://127.0.0.1:{port}/"
    assert status == 200
    assert any("wanda" in line for line in sign_ins)
    assert process.returncode == 0
    # The keeper of the database goes a moment after its last user.
    end = time.monotonic() + 30
    while _processes_of(data_dir) and time.monotonic() < end:
        psutil.wait_procs(_processes_of(data_dir), timeout=0.2)
    assert _processes_of(data_dir) == []


def test_a_taken_port_is_named_with_what_to_do(data_dir):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with _begin(data_dir, "--port", str(port)) as process:
            said, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1
    assert f"Port {port} cannot be used" in said
    assert f"--port {port + 10}" in said
    assert "Traceback" not in said
