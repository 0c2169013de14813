"""Tests that are killed leave no mount and no process."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from mounts import leave_common_mounts

TESTS = Path(__file__).parent.parent
MOUNTING = """
import sys, time
from mounts import mounted

with mounted(sys.argv[1], "-t", "tmpfs", "tmpfs"):
    open(sys.argv[1] + "/inside", "w").close()
    print("ready", flush=True)
    time.sleep(1000)
"""
RUNNING = """
import subprocess, sys, time
from project import guarded, supervised

run = subprocess.Popen(["sh", "-c", "sleep 1000 & echo $!; wait"], stdout=subprocess.PIPE, text=True,
                       start_new_session=True, preexec_fn=supervised)
with guarded(run.pid):
    print(run.pid, run.stdout.readline(), flush=True)
    time.sleep(1000)
"""


def started(script: str, *arguments: str) -> tuple[subprocess.Popen, str]:
    """Start tests that wait; return them and their first line of output."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), str(TESTS.parent / "scripts")])}
    command = [sys.executable, "-c", script, *arguments]
    tests = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    return tests, tests.stdout.readline()


def kill(tests: subprocess.Popen) -> None:
    tests.kill()
    tests.wait()
    tests.stdout.close()


def test_a_mount_ends_with_killed_tests(tmp_path):
    if reason := leave_common_mounts():
        pytest.skip(f"nothing can be mounted here: {reason}")
    tests, line = started(MOUNTING, str(tmp_path))
    try:
        assert line == "ready\n"
        assert (Path(f"/proc/{tests.pid}/root") / tmp_path.relative_to("/") / "inside").exists()
        assert not (tmp_path / "inside").exists()
    finally:
        kill(tests)
    assert str(tmp_path) not in Path("/proc/1/mounts").read_text(encoding="utf-8")
    tmp_path.rmdir()


def test_a_run_with_a_suspended_job_ends_with_killed_tests():
    tests, line = started(RUNNING)
    run, job = (psutil.Process(int(pid)) for pid in line.split())
    try:
        job.send_signal(signal.SIGSTOP)
    finally:
        kill(tests)
    deadline = time.monotonic() + 10
    while any(alive(process) for process in (run, job)) and time.monotonic() < deadline:
        time.sleep(0.05)
    left = [process.pid for process in (run, job) if alive(process)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []


def alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
