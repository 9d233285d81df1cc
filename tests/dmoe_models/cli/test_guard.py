"""The process that guards a command: what it passes on, what it ends, and how it exits."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's list of processes")

BEGIN = """
import os, signal, subprocess, sys, time
from dmoe_models.cli.guard import guard, interrupts_raise
guard()
"""
READY = "print('ready', os.getpid(), flush=True)\n"


def started(code: str, **how) -> tuple[subprocess.Popen, list[int]]:
    """Start a guarded program; return it, and the numbers that it prints when it is ready."""
    program = subprocess.Popen(
        [sys.executable, "-c", BEGIN + code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **how,
    )
    assert program.stdout is not None
    return program, [int(word) for word in program.stdout.readline().split()[1:]]


def ended(program: subprocess.Popen) -> tuple[int, str]:
    """Return the exit status and what stands on standard error, within three seconds."""
    _, err = program.communicate(timeout=3.0)
    return program.returncode, err


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_thread_that_never_ends_does_not_keep_the_command():
    program, _ = started(
        "import threading\n"
        "from dmoe_models.cli.guard import left_in_time\n"
        "threading.Thread(target=time.sleep, args=(60,)).start()\n"
        + READY
        + "with left_in_time():\n    sys.exit(1)"
    )
    assert ended(program) == (1, "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("whole_group", [False, True])
def test_a_signal_ends_what_is_just_being_imported(number, whole_group):
    program, _ = started(READY + "time.sleep(60)")
    (os.killpg if whole_group else os.kill)(program.pid, number)
    assert ended(program) == (128 + number, "interrupted\n")


def test_a_command_puts_its_files_in_order_and_is_not_disturbed(tmp_path):
    file = tmp_path / "tidied"
    program, _ = started(
        f"""
interrupts_raise(True)
try:
    {READY}    time.sleep(60)
finally:
    time.sleep(0.4)
    open({str(file)!r}, 'w').close()
    os._exit(130)
"""
    )
    for _ in range(3):
        os.killpg(program.pid, signal.SIGINT)
        time.sleep(0.05)
    assert ended(program) == (130, "")
    assert file.exists()


def test_what_the_command_started_ends_with_it():
    program, (_, child) = started(
        "child = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
        "print('ready', os.getpid(), child.pid, flush=True)\ntime.sleep(60)"
    )
    assert is_running(child)
    program.send_signal(signal.SIGINT)
    assert ended(program)[0] == 130
    assert not is_running(child)


def test_an_interrupt_that_is_swallowed_ends_the_command():
    program, _ = started(
        "interrupts_raise(True)\nwhile True:\n"
        f"    try:\n        {READY}        time.sleep(60)\n    except BaseException:\n        pass"
    )
    program.send_signal(signal.SIGINT)
    assert ended(program) == (130, "interrupted\n")


def test_the_command_does_not_outlive_its_guard():
    program, (command,) = started(READY + "time.sleep(60)")
    program.kill()
    assert ended(program)[0] == -signal.SIGKILL
    end = time.monotonic() + 3.0
    while is_running(command) and time.monotonic() < end:
        time.sleep(0.02)
    assert not is_running(command)


def test_an_ignored_interrupt_stays_ignored():
    program, _ = started(
        READY + "time.sleep(0.5); sys.exit(3)",
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    os.killpg(program.pid, signal.SIGINT)
    assert ended(program) == (3, "")


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        ("sys.exit(0)", 0),
        ("sys.exit(2)", 2),
        ("os._exit(77)", 77),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os.kill(os.getpid(), signal.SIGSEGV)", -signal.SIGSEGV),
    ],
)
def test_it_exits_as_the_command_does(ending, status):
    program, _ = started(READY + ending)
    assert ended(program) == (status, "")


def test_a_starter_that_ignores_the_end_of_children_still_gets_the_status():
    program, _ = started(
        READY + "sys.exit(3)",
        preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
    )
    assert ended(program) == (3, "")
